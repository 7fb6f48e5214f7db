"""`python -m lab.fake_llm`: serve until SIGTERM or SIGINT. Prints a line of JSON with the port when ready."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal

from lab.fake_llm.limits import Limits
from lab.fake_llm.run import FakeLLM
from lab.fake_llm.script import Faults, fault


def parser() -> argparse.ArgumentParser:
    out = argparse.ArgumentParser(prog="python -m lab.fake_llm", description=__doc__)
    out.add_argument("--port", type=int, default=0, help="0 takes a free one")
    out.add_argument("--latency-ms", type=float, default=0)
    out.add_argument("--jitter-ms", type=float, default=0, help="up to so much more, by the request's content")
    out.add_argument("--end-after", type=int, metavar="N", help="the simulator ends after N turns")
    out.add_argument("--fault", type=fault, action="append", default=[], help="429:0.05, 429@0.2:0.05, reset:0.01 ...")
    out.add_argument("--seed", type=int, default=0, help="of the faults")
    out.add_argument("--no-tools", action="store_true")
    out.add_argument("--no-json-schema", action="store_true")
    out.add_argument("--no-json-object", action="store_true")
    out.add_argument("--no-sampling", action="store_true", help="refuse temperature, top_p and max_tokens")
    out.add_argument("--no-usage", action="store_true")
    out.add_argument("--api-key", help="the only key that is let in")
    out.add_argument("--models", nargs="+", default=[], help="the only models that exist")
    out.add_argument("--keep-requests", action="store_true")
    out.add_argument("--stop-after-s", type=float, metavar="N")
    return out


async def serve(options: argparse.Namespace) -> None:
    limits = Limits(
        tools=not options.no_tools,
        json_schema=not options.no_json_schema,
        json_object=not options.no_json_object,
        sampling=not options.no_sampling,
        usage=not options.no_usage,
        api_key=options.api_key,
        models=tuple(options.models),
    )
    fake = FakeLLM(
        Faults(options.fault, options.seed) if options.fault else None,
        latency_ms=options.latency_ms,
        jitter_ms=options.jitter_ms,
        end_after=options.end_after,
        limits=limits,
        keep_requests=options.keep_requests,
        port=options.port,
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with fake:
        print(json.dumps({"port": fake.port, "url": fake.url, "pid": os.getpid()}), flush=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), options.stop_after_s)


if __name__ == "__main__":
    asyncio.run(serve(parser().parse_args()))
