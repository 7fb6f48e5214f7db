"""Runs inside the environment of multivon-eval: its own command line, with a bot through one shared SDK client."""

from __future__ import annotations

import os
import sys

import openai

bot = openai.OpenAI()


def model_fn(prompt: str) -> str:
    """The bot, as its users write it."""
    answer = bot.chat.completions.create(model="bot", messages=[{"role": "user", "content": prompt}])
    return answer.choices[0].message.content or ""


if __name__ == "__main__":
    from multivon_eval.cli import main  # type: ignore[import-not-found]  # lives in its own environment

    personas, turns, _concurrency = sys.argv[1:]
    sys.argv = ["multivon-eval", "simulate", "--model-cmd", __file__, "--personas", personas]
    sys.argv += ["--max-turns", turns, "--budget", "1000", "--judge-provider", "openai", "--judge-model", "judge"]
    sys.argv += ["--out", os.devnull]
    sys.exit(main())
