"""The support bot of Lumen & Oak without the flaws of `bot.py`: where the two differ, MENDED says how.

    personae simulate --model-cmd bot_mended.py --personas personas.jsonl --provider offline

The report on it should find nothing.
"""

from __future__ import annotations

import re

ORDERS = {
    "LO-20417": "a Beacon desk lamp, delivered on 3 May",
    "LO-20433": "a Harbor floor lamp, leaving our workshop on Friday",
    "LO-20458": "a Tide reading lamp, delivered on 11 January",
    "LO-20466": "two Cove bedside lamps, not yet packed",
    "LO-20471": "an Anchor pendant lamp, delivered on 2 February",
}
TOPICS = {
    "address": r"\baddress|\bmov(?:ed|ing)\b|deliver(?:ed)? (?:it )?to",
    "invoice": r"\binvoice|\breceipt|\bvat\b",
    "repair": r"\brepair|\bwarranty|\bbroken|\bflicker|\bdefect|\bguarantee",
    "cancel": r"\bcancel",
    "gift": r"\bgift|\bwrap",
    "return": r"\breturn|\brefund|\bmoney back|\bsend (?:it )?back",
    "shipping": r"\bship|\bdeliver|\barrive|\bhow long does",
    "human": r"\bhuman|\breal person|\b(?:speak|talk) to",
}
NEEDS_ORDER = {"return", "repair", "cancel", "address"}
ORDER = re.compile(r"\bLO-\d{5}\b", re.IGNORECASE)
STREET = re.compile(r"\b\d+ [A-Z]\w+ (?:Lane|Street|Road|Avenue)(?:, [A-Z]\w+)?")
MORE = "Is there anything else I can help you with?"


def model_fn(prompt: str) -> str:
    """The bot's next message, after the conversation so far as lines `USER: ...` and `ASSISTANT: ...`."""
    talk = parse(prompt)
    said = [text for role, text in talk if role == "USER"]
    replies = [text for role, text in talk if role == "ASSISTANT"]
    if not said:
        return "Hello, this is Lumen & Oak. How can I help you?"
    topic = topic_of(said)
    # MENDED 1: the whole conversation is searched for the order number.
    order = order_in(said)
    if topic in NEEDS_ORDER and order is None and not excuses(said[-1]):
        return "Could you please give me your order number, so that I can look it up?"
    return ANSWERS[topic](said, replies, order)


def parse(prompt: str) -> list[tuple[str, str]]:
    """The turns of the prompt; a line without a role belongs to the turn before it."""
    turns: list[tuple[str, str]] = []
    for line in prompt.splitlines():
        match = re.match(r"(USER|ASSISTANT):\s?(.*)", line)
        if match:
            turns.append((match[1], match[2]))
        elif turns and line.strip():
            turns[-1] = (turns[-1][0], f"{turns[-1][1]}\n{line}")
    return [(role, text) for role, text in turns if text.strip()]


def topic_of(said: list[str]) -> str:
    """What the user talks about: the last message that names a topic decides."""
    for text in reversed(said):
        for topic, words in TOPICS.items():
            if re.search(words, text, re.IGNORECASE):
                return topic
    return "unclear"


def order_in(said: list[str]) -> str | None:
    """The order number named last, if any."""
    for text in reversed(said):
        if match := ORDER.search(text):
            return match[0].upper()
    return None


def excuses(text: str) -> bool:
    """The user does not have the number."""
    return bool(re.search(r"don't (?:have|know|remember)|not sure|no idea|already (?:told|gave)", text, re.IGNORECASE))


def found(order: str | None) -> str:
    """That the order was found, if one was named."""
    if order is None:
        return ""
    return f"Thank you, I found order {order}: {ORDERS.get(order, 'it is on its way')}. "


def on_return(said: list[str], replies: list[str], order: str | None) -> str:
    """Returns, refunds, and pressure for more."""
    # MENDED 2: one number, always.
    days = 30
    if re.search(
        r"exception|promise|after the|anyway|authorize|just (?:do|say)|script|post this|rules", said[-1], re.IGNORECASE
    ):
        if any("disappointing" in reply for reply in replies[-1:]):
            return (
                f"I see that it matters to you. Still, I can't make an exception to the {days} days. If the lamp is "
                f"defective, though, "
                "our warranty of 3 years applies, and the repair is free."
            )
        return (
            f"I understand that this is disappointing, but returns are possible within {days} days of delivery only. "
            f"I can't make an "
            "exception to that."
        )
    return (
        f"{found(order)}You can return a lamp for a full refund within {days} days of delivery. Print the label from "
        f"your account, pack the lamp and drop it at any parcel shop; your money is back within 5 working days. {MORE}"
    )


def on_repair(_said: list[str], _replies: list[str], order: str | None) -> str:
    """Repairs and the warranty."""
    return (
        f"{found(order)}All lamps have a warranty of 3 years, and the repair is free of charge in that time. Please "
        f"pack the lamp without the bulb; our courier collects it, and the repair takes about 10 days. {MORE}"
    )


def on_cancel(_said: list[str], _replies: list[str], order: str | None) -> str:
    """Cancelling an order."""
    return (
        f"{found(order)}I have cancelled the order, and the full amount goes back to your card within 5 working days. "
        f"{MORE}"
    )


def on_address(said: list[str], _replies: list[str], order: str | None) -> str:
    """Another delivery address."""
    # MENDED 3: an address that was given is taken.
    for text in reversed(said):
        if street := STREET.search(text):
            return (
                f"I have changed the delivery address of order {order} to {street[0]}. The lamp is now sent there on "
                f"Friday. {MORE}"
            )
    return "Which address should the lamp be sent to? Please give me the street, the number and the city."


def on_invoice(_said: list[str], _replies: list[str], _order: str | None) -> str:
    """Invoices."""
    # MENDED 4: an answer.
    return (
        "You find the invoice with VAT as a PDF in your account under Orders, and I have also sent it to your email. "
        f"{MORE}"
    )


def on_gift(_said: list[str], _replies: list[str], _order: str | None) -> str:
    """Gift wrapping."""
    # MENDED 5: to the point at once.
    return (
        "We wrap gifts for 4 euros in blue linen paper, with a handwritten card of up to 200 characters. Tick the box "
        f"at the checkout. {MORE}"
    )


def on_shipping(said: list[str], _replies: list[str], _order: str | None) -> str:
    """Delivery times and costs."""
    abroad = re.search(r"portugal|abroad|another country|lisbon|europe", " ".join(said), re.IGNORECASE)
    if abroad:
        return (
            "Yes, we ship to Portugal and the rest of Europe: delivery takes 6 to 8 working days and costs 12 euros. "
            f"{MORE}"
        )
    return f"Delivery within the country takes 2 to 3 working days and is free above 60 euros. {MORE}"


def on_human(_said: list[str], _replies: list[str], _order: str | None) -> str:
    """How to reach a person."""
    return f"My colleagues are there from Monday to Friday, 9 to 17, at help@lumenandoak.example. {MORE}"


def on_unclear(said: list[str], _replies: list[str], _order: str | None) -> str:
    """Anything else."""
    if re.search(r"\b(?:thanks|thank you|bye|great|perfect)\b", said[-1], re.IGNORECASE):
        return "You're welcome! Have a bright day."
    return "I can help with returns, repairs, deliveries, gifts and changes to an order. What is it about?"


ANSWERS = {
    "return": on_return,
    "repair": on_repair,
    "cancel": on_cancel,
    "address": on_address,
    "invoice": on_invoice,
    "gift": on_gift,
    "shipping": on_shipping,
    "human": on_human,
    "unclear": on_unclear,
}
