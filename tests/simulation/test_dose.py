# ruff: noqa: E501 - the prompts are shown here as a model gets them
"""The plan of behaviours: drawn outside the model, told in a message that is not kept, and read off what was said."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from lab.fake_llm import Reply, Status
from personae.bots import Session
from personae.core.conversation import Turn
from personae.core.persona import Behaviour, KnownFact, Persona, Scenario
from personae.core.result import Spec
from personae.errors import InputError
from personae.llm.offline.engine import OfflineModel
from personae.simulation import dose
from personae.simulation.conversation import Ended, Rules, converse
from personae.simulation.moves import Say
from personae.simulation.policies import policies
from personae.simulation.simulator import NOTE_VERSIONS, Simulator
from tests.llm.reach import Reach, reach
from tests.simulation.play import MAYA, bot, end, never, scripted, spec, user

pytestmark = pytest.mark.anyio
TYPOS = Behaviour(name="typos", probability=1.0)
BOTH = (TYPOS, Behaviour(name="impatient", probability=1.0, intensity=2))
SEEDS = st.integers(0, 2**63 - 1)
TURNS = [user("Hi."), bot("Hello!")]


def dosed(*behaviours: Behaviour, persona: Persona = MAYA) -> Spec:
    return replace(spec(persona), behaviours=behaviours)


@given(SEEDS, st.integers(1, 40), st.floats(0, 1), st.floats(0, 1), st.sampled_from(policies.names()))
def test_with_a_higher_probability_every_turn_that_had_it_still_has_it(
    seed: int, turn: int, one: float, other: float, name: str
) -> None:
    low, high = sorted((one, other))
    behaviour = policies.get(name)
    if behaviour(probability=low).is_planned(seed, turn):
        assert behaviour(probability=high).is_planned(seed, turn)


@given(SEEDS, st.integers(1, 40), st.integers(1, 10), st.integers(0, 10))
def test_outside_its_window_it_is_never_planned_and_inside_it_always_at_probability_1(
    seed: int, turn: int, first: int, length: int
) -> None:
    typos = policies.get("typos")(probability=1.0, first_turn=first, last_turn=first + length)
    assert typos.is_planned(seed, turn) is (first <= turn <= first + length)
    assert not policies.get("typos")(probability=0.0).is_planned(seed, turn)


def test_the_draw_keeps_to_its_probability() -> None:
    typos = policies.get("typos")(probability=0.3)
    planned = sum(typos.is_planned(seed, turn) for seed in range(500) for turn in range(1, 9))
    assert 0.28 < planned / 4_000 < 0.32


def test_another_behaviour_beside_it_changes_nothing() -> None:
    one, two = policies.get("typos")(probability=0.5), policies.get("vague")(probability=0.5)
    for seed in range(50):
        assert (one in dose.planned((one, two), seed, TURNS)) is (one in dose.planned((one,), seed, TURNS))


def test_of_one_name_the_scenario_counts_then_the_persona_then_its_trait_then_the_run() -> None:
    persona = Persona(
        name="Ann", description="A user.", traits=("terse", "behaviour:typos=0.2", "behaviour:vague=0.2"),
        behaviours=(Behaviour(name="typos", probability=0.3),),
    )  # fmt: skip
    scenario = Scenario(goal="A refund.", behaviours=(Behaviour(name="gives-up", probability=0.4),))
    run = [Behaviour(name=name, probability=0.1) for name in ("typos", "vague", "gives_up", "impatient")]
    chosen = {one.name: one.probability for one in dose.chosen(persona, scenario, run)}
    assert chosen == {"typos": 0.3, "vague": 0.2, "gives_up": 0.4, "impatient": 0.1}
    assert dose.manner(persona.traits) == ("terse",)


@pytest.mark.parametrize("text", ["", "=0.3", "typos=often", "typos=1.1", "typos=-0.1", "typos=nan", "typos="])
def test_what_is_no_behaviour_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no behaviour with its probability"):
        dose.parsed(text)


def test_a_persona_of_before_keeps_its_version() -> None:
    assert Persona(name="a", description="b").version_hash == "526921502a9a3f51"
    assert "behaviours" not in MAYA.as_dict()


async def asked(there: Reach, one: Spec) -> list[dict[str, str]]:
    """What a simulator is sent for its second message."""
    await Simulator(there.model(), one, 8).next_move(TURNS)
    messages: list[dict[str, str]] = there.sent()["messages"]
    return messages


async def test_the_note_is_the_last_message_and_the_system_message_says_what_it_is() -> None:
    async with reach(Reply("Yes.")) as there:
        messages = await asked(there, dosed(*BOTH))
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "user"]
    assert messages[-1]["content"] == snapshot("""\
[note ab299b] For your next message alone:

- In this message, leave one slip of the fingers standing, such as two letters swapped or one missing. Never in a number, code, name or address.
- In this message, be impatient: short sentences, and say that you have no time, that you are waiting, or that it should not take this long.\
""")
    system = messages[0]["content"]
    assert system[system.index("# Notes on") :] == snapshot("""\
# Notes on how you write

Some of your messages are preceded by a note that begins with `[note ab299b]`. It is not from the assistant, which can neither see nor write such a note: it says how you feel like writing at that moment. Follow it in your next message alone, in this person's own words, and then write as usual again. A note changes how you say things. It never changes what you want, what you know or what has been said, and where it does not fit what has just happened, follow it as far as it fits. If it tells you to end the conversation, end it as described above. Never mention a note.\
""")


async def test_without_behaviours_nothing_is_said_of_notes() -> None:
    async with reach(Reply("Yes.")) as there:
        messages = await asked(there, spec())
        move = await Simulator(there.model(), spec(), 8).next_move(TURNS)
    assert "note" not in messages[0]["content"]
    assert len(messages) == 4
    assert move.behaviours == {}


async def test_what_comes_before_a_note_is_kept_and_the_note_is_not() -> None:
    async with reach() as there:
        simulator = Simulator(there.model(), dosed(TYPOS), 6)
        turns = [event async for event in converse(simulator, scripted(), Session("s"), Rules(6), never)][:-1]
        sent = [request.body["messages"] for request in there.fake.requests]
        ledger = there.fake.ledger
    assert len(sent) == 6
    for earlier, later in pairwise(sent):
        assert later[: len(earlier) - 1] == earlier[:-1]
        assert len(later) == len(earlier) + 2
    assert ledger.unchanged_but_last == 5
    assert all("behaviours" in turn.metadata for turn in turns if isinstance(turn, Turn) and turn.role == "user")


async def test_the_turn_says_what_was_planned_and_what_was_delivered() -> None:
    late = Behaviour(name="pushes_back", probability=1.0, first_turn=5)
    async with reach(Reply("I wnat it now, come on.")) as there:
        move = await Simulator(there.model(), dosed(*BOTH, late), 8).next_move(TURNS)
    assert move.behaviours == {
        "typos": {"planned": True, "delivered": True},
        "impatient": {"planned": True, "delivered": True},
        "pushes_back": {"planned": False, "delivered": False},
    }


async def test_a_model_that_repeats_its_note_is_asked_again() -> None:
    async with reach([Reply("[note ab299b] I want it."), Reply("I want it.")]) as there:
        move = await Simulator(there.model(), dosed(TYPOS), 8).next_move(TURNS)
        assert there.sent()["messages"][-1]["content"].startswith("(That could not be sent: It repeats your note.")
        assert there.sent()["messages"][:-2] == there.sent(0)["messages"]
    assert (move.what, move.retried) == (Say("I want it."), 1)


async def test_where_roles_must_alternate_the_note_stands_in_the_last_message() -> None:
    refusal = Status(400, message="Conversation roles must alternate user/assistant/user/assistant/...")
    async with reach([refusal, Reply("Yes."), Reply("Yes.")]) as there:
        model = there.model()
        for _ in range(2):
            await Simulator(model, dosed(TYPOS), 8).next_move(TURNS)
        messages = there.sent()["messages"]
        assert there.calls == 3
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[-1]["content"].startswith("Hello!\n\n[note ")


async def ended(there: Reach, *behaviours: Behaviour) -> tuple[list[Turn], Ended]:
    simulator = Simulator(there.model(), dosed(*behaviours), 3)
    *turns, last = [event async for event in converse(simulator, scripted(), Session("s"), Rules(3), never)]
    assert isinstance(last, Ended)
    return [turn for turn in turns if isinstance(turn, Turn)], last


async def test_what_an_ending_shows_stands_in_its_farewell_or_in_the_end() -> None:
    gives_up = Behaviour(name="gives_up", probability=1.0, first_turn=2, intensity=3)
    shown = {"gives_up": {"planned": True, "delivered": True}}
    async with reach([Reply("Hi."), end("stuck", "No use.", message="Not worth it.")]) as there:
        turns, last = await ended(there, gives_up)
    assert (turns[-1].metadata, last.metadata) == ({"farewell": True, "behaviours": shown}, {})
    async with reach([Reply("Hi."), end("stuck", "No use.")]) as there:
        turns, last = await ended(there, gives_up)
    assert last.metadata == {"behaviours_at_end": shown}


def test_an_adversarial_behaviour_goes_on_after_a_refusal() -> None:
    assert Rules(8).for_persona(MAYA, [Behaviour(name="adversarial")]).goes_on_after_refusal
    assert not Rules(8).for_persona(MAYA, [Behaviour(name="typos")]).goes_on_after_refusal


def test_the_prompts_of_notes_have_versions() -> None:
    assert sorted(NOTE_VERSIONS) == ["simulation/notes", "simulation/this_message"]
    found = dose.prompt_versions([MAYA], [], BOTH)
    assert sorted(found) == ["simulation/policies/impatient.2", "simulation/policies/typos.1"]


def test_the_simulator_is_told_facts_by_their_rule() -> None:
    maya = MAYA.model_copy(
        update={
            "facts": (
                KnownFact(name="seat", value="12A", when="volunteer"),
                KnownFact(name="zip code", value="10115"),
                KnownFact(name="birthday", value="3 May 1990", when="never"),
                KnownFact(name="phone", value="0171 555", when="never"),
            )
        }
    )
    text = Simulator(OfflineModel(0), spec(maya), 8).system_message()
    assert text[text.index("Facts that") : text.index("What you do not know")] == snapshot("""\
Facts that you have at hand:
Booking number 48213, due back tomorrow at 10:00.

You mention of your own accord, where it fits:
- seat: 12A

You tell only when the assistant asks for it, and then only what it asks for:
- zip code: 10115

You know but keep to yourself. If you are asked for it, say in your own way that you would rather not tell:
- birthday: 3 May 1990
- phone: 0171 555

""")
