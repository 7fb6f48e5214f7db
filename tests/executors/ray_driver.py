"""A program that holds conversations on a Ray cluster: what tests kill, and start again.

python -m tests.executors.ray_driver '{"url": ..., "out": ..., "bot": ...}'
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from personae.bots._targets import parse_target
from personae.executors import executors
from personae.experiments.budget import Ceilings
from personae.experiments.build import engine
from personae.experiments.recorders.jsonl import Jsonl
from personae.experiments.settings import Settings
from personae.llm.config import LLMConfig
from tests.running import personas


async def main(options: dict[str, Any]) -> None:
    config = LLMConfig("openai", "m", base_url=options["url"] + "/v1")
    bot = parse_target(options["bot"])
    ceilings = Ceilings(calls=options.get("calls"))
    settings = Settings(bot=bot, simulator=config, judge=config, metrics=(), ceilings=ceilings)
    recorder = Jsonl(Path(options["out"]))
    method: Any = executors.get("ray")
    ray = method(workers=options["workers"], patience_s=options.get("patience_s", 30.0))
    async with engine(settings) as running:
        experiment = running.experiment(running.plan(personas(options["count"]), []), recorder)
        async for _ in ray.execute(experiment, options["concurrency"]):
            pass
    recorder.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(json.loads(sys.argv[1])))
