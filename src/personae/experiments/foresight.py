"""What a plan can see, before its first call: the smallest drop that it is likely to find.

Source: `stats.power`
Idea:   two runs of the same plan are compared pair by pair; nobody knows yet how many pairs will turn out differently
        by chance alone, or how much repeats agree, so it is said for one in ten, and for half.
"""

from __future__ import annotations

from personae.stats.power import design_effect, paired_detectable, paired_needed

USUAL_DROPS = (0.05, 0.1, 0.2)


def detectable(conversations: int, epochs: int) -> float | None:
    """The smallest drop of the goal rate, 0 to 1, between two runs of this plan that a comparison finds in four of five
    cases. None where the plan is too small to find any."""
    return paired_detectable(conversations, effect=design_effect(epochs))


def in_words(conversations: int, epochs: int) -> str:
    """The same for a reader, with how many conversations a smaller drop would take."""
    seen = detectable(conversations, epochs)
    which = "1 conversation" if conversations == 1 else f"{conversations:,} conversations"
    if seen is None:
        text = f"{which} {'is' if conversations == 1 else 'are'} too few to see any drop against another run"
    else:
        points = max(1, round(seen * 100))
        text = f"{which} can only see a drop of {points} point{'' if points == 1 else 's'} or more against another run"
    smaller = next((drop for drop in reversed(USUAL_DROPS) if seen is None or drop < seen * 0.75), None)
    if smaller is None or (needed := paired_needed(smaller, effect=design_effect(epochs))) is None:
        return text
    return f"{text}; {smaller * 100:.0f} points take about {_rounded(needed):,}"


def _rounded(count: int) -> int:
    """Two digits: more would claim to know more."""
    scale = 10 ** max(0, len(str(count)) - 2)
    return int(-(-count // scale) * scale)
