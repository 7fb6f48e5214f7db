"""Deterministic embeddings: words hashed into signed buckets, so that like texts get like vectors."""

from __future__ import annotations

import array
import base64
import math
import zlib
from itertools import pairwise
from typing import Any

DIMENSIONS = 64


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """A unit vector of the words and pairs of words; the same text gives the same vector everywhere."""
    out = [0.0] * dimensions
    words = text.lower().split()
    for word in [*words, *map(" ".join, pairwise(words))] or [""]:
        checksum = zlib.crc32(word.encode("utf-8", "surrogatepass"))
        out[checksum % dimensions] += 1.0 if checksum & 0x10000 else -1.0
    length = math.sqrt(sum(value * value for value in out)) or 1.0
    return [value / length for value in out]


def embeddings(body: dict[str, Any]) -> dict[str, Any]:
    """The answer to `POST /v1/embeddings`, floats or base64 of 32-bit floats as asked."""
    given = body["input"]
    texts = [given] if isinstance(given, str) else [str(item) for item in given]
    data = []
    for index, text in enumerate(texts):
        values: Any = vector(text, body.get("dimensions") or DIMENSIONS)
        if body.get("encoding_format") == "base64":
            values = base64.b64encode(array.array("f", values).tobytes()).decode()
        data.append({"object": "embedding", "index": index, "embedding": values})
    tokens = sum(len(text) for text in texts) // 4
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": body.get("model", ""), "usage": usage}
