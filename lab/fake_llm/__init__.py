"""A fake model server that speaks OpenAI and Anthropic and does what a script says. See `FakeLLM`."""

from lab.fake_llm.ledger import Ledger, Tally
from lab.fake_llm.limits import Limits
from lab.fake_llm.request import ChatRequest, text_of
from lab.fake_llm.run import FakeLLM, FakeLLMProcess
from lab.fake_llm.script import Faults, Script
from lab.fake_llm.steps import (
    BAD_KEY,
    CONTEXT_TOO_LONG,
    MODEL_NOT_FOUND,
    RESPONSE_FORMAT_UNSUPPORTED,
    TOOLS_UNSUPPORTED,
    Auto,
    CutBody,
    Delay,
    Empty,
    Garbage,
    Huge,
    Reply,
    Reset,
    Stall,
    Status,
    Step,
    ToolCall,
    Usage,
)

__all__ = [
    "BAD_KEY",
    "CONTEXT_TOO_LONG",
    "MODEL_NOT_FOUND",
    "RESPONSE_FORMAT_UNSUPPORTED",
    "TOOLS_UNSUPPORTED",
    "Auto",
    "ChatRequest",
    "CutBody",
    "Delay",
    "Empty",
    "FakeLLM",
    "FakeLLMProcess",
    "Faults",
    "Garbage",
    "Huge",
    "Ledger",
    "Limits",
    "Reply",
    "Reset",
    "Script",
    "Stall",
    "Status",
    "Step",
    "Tally",
    "ToolCall",
    "Usage",
    "text_of",
]
