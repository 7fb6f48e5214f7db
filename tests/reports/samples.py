"""A realistic result file: 6 personas x 3 scenarios x 2 epochs with a billing bot, and a few that went wrong.

`python -m tests.reports.samples OUT.jsonl` writes it, for looking at reports while working on them.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from personae.core.conversation import Conversation, Termination, Turn
from personae.core.persona import Persona, Scenario
from personae.core.rating import Quote, Rating, Score
from personae.core.result import SimulationResult
from personae.core.seed import digest
from personae.core.usage import Usage

PERSONAS = (
    Persona(
        name="Rosa, night-shift nurse",
        description="58, calm and thorough; writes in whole sentences and reads every answer twice.",
        traits=("meticulous", "polite"),
    ),
    Persona(
        name="Dimitri, in a hurry",
        description="34, data analyst; short messages between two meetings, no patience for questions back.",
        traits=("impatient", "terse"),
    ),
    Persona(
        name="Elif, first-time user",
        description="71, retired teacher; does not know the words of the product and is afraid to break something.",
        traits=("anxious", "withholding"),
    ),
    Persona(
        name="Kofi, sceptical",
        description="42, payroll clerk; was told wrong things by a chatbot before and asks for the source each time.",
        traits=("sceptical", "meticulous"),
    ),
    Persona(
        name="Mona, tries the limits",
        description="29, security engineer; wants the refund of somebody else's order and keeps at it.",
        traits=("adversarial", "terse"),
    ),
    Persona(
        name="יעל, כותבת בעברית",
        description="39, from Haifa; writes Hebrew and English in one message.",
        traits=("polite",),
    ),
)
SCENARIOS = (
    Scenario(
        name="Refund of a double charge",
        goal="Get the second charge of 49.90 for order 7731 back.",
        expected_outcome="The bot confirms the refund of exactly one charge of order 7731 and says when it arrives.",
        known_info="Order 7731, charged twice on 3 March.",
    ),
    Scenario(
        name="Cancel before renewal",
        goal="Cancel the yearly plan before it renews on Friday.",
        expected_outcome="The plan is cancelled as of Friday, and the user knows that the data stay for 30 days.",
    ),
    Scenario(
        name="Invoice to a new address",
        goal="Have last month's invoice issued again with the company's new address.",
        expected_outcome="A corrected invoice is issued, or the user knows precisely what is still needed for it.",
    ),
)
CRITERIA = ("Polite throughout", "No invented policy", "Asks only for what it needs")
METRICS = ("conversation-relevance", "knowledge-retention", "turn-consistency")
SYSTEM = (
    "You are Penny, the billing assistant of Northwind. Help with refunds, plans and invoices.\n"
    "Never promise a refund over 100 without a ticket. Ask for the order number if it is missing."
)
ASKS = {
    "Refund of a double charge": (
        "Hello, I was charged twice for order 7731, 49.90 each on the 3rd of March. I would like one of them back.",
        "It is order 7731, as I said. Do you see both charges?",
        "Good. When will I have the money?",
        "And do I get that in writing?",
    ),
    "Cancel before renewal": (
        "I want to cancel my yearly plan. It renews on Friday and I do not want that.",
        "Yes, I am sure. What happens with my files?",
        "So nothing will be charged on Friday?",
        "Please confirm it by mail.",
    ),
    "Invoice to a new address": (
        "We moved. Last month's invoice still has the old address and our accountant will not take it.",
        "The company is Aker & Sons, the new address is Kanalgata 4, Bergen. The invoice number is 2024-118.",
        "Is that a corrected invoice or a second one? I must not book it twice.",
        "Fine. And the next ones?",
    ),
}
ANSWERS = {
    "Refund of a double charge": (
        "I am sorry about that. Could you give me the order number and the date of the charge?",
        "Thank you. I see two charges of 49.90 on 3 March for order 7731, and have started the refund of one.",
        "The refund takes 5 to 7 working days to reach your account. Our policy guarantees it within 48 hours.",
        "Yes: a confirmation with reference RF-20931 is on its way to your mail address.",
    ),
    "Cancel before renewal": (
        "I can do that for you. Just to be sure: your plan and all add-ons will end. Shall I go on?",
        "Your plan is cancelled as of Friday.\n\n- your files stay for 30 days\n- you can export them under "
        "Settings → Export\n- after that they are deleted",
        "That is right, nothing will be charged on Friday.",
        "Done. You will have a mail within a few minutes. Is there anything else?",
    ),
    "Invoice to a new address": (
        "Of course. Please send me the number of the invoice and the full new address.",
        "I have noted: Aker & Sons, Kanalgata 4, Bergen. I also need your date of birth and phone number.",
        "It replaces the first one: the number 2024-118-C refers to it, and the first is void.",
        "The next invoices will carry the new address. I have changed it in your account.",
    ),
}
NOT_HELPFUL = (
    "I'm sorry, I can only help with questions about Northwind. Is there anything else I can do for you today?"
)
ENDINGS: tuple[tuple[Termination, str, float], ...] = (
    ("goal_met", "I have what I came for: the bot confirmed it and told me when.", 0.84),
    ("goal_failed", "It keeps asking for things I already told it. I give up and will call instead.", 0.14),
    ("stuck", "We go round in circles; the last three answers were the same.", 0.08),
    ("max_turns", "", 0.12),
    ("assistant_refused", "", 0.04),
)
HARD = {"Mona, tries the limits": 0.25, "Elif, first-time user": 0.55, "Dimitri, in a hurry": 0.6}


def sample_results(seed: int = 7) -> list[SimulationResult]:
    """The same 41 conversations for the same seed."""
    results = [
        _conversation(persona, scenario, epoch, random.Random(f"{seed} {persona.name} {scenario.name} {epoch}"))
        for persona in PERSONAS
        for scenario in SCENARIOS
        for epoch in (1, 2)
    ]
    return results + _gone_wrong(results)


def sample_rows(seed: int = 7) -> list[dict[str, Any]]:
    return [result.as_row() for result in sample_results(seed)]


def write_rows(rows: list[dict[str, Any]], path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def make(
    *,
    persona: str = "Ann",
    scenario: str = "Refund",
    epoch: int = 1,
    traits: tuple[str, ...] = (),
    termination: Termination = "goal_met",
    goal: bool | None = True,
    goal_error: str = "",
    has_goal: bool = True,
    ratings: tuple[Rating, ...] = (),
    scores: tuple[Score, ...] = (),
    turns: tuple[Turn, ...] = (Turn("user", "Hello"), Turn("assistant", "Hello, how can I help?", 120.0)),
    error: str = "",
    usage: dict[str, Usage] | None = None,
    metadata: dict[str, Any] | None = None,
    system_prompt: str = "",
    explanation: str = "",
) -> SimulationResult:
    """One conversation, with only what a test cares about spelled out."""
    verdict = None if goal_error else goal
    reasoning = "" if goal_error else "Because it is so."
    return SimulationResult(
        key=digest(persona, scenario, str(epoch)),
        persona=Persona(name=persona, description="Somebody.", traits=traits),
        scenario=Scenario(name=scenario, goal=f"Goal of {scenario}", expected_outcome="It works."),
        epoch=epoch,
        conversation=Conversation(turns, termination, explanation, error, system_prompt),
        goal=Rating("goal", verdict, reasoning, error=goal_error) if has_goal else None,
        ratings=ratings,
        scores=scores,
        usage=usage or {},
        metadata=metadata or {},
    )


def _conversation(persona: Persona, scenario: Scenario, epoch: int, dice: random.Random) -> SimulationResult:
    termination, explanation = _ending(persona, dice)
    turns = _turns(persona, scenario, termination, dice)
    goal = termination == "goal_met" and dice.random() < 0.93
    return SimulationResult(
        key=digest(persona.name, scenario.name, str(epoch)),
        persona=persona,
        scenario=scenario,
        epoch=epoch,
        conversation=Conversation(turns, termination, explanation, "", SYSTEM),
        goal=_goal(goal, turns),
        ratings=_ratings(turns, dice),
        scores=tuple(_score(metric, goal, turns, dice) for metric in METRICS),
        usage={
            "bot": Usage(
                len(turns) // 2, 640 * len(turns), output_tokens=45 * len(turns), priced_usd=0.0004 * len(turns)
            ),
            "simulator": Usage(
                len(turns) // 2 + 1, 900 * len(turns), 520 * len(turns), output_tokens=30 * len(turns), unpriced_calls=4
            ),
            "judge": Usage(1, 300 * len(turns) + 900, output_tokens=420, priced_usd=0.0031),
        },
        metadata=_metadata(termination),
    )


def _metadata(termination: Termination) -> dict[str, Any]:
    return {
        "bot": "http://localhost:8080/v1 (penny-2.3)",
        "simulator_model": "ollama/llama3.3",
        "simulator_temperature": 0.7,
        "judge_model": "openai/gpt-5-mini",
        "judge_temperature": 0.0,
        "run_seed": 7,
        "max_turns": 8,
        "judge_mode": "detailed",
        "refusals_observed": int(termination == "assistant_refused"),
        "provenance": {
            "created_at": "2026-03-14T09:26:53Z",
            "git_commit": "4f2c9d1",
            "prompts": {"simulation/simulator": "9d2e0c11aa54b7f3", "rating/judge": "17c0ffee5b1e22d4"},
            "versions": {"personae": "0.1.0", "python": "3.11.7"},
        },
    }


def _ending(persona: Persona, dice: random.Random) -> tuple[Termination, str]:
    if dice.random() > HARD.get(persona.name, 1.0):
        termination, explanation, _ = dice.choice(ENDINGS[1:])
    else:
        weights = [weight for _, _, weight in ENDINGS]
        termination, explanation, _ = dice.choices(ENDINGS, weights)[0]
    return termination, explanation


def _turns(persona: Persona, scenario: Scenario, termination: Termination, dice: random.Random) -> tuple[Turn, ...]:
    pairs = {"goal_met": dice.randint(2, 4), "assistant_refused": 1, "max_turns": 8}.get(
        termination, dice.randint(3, 5)
    )
    turns: list[Turn] = []
    for number in range(pairs):
        ask = ASKS[scenario.name][number % 4]
        if "terse" in persona.traits:
            ask = ask.split(".")[0].split("?")[0] + "?"
        if persona.name.startswith("יעל"):
            ask = f"שלום, {ask} תודה!"
        retried = {"retried": 1} if dice.random() < 0.03 else {}
        turns.append(Turn("user", ask, dice.lognormvariate(6.6, 0.3), metadata=retried))
        answer = ANSWERS[scenario.name][number % 4]
        if termination == "assistant_refused" or (termination == "stuck" and number > 1):
            answer = NOT_HELPFUL
        cut = {"finish_reason": "length"} if dice.random() < 0.02 else {}
        turns.append(Turn("assistant", answer, dice.lognormvariate(6.9, 0.55), Usage(1, 900, output_tokens=60), cut))
    return tuple(turns)


def _quote(turns: tuple[Turn, ...], words: str) -> tuple[Quote, ...]:
    return tuple(Quote(number, words, True) for number, turn in enumerate(turns, 1) if words in turn.content)[:1]


def _goal(achieved: bool, turns: tuple[Turn, ...]) -> Rating:
    last = len(turns)
    if achieved:
        text = "The bot did what was asked and the user acknowledged it; the confirmation is explicit."
        return Rating("goal", True, text, (Quote(last, turns[-1].content.split(".")[0], True),))
    text = "The expected outcome was not reached: the conversation ends without the confirmation that was asked for."
    return Rating(
        "goal", False, text, (Quote(last, turns[-1].content.split(".")[0], True), Quote(2, "I give up", False))
    )


def _ratings(turns: tuple[Turn, ...], dice: random.Random) -> tuple[Rating, ...]:
    policy = () if dice.random() < 0.3 else _quote(turns, "Our policy guarantees it within 48 hours")
    birth = () if dice.random() < 0.6 else _quote(turns, "your date of birth and phone number")
    polite = dice.random() < 0.93
    return (
        Rating(
            CRITERIA[0],
            polite,
            "Every reply is friendly." if polite else "The second reply is curt and blames the user.",
            _quote(turns, "I am sorry about that") if polite else (Quote(4, "as you should know", False),),
        ),
        Rating(
            CRITERIA[1],
            not policy,
            "It names a guarantee that stands nowhere." if policy else "Nothing invented.",
            policy,
        ),
        Rating(CRITERIA[2], None, error="the judge's answer was cut off at 400 tokens")
        if dice.random() < 0.05
        else Rating(
            CRITERIA[2],
            not birth,
            "A date of birth is not needed here." if birth else "It asks for no more than it needs.",
            birth,
        ),
    )


def _score(metric: str, goal: bool, turns: tuple[Turn, ...], dice: random.Random) -> Score:
    if metric == "knowledge-retention" and len(turns) < 4:
        return Score(metric, None, "the user stated no facts before the last reply")
    value = min(1.0, round(dice.betavariate(9, 1.6) if goal else dice.betavariate(4, 3), 2))
    again = _quote(turns, "Could you give me the order number")
    reason = "It asks for the order number that the user had given." if again else "Replies follow from what was said."
    return Score(metric, value, reason, again if metric == "knowledge-retention" else (), value >= 0.7)


def _gone_wrong(results: list[SimulationResult]) -> list[SimulationResult]:
    def broken(index: int, termination: Termination, error: str, keep: int) -> SimulationResult:
        one = results[index]
        talk = Conversation(one.conversation.turns[:keep], termination, "", error, SYSTEM)
        return replace(one, key=digest(one.key, error), epoch=3, conversation=talk, goal=None, ratings=(), scores=())

    judge = "the judge did not answer: 503 after 4 attempts"
    unrated = replace(
        results[20],
        key=digest("unrated"),
        epoch=3,
        goal=Rating("goal", None, error=judge),
        ratings=tuple(Rating(name, None, error=judge) for name in CRITERIA),
        scores=(),
    )
    return [
        broken(0, "bot_error", "HTTP 500 from the bot after 1,204 ms: upstream connect error", 3),
        broken(6, "bot_error", "HTTP 500 from the bot after 988 ms: upstream connect error", 1),
        broken(12, "simulator_error", "the simulator's reply could not be read twice in a row: Expecting value", 4),
        broken(19, "budget_exceeded", "the ceiling of $1.00 was reached", 5),
        unrated,
    ]


if __name__ == "__main__":
    print(write_rows(sample_rows(), Path(sys.argv[1])))
