"""The report on a set of personas: what collapses, repeats, contradicts itself or misses its quotas is called out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from personae.cli import app
from personae.cli._personas_report import read_targets
from personae.core.persona import Persona
from personae.core.sections import Identity, Scores, Sections
from personae.errors import InputError
from personae.generation.quality.contradictions import contradictions
from personae.generation.quality.corpus import corpus
from personae.generation.quality.persona_set import look_at

WORDS = "baker nurse courier judge chef pilot farmer tailor miner clerk".split()  # noqa: SIM905 - reads better here
TOWNS = "Leipzig Porto Vienna Lyon Gdansk".split()  # noqa: SIM905 - reads better here


def persona(number: int, **fields: Any) -> Persona:
    work, town = WORDS[number % 10], TOWNS[number % 5]
    text = f"Number {number} is a {work} in {town} with {number} keys and {number % 7} cats, asks {WORDS[number % 7]}s."
    given: dict[str, Any] = {"name": f"p{number}", "description": text, "attributes": {"age": 20 + number}} | fields
    return Persona(**given)


def scored(number: int) -> Persona:
    scores = Scores(scores={"agreeableness": "high", "openness": number % 5})
    return persona(number, sections=Sections(identity=Identity(facts={"town": TOWNS[number % 5]}), traits=scores))


def test_a_population_in_which_all_are_agreeable_is_called_out() -> None:
    found = look_at([scored(number) for number in range(45)])
    assert "collapsed: 45 of 45 have agreeableness 'high'" in found.warnings
    assert [one.name for one in found.attributes if one.is_collapsed] == ["agreeableness"]
    evenness = {one.name: one.evenness for one in found.attributes}
    assert evenness["agreeableness"] is None
    assert evenness["town"] == pytest.approx(1.0)
    wanted = look_at([scored(number) for number in range(45)], {"agreeableness": {"high": 1.0}})
    assert not any("collapsed" in line for line in wanted.warnings), "a target wants it so"


def test_a_set_that_repeats_itself_as_it_grows_is_called_out_with_its_pairs() -> None:
    fresh = [persona(number) for number in range(20)]
    copied = [persona(number, description=fresh[number % 20].description, traits=["terse"]) for number in range(20, 40)]
    found = look_at([*fresh, *copied])
    assert found.same_text == 20
    assert {(pair.one, pair.other) for pair in found.pairs} >= {
        (f"p{number}", f"p{number + 20}") for number in range(20)
    }
    assert any("collapses as it grows" in line for line in found.warnings)
    assert [size.personas for size in found.sizes] == [5, 10, 20, 40]


def test_quotas_are_held_against_their_targets_with_distances() -> None:
    found = look_at(
        [persona(number) for number in range(40)], {"age": {"20-39": 0.25, "40..59": 0.75}, "town": {"X": 1.0}}
    )
    age, town = found.quotas
    assert age.rows == (("20-39", 0.25, 0.5), ("40..59", 0.75, 0.5))
    assert (age.ks, age.wasserstein) == (0.25, 0.25)
    assert age.jensen_shannon == pytest.approx(0.2209, abs=1e-4)
    assert (town.ks, town.missing) == (None, 40)
    assert "quota missed: age, 20-39 50% instead of 25%" in found.warnings


CONTRADICTIONS = [
    ({"description": "Ann is retired.", "attributes": {"age": "24"}}, "24 years old, and 'retired'"),
    ({"description": "A 60-year-old cook.", "attributes": {"age": 24}}, "age is 24, and the description says 60"),
    ({"description": "She bakes.", "attributes": {"gender": "male"}}, "gender is male, and the description says 'she'"),
    ({"description": "He asks what she pays.", "attributes": {"gender": "male"}}, ""),
    ({"description": "x", "traits": ["Terse", "verbose"]}, "the traits 'terse' and 'verbose'"),
    ({"description": "A 70-year-old retired judge, calm.", "attributes": {"age": 70}, "traits": ["calm"]}, ""),
]


@pytest.mark.parametrize(("fields", "says"), CONTRADICTIONS)
def test_what_cannot_both_be_so_is_found(fields: dict[str, Any], says: str) -> None:
    assert contradictions(Persona(name="p", **fields)) == ([says] if says else [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("age: {18-30: 0.4, 31-90: 0.7}", "1: age: the shares add up to 1.1, not to 1"),
        ("town:\n  X: much", "2: town.X: must be a share"),
        ("- a", "must hold attributes"),
        ("age: 3", "1: age: must be an object"),
    ],
)
def test_targets_that_cannot_be_are_told_by_line_and_field(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "targets.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_targets(path)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("texts", "distinct", "bleu", "templated"),
    [
        (["alpha beta gamma delta"] * 3, (1, 1), 1, 1),
        (["alpha beta gamma delta", "alpha beta omega sigma"], (1, 1), (2 / 4 * 1 / 3) ** 0.5, 0),
        (["alpha beta alpha beta", "omega sigma"], (0.75, 5 / 6), 0, 0),
    ],
)
def test_what_texts_repeat_of_themselves_and_of_each_other(
    texts: list[str], distinct: tuple[float, float], bleu: float, templated: float
) -> None:
    found = corpus(texts)
    assert (found.distinct_words, found.distinct_pairs) == pytest.approx(distinct)
    assert found.self_bleu == pytest.approx(bleu, abs=1e-6)
    assert (found.templated, found.pairs) == (templated, len(texts) * (len(texts) - 1) / 2)
    assert found.least_bits_apart is not None
    assert (found.least_bits_apart == 0) == (templated == 1)


def test_one_text_has_nothing_to_be_like() -> None:
    found = corpus(["alpha beta"])
    assert (found.self_bleu, found.bits_apart, found.templated, found.pairs) == (None, None, None, 0)


def test_the_report_comes_as_text_json_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, page, targets = tmp_path / "personas.jsonl", tmp_path / "set.html", tmp_path / "targets.yaml"
    people = [scored(number) for number in range(44)] + [
        persona(99, name="<script>alert(1)</script>", traits=["shy", "outgoing"])
    ]
    file.write_text("".join(json.dumps(one.as_dict()) + "\n" for one in people), encoding="utf-8")
    targets.write_text("town: {Leipzig: 0.2, Porto: 0.2, Vienna: 0.2, Lyon: 0.2, Gdansk: 0.2}", encoding="utf-8")

    def run(*arguments: object) -> str:
        app()(["personas", "report", str(file), *map(str, arguments)], standalone_mode=False)
        return capsys.readouterr().out

    told = run("--targets", targets)
    assert "collapsed: 44 of 44 have agreeableness 'high'" in told
    assert "the traits 'shy' and 'outgoing'" in told
    plan = tmp_path / "plan.yaml"
    plan.write_text("attributes:\n  town: {Leipzig: 60%, Porto: 40%}\n", encoding="utf-8")
    (by_plan,) = json.loads(run("--json", "--targets", plan))["quotas"]
    assert (by_plan["rows"][0], by_plan["missing"]) == (["Leipzig", 0.6, 0.5], 45 - 18)
    data = json.loads(run("--json", "--html", page, "--targets", targets))
    assert (data["personas"], data["quotas"][0]["missing"]) == (45, 1)
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert text.count("<svg") >= 3
    assert "collapsed: 44 of 44 have agreeableness" in text
