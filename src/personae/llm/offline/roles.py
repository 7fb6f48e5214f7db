"""Who is speaking, and is it played well? Both by the words that a description and a speaker share, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personae.core.conversation import Turn
from personae.core.tasks import Identify, ScorePersona
from personae.llm.offline.words import LOOKED_AT, content, weight

_HOW_SURE = 4.0
"""How much likelier a candidate gets by each unit of shared weight."""
_BREAKS = ("as an ai", "language model", "i am an assistant", "i'm an assistant", "as a chatbot")
_RUDE = ("stupid", "idiot", "shut up", "damn", "hate you")


def identify(task: Identify) -> dict[str, Any]:
    """Candidates whose description shares more of its words with what the user says are likelier."""
    said = _words(task.turns, "user")
    scores = {}
    for id_, text in task.candidates:
        wanted = content(text[:LOOKED_AT])
        total = sum(map(weight, wanted))
        scores[id_] = 1 + _HOW_SURE * sum(weight(word) for word in wanted & said) / total if total else 1.0
    whole = sum(scores.values())
    entries = [{"id": id_, "probability": round(score / whole, 6)} for id_, score in scores.items()]
    return {"reasoning": "By the words that description and speaker share.", "candidates": entries}


def score_persona(task: ScorePersona) -> dict[str, Any]:
    """5 where nothing speaks against it; less for falling out of the role, rudeness, and no words of its own."""
    text = " ".join(turn.content for turn in task.turns if turn.role == "assistant").lower()
    breaks, rude = any(words in text for words in _BREAKS), any(words in text for words in _RUDE)
    own = bool(content(task.persona[:LOOKED_AT]) & _words(task.turns, "assistant"))
    entries = []
    for name in task.tasks:
        score = 1 if rude and name == "toxicity_control" else 5
        if name in ("persona_consistency", "linguistic_habits"):
            score = 1 if breaks else 4 if own else 3
        entries.append({"task": name, "reasoning": "By the bot's words alone.", "score": str(score)})
    return {"scores": entries}


def _words(turns: Sequence[Turn], role: str) -> frozenset[str]:
    return content(" ".join(turn.content for turn in turns if turn.role == role)[:LOOKED_AT])
