"""Runs inside the environment of openevals: its asynchronous simulation, as many at once as the others, one rating."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from langchain_openai import ChatOpenAI  # type: ignore[import-not-found]  # lives in its own environment
from openai import AsyncOpenAI
from openevals.llm import create_async_llm_as_judge  # type: ignore[import-not-found]
from openevals.simulators import (  # type: ignore[import-not-found]
    create_async_llm_simulated_user,
    run_multiturn_simulation_async,
)

PROMPT = "Did the assistant reach what the user wanted ({reference_outputs})?\n{outputs}"


async def converse(persona: dict[str, Any], turns: int, bot: AsyncOpenAI, simulator: Any, judge: Any) -> None:
    history: list[Any] = []

    async def app(message: Any, **_: Any) -> dict[str, Any]:
        history.append({"role": "user", "content": message["content"]})
        answer = await bot.chat.completions.create(model="bot", messages=list(history))
        reply = {"role": "assistant", "content": answer.choices[0].message.content}
        history.append(reply)
        return reply

    system = f"You are a user: {persona['profile']} You want: {persona['goal']}"
    result = await run_multiturn_simulation_async(
        app=app,
        user=create_async_llm_simulated_user(system=system, client=simulator),
        max_turns=turns,
        trajectory_evaluators=[judge],
        reference_outputs=persona["success_criteria"],
    )
    if len(result["trajectory"]) != 2 * turns or not result["evaluator_results"]:
        raise RuntimeError(f"{persona['name']}: not a whole conversation with a rating")


async def main(people: list[dict[str, Any]], turns: int, concurrency: int) -> None:
    bot = AsyncOpenAI()
    simulator, judge = ChatOpenAI(model="sim"), ChatOpenAI(model="judge")
    rate = create_async_llm_as_judge(prompt=PROMPT, judge=judge)
    gate = asyncio.Semaphore(concurrency)

    async def one(persona: dict[str, Any]) -> None:
        async with gate:
            await converse(persona, turns, bot, simulator, rate)

    await asyncio.gather(*(one(persona) for persona in people))


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    asyncio.run(main([json.loads(line) for line in lines], int(sys.argv[2]), int(sys.argv[3])))
