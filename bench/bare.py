"""The limit: the same calls in a bare aiohttp loop, with nothing checked, recorded, priced or limited.

One shared session and orjson; per turn one call to the simulator and one to the bot with the growing history, then one
rating call. Run as `python -m bench.bare URL PERSONAS TURNS CONCURRENCY`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson

END = {
    "type": "function",
    "function": {
        "name": "end_conversation",
        "description": "End the conversation when the goal is met, cannot be met, or nothing moves any more.",
        "parameters": {
            "type": "object",
            "properties": {
                "reason": {"type": "string", "enum": ["goal_met", "goal_failed", "stuck"]},
                "explanation": {"type": "string"},
            },
            "required": ["reason", "explanation"],
        },
    },
}
RATING = {
    "type": "object",
    "properties": {"reasoning": {"type": "string"}, "verdict": {"type": "string", "enum": ["YES", "NO"]}},
    "required": ["reasoning", "verdict"],
    "additionalProperties": False,
}
RATING_FORMAT = {"type": "json_schema", "json_schema": {"name": "rating", "strict": True, "schema": RATING}}
PROMPTS = Path(__file__).parents[1] / "src" / "personae"
RULES = (PROMPTS / "simulation" / "prompts" / "simulator.md").read_text(encoding="utf-8")
JUDGE = (PROMPTS / "rating" / "prompts" / "judge.md").read_text(encoding="utf-8")
"""Ours, so that both send requests of the same size."""


async def ask(session: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> str:
    async with session.post(url, data=orjson.dumps(body)) as response:
        reply = orjson.loads(await response.read())
    text: str = reply["choices"][0]["message"]["content"]
    return text


async def converse(session: aiohttp.ClientSession, url: str, persona: dict[str, Any], turns: int) -> None:
    system = f"{RULES}\n\nYou are {persona['name']}. {persona['profile']}\nYou want: {persona['goal']}"
    simulated: list[dict[str, str]] = [{"role": "system", "content": system}]
    history: list[dict[str, str]] = []
    for _ in range(turns):
        said = await ask(session, url, {"model": "sim", "messages": simulated, "tools": [END]})
        history.append({"role": "user", "content": said})
        answer = await ask(session, url, {"model": "bot", "messages": history})
        history.append({"role": "assistant", "content": answer})
        simulated += [{"role": "assistant", "content": said}, {"role": "user", "content": answer}]
    transcript = "\n".join(f"[{number}] {turn['role']}: {turn['content']}" for number, turn in enumerate(history, 1))
    question = f"Did the assistant reach this: {persona['success_criteria']}\n\n{transcript}"
    messages = [{"role": "system", "content": JUDGE}, {"role": "user", "content": question}]
    await ask(session, url, {"model": "judge", "messages": messages, "response_format": RATING_FORMAT})


async def main(base: str, personas: str, turns: int, concurrency: int) -> None:
    connector = aiohttp.TCPConnector(limit=concurrency)
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        with open(personas, "rb") as file:  # noqa: ASYNC230, PTH123  # small, local, and read as it is needed
            lines: Iterator[bytes] = iter(file)

            async def worker() -> None:
                for line in lines:
                    await converse(session, f"{base}/chat/completions", orjson.loads(line), turns)

            await asyncio.gather(*(worker() for _ in range(concurrency)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
