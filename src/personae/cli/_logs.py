"""What `personae logs redact` does."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import orjson
from rich.console import Console

from personae.errors import InputError
from personae.generation.privacy import mask
from personae.reports._text import one_line, plural, visible
from personae.sources.logs import read_logs


def run(logs: Path, out: Path | None, user_role: str, show: int) -> None:
    """Say what was found by kind, with examples and their lines; write what is left."""
    counts: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    total = 0
    if out is not None and out.exists() and out.samefile(logs):
        raise InputError("is the log itself: give another --out", file=out)
    with ExitStack() as stack:
        file = stack.enter_context(out.open("wb")) if out is not None else None
        for logged in read_logs(logs, user_role):
            total += 1
            masked = mask([turn.text for turn in logged.turns])
            for one in masked.removed:
                counts[one.kind] += 1
                own = examples.setdefault(one.kind, [])
                if len(own) < show:
                    own.append(f"  line {logged.line}: {one_line(one.text, 60)} -> {one.mark}")
            if file is not None:
                messages = [
                    {"role": "user" if turn.is_user else "assistant", "content": text}
                    for turn, text in zip(logged.turns, masked.texts, strict=True)
                ]
                file.write(orjson.dumps({"id": str(logged.line), "messages": messages}) + b"\n")
    if not total:
        raise InputError("is empty: it holds no conversations", file=logs)
    console = Console(highlight=False)
    lines = [f"{plural(total, 'conversation')}; found and removed: {counts.total():,}"]
    for kind, count in counts.most_common():
        lines += [f"{kind}: {count:,}", *examples[kind]]
    if out is not None:
        lines.append(f"without it: {out}")
    for line in lines:
        console.print(visible(line), markup=False, soft_wrap=True)
