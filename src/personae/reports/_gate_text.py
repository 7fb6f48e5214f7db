"""A gate's verdict in words: for the terminal, as Markdown for a pull request, and as JUnit for test panels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from personae.core.conversation import DISCLAIMER
from personae.experiments.gate import Check, Gate
from personae.experiments.gate_policy import Rule
from personae.experiments.measured import metric_title
from personae.reports import whole_file
from personae.reports._text import decimal, dollars, milliseconds, one_line, percent, plural
from personae.reports.junit import clean

MARKER = "<!-- personae gate -->"
"""First line of the comment, so that the next run finds it and writes it anew."""
_SIGNS = {"PASS": "✅", "FAIL": "❌", "INCONCLUSIVE": "❔"}


def headline(found: Gate) -> str:
    """The verdict and what it rests on, in one line."""
    counts = {name: sum(check.verdict == name for check in found.checks) for name in ("PASS", "FAIL", "INCONCLUSIVE")}
    parts = [f"{counts['PASS']} of {plural(len(found.checks), 'rule')} hold"]
    parts += [f"{counts['FAIL']} failed"] if counts["FAIL"] else []
    parts += [f"{counts['INCONCLUSIVE']} inconclusive"] if counts["INCONCLUSIVE"] else []
    return f"{found.verdict}: {', '.join(parts)}; {plural(found.conversations, 'conversation')} of {found.results}"


def rule_words(rule: Rule) -> str:
    """What a rule asks for."""
    name = (
        f"{rule.kind} {rule.name}" if rule.kind == "criterion" else metric_title(rule.name) if rule.name else rule.kind
    )
    where = f" ({rule.where})" if str(rule.where) else ""
    if rule.bound == "drop_at_most":
        bound = decimal(rule.value) if rule.kind == "metric" else f"{rule.value * 100:g} points"
        return f"{name}{where} drops by at most {bound}"
    if rule.kind == "latency":
        return f"{percent(rule.share)} of replies{where} within {milliseconds(rule.value)}"
    if rule.kind == "cost":
        return f"cost of a conversation{where} at most {dollars(rule.value)}"
    bound = decimal(rule.value) if rule.kind == "metric" else f"{rule.value * 100:g}%"
    return f"{name}{where} {rule.bound.replace('_', ' ')} {bound}"


def value_words(check: Check) -> str:
    """The number with its interval, or why there is none."""
    estimate, rule = check.estimate, check.rule
    if estimate.value is None:
        return "undefined"
    if rule.bound == "drop_at_most":
        scale, digits, unit = (1.0, 2, "") if rule.kind == "metric" else (100.0, 0, " points")
        ends = [
            f"{end * scale:+.{digits}f}" for end in (estimate.value, estimate.low, estimate.high) if end is not None
        ]
        ends[0] += unit
    else:
        show = dollars if rule.kind == "cost" else decimal if rule.kind == "metric" else percent
        ends = [show(end) for end in (estimate.value, estimate.low, estimate.high) if end is not None]
    interval = f" ({ends[1]} to {ends[2]})" if len(ends) == 3 else ""
    return f"{ends[0]}{interval} of {estimate.n:,}"


def why(check: Check) -> str:
    """What would settle an inconclusive rule; blank for others."""
    if check.verdict != "INCONCLUSIVE":
        return ""
    if check.more is not None:
        of = " of the whole run" if str(check.rule.where) else ""
        return f"about {plural(check.more, 'more conversation')}{of} would settle it, should the number stay"
    return check.reason or check.estimate.reason


def lines(found: Gate) -> Iterator[str]:
    """The whole, line by line."""
    yield headline(found)
    for check in found.checks:
        tail = f"; {why(check)}" if why(check) else ""
        yield f"  {check.verdict:<12} {one_line(rule_words(check.rule), 90)}: {value_words(check)}{tail}"
    if found.verdict == "INCONCLUSIVE" and found.more is not None:
        yield f"about {plural(found.more, 'more conversation')} would settle it all: more personas, scenarios or epochs"
    yield DISCLAIMER


def markdown(found: Gate) -> str:
    """A comment for a pull request."""
    rows = [
        f"| {_SIGNS[check.verdict]} {check.verdict} | {_cell(rule_words(check.rule))} | {_cell(value_words(check))} "
        f"| {_cell(why(check))} |"
        for check in found.checks
    ]
    more = ""
    if found.verdict == "INCONCLUSIVE" and found.more is not None:
        more = f"\nAbout {plural(found.more, 'more conversation')} would settle all of it, should the numbers stay.\n"
    against = f" Held against {_cell(found.baseline)}." if found.baseline else ""
    return "\n".join(
        [
            MARKER,
            f"### {_SIGNS[found.verdict]} personae gate: {_cell(headline(found))}",
            "",
            "| | rule | found | |",
            "|---|---|---|---|",
            *rows,
            more,
            f"<sub>A rule holds or fails by its whole {found.level:.0%} interval.{against} {DISCLAIMER}</sub>",
            "",
        ]
    )


def write_markdown(found: Gate, out: Path) -> None:
    """Write the comment. Raises RecordingError."""
    with whole_file(out) as file:
        file.write(markdown(found))


def write_junit(found: Gate, out: Path) -> None:
    """Write one test case per rule: a failure is a rule that fails, an error one that nobody can decide yet."""
    failures = sum(check.verdict == "FAIL" for check in found.checks)
    errors = sum(check.verdict == "INCONCLUSIVE" for check in found.checks)
    totals = f'tests="{len(found.checks)}" failures="{failures}" errors="{errors}" skipped="0"'
    cases = []
    for check in found.checks:
        name, said = rule_words(check.rule), f"{check.verdict}: {value_words(check)}"
        tag = {"FAIL": "failure", "INCONCLUSIVE": "error"}.get(check.verdict)
        message = quoteattr(clean("; ".join(part for part in (said, why(check)) if part)))
        inside = f'<{tag} type="{check.verdict}" message={message}/>' if tag else ""
        out_text = f"<system-out>{escape(clean(said))}</system-out>"
        case = f'<testcase classname="personae gate" name={quoteattr(clean(name))} time="0">'
        cases.append(f"{case}{inside}{out_text}</testcase>\n")
    with whole_file(out) as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n')
        file.write(f'<testsuites name="personae gate" {totals}>\n<testsuite name="personae gate" {totals}>\n')
        disclaimer = quoteattr(DISCLAIMER)
        file.write(f'<properties><property name="disclaimer" value={disclaimer}/></properties>\n')
        file.writelines(cases)
        file.write("</testsuite>\n</testsuites>\n")


def _cell(text: str) -> str:
    """Foreign text that neither leaves its cell nor acts in the comment."""
    line = one_line(text, 200)
    for sign in ("\\", "`", "*", "_", "[", "]", "|", "@", "#", "~", "!"):
        line = line.replace(sign, f"\\{sign}" if sign != "@" else "@\u2060")
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
