"""Plausible short texts, chosen by number: the same number gives the same words in every process."""

from __future__ import annotations

USER_OPENINGS = (
    "Hi, I ordered a pair of running shoes last week and they still have not arrived.",
    "Hello, my subscription was charged twice this month and I would like to know why.",
    "Good morning, I need to change the delivery address of an order I made yesterday.",
    "Hey, the app logs me out every few minutes since the last update on my phone.",
)
USER_LINES = (
    "Thanks, but that does not quite answer my question about the order.",
    "I already tried that this morning and nothing changed on my side.",
    "I have the confirmation mail open, if that helps you.",
    "I paid by card, and the amount left my account three days ago.",
    "That sounds reasonable, although I am in a bit of a hurry today.",
    "My neighbour had the same trouble and it was solved within a day.",
    "I am not sure what you mean by the settings page, to be honest.",
    "Fine, and the other item from the same order is still missing too.",
)
USER_QUESTIONS = (
    "Could you check what happened and tell me when it will be here?",
    "What exactly do I have to do next, and how long will it take?",
    "Is there any way to speed this up without paying for it again?",
    "Can you confirm that in writing so that I can keep it for later?",
    "Who would I have to talk to if this does not work either?",
)
BOT_OPENINGS = (
    "Thank you for getting in touch, and thanks for your patience so far.",
    "I see, that must be annoying, so let me look into it right away.",
    "Got it, I have opened your order and can see the details here.",
    "Good question, and there is a simple way to settle this today.",
)
BOT_LINES = (
    "The parcel left our warehouse on Monday and is with the carrier now.",
    "The second charge was only reserved and is released within three days.",
    "You can change the address on the order page as long as it is not packed.",
    "A new version of the app is out that keeps you signed in for thirty days.",
    "I have added a note to your case so that a colleague sees it.",
)
BOT_CLOSINGS = (
    "Is there anything else that I can help you with?",
    "Would you like me to send you the details by mail?",
    "Please tell me the order number if you want me to check it again.",
    "Does that solve it for you, or shall I look further?",
)
REASON = "The assistant stayed on the subject and gave the user what was asked for."


def user_text(turn: int, seed: int) -> str:
    """What a user says in this turn (counted from 0), 20 to 40 words."""
    lines = USER_OPENINGS if turn == 0 else USER_LINES
    first = lines[(turn + seed) % len(lines)]
    return f"{first} {USER_QUESTIONS[(turn + (seed >> 8)) % len(USER_QUESTIONS)]}"


def bot_text(seed: int) -> str:
    """What a support bot answers, 30 to 40 words."""
    return (
        f"{BOT_OPENINGS[seed % len(BOT_OPENINGS)]} {BOT_LINES[(seed >> 6) % len(BOT_LINES)]} "
        f"{BOT_CLOSINGS[(seed >> 12) % len(BOT_CLOSINGS)]}"
    )
