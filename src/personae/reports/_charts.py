"""Charts as SVG that takes the page's colours and font, in light and in dark.

Altair draws with stand-in colours, which are then replaced by the page's CSS variables. Only our own words go into a
chart, never foreign text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from personae.core.seed import digest
from personae.reports._text import label, milliseconds, tone, visible
from personae.stats.intervals import Estimate

if TYPE_CHECKING:
    import altair

_INK, _MUTED, _LINE, _ACCENT, _CARD = "#010101", "#020202", "#030303", "#040404", "#080808"
_TONES = {"good": "#050505", "bad": "#060606", "none": "#070707"}
_COLOURS = {
    _INK: "var(--ink)",
    _MUTED: "var(--muted)",
    _LINE: "var(--line)",
    _ACCENT: "var(--accent)",
    _CARD: "var(--card)",
    _TONES["good"]: "var(--good-bar)",
    _TONES["bad"]: "var(--bad-bar)",
    _TONES["none"]: "var(--faint)",
}
_WIDTH = 340


def interval_plot(estimate: Estimate, name: str, spoken: str) -> str:
    """A dot and its interval on a line from 0 to 1, without text: the numbers stand beside it."""
    import altair as alt

    scale = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("at:Q", scale=scale, axis=None)
    track = alt.Chart(_data([{"at": 0, "to": 1}])).mark_rule(color=_LINE, strokeWidth=2).encode(x=x, x2="to:Q")
    ticks = alt.Chart(_data([{"at": at} for at in (0, 0.25, 0.5, 0.75, 1)]))
    layers: list[Any] = [track, ticks.mark_tick(color=_LINE, thickness=1, size=8).encode(x=x)]
    if estimate.low is not None:
        bar = alt.Chart(_data([{"at": estimate.low, "to": estimate.high}]))
        layers.append(
            bar.mark_rule(color=_ACCENT, strokeWidth=6, strokeCap="round", opacity=0.35).encode(x=x, x2="to:Q")
        )
    if estimate.value is not None:
        dot = alt.Chart(_data([{"at": estimate.value}]))
        layers.append(dot.mark_point(color=_ACCENT, filled=True, size=110, opacity=1).encode(x=x))
    return _svg(alt.layer(*layers).properties(width=240, height=20), f"{name}: {spoken}", side=12)


def terminations_chart(terminations: Mapping[str, int]) -> str:
    """One bar for each way in which conversations ended."""
    import altair as alt

    rows = [
        {"name": label(name), "count": count, "colour": _TONES[tone(name)], "shown": f"{count:,}"}
        for name, count in terminations.items()
    ]
    order = [label(name) for name in terminations]
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelPadding=8, minExtent=120))
    x = alt.X("count:Q", axis=None)
    bars = alt.Chart(_data(rows)).mark_bar(size=16, cornerRadiusEnd=3)
    numbers = alt.Chart(_data(rows)).mark_text(align="left", dx=6, color=_INK, fontSize=13)
    chart = alt.layer(
        bars.encode(x=x, y=y, color=alt.Color("colour:N", scale=None)), numbers.encode(x=x, y=y, text="shown:N")
    )
    spoken = ", ".join(f"{row['name']} {row['shown']}" for row in rows)
    return _svg(chart.properties(width=_WIDTH - 150, height=alt.Step(28)), f"How conversations ended: {spoken}")


def turns_chart(turns: Mapping[int, int]) -> str:
    """How many conversations had so many replies."""
    import altair as alt

    rows = [{"from": replies - 0.5, "below": replies + 0.5, "count": count} for replies, count in turns.items()]
    most = max(turns)
    x = alt.X("from:Q", title="replies of the bot", axis=alt.Axis(tickMinStep=1, format="d", grid=False))
    return _histogram(rows, x.scale(domain=[-0.5, most + 0.5], nice=False), [], "Replies per conversation")


def latency_chart(histogram: Sequence[tuple[float, float, int]], marks: Mapping[str, float]) -> str:
    """How many replies took so long, with a line at each of `marks`, such as the median."""
    import altair as alt

    unit, divisor = ("seconds", 1000.0) if histogram[-1][1] >= 2000 else ("milliseconds", 1.0)
    rows = [{"from": low / divisor, "below": high / divisor, "count": count} for low, high, count in histogram]
    x = alt.X("from:Q", title=f"{unit} for a reply", axis=alt.Axis(grid=False, tickCount=4))
    lines = [
        {"from": at / divisor, "shown": f"{name} {milliseconds(at)}", "place": place}
        for place, (name, at) in enumerate(marks.items())
    ]
    return _histogram(rows, x.scale(domain=[0, rows[-1]["below"]], nice=False), lines, "Replies by latency")


def _histogram(rows: list[dict[str, Any]], x: altair.X, lines: list[dict[str, Any]], spoken: str) -> str:
    import altair as alt

    most = max((row["count"] for row in rows), default=0)
    ticks: dict[str, Any] = {"values": list(range(most + 1))} if most <= 4 else {"tickCount": 4, "tickMinStep": 1}
    y = alt.Y("count:Q", title=None, axis=alt.Axis(format="d", **ticks))
    bars = alt.Chart(_data(rows)).mark_bar(color=_ACCENT, binSpacing=1, opacity=0.75)
    layers: list[Any] = [bars.encode(x=x, x2="below:Q", y=y, y2=alt.Y2Datum(0))]
    for line in lines:
        mark = alt.Chart(_data([line]))
        layers.append(mark.mark_rule(color=_INK, strokeDash=[4, 3]).encode(x="from:Q"))
        halo: dict[str, Any] = {"stroke": _CARD, "strokeWidth": 4, "strokeJoin": "round"}  # a bar may stand behind
        plain: dict[str, Any] = {}
        for outline in (halo, plain):
            text = mark.mark_text(align="left", dx=5, color=_INK, fontSize=12, baseline="top", **outline)
            layers.append(text.encode(x="from:Q", y=alt.value(line["place"] * 16), text="shown:N"))
    return _svg(alt.layer(*layers).properties(width=_WIDTH - 50, height=150), spoken)


def _data(rows: list[dict[str, Any]]) -> altair.InlineData:
    import altair as alt

    return alt.InlineData(values=rows)


def _svg(chart: Any, spoken: str, side: int = 4) -> str:
    import vl_convert

    spec = chart.configure(
        background="transparent",
        font="sans-serif",
        padding={"left": side, "right": max(side, 12), "top": 6, "bottom": 4},
        view={"stroke": None},
        axis={
            "labelColor": _INK,
            "titleColor": _MUTED,
            "labelFontSize": 13,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "gridColor": _LINE,
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
            "labelLimit": 200,
        },
    ).to_dict()
    return themed(vl_convert.vegalite_to_svg(spec), spoken)


def themed(svg: str, spoken: str) -> str:
    """`svg` in the page's colours, told to screen readers as one image that is called `spoken`."""
    svg = re.sub(r' (?:aria-[a-z]+|role|style|pointer-events|font-family|xmlns:xlink)="[^"]*"', "", svg)
    for stand_in, colour in _COLOURS.items():
        svg = svg.replace(f'"{stand_in}"', f'"{colour}"')
    for place, name in enumerate(dict.fromkeys(re.findall(r' id="([^"]+)"', svg))):
        svg = re.sub(rf'(id="|#){re.escape(name)}(?=[")])', rf"\g<1>chart-{digest(spoken)}-{place}", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(visible(spoken))}" ', 1)


def values_chart(counts: Sequence[int], *, is_collapsed: bool) -> str:
    """One bar for each value of an attribute, the commonest first; what they are called stands beside it."""
    import altair as alt

    tone_ = _TONES["bad"] if is_collapsed else _ACCENT
    rows = [{"place": place, "count": count, "shown": f"{count:,}"} for place, count in enumerate(counts, 1)]
    y = alt.Y("place:O", title=None, axis=None)
    x = alt.X("count:Q", axis=None, scale=alt.Scale(domainMin=0))
    bars = alt.Chart(_data(rows)).mark_bar(size=14, cornerRadiusEnd=3, color=tone_).encode(x=x, y=y)
    numbers = alt.Chart(_data(rows)).mark_text(align="left", dx=6, color=_INK, fontSize=13)
    chart = alt.layer(bars, numbers.encode(x=x, y=y, text="shown:N"))
    spoken = ", ".join(str(count) for count in counts)
    return _svg(
        chart.properties(width=_WIDTH - 60, height=alt.Step(20)), f"Personas by value, commonest first: {spoken}"
    )


def lines_chart(points: Sequence[tuple[int, float | None, float | None]]) -> str:
    """How two shares change with the size of a set."""
    import altair as alt

    rows = [
        {"size": size, "share": share, "which": which}
        for size, *shares in points
        for which, share in enumerate(shares)
        if share is not None
    ]
    x = alt.X("size:Q", title="personas", axis=alt.Axis(grid=False, format="d", tickCount=5))
    y = alt.Y("share:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=3))
    colour = alt.Color("which:N", scale=alt.Scale(domain=[0, 1], range=[_ACCENT, _TONES["bad"]]), legend=None)
    line = alt.Chart(_data(rows)).mark_line(point=True, strokeWidth=2).encode(x=x, y=y, color=colour)
    spoken = "; ".join(f"{size} personas: {first}, {second}" for size, first, second in points)
    return _svg(line.properties(width=_WIDTH - 50, height=150), f"Difference and near-copies by size: {spoken}")
