"""JUnit report: one test case per conversation, for the test panels of CI systems.

Idea: a failure is a verdict of the judge (goal not achieved, a criterion NO), an error is a conversation that broke
      (bot or simulator), and skipped is what says nothing of the bot (cut, no fair test, not judged).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from personae.core.conversation import CUT, DISCLAIMER, ERRORS
from personae.core.rating import Rating
from personae.core.result import SimulationResult
from personae.experiments.measured import exclusion
from personae.experiments.report_data import ReportData
from personae.reports import ReportSource, reports, whole_file
from personae.reports._text import counts, figure, interval, one_line, visible

Outcome = Literal["passed", "failure", "error", "skipped"]
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@reports.method("junit")
@dataclass(frozen=True)
class JunitReport:
    """One XML file with one test suite."""

    suffix: ClassVar[str] = ".xml"

    def write(self, source: ReportSource, out: Path) -> None:
        outcomes = Counter(outcome(result)[0] for result in source.results())
        with whole_file(out) as file:
            xml = XMLGenerator(file, "utf-8", short_empty_elements=True)
            xml.startDocument()
            totals = {
                "name": "personae",
                "tests": str(source.data.conversations),
                "failures": str(outcomes["failure"]),
                "errors": str(outcomes["error"]),
                "skipped": str(outcomes["skipped"]),
            }
            _start(xml, "testsuites", totals)
            xml.ignorableWhitespace("\n")
            _start(xml, "testsuite", totals | {"name": clean(source.name) or "personae"})
            xml.ignorableWhitespace("\n")
            _write_properties(xml, source.data)
            for result in source.results():
                _write_case(xml, result)
                xml.ignorableWhitespace("\n")
            xml.endElement("testsuite")
            xml.endElement("testsuites")
            xml.endDocument()
            file.write("\n")


def _start(xml: XMLGenerator, tag: str, attributes: Mapping[str, str] | None = None) -> None:
    xml.startElement(tag, AttributesImpl(attributes or {}))


def outcome(result: SimulationResult) -> tuple[Outcome, str, str]:
    """How a conversation counts in CI, with a message of one line and the whole story."""
    talk, validity = result.conversation, result.validity
    if talk.termination in ERRORS:
        return "error", one_line(talk.error or talk.termination), talk.error
    if talk.termination in CUT:
        return "skipped", one_line(f"{talk.termination}: {talk.error}" if talk.error else talk.termination), ""
    if validity is not None and validity.verdict == "invalid" and validity.fault != "judge":
        return "skipped", one_line(f"no fair test (fault: {validity.fault}): {validity.reason}"), ""
    asked = [("goal achieved", result.goal)] if result.goal is not None else []
    asked += [(rating.criterion, rating) for rating in result.ratings]
    if noes := [(name, rating) for name, rating in asked if rating.verdict is False]:
        names = "; ".join(f"{name}: NO" for name, _ in noes)
        return "failure", one_line(names), "\n\n".join(_story(name, rating) for name, rating in noes)
    if silent := [f"{name}: {rating.error}" for name, rating in asked if rating.verdict is None]:
        return "skipped", one_line("not judged: " + "; ".join(silent)), ""
    if (left_out := exclusion(result)) is not None:
        return "skipped", one_line(f"not judged: {left_out[1]}"), ""
    return "passed", "", ""


def _story(name: str, rating: Rating) -> str:
    lines = [f"{name}: NO", rating.reasoning]
    for quote in rating.quotes:
        missing = "" if quote.found else " (not found in the transcript)"
        lines.append(f"  turn {quote.turn}: “{quote.text}”{missing}")
    return "\n".join(line for line in lines if line)


def _write_properties(xml: XMLGenerator, data: ReportData) -> None:
    _start(xml, "properties")
    for name, value in _properties(data):
        _start(xml, "property", {"name": clean(name), "value": clean(value)})
        xml.endElement("property")
        xml.ignorableWhitespace("\n")
    xml.endElement("properties")
    xml.ignorableWhitespace("\n")


def _properties(data: ReportData) -> Iterator[tuple[str, str]]:
    yield "disclaimer", DISCLAIMER
    yield "conversations", str(data.conversations)
    yield "measured", str(data.measured)
    for left_out in data.excluded:
        yield f"excluded.{left_out.reason}", str(left_out.count)
    fair = data.fairness
    yield from ((f"validity.{name}", str(count)) for name, count in fair.verdicts.items())
    yield from ((f"validity.fault.{name}", str(count)) for name, count in fair.faults.items())
    if fair.unchecked:
        yield "validity.not_checked", str(fair.unchecked)
    if fair.attempts:
        yield "validity.attempts", str(fair.attempts)
    for measure in data.measures:
        estimate = measure.estimate
        if estimate.value is None:
            yield measure.id, f"undefined: {estimate.reason}"
        else:
            level = f"{estimate.level:.0%} interval {interval(estimate, measure.kind)}"
            yield measure.id, f"{figure(estimate, measure.kind)} ({counts(estimate, measure.kind)}; {level})"
        if data.left_out_as_invalid and (both := measure.with_invalid).is_defined:
            yield f"{measure.id}.with_invalid", f"{figure(both, measure.kind)} ({counts(both, measure.kind)})"


def _write_case(xml: XMLGenerator, result: SimulationResult) -> None:
    seconds = sum(turn.latency_ms or 0.0 for turn in result.conversation.turns) / 1000
    name = f"{result.scenario.label} / epoch {result.epoch}"
    case = {"classname": clean(result.persona.name), "name": clean(name), "time": f"{seconds:.3f}"}
    _start(xml, "testcase", case)
    what, message, story = outcome(result)
    if what == "skipped":
        _start(xml, "skipped", {"message": clean(message)})
        xml.endElement("skipped")
    elif what != "passed":
        kind = result.conversation.termination if what == "error" else "judged"
        _start(xml, what, {"message": clean(message), "type": kind})
        xml.characters(clean(story))
        xml.endElement(what)
    _start(xml, "system-out")
    xml.characters(clean(f"key {result.key}, ended: {result.conversation.termination}"))
    xml.endElement("system-out")
    xml.endElement("testcase")


def clean(text: str) -> str:
    """`text` without the characters that XML cannot hold: they are shown as signs."""
    return _NOT_XML.sub("\ufffd", visible(text))
