"""Runs inside the environment of deepeval: its ConversationSimulator, as many at once as the others, one rating."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from deepeval.dataset import ConversationalGolden  # type: ignore[import-not-found]  # lives in its own environment
from deepeval.metrics import ConversationalGEval  # type: ignore[import-not-found]
from deepeval.models import GPTModel  # type: ignore[import-not-found]
from deepeval.simulator import ConversationSimulator  # type: ignore[import-not-found]
from deepeval.test_case import MultiTurnParams, Turn  # type: ignore[import-not-found]
from openai import AsyncOpenAI

NAME = "gpt-4.1"
"""A name it knows, so that it asks for structured output as it does of real models."""


async def main(people: list[dict[str, Any]], turns: int, concurrency: int) -> None:
    bot = AsyncOpenAI()
    model = GPTModel(model=NAME, base_url=os.environ["OPENAI_BASE_URL"])

    async def answer(input: str, turns: list[Any]) -> Any:  # noqa: A002  # the name it looks for
        history: list[Any] = [{"role": turn.role, "content": turn.content} for turn in turns]
        if not history or history[-1] != {"role": "user", "content": input}:
            history.append({"role": "user", "content": input})
        reply = await bot.chat.completions.create(model="bot", messages=history)
        return Turn(role="assistant", content=reply.choices[0].message.content or "")

    goldens = [
        ConversationalGolden(
            scenario=person["goal"], expected_outcome=person["success_criteria"], user_description=person["profile"]
        )
        for person in people
    ]
    simulator = ConversationSimulator(model_callback=answer, simulator_model=model, max_concurrent=concurrency)
    cases: list[Any] = []
    await simulator._a_simulate(  # noqa: SLF001  # its public door starts a loop of its own
        goldens, turns, on_simulation_complete=lambda case, _index: cases.append(case)
    )
    if len(cases) != len(goldens) or any(len(case.turns) != 2 * turns for case in cases):
        raise RuntimeError("not every conversation is whole")
    gate = asyncio.Semaphore(concurrency)

    async def rate(case: Any) -> None:
        async with gate:
            steps = ["Did the assistant reach what the user wanted?"]
            params = [MultiTurnParams.ROLE, MultiTurnParams.CONTENT]
            metric = ConversationalGEval(name="goal", evaluation_steps=steps, evaluation_params=params, model=model)
            await metric.a_measure(case, _show_indicator=False)

    await asyncio.gather(*(rate(case) for case in cases))


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    asyncio.run(main([json.loads(line) for line in lines], int(sys.argv[2]), int(sys.argv[3])))
