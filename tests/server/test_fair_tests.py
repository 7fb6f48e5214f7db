"""What is known to be no fair test of the bot is in no rate of an experiment, and is counted."""

from __future__ import annotations

import httpx2

from tests.server.test_experiment_import import ROWS, sent, text

FINDING = {"guard": "meta_text", "turn": 1, "words": "*sighs*", "why": "a stage direction", "severity": "invalid"}
INVALID = {"verdict": "invalid", "fault": "simulator", "findings": [FINDING | {"fault": "simulator"}], "checks": 1}


def results(api: httpx2.Client, validity: dict[str, object] | None) -> dict[str, object]:
    """Of the rows of the import, the first of which has this validity."""
    rows = [ROWS[0] | {"validity": validity}, *ROWS[1:]]
    answer = sent(api, text(rows), file="fair.jsonl")
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = api.get(f"/experiments/{answer.json()['id']}").json()["results"]
    return found


def test_rates_leave_out_what_was_no_fair_test(api: httpx2.Client) -> None:
    found = results(api, INVALID)
    assert found["validity"] == {
        "verdicts": {"invalid": 1, "not_checked": len(ROWS) - 1},
        "faults": {"simulator": 1},
        "left_out": 1,
    }
    both = found["with_invalid"]
    assert isinstance(both, dict)
    assert both["all_ratings"]["n"] > found["intervals"]["all_ratings"]["n"]  # type: ignore[index]


def test_rows_of_an_older_version_read_as_not_checked(api: httpx2.Client) -> None:
    found = results(api, None)
    assert found["validity"] == {"verdicts": {"not_checked": len(ROWS)}, "faults": {}, "left_out": 0}
    assert found["with_invalid"] == {"goal": found["goal"], **found["intervals"]}  # type: ignore[dict-item]
