"""Where personas, scenarios and criteria come from: one file format or benchmark per file of this room.

A source yields raw rows with their place; what is shared turns them into records, and tells the reader everything that
cannot be taken whole. A new importer is a new file here: a class with the decorator `sources.method`.
"""

from __future__ import annotations

from personae.sources._agents import agent_of_persona, persona_of_agent
from personae.sources._fragments import Fragment, add_fragment, add_to_share, read_fragment
from personae.sources._jsonl import read_objects
from personae.sources._read import read_behaviours, read_criteria, read_personas, read_queries, read_scenarios
from personae.sources._source import PLURAL, FolderWriter, Kind, Problem, Row, Source, Writer, sources
from personae.sources._write import text_of_personas, write_personas

__all__ = [
    "PLURAL",
    "FolderWriter",
    "Fragment",
    "Kind",
    "Problem",
    "Row",
    "Source",
    "Writer",
    "add_fragment",
    "add_to_share",
    "agent_of_persona",
    "persona_of_agent",
    "read_behaviours",
    "read_criteria",
    "read_fragment",
    "read_objects",
    "read_personas",
    "read_queries",
    "read_scenarios",
    "sources",
    "text_of_personas",
    "write_personas",
]
