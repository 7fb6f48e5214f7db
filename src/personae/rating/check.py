"""The judge against people: agreement per criterion and judge version, and the pass rate as people would have it.

Source: see `stats.agreement` and `stats.corrected_rate`
Idea:   labels are usually drawn by the judge's own verdict (an even share of YES and NO), so that sensitivity,
        specificity and kappa of the sample would not be those of the run: each label is weighted by how many
        conversations of its kind it stands for.
Cost:   no call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from personae.core.rating import Rating
from personae.core.result import RATED_BY_HAND, SimulationResult
from personae.rating.card import JudgeVersion
from personae.rating.checked import Check, CriterionCheck, Disagreement, RaterPair
from personae.rating.labels import GOAL, Label
from personae.stats.agreement import Confusion, Pair, cohens_kappa, krippendorff_alpha, sensitivity, specificity
from personae.stats.corrected_rate import Stratum, by_strata
from personae.stats.intervals import Cluster, effective_n, rate

LEAST_PER_STRATUM = 5
"""Labels that doubtful and firm verdicts must each have to be weighted apart."""


def questions(result: SimulationResult) -> Iterator[tuple[str, Rating]]:
    """What the judge was asked of the whole transcript, by the name that labels use. Not what people answered since."""
    if result.goal is not None:
        yield GOAL, result.goal
    by_hand = result.metadata.get(RATED_BY_HAND, ())
    for rating in result.ratings:
        if rating.criterion not in by_hand:
            yield rating.criterion, rating


def is_unfair(result: SimulationResult) -> bool:
    """Whether it was no fair test of the bot: such a conversation is in no rate, and in no check of one."""
    return result.validity is not None and result.validity.verdict == "invalid"


def is_doubtful(rating: Rating) -> bool:
    """Whether the rating itself shows a reason to look: a quote that stands nowhere, no reasoning, judges who part."""
    return rating.is_split or any(not quote.found for quote in rating.quotes) or not rating.reasoning.strip()


@dataclass(slots=True)
class _Group:
    """One criterion by one version of the judge."""

    criterion: str
    version: JudgeVersion
    sizes: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    """By verdict, and whether it is doubtful."""
    cells: dict[tuple[str, str], Cluster] = field(default_factory=dict)
    """YES and verdicts in all, by persona and scenario."""
    labelled: list[Disagreement] = field(default_factory=list)
    """Every labelled conversation: those of them on which all agree are sorted out at the end."""
    unrated: int = 0


def check(results: Iterable[SimulationResult], labels: Sequence[Label]) -> Check:
    """Hold labels against the ratings in `results`, which are read once and never held."""
    checking = Checking.of(labels)
    for result in results:
        checking.add(result)
    return checking.finish()


@dataclass(slots=True)
class Checking:
    """Ratings and their labels, while results go by."""

    labels: Sequence[Label]
    known: set[str]
    """Labelled conversations."""
    wanted: dict[tuple[str, str], list[Label]] = field(default_factory=lambda: defaultdict(list))
    """Labels by conversation and criterion."""
    groups: dict[tuple[str, JudgeVersion], _Group] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    """Labelled conversations that are there."""
    unfair: set[str] = field(default_factory=set)
    """Those of them that were no fair tests."""
    found: set[tuple[str, str]] = field(default_factory=set)
    """What was labelled and asked of the judge."""

    @classmethod
    def of(cls, labels: Sequence[Label]) -> Checking:
        """Before the first result."""
        checking = cls(labels, {label.key for label in labels})
        for label in labels:
            checking.wanted[label.key, label.criterion].append(label)
        return checking

    def add(self, result: SimulationResult) -> None:
        """One more result."""
        if result.key in self.known:
            self.keys.add(result.key)
        if not is_unfair(result):
            self._count(result)
        elif result.key in self.known:
            self.unfair.add(result.key)

    def finish(self) -> Check:
        """What the labels say."""
        used = tuple(_checked(group) for group in self.groups.values() if group.labelled or group.unrated)
        not_found = set(self.wanted) - self.found
        problems = list(_problems(self.labels, self.known - self.keys, not_found, self.keys - self.unfair, used))
        if unfair := len(self.unfair):
            were = "conversation was" if unfair == 1 else "conversations were"
            problems.append(f"{unfair:,} labelled {were} no fair test of the bot, and left out here as in every rate")
        return Check(used, tuple(problems))

    def _count(self, result: SimulationResult) -> None:
        for name, rating in questions(result):
            version = JudgeVersion.of_row(result.metadata, name)
            group = self.groups.setdefault((name, version), _Group(name, version))
            said = self.wanted.get((result.key, name), [])
            if said:
                self.found.add((result.key, name))
            if rating.verdict is None:
                group.unrated += bool(said)
                continue
            group.sizes[rating.verdict, is_doubtful(rating)] += 1
            cell = result.persona.name, result.scenario.version_hash
            yes, n = group.cells.get(cell, (0, 0))
            group.cells[cell] = yes + rating.verdict, n + 1
            if said:
                who = (result.key, result.persona.name, result.scenario.label)
                group.labelled.append(Disagreement(*who, rating, tuple(said)))


def _problems(
    labels: Sequence[Label],
    unknown: set[str],
    not_found: set[tuple[str, str]],
    keys: set[str],
    checks: Sequence[CriterionCheck],
) -> Iterator[str]:
    if not labels:
        yield "there are no labels"
        return
    if unknown:
        some = ", ".join(sorted(unknown)[:3])
        them = "conversation is" if len(unknown) == 1 else "conversations are"
        yield f"{len(unknown):,} labelled {them} not in the result file, such as {some}, and left out"
    others = Counter(criterion for key, criterion in not_found if key in keys)
    for criterion, count in others.items():
        them = "label is" if count == 1 else "labels are"
        yield f"{count:,} {them} about {criterion!r}, which the judge was not asked there, and left out"
    for one in checks:
        if one.unrated:
            have = "conversation has" if one.unrated == 1 else "conversations have"
            yield f"{one.criterion}: {one.unrated:,} labelled {have} no rating of the judge"
        if len(one.raters) == 1:
            yield f"{one.criterion}: all labels are of {one.raters[0]}, so nobody knows how far people agree themselves"
        if one.unsure or one.split:
            parts = [f"nobody was sure of {one.unsure:,}"] if one.unsure else []
            parts += [f"people are split evenly on {one.split:,}"] if one.split else []
            yield f"{one.criterion}: {', '.join(parts)}: there the judge is held against nothing"
        yes = one.table.both + one.table.people_only
        if one.table.n and yes in (0, one.table.n):
            word, missing = ("YES", "specificity") if yes else ("NO", "sensitivity")
            all_one = f"people labelled all {one.table.n} {word}"
            yield f"{one.criterion}: {all_one}, so {missing} is undefined and kappa tells nothing"


def _checked(group: _Group) -> CriterionCheck:
    settled = [(one, label) for one in group.labelled if (label := _people(one.labels)) is not None]
    strata = _strata(group, [(one.rating, label) for one, label in settled])
    pairs, plain = [], []
    for one, label in settled:
        verdict = bool(one.rating.verdict)
        stratum = strata[_place(strata, one.rating)]
        pairs.append(Pair(verdict, label, stratum.size / stratum.labelled))
        plain.append(Pair(verdict, label))
    units = {one.key: {said.rater: _YES_NO[said.label] for said in one.labels} for one in group.labelled}
    raters = tuple(sorted({rater for unit in units.values() for rater in unit}))
    cells = list(group.cells.values())
    unsettled = [one for one in group.labelled if _people(one.labels) is None]
    unsure = sum(all(said.label == "unsure" for said in one.labels) for one in unsettled)
    return CriterionCheck(
        criterion=group.criterion,
        version=group.version,
        rated=group.sizes.total(),
        judge_rate=rate(cells, reason="the judge rated nothing"),
        corrected=by_strata(
            list(strata.values()), run_effect=_design_effect(cells), label_effect=_design_effect(_cells(settled))
        ),
        table=Confusion.of(plain),
        kappa=cohens_kappa(Confusion.of(pairs)),
        sensitivity=sensitivity(pairs),
        specificity=specificity(pairs),
        alpha=krippendorff_alpha([list(unit.values()) for unit in units.values()]),
        pairs=tuple(_rater_pair(one, other, list(units.values())) for one, other in combinations(raters, 2)),
        raters=raters,
        unsure=unsure,
        split=len(unsettled) - unsure,
        unrated=group.unrated,
        disagreements=tuple(one for one, label in settled if label is not one.rating.verdict),
    )


def _cells(settled: Sequence[tuple[Disagreement, bool]]) -> list[Cluster]:
    """What people said, by persona and scenario."""
    cells: dict[tuple[str, str], Cluster] = {}
    for one, label in settled:
        yes, n = cells.get((one.persona, one.scenario), (0, 0))
        cells[one.persona, one.scenario] = yes + label, n + 1
    return list(cells.values())


def _design_effect(cells: Sequence[Cluster]) -> float:
    """How many times as many observations there are as they are worth."""
    return sum(n for _, n in cells) / effective_n(cells) if cells else 1.0


_YES_NO: dict[str, bool | None] = {"YES": True, "NO": False, "unsure": None}


def _people(labels: Sequence[Label]) -> bool | None:
    """What most of those who are sure say; None where nobody is, or as many say one as the other."""
    votes = sum((label.label == "YES") - (label.label == "NO") for label in labels)
    return None if not votes else votes > 0


Strata = dict[tuple[bool, bool | None], Stratum]


def _place(strata: Strata, rating: Rating) -> tuple[bool, bool | None]:
    whole = (bool(rating.verdict), None)
    return whole if whole in strata else (bool(rating.verdict), is_doubtful(rating))


def _strata(group: _Group, settled: Sequence[tuple[Rating, bool]]) -> Strata:
    """The kinds that labels stand for: verdicts, doubtful and firm ones apart where both have enough labels."""
    counts: Counter[tuple[bool, bool]] = Counter()
    yes: Counter[tuple[bool, bool]] = Counter()
    for rating, label in settled:
        kind = (bool(rating.verdict), is_doubtful(rating))
        counts[kind] += 1
        yes[kind] += label
    strata: Strata = {}
    for verdict in (True, False):
        kinds = [(verdict, doubtful) for doubtful in (True, False) if group.sizes[verdict, doubtful]]
        if len(kinds) == 2 and min(counts[kind] for kind in kinds) >= LEAST_PER_STRATUM:
            strata |= {kind: Stratum(group.sizes[kind], counts[kind], yes[kind]) for kind in kinds}
        elif kinds:
            parts = (sum(count[kind] for kind in kinds) for count in (group.sizes, counts, yes))
            strata[verdict, None] = Stratum(*parts)
    return strata


def _rater_pair(one: str, other: str, units: Sequence[dict[str, bool | None]]) -> RaterPair:
    both = [(unit.get(one), unit.get(other)) for unit in units]
    pairs = [Pair(first, second) for first, second in both if first is not None and second is not None]
    same = sum(pair.judge is pair.people for pair in pairs)
    return RaterPair((one, other), len(pairs), same, cohens_kappa(Confusion.of(pairs)))
