"""Slots: who is to be made, so that every share of a plan is met as nearly as whole people allow.

Idea:  each share's count by largest remainder; each attribute's values dealt out in a shuffled order of their own; what
       breaks a rule is mended by swapping one attribute's values between two slots, which changes no count. Where the
       rules cannot be kept so, a count may be rounded the other way. Shares of combinations are dealt as one.
Exact: a count is the share of `n` where that is whole, else one of the two whole numbers beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, permutations
from math import ceil, floor
from random import Random
from typing import TypeVar

from personae.core.seed import derive, digest
from personae.errors import InputError
from personae.generation.sampling import Cell, Joint, Never, Plan, percent

V = TypeVar("V", bound=Hashable)
_MOST_VALUES = 12
"""So many values of an attribute are tried in every combination, in search of a contradiction."""
_SIDESTEPS = 400
"""Swaps that mend nothing, one after the other, before the search gives up."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One persona to be made."""

    key: str
    cell: Cell


def slots(plan: Plan, n: int, seed: int, made: Mapping[str, Cell] | None = None) -> list[Slot]:
    """`n` slots, first those that are `made` already, given as cell by key.

    The same for the same plan, n and seed, whatever of them is made. Slots that were made for a smaller n stay, and the
    others make up for them. Raises InputError that names what contradicts what.
    """
    check(plan)
    made = made or {}
    cells = _dealt(plan, n, seed, ())
    if Counter(made.values()) - Counter(cells):
        cells = _dealt(plan, max(n, len(made)), seed, list(made.values()))
    return [*(Slot(key, cell) for key, cell in made.items()), *_keyed(cells, made)]


def _keyed(cells: Iterable[Cell], made: Mapping[str, Cell]) -> Iterable[Slot]:
    """Those that are not made, under keys that count what is of the same cell."""
    there, met = Counter(made.values()), Counter[Cell]()
    for cell in cells:
        if there[cell]:
            there[cell] -= 1
            continue
        name = digest(*cell)[:12]
        met[cell] += 1
        while (key := f"{name}-{met[cell]}") in made:
            met[cell] += 1
        yield Slot(key, cell)


def apportioned(shares: Mapping[V, Fraction], n: int, least: Mapping[V, int] | None = None) -> dict[V, int]:
    """How many of `n` each gets by largest remainder, and none less than its `least`."""
    counts = {value: max(floor(share * n), (least or {}).get(value, 0)) for value, share in shares.items()}
    order = sorted(shares, key=lambda value: counts[value] - shares[value] * n)
    left = n - sum(counts.values())
    for value in order[: max(left, 0)]:
        counts[value] += 1
    while (left := n - sum(counts.values())) < 0:  # what is there already took more than its share
        spare = [value for value in counts if counts[value] > (least or {}).get(value, 0)]
        if not spare:
            break
        counts[max(spare, key=lambda value: counts[value] - shares[value] * n)] -= 1
    return counts


@dataclass(frozen=True)
class _Axis:
    """What is dealt as one: an attribute, or those of a joint table."""

    names: tuple[str, ...]
    shares: Mapping[Cell, Fraction]

    def beside(self, other: _Axis, rules: Sequence[Never]) -> dict[Cell, frozenset[Cell]]:
        """The values of the other axis that can go with each of this one."""
        names = (*self.names, *other.names)
        return {
            ours: frozenset(
                theirs
                for theirs, share in other.shares.items()
                if share and not any(rule.is_broken(dict(zip(names, ours + theirs, strict=True))) for rule in rules)
            )
            for ours in self.shares
        }

    def said(self, values: Iterable[Cell]) -> str:
        return f"{' and '.join(self.names)} {' or '.join(' '.join(value) for value in values)}"


def _axes(plan: Plan) -> list[_Axis]:
    joined = {name for joint in plan.joint for name in joint.names}
    alone = [_Axis((one.name,), {(v,): s for v, s in one.shares.items()}) for one in plan if one.name not in joined]
    return [*(_Axis(joint.names, joint.shares) for joint in plan.joint), *alone]


def check(plan: Plan) -> None:
    """Raises InputError where shares and rules contradict each other however many personas there are."""
    for joint in plan.joint:
        _check_margins(plan, joint)
    axes = _axes(plan)
    for axis in axes:
        for value, share in axis.shares.items():
            persona = dict(zip(axis.names, value, strict=True))
            if share and (rule := next((rule for rule in plan.never if rule.is_broken(persona)), None)):
                raise InputError(
                    f"{axis.said([value])} is to have {percent(share)}, and {rule.place} forbids it: take one away",
                    file=plan.file or None,
                    line=rule.line,
                    field="never",
                )
    for one, other in permutations(axes, 2):
        _check_pair(plan, one, other)


def _check_margins(plan: Plan, joint: Joint) -> None:
    """Shares of combinations and shares of single values must say the same."""
    for place, name in enumerate(joint.names):
        attribute = next(one for one in plan if one.name == name)
        for value, share in attribute.shares.items():
            summed = sum((joint.shares[cell] for cell in joint.shares if cell[place] == value), Fraction())
            if abs(summed - share) > Fraction(1, 1000):
                raise InputError(
                    f"the combinations at line {joint.line} give {name} {value} {percent(summed)}, and its own share "
                    f"at line {attribute.line} is {percent(share)}: make the two agree",
                    file=plan.file or None,
                    line=joint.line,
                    field="joint",
                )


def _check_pair(plan: Plan, one: _Axis, other: _Axis) -> None:
    """Hall's condition: what may only go with little must not be much."""
    within = {*one.names, *other.names}
    rules = [rule for rule in plan.never if set(rule.values) <= within]
    if not rules:
        return
    beside = one.beside(other, rules)
    values = [value for value, share in one.shares.items() if share and len(beside[value]) < len(other.shares)]
    most = len(values) if len(values) <= _MOST_VALUES else 1
    for size in range(1, most + 1):
        for some in combinations(values, size):
            allowed = frozenset[Cell]().union(*(beside[value] for value in some))
            have, room = sum(one.shares[value] for value in some), sum(other.shares[value] for value in allowed)
            if have > room + Fraction(1, 1000):
                raise _contradiction(plan, rules, one, other, some, allowed, percent(have), percent(room))


def _contradiction(
    plan: Plan,
    rules: Sequence[Never],
    one: _Axis,
    other: _Axis,
    some: Sequence[Cell],
    allowed: frozenset[Cell],
    have: str,
    room: str,
) -> InputError:
    forbidding = " and ".join(rule.place for rule in rules)
    goes = (
        f"may only go with {other.said(value for value in other.shares if value in allowed)}, which is {room}"
        if allowed
        else f"may go with no {' and '.join(other.names)} at all"
    )
    return InputError(
        f"the quotas contradict each other: {one.said(some)} is to be {have} but {goes}, by {forbidding}. Change a "
        "share, or take a rule away",
        file=plan.file or None,
        line=rules[0].line,
        field="never",
    )


def _dealt(plan: Plan, n: int, seed: int, made: Sequence[Cell]) -> list[Cell]:
    """`n` cells, those that are made first. Raises InputError where no way was found to keep the rules."""
    axes = _axes(plan)
    hand = _Hand(plan, axes, n, made, Random(derive(seed, "slots", n)))
    if (rule := hand.mend()) is not None:
        raise InputError(
            f"no {n} personas were found that meet all shares and break no rule: {rule.place} is still broken. Change "
            "a share, take the rule away, or ask for another number",
            file=plan.file or None,
            line=rule.line,
            field="never",
        )
    return hand.cells


class _Hand:
    """Values dealt to slots, and the mending of what breaks a rule."""

    def __init__(self, plan: Plan, axes: Sequence[_Axis], n: int, made: Sequence[Cell], draw: Random) -> None:
        self._plan, self._axes, self._n, self._draw, self._fixed = plan, axes, n, draw, len(made)
        self._places = [plan.names.index(name) for axis in axes for name in axis.names]
        self._counts: list[Counter[Cell]] = []
        dealt: list[list[Cell]] = []
        for axis in axes:
            there = [tuple(cell[plan.names.index(name)] for name in axis.names) for cell in made]
            counts = Counter(apportioned(axis.shares, n, Counter(there)))
            rest = list((counts - Counter(there)).elements())
            draw.shuffle(rest)
            self._counts.append(counts)
            dealt.append([*there, *rest][:n])
        self._slots = [list(values) for values in zip(*dealt, strict=True)]
        self._known: dict[tuple[Cell, ...], int] = {}

    @cached_property
    def _order(self) -> list[int]:
        """Where each attribute of the plan stands in a slot whose axes are written one after the other."""
        return [self._places.index(place) for place in range(len(self._places))]

    @property
    def cells(self) -> list[Cell]:
        return [self._cell(slot) for slot in self._slots]

    def _cell(self, slot: Sequence[Cell]) -> Cell:
        flat = [value for values in slot for value in values]
        return tuple(flat[place] for place in self._order)

    def _broken(self, slot: Sequence[Cell]) -> int:
        """How many rules a slot breaks."""
        key = tuple(slot)
        if key not in self._known:
            persona = self._plan.named(self._cell(slot))
            self._known[key] = sum(rule.is_broken(persona) for rule in self._plan.never)
        return self._known[key]

    def mend(self) -> Never | None:
        """Swap until no rule is broken; a rule that stays broken."""
        bad = [place for place in range(self._fixed, self._n) if self._plan.never and self._broken(self._slots[place])]
        sidesteps = 0
        while bad:
            place = bad.pop()
            if not self._broken(self._slots[place]):
                continue
            other = self._swapped(place, -1)
            if other is None and not self._rounded(place):
                sidesteps += 1
                other = self._swapped(place, 0) if sidesteps <= _SIDESTEPS else None
                if other is None:
                    return self._plan.broken(self._cell(self._slots[place]))
            bad += [one for one in (place, other) if one is not None and self._broken(self._slots[one])]
        return None

    def _swapped(self, place: int, most: int) -> int | None:
        """The slot with which one value was swapped, so that this slot breaks fewer rules, and the two together at most
        `most` more than before. None where there is no such swap."""
        span = self._n - self._fixed
        start = self._draw.randrange(span)
        axes = self._draw.sample(range(len(self._axes)), len(self._axes))
        ours = self._broken(self._slots[place])
        for step in range(span):
            other = self._fixed + (start + step) % span
            before = ours + self._broken(self._slots[other])
            for axis in axes:
                self._swap(place, other, axis)
                now = self._broken(self._slots[place])
                if now < ours and now + self._broken(self._slots[other]) - before <= most:
                    return other
                self._swap(place, other, axis)
        return None

    def _rounded(self, place: int) -> bool:
        """Whether another rounding of two counts let the slot break fewer rules."""
        slot = self._slots[place]
        before = self._broken(slot)
        for axis, (counts, shares) in enumerate(zip(self._counts, (axis.shares for axis in self._axes), strict=True)):
            value = slot[axis]
            if counts[value] <= floor(shares[value] * self._n):
                continue
            for other in shares:
                if counts[other] < ceil(shares[other] * self._n):
                    slot[axis] = other
                    if self._broken(slot) < before:
                        counts[value] -= 1
                        counts[other] += 1
                        return True
                    slot[axis] = value
        return False

    def _swap(self, one: int, other: int, axis: int) -> None:
        ours, theirs = self._slots[one], self._slots[other]
        ours[axis], theirs[axis] = theirs[axis], ours[axis]
