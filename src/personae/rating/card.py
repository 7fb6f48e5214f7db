"""Judge card: how far a judge's answers were found to agree with people, and for what exactly that holds.

A check holds for the text of the criterion, the judge's model and mode, and the prompts that shape a rating. Once one
of them is another, the numbers on the card are about another judge, and every report says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from personae.core.rating import Criterion
from personae.errors import InputError, RecordingError
from personae.rating.labels import GOAL
from personae.stats.intervals import Estimate

KIND = "personae judge card"
_SHAPING = ("rating/judge", "rating/task")
_NUMBERS = ("kappa", "alpha", "sensitivity", "specificity")


@dataclass(frozen=True, slots=True)
class JudgeVersion:
    """Everything that makes a judge's answer to one criterion the answer of this judge. Blank: not recorded."""

    model: str = ""
    mode: str = ""
    criterion: str = ""
    """Hash of the criterion's text."""
    prompts: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Names and hashes of the prompts that shape the rating."""

    @classmethod
    def of_row(cls, metadata: Mapping[str, Any], criterion: str) -> JudgeVersion:
        """As the metadata of a row record it. `criterion` is `goal` or a criterion's label."""
        mode = str(metadata.get("judge_mode") or "")
        recorded = metadata.get("provenance")
        recorded = recorded.get("prompts") if isinstance(recorded, Mapping) else None
        prompts = {str(name): str(version) for name, version in (recorded or {}).items()}
        hashes = metadata.get("criteria")
        known = hashes.get(criterion) if isinstance(hashes, Mapping) else None
        return cls.made_of(str(metadata.get("judge_model") or ""), mode, criterion, prompts, str(known or ""))

    @classmethod
    def made_of(
        cls, model: str, mode: str, criterion: str, prompts: Mapping[str, str], criterion_hash: str
    ) -> JudgeVersion:
        """The version, with those of `prompts` that matter for `criterion`."""
        goal = criterion == GOAL
        names = (*_SHAPING, f"rating/reasoning_{mode}", *(("rating/goal",) if goal else ()))
        if not goal and not criterion_hash and criterion.rstrip().endswith("?"):  # a question is its own name
            criterion_hash = Criterion(question=criterion).version_hash
        return cls(model, mode, criterion_hash, {name: prompts[name] for name in names if name in prompts})

    def differences(self, other: JudgeVersion) -> Iterator[str]:
        """What `other` has that this has not, in words; what one of them does not know is no difference."""
        if self.model and other.model and self.model != other.model:
            yield f"the judge was {self.model}, now it is {other.model}"
        if self.mode and other.mode and self.mode != other.mode:
            yield f"the judge's mode was {self.mode}, now it is {other.mode}"
        if self.criterion and other.criterion and self.criterion != other.criterion:
            yield "the criterion's text has changed"
        for name in self.prompts:
            if name in other.prompts and self.prompts[name] != other.prompts[name]:
                yield f"the prompt {name} has changed"


@dataclass(frozen=True, slots=True)
class Checked:
    """One criterion, as it was checked."""

    criterion: str
    version: JudgeVersion
    n: int
    """Conversations with a verdict of the judge and one that the people agree on."""
    raters: int
    kappa: Estimate
    alpha: Estimate
    """Among the people."""
    sensitivity: Estimate
    specificity: Estimate

    def as_dict(self) -> dict[str, Any]:
        data = asdict(self) | {name: getattr(self, name).as_dict() for name in _NUMBERS}
        version = data.pop("version")
        return {"criterion": data.pop("criterion"), "judge": version, **data}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Checked:
        numbers = {name: Estimate(**data[name]) for name in _NUMBERS}
        version = JudgeVersion(**data["judge"])
        return cls(data["criterion"], version, int(data["n"]), int(data["raters"]), **numbers)


@dataclass(frozen=True, slots=True)
class JudgeCard:
    """What is known of a judge."""

    date: str
    source: str = ""
    """The result file whose conversations were labelled."""
    criteria: tuple[Checked, ...] = ()
    """By criterion and version of the judge: one criterion may have several entries."""
    roles: Mapping[str, Any] = field(default_factory=dict)
    """How well it tells who is speaking; see `rating.roles`. Empty where that was not asked."""
    probes: Mapping[str, Any] = field(default_factory=dict)
    """Flips by probe; see `rating.probes`."""

    def with_(self, **changes: Any) -> JudgeCard:
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        data = {one.name: getattr(self, one.name) for one in fields(self)}
        return {"kind": KIND, **data, "criteria": [one.as_dict() for one in self.criteria]}

    def write(self, path: Path) -> None:
        """Raises RecordingError."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(self.as_dict(), ensure_ascii=False, indent=2, allow_nan=False, default=dict)
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise RecordingError(f"cannot write {str(path)!r}: {error.strerror or error}") from error

    @classmethod
    def read(cls, path: Path) -> JudgeCard:
        """Raises InputError for what is no judge card."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data["kind"] != KIND:
                raise InputError(f"is no card of `personae judge check`, but {data['kind']!r}", file=path)
            criteria = tuple(Checked.from_dict(one) for one in data["criteria"])
            return cls(data["date"], data["source"], criteria, data["roles"], data["probes"])
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", file=path) from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            problem = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"is no card of `personae judge check`: {problem}", file=path) from error
