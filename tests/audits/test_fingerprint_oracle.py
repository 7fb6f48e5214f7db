"""The fingerprint agrees to 1e-9 with the package that was published with the paper, on any dialogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personae.audits._phrases import ACKNOWLEDGES, SAYS
from personae.audits._user_turns import FEATURES, GROUPS, fingerprint
from personae.audits.fingerprint import UserTurnFingerprint
from personae.stats.clouds import coverage, dice, mean_distance, scaled, scales
from tests.audits.oracle import module

BANKS: Mapping[str, str] = {
    "politeness_rate": "POLITENESS_PATTERNS",
    "formality_rate": "FORMALITY_MARKERS",
    "identity_confusion_rate": "IDENTITY_CONFUSION_PATTERNS",
    "uncertainty_rate": "UNCERTAINTY_PATTERNS",
    "certainty_rate": "CERTAINTY_PATTERNS",
    "pushback_rate": "PUSHBACK_PATTERNS",
    "clarification_question_rate": "CLARIFICATION_QUESTION_PATTERNS",
    "info_seeking_rate": "INFO_SEEKING_PATTERNS",
    "emotional_expression_rate": "EMOTIONAL_EXPRESSION_PATTERNS",
    "accusatory_rate": "ACCUSATORY_PATTERNS",
    "strategy_pivot_rate": "STRATEGY_PIVOT_PATTERNS",
}


def theirs(messages: list[str]) -> list[float]:
    """The oracle's fingerprint, in our order."""
    trace = [{"role": "user", "content": message} for message in messages]
    found = module("fingerprinting").BehavioralFingerprintExtractor().compute_fingerprint(trace)
    return [found.features[name] for name in FEATURES]


def sayings() -> st.SearchStrategy[str]:
    """Messages that hold a phrase of either side, at the edge of matching: letters, signs or blanks around it."""
    banks = [pattern for bank in BANKS.values() for pattern in getattr(module("fingerprinting"), bank)]
    patterns = [*banks, *(said.pattern for said in SAYS.values()), ACKNOWLEDGES.pattern]
    phrases = st.sampled_from(patterns).flatmap(
        lambda pattern: st.from_regex(pattern.replace(r"\b", "").replace("$", ""), fullmatch=True)
    )
    edges = st.sampled_from(
        ["", " ", "x", "s ", "\n", "?", ".", "\u2019", " W4821370 ", "a@b.de ", "#AB12C", "\u0130", "-"]
    )
    return st.tuples(edges, phrases | st.text(max_size=20), edges, st.sampled_from(["", "I", "OK."])).map("".join)


@settings(max_examples=600)
@given(st.data())
def test_any_dialogue_has_the_oracles_fingerprint(data: st.DataObject) -> None:
    messages = data.draw(st.lists(sayings().filter(bool), max_size=6))
    messages = messages * data.draw(st.integers(1, 3))
    assert fingerprint(messages) == pytest.approx(theirs(messages), abs=1e-9)


def test_features_and_groups_are_the_papers() -> None:
    oracle = module("fingerprinting")
    assert list(FEATURES) == oracle.ALL_FEATURES
    assert [list(names) for names in GROUPS.values()] == list(oracle.DIMENSION_MAP.values())


NUMBERS = st.floats(0, 50, allow_nan=False) | st.sampled_from([0.0, 1e-13, 1.0])


@given(NUMBERS, NUMBERS)
def test_two_numbers_agree_as_the_oracle_says(one: float, other: float) -> None:
    assert dice(one, other) == pytest.approx(module("fingerprinting").dice_coefficient(one, other), abs=1e-9)


DIALOGUES = st.lists(st.lists(st.text(min_size=1, max_size=30) | st.sampled_from(["ok", "please", "are you sure?"]),
                              min_size=1, max_size=4), min_size=2, max_size=6)  # fmt: skip


@given(DIALOGUES, DIALOGUES)
def test_agreement_by_group_is_the_oracles(own: list[list[str]], real: list[list[str]]) -> None:
    oracle = module("fingerprinting")
    extractor = oracle.BehavioralFingerprintExtractor()
    traces = [[[{"role": "user", "content": text} for text in one] for one in kind] for kind in (own, real)]
    human = oracle.compute_human_distribution([{"turns": one} for one in traces[1]], extractor, verbose=False)
    wanted = oracle.compute_aggregate_dice_alignment([extractor.compute_fingerprint(one) for one in traces[0]], human)
    found = UserTurnFingerprint(resamples=2).study([tuple(one) for one in own], [tuple(one) for one in real])
    values = [one.value for one in found.agreement.values()]
    assert values == pytest.approx([wanted[name] for name in ("D1", "D2", "D3", "D4", "overall")], abs=1e-9)


CLOUDS = st.integers(1, 4).flatmap(
    lambda axes: st.tuples(*[st.lists(st.tuples(*[st.floats(-9, 9)] * axes), min_size=2, max_size=7)] * 2)
)


@given(CLOUDS)
def test_coverage_is_the_oracles(clouds: tuple[list[Any], list[Any]]) -> None:
    import numpy as np
    from scipy.spatial.distance import pdist  # type: ignore[import-untyped,unused-ignore]

    points, human = clouds
    means, spreads = scales(human)
    sd = np.asarray(human).std(axis=0)
    sd[sd < 1e-9] = 1.0
    reference = scaled(human, means, spreads)
    typical = mean_distance(reference)
    assert typical == pytest.approx(float(pdist(np.asarray(reference)).mean()), abs=1e-9)
    if typical <= 1e-6:
        return
    wanted = module("evaluation").chamfer_coverage(
        np.asarray(points), np.asarray(reference), typical, std_mu=np.asarray(human).mean(axis=0), std_sd=sd
    )
    assert coverage(scaled(points, means, spreads), reference, typical) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(("sign", "count"), [("x", 0), ("A", 1)])
def test_a_message_of_one_long_word_takes_no_time_to_speak_of(sign: str, count: int) -> None:
    assert fingerprint([sign * 200_000])[FEATURES.index("identifiers_per_turn")] == count
