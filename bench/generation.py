"""(i) Queries beside a bare loop that makes the same calls, and the novelty gate over ten thousand drafts.

The fake server knows a handful of sentences, so that the queries are those of the naive baseline, which may repeat
themselves; the gate has drafts of its own, half of whose words come from one template.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.measure import ROOT, Run, RunError, measured, run_program
from bench.rows import Row, Target
from bench.tools import PERSONAE

QUERIES, LATENCY_MS, AT_ONCE = 1000, 50.0, 64
DRAFTS = 10_000
CONTEXT = "A bank with one card, which costs 30 euros a year. " * 40
LIMIT = 1.5
BARE = """
import asyncio, sys
import aiohttp, orjson
URL, COUNT, AT_ONCE, TEXT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), open(sys.argv[4]).read()
SHAPE = {"type": "object", "properties": {"query": {"type": "string"}, "expected_outcome": {"type": "string"}},
         "required": ["query", "expected_outcome"], "additionalProperties": False}
FORMAT = {"type": "json_schema", "json_schema": {"name": "query", "strict": True, "schema": SHAPE}}
async def work(session, left):
    for number in left:
        message = {"role": "user", "content": f"Write a potential user query. {number}\\n{TEXT}"}
        body = {"model": "sim", "messages": [message], "response_format": FORMAT}
        async with session.post(URL + "/chat/completions", data=orjson.dumps(body)) as response:
            orjson.loads(orjson.loads(await response.read())["choices"][0]["message"]["content"])
async def main():
    left = iter(range(COUNT))
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await asyncio.gather(*(work(session, left) for _ in range(AT_ONCE)))
asyncio.run(main())
"""
GATE = """
import random, sys
from personae.stats.similarity import NoveltyGate
draw = random.Random(1)
words = ["".join(draw.choices("abcdefghiklmnoprstuvw", k=draw.randint(2, 9))) for _ in range(3000)]
template = " ".join(draw.choices(words, k=40))
gate = NoveltyGate()
for number in range(int(sys.argv[1])):
    gate.admit(str(number), f"{template} {' '.join(draw.choices(words, k=40))}")
"""


def generation_row(*, quick: bool) -> Row:
    """Three pairs of runs in turns, their medians; then the gate. A tenth of the queries in a quick run, one pair."""
    count, pairs = (QUERIES // 10, 1) if quick else (QUERIES, 3)
    row = Row(
        f"(i) {count:,} queries at {LATENCY_MS:g} ms, {AT_ONCE} at once; {DRAFTS:,} drafts through the novelty gate"
    )
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "company.md"
        context.write_text(CONTEXT, encoding="utf-8")
        for _ in range(pairs):
            row.try_run(lambda: _ours(count, context))
            row.try_run(lambda: _bare(count, context))
    ours, bare = (sorted(run.cost.wall_s for run in row.of(tool)) for tool in ("personae", "bare loop"))
    if ours and bare and not quick:  # so few are mostly the start of the program
        ratio = ours[len(ours) // 2] / bare[len(bare) // 2]
        row.targets.append(Target("queries beside the bare loop", ratio, LIMIT, "times"))
    try:
        cost = run_program([sys.executable, "-c", GATE, str(DRAFTS)], {"PYTHONPATH": str(ROOT / "src")})
    except RunError as failure:
        row.notes.append(str(failure))
        return row
    row.notes.append(f"novelty gate: {1000 * cost.cpu_s / DRAFTS:.2f} ms of CPU a draft of some 500 characters")
    row.targets.append(Target("novelty gate, 10,000 drafts", cost.wall_s, 20.0, "s"))
    row.targets.append(Target("novelty gate, peak memory", cost.peak_mib, 300.0, "MiB"))
    return row


def _ours(count: int, context: Path) -> Run:
    command = [
        str(PERSONAE), "generate", "queries", "--naive", "--context", str(context), "-n", str(count), "--model", "sim",
        "--base-url", "{url}", "--price", "1/1", "--budget", "100", "--concurrency", str(AT_ONCE), "--quiet",
    ]  # fmt: skip
    run = measured("personae", command, conversations=count, latency_ms=LATENCY_MS, environment=_ENVIRONMENT)
    return _whole(run, count)


def _bare(count: int, context: Path) -> Run:
    command = [sys.executable, "-c", BARE, "{url}", str(count), str(AT_ONCE), str(context)]
    return _whole(measured("bare loop", command, conversations=count, latency_ms=LATENCY_MS, environment={}), count)


_ENVIRONMENT = {"PYTHONPATH": str(ROOT / "src")}


def _whole(run: Run, count: int) -> Run:
    """Raises RunError unless every query was asked for."""
    if run.calls != count:
        raise RunError(f"{run.tool}: {run.calls} calls for {count} queries")
    return run
