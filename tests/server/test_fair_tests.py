"""What is known to be no fair test of the bot is in no rate of an experiment, and is counted."""

from __future__ import annotations

import httpx2

from tests.server.test_experiment_import import ROWS, sent, text

FINDING = {"guard": "meta_text", "turn": 1, "words": "*sighs*", "why": "a stage direction", "severity": "invalid"}
INVALID = {"verdict": "invalid", "fault": "simulator", "findings": [FINDING | {"fault": "simulator"}], "checks": 1}


def imported(api: httpx2.Client, validity: dict[str, object] | None) -> int:
    """The experiment of the rows of the import, the first of which has this validity."""
    rows = [ROWS[0] | {"validity": validity}, *ROWS[1:]]
    answer = sent(api, text(rows), file="fair.jsonl")
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def results(api: httpx2.Client, validity: dict[str, object] | None) -> dict[str, object]:
    """Of that experiment."""
    found: dict[str, object] = api.get(f"/experiments/{imported(api, validity)}").json()["results"]
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


def test_conversations_are_found_by_whose_fault_it_was(api: httpx2.Client) -> None:
    id_ = imported(api, INVALID)

    def keys(**chosen: str) -> list[str]:
        found = api.get("/responses", params={"experiment_id": id_, **chosen}).raise_for_status().json()
        briefs = api.get("/responses/briefs", params={"experiment_id": id_, **chosen}).raise_for_status().json()
        assert [one["id"] for one in briefs["items"]] == [one["id"] for one in found["items"]]
        return [one["key"] for one in found["items"]]

    all_keys = [row["key"] for row in ROWS]
    assert keys(fault="simulator") == keys(fault="simulator", validity="invalid") == all_keys[:1]
    assert keys(fault="bot") == []
    assert keys(fault="") == all_keys
    assert keys(validity="counted") == keys(validity="none") == all_keys[1:]
    refused = api.get("/responses", params={"experiment_id": id_, "fault": "nobody"})
    assert refused.status_code == 422
