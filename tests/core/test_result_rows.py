"""A result and its row are two forms of the same thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from personae import DISCLAIMER, Persona, Scenario, SimulationResult
from personae.core.conversation import TERMINATIONS, Conversation, Turn
from personae.core.rating import Quote, Rating, Score
from personae.core.usage import Usage

TEXT = st.text(max_size=30)
FILLED = TEXT.filter(str.strip)
SHARE = st.floats(0, 1)
COUNT = st.integers(0, 10**9)
JSON = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
OBJECT = st.dictionaries(TEXT, JSON, max_size=3)
USAGE = st.builds(
    Usage,
    COUNT,
    COUNT,
    COUNT,
    COUNT,
    COUNT,
    COUNT,
    COUNT,
    st.just(0) | COUNT,
    st.integers(0, 10**9).map(lambda n: n / 1e6),
)
QUOTES = st.lists(st.builds(Quote, st.integers(1, 50), TEXT, st.booleans()), max_size=2).map(tuple)
TURN = st.builds(
    Turn,
    st.sampled_from(["user", "assistant"]),
    TEXT,
    st.none() | st.integers(0, 10**6).map(lambda n: n / 10),
    st.none() | USAGE,
    OBJECT,
)
PERSONA = st.builds(
    Persona,
    name=FILLED,
    description=FILLED,
    domain_knowledge=TEXT,
    traits=st.lists(FILLED, max_size=2).map(tuple),
    attributes=OBJECT,
)
SCENARIO = st.builds(
    Scenario, goal=FILLED, name=TEXT, expected_outcome=TEXT, known_info=TEXT, fields=OBJECT, persona=st.none() | PERSONA
)
VERDICT = st.builds(Rating, TEXT, st.booleans(), TEXT, QUOTES)
RATING = VERDICT | st.builds(Rating, TEXT, st.none(), error=FILLED)
SCORE = st.builds(Score, FILLED, st.none() | SHARE, TEXT, QUOTES, st.none() | st.booleans(), OBJECT)
RESULT = st.builds(
    SimulationResult,
    key=FILLED,
    persona=PERSONA,
    scenario=SCENARIO,
    epoch=st.integers(1, 9),
    conversation=st.builds(
        Conversation, st.lists(TURN, max_size=4).map(tuple), st.sampled_from(TERMINATIONS), TEXT, TEXT, TEXT
    ),
    goal=st.none() | RATING,
    ratings=st.lists(RATING, max_size=2).map(tuple),
    scores=st.lists(SCORE, max_size=2, unique_by=lambda score: score.metric).map(tuple),
    usage=st.dictionaries(st.sampled_from(["simulator", "bot", "judge"]), USAGE),
    metadata=OBJECT,
)


def written(result: SimulationResult) -> dict[str, Any]:
    row: dict[str, Any] = orjson.loads(orjson.dumps(result.as_row()))
    return row


@given(RESULT)
def test_the_row_of_a_rows_result_is_that_row(result: SimulationResult) -> None:
    row = written(result)
    assert written(SimulationResult.from_row(row)) == row


@given(RESULT)
def test_a_result_comes_back_from_its_row(result: SimulationResult) -> None:
    back = SimulationResult.from_row(written(result))
    assert back.persona == result.persona
    assert back.scenario == result.scenario
    assert back.conversation == result.conversation
    assert (back.goal, back.ratings, back.scores) == (result.goal, result.ratings, result.scores)


@given(RESULT)
def test_every_row_says_that_it_is_simulated(result: SimulationResult) -> None:
    assert written(result)["metadata"]["simulated"] is True
    assert written(result)["metadata"]["disclaimer"] == DISCLAIMER


@given(RESULT)
def test_nothing_in_the_metadata_takes_the_honesty_line_away(result: SimulationResult) -> None:
    forged = replace(result, metadata={"simulated": False, "disclaimer": "real traffic"})
    assert written(forged)["metadata"] == {"simulated": True, "disclaimer": DISCLAIMER}


@given(st.lists(USAGE, max_size=4))
def test_usage_adds_up_and_comes_back(parts: list[Usage]) -> None:
    total = sum(parts, Usage())
    assert total.calls == sum(part.calls for part in parts)
    assert Usage.from_dict(total.as_dict()).as_dict() == total.as_dict()


@given(USAGE, USAGE)
def test_taking_away_undoes_adding(one: Usage, other: Usage) -> None:
    left = (one + other) - other
    assert (
        left.as_dict() | {"cost_usd": 0} == one.as_dict() | {"cost_usd": 0} or left.unpriced_calls == one.unpriced_calls
    )
    assert left.tokens == one.tokens
    assert abs(left.priced_usd - one.priced_usd) < 1e-6
