"""`personae gate` through its command: verdicts, exit codes, and the policy's errors."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from personae import gate
from personae.errors import ConfigurationError, InputError
from personae.experiments.gate_policy import read_policy
from personae.reports._gate_text import lines
from tests.experiments.runs import Said, file
from tests.running import personae


def people(yes: int, no: int, **other: object) -> list[Said]:
    return [Said(persona=f"P{n:03}", goal=n < yes, criteria={"polite": n >= no}, **other) for n in range(yes + no)]  # type: ignore[arg-type]


def policy(folder: Path, *rules: str, top: str = "") -> Path:
    path = folder / "gate.yaml"
    path.write_text(f"{top}rules:\n" + "".join(f"  - {rule}\n" for rule in rules), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Case:
    rule: str
    conversations: list[Said]
    verdict: str
    says: str = ""


TERSE = [Said(persona=f"T{n}", goal=False, traits=("terse",), attributes={"region": "EU"}) for n in range(20)]
CASES = {
    "a rate holds": Case("{rule: goal, at_least: 0.8}", people(60, 2), "PASS", "97% (89% to 99%) of 62"),
    "a rate fails": Case("{rule: goal, at_least: 0.8}", people(20, 20), "FAIL"),
    "a point above the bound is not enough": Case(
        "{rule: goal, at_least: 0.8}", people(9, 1), "INCONCLUSIVE", "more conversations would settle it"
    ),
    "right at the bound": Case("{rule: goal, at_least: 0.8}", people(8, 2), "INCONCLUSIVE", "too close to the bound"),
    "a criterion": Case("{rule: criterion, name: polite, at_least: 0.5}", people(5, 40), "FAIL"),
    "a metric": Case(
        "{rule: metric, name: m, at_least: 0.5}",
        [Said(persona=f"P{n}", scores={"m": 0.7 + n / 100}) for n in range(20)],
        "PASS",
    ),
    "one score": Case(
        "{rule: metric, name: m, at_least: 0.5}", [Said(scores={"m": 0.9})], "INCONCLUSIVE", "one observation"
    ),
    "cost": Case("{rule: cost, at_most: 0.02}", people(9, 1, cost_usd=0.01), "PASS", "$0.0100"),
    "unknown cost": Case("{rule: cost, at_most: 0.02}", people(9, 1, cost_usd=None), "INCONCLUSIVE", "price"),
    "latency": Case("{rule: latency, at_most: 50}", people(40, 0), "FAIL", "of replies within 50 ms"),
    "errors": Case(
        "{rule: errors, at_most: 0.1}",
        [*people(60, 0), Said(persona="E", termination="bot_error")],
        "PASS",
        "2% (0.3% to 9%)",
    ),
    "all errors": Case(
        "{rule: goal, at_least: 0.5}", people(9, 0, termination="bot_error"), "INCONCLUSIVE", "undefined"
    ),
    "no validity": Case("{rule: validity, at_least: 0.9}", people(9, 0), "INCONCLUSIVE", "checked for validity"),
    "a trait": Case("{rule: goal, at_least: 0.5, where: {trait: terse}}", people(50, 0) + TERSE, "FAIL", "trait terse"),
    "an attribute": Case(
        "{rule: goal, at_least: 0.5, where: {attributes: {region: EU}}}", people(50, 0) + TERSE, "FAIL", "region EU"
    ),
    "a slice that nobody is in": Case(
        "{rule: goal, at_least: 0.5, where: {trait: rude}}",
        people(50, 0),
        "INCONCLUSIVE",
        "no conversation is of trait rude",
    ),
    "no conversation": Case("{rule: goal, at_least: 0.5}", [], "INCONCLUSIVE", "there are no conversations"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_rule_is_decided_by_its_interval(case: Case, tmp_path: Path) -> None:
    results = file(tmp_path / "r.jsonl", case.conversations)
    found = gate(results, read_policy(policy(tmp_path, case.rule)))
    said = "\n".join(lines(found))
    assert found.verdict == case.verdict, said
    assert case.says in said


@pytest.mark.parametrize(
    ("yes", "no", "verdict", "code"), [(60, 2, "PASS", 0), (2, 60, "FAIL", 1), (3, 1, "INCONCLUSIVE", 2)]
)
def test_the_exit_code_is_the_verdict(yes: int, no: int, verdict: str, code: int, tmp_path: Path) -> None:
    file(tmp_path / "r.jsonl", people(yes, no))
    done = personae("gate", "r.jsonl", "--policy", policy(tmp_path, "{rule: goal, at_least: 0.8}"), cwd=tmp_path)
    assert (done.out.split(":")[0], done.code) == (verdict, code)
    assert "not real traffic" in done.out


def test_so_many_more_conversations_do_settle_it(tmp_path: Path) -> None:
    rules = read_policy(policy(tmp_path, "{rule: goal, at_least: 0.8}"))
    found = gate(file(tmp_path / "r.jsonl", people(18, 2)), rules)
    assert found.verdict == "INCONCLUSIVE"
    assert found.more is not None
    n = 20 + found.more
    enough = gate(file(tmp_path / "more.jsonl", people(round(n * 0.9) + 1, n - round(n * 0.9) - 1)), rules)
    assert enough.verdict == "PASS"


def test_more_conversations_for_a_slice_are_those_of_the_whole_run(tmp_path: Path) -> None:
    rules = read_policy(policy(tmp_path, "{rule: goal, at_least: 0.8}"))
    alone = gate(file(tmp_path / "r.jsonl", people(18, 2)), rules)
    slice_ = [replace(said, traits=("kind",)) for said in people(18, 2)]
    others = [replace(said, persona=f"{said.persona} b") for said in people(30, 10)]
    of_it = read_policy(policy(tmp_path, "{rule: goal, at_least: 0.8, each: trait}"))
    found = gate(file(tmp_path / "s.jsonl", slice_ + others), of_it)
    assert alone.more is not None
    assert found.more == 3 * alone.more
    assert f"about {found.more} more conversations of the whole run would settle it" in "\n".join(lines(found))


def test_each_makes_a_rule_of_every_slice(tmp_path: Path) -> None:
    rules = read_policy(policy(tmp_path, "{rule: goal, at_least: 0.5, each: trait}"))
    kind = [replace(said, traits=("kind",)) for said in people(50, 0)]
    found = gate(file(tmp_path / "r.jsonl", kind + TERSE), rules)
    assert {str(check.rule.where): check.verdict for check in found.checks} == {
        "trait kind": "PASS",
        "trait terse": "FAIL",
    }
    assert found.verdict == "FAIL"


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{rule: goal, at_least: 0.5, each: trait}", "no persona has a trait"),
        ("{rule: goal, drop_at_most: 0.5, each: region}", "no persona has the attribute region"),
        ("{rule: goal, at_least: 0.5, each: persona, where: {trait: kind}}", "no conversation is of trait kind"),
    ],
)
def test_a_rule_about_each_of_what_nobody_has_is_not_passed(rule: str, reason: str, tmp_path: Path) -> None:
    results = file(tmp_path / "r.jsonl", people(50, 0))
    found = gate(results, read_policy(policy(tmp_path, rule)), results)
    assert (found.verdict, [check.estimate.reason for check in found.checks]) == ("INCONCLUSIVE", [reason])
    assert reason in "\n".join(lines(found))


@dataclass(frozen=True)
class Drop:
    after: list[Said]
    verdict: str


DROPS = {
    "none": Drop(people(100, 0), "PASS"),
    "large": Drop(people(60, 40), "FAIL"),
    "small": Drop(people(95, 5), "INCONCLUSIVE"),
}


@pytest.mark.parametrize("case", DROPS.values(), ids=DROPS.keys())
def test_a_drop_is_held_against_the_baseline(case: Drop, tmp_path: Path) -> None:
    rules = policy(tmp_path, "{rule: goal, drop_at_most: 0.05}")
    before = file(tmp_path / "before.jsonl", people(100, 0), bot="old")
    after = file(tmp_path / "after.jsonl", case.after, bot="new")
    assert gate(after, read_policy(rules), before).verdict == case.verdict


def test_reports_for_ci(tmp_path: Path) -> None:
    file(tmp_path / "r.jsonl", people(20, 20))
    rules = policy(
        tmp_path, "{rule: goal, at_least: 0.8}", "{rule: errors, at_most: 0.2}", "{rule: goal, at_least: 0.5}"
    )
    asked = ("--junit", "g.xml", "--markdown", "g.md", "--json")
    done = personae("gate", "r.jsonl", "--policy", rules, *asked, cwd=tmp_path)
    assert done.code == 1
    data = json.loads(done.out)
    assert (data["verdict"], data["simulated"]) == ("FAIL", True)
    assert [check["verdict"] for check in data["checks"]] == ["FAIL", "PASS", "INCONCLUSIVE"]
    suite = ElementTree.parse(tmp_path / "g.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    comment = (tmp_path / "g.md").read_text(encoding="utf-8")
    assert comment.startswith("<!-- personae gate -->")
    assert comment.count("\n| ") == 4
    assert "not real traffic" in comment


def test_names_cannot_act_in_the_comment(tmp_path: Path) -> None:
    hostile = "@all <img src=x> | [x](y)"
    said = [replace(one, criteria={hostile: True}) for one in people(9, 0)]
    file(tmp_path / "r.jsonl", said)
    rules = policy(tmp_path, json.dumps({"rule": "criterion", "name": hostile, "at_least": 0.9}))
    personae("gate", "r.jsonl", "--policy", rules, "--markdown", "g.md", cwd=tmp_path)
    comment = (tmp_path / "g.md").read_text(encoding="utf-8")
    assert "<img" not in comment
    assert "@all" not in comment
    assert "](y)" not in comment.replace("\\](y)", "")
    row = next(line for line in comment.split("\n") if "all" in line and line.startswith("| "))
    assert len(re.findall(r"(?<!\\)\|", row)) == 5


@dataclass(frozen=True)
class Wrong:
    text: str
    error: str


WRONG = {
    "empty": Wrong("", "holds nothing"),
    "no rules": Wrong("level: 0.9\n", "gate.yaml:1: rules: is missing"),
    "unknown kind": Wrong("rules:\n  - rule: gaol\n    at_least: 0.8\n", "gate.yaml:2: rule: must be one of goal,"),
    "no bound": Wrong("rules:\n  - rule: goal\n", "gate.yaml:2: at_least: is missing"),
    "two bounds": Wrong("rules:\n  - {rule: goal, at_least: 0.8, at_most: 0.9}\n", "stands beside another bound"),
    "per cent": Wrong(
        "rules:\n  - rule: goal\n    at_least: 80\n", "gate.yaml:3: at_least: must be a number from 0 to 1, not 80"
    ),
    "text": Wrong("rules:\n  - rule: goal\n    at_least: '0.8'\n", "gate.yaml:3: at_least: must be a number"),
    "no name": Wrong("rules:\n  - rule: criterion\n    at_least: 1\n", "name: is missing: which criterion"),
    "unknown field": Wrong("rules:\n  - {rule: goal, at_least: 1,\n     were: x}\n", "gate.yaml:3: were: is not known"),
    "unknown slice": Wrong("rules:\n  - {rule: goal, at_least: 1, where: {tag: x}}\n", "tag: is not known"),
    "share of a rate": Wrong("rules:\n  - {rule: goal, at_least: 1, share: 0.9}\n", "share: is for latency alone"),
    "drop of a cost": Wrong("rules:\n  - {rule: cost, drop_at_most: 1}\n", "drop_at_most: is for goal"),
    "twice": Wrong("rules:\n  - rule: goal\n    at_least: 1\n    at_least: 0.5\n", "stands twice"),
    "not YAML": Wrong("rules: [\n", "is not YAML"),
    "no baseline": Wrong("rules:\n  - {rule: goal, drop_at_most: 0.1}\n", "gate.yaml:2: drop_at_most needs"),
    "unknown criterion": Wrong(
        "rules:\n  - {rule: criterion, name: polit, at_least: 1}\n", "gate.yaml:2: name: no conversation was asked"
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_policy_that_is_wrong_says_where(case: Wrong, tmp_path: Path) -> None:
    results = file(tmp_path / "r.jsonl", people(3, 0))
    (tmp_path / "gate.yaml").write_text(case.text, encoding="utf-8")
    with pytest.raises((InputError, ConfigurationError)) as error:
        gate(results, read_policy(tmp_path / "gate.yaml"))
    assert case.error in str(error.value)


def test_bad_input_is_never_taken_for_a_verdict(tmp_path: Path) -> None:
    done = personae("gate", "r.jsonl", "--policy", "gate.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (3, "")
    assert "there is no such file" in done.err


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_policy(policy(tmp_path, "{rule: goal}", "{rule: gaol, at_least: 1}"))
    assert len(error.value.each) == 2
