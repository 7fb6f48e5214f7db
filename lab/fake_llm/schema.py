"""A valid instance of a JSON schema, filled with what a willing model would say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from lab.fake_llm import phrases
from lab.fake_llm.questions import listed

TURN_NAMES = {"message", "simulated_input", "next_message", "user_message", "utterance", "reply"}
END_NAMES = {
    "end",
    "ended",
    "end_conversation",
    "is_complete",
    "complete",
    "goal_reached",
    "should_end",
    "finished",
    "done",
    "stop",
    "should_interrupt",
    "should_stop",
}
ONLY_AT_THE_END = END_NAMES | {"reason", "explanation", "end_reason", "termination", "farewell", "ending"}
OPTIONAL_EVIDENCE = {"quotes", "evidence", "citations"}
IDENTITIES = {"id", "criterion", "criterion_id", "key", "name", "index", "number"}
END_WORDS = ("end", "goal_met", "goal_reached", "stop", "finish", "done")
DEPTH = 12


@dataclass
class Filler:
    root: dict[str, Any]
    user_text: str = ""
    """What a property that carries the user's next turn gets."""
    prompt: str = ""
    """The text of the request: an array of answers gets one entry for each question that it lists."""
    ending: bool = False
    """Whether a simulator that is asked in a schema should end the conversation."""

    def fill(self) -> Any:
        return self._value(self.root, "", 0)

    def _resolve(self, given: Any) -> dict[str, Any]:
        schema: dict[str, Any] = given if isinstance(given, dict) else {}
        for _ in range(DEPTH):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                break
            target: Any = self.root
            for part in reference.lstrip("#/").split("/") if reference != "#" else ():
                target = target[part.replace("~1", "/").replace("~0", "~")]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        for part in schema.get("allOf", ()):
            schema = _merged(schema, self._resolve(part))
        return schema

    def _value(self, schema: Any, name: str, depth: int) -> Any:
        schema = self._resolve(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._choice(schema["enum"])
        if choices := schema.get("anyOf") or schema.get("oneOf"):
            return self._one_of(choices, name, depth)
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._one_of([{**schema, "type": each} for each in kind], name, depth)
        if kind == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind == "boolean":
            return self.ending if name in END_NAMES else True
        if kind in ("integer", "number"):
            return _number(schema, whole=kind == "integer")
        return None if kind == "null" else self._text(schema, name)

    def _choice(self, values: list[Any]) -> Any:
        if "YES" in values:
            return "YES"
        if self.ending and "goal_met" in values:
            return "goal_met"
        ends = [value for value in values if isinstance(value, str) and value.lower().startswith(END_WORDS)]
        goes_on = [value for value in values if value not in ends]
        if ends and goes_on and "goal_failed" not in values:
            return ends[0] if self.ending else goes_on[0]
        return values[0]

    def _one_of(self, choices: list[Any], name: str, depth: int) -> Any:
        resolved = [self._resolve(choice) for choice in choices]
        some = [choice for choice in resolved if choice.get("type") != "null"]
        nullable = len(some) < len(resolved)
        if nullable and (not some or depth > DEPTH or (name in ONLY_AT_THE_END and not self.ending)):
            return None
        talking = [choice for choice in some if TURN_NAMES & choice.get("properties", {}).keys()]
        if talking and len(some) > len(talking) and not self.ending:
            return self._value(talking[0], name, depth)
        return self._value(some[0], name, depth)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = schema.get("required", ())
        names = [name for name in properties if depth < DEPTH // 2 or name in required]
        return {name: self._value(properties[name], name, depth + 1) for name in names}

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        items = self._resolve(schema.get("items", schema.get("prefixItems", [{}])[0]))
        wanted = 0 if name in OPTIONAL_EVIDENCE or depth >= DEPTH else 1
        out = self._one_each(items, depth)
        if not out:
            out = [self._value(items, name, depth + 1) for _ in range(max(least, wanted))]
        return out[: schema.get("maxItems", len(out))]

    def _one_each(self, items: dict[str, Any], depth: int) -> list[Any]:
        """One entry for each thing that the schema names in an enum, or that the prompt lists by id."""
        for name, schema in items.get("properties", {}).items():
            values = self._resolve(schema).get("enum", ())
            if name in IDENTITIES and len(values) > 1:
                return [{**self._value(items, "", depth + 1), name: value} for value in values]
        if not self.prompt or "id" not in items.get("properties", {}):
            return []
        whole, single = listed(self.prompt)
        if "turn" in items["properties"]:
            return [{**self._value(items, "", depth + 1), "id": id_, "turn": turn} for id_, turn in single]
        return [{**self._value(items, "", depth + 1), "id": id_} for id_ in whole]

    def _text(self, schema: dict[str, Any], name: str) -> str:
        if name == "quote":
            return ""
        text = {"date": "2026-01-31", "date-time": "2026-01-31T12:00:00Z", "email": "ann@example.org"}.get(
            schema.get("format", ""), self.user_text if name in TURN_NAMES else phrases.REASON
        )
        text = text[: schema.get("maxLength", len(text))]
        return text.ljust(schema.get("minLength", 0), ".")


def _merged(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    out = {**right, **{key: value for key, value in left.items() if key != "allOf"}}
    out["properties"] = {**right.get("properties", {}), **left.get("properties", {})}
    out["required"] = [*left.get("required", ()), *right.get("required", ())]
    return out if out["properties"] else {k: v for k, v in out.items() if k not in ("properties", "required")}


def _number(schema: dict[str, Any], *, whole: bool) -> float:
    """The largest value that the schema allows, as a generous judge gives it; 1 where there is no bound."""
    step = schema.get("multipleOf", 1 if whole else 0)
    if "maximum" in schema:
        value: float = schema["maximum"]
    elif "exclusiveMaximum" in schema:
        value = schema["exclusiveMaximum"] - (step or 1e-6)
    else:
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        value = max(1, low + (step or 1)) if "exclusiveMinimum" in schema else max(1, low)
    if step:
        value = math.floor(value / step) * step if "maximum" in schema else math.ceil(value / step) * step
    return int(value) if whole else value
