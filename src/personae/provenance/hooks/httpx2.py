"""Raw requests through httpx2, which has kept the names of httpx."""

from __future__ import annotations

from personae.provenance.hooks.httpx import install

__all__ = ["install"]
