"""Prompts: text files beside the code that uses them, versioned by the hash of their content.

A prompt file is plain text with `{{name}}` placeholders. A block (the text between two blank lines) whose placeholders
are all empty is left out, so that optional parts need no logic. Values are never read as prompt text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from personae.core.seed import digest
from personae.core.template import pieces
from personae.errors import InputError


@dataclass(frozen=True)
class Prompt:
    """A prompt's text with placeholders, and its name for records."""

    name: str
    """Room and file, such as `simulation/simulator`."""
    text: str

    @cached_property
    def version_hash(self) -> str:
        return digest(self.text)

    @cached_property
    def _blocks(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """Each block as its pieces, every second of which names a placeholder, and the names among them."""
        blocks = (pieces(block) for block in re.split(r"\n{2,}", self.text.strip()))
        return tuple((block, block[1::2]) for block in blocks)

    def render(self, **values: str) -> str:
        """The text with `values` filled in and empty blocks left out. An unknown placeholder is an InputError."""
        try:
            blocks = []
            for block, names in self._blocks:
                if not names:
                    blocks.append(block[0])
                elif any(values[name].strip() for name in names):
                    filled = list(block)
                    filled[1::2] = [values[name] for name in names]
                    blocks.append("".join(filled))
            return "\n\n".join(blocks)
        except KeyError:
            unknown = dict.fromkeys(name for _, names in self._blocks for name in names if name not in values)
            missing = ", ".join(f"{{{{{name}}}}}" for name in unknown)
            raise InputError(f"{missing} in {self.name} is filled by nothing") from None


@cache
def load(package: str, name: str) -> Prompt:
    """The prompt in the file `name`.md of `package`'s folder `prompts`."""
    text = (files(package) / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    return Prompt(f"{package.removeprefix('personae.').replace('.', '/')}/{name}", text)


def versions(*prompts: Prompt) -> Mapping[str, str]:
    """Name and version hash of each prompt, for records."""
    return {prompt.name: prompt.version_hash for prompt in prompts}
