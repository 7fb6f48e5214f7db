"""What methods of generation and their options are called on pages. Those that are not here have their own words."""

from __future__ import annotations

from dataclasses import dataclass

from personae.server.schemas.generation import Method, MethodOption
from personae.server.web._texts import N_

METHODS = {
    "propose": (N_("From a product text"), N_("A handful of first ideas by one call, one of them adversarial.")),
    "queries": (N_("Single queries"), N_("Messages by fresh users, spread evenly over topics and example users.")),
    "profiles": (N_("From topics"), N_("Personas with goals, spread evenly over topics and example users.")),
    "conversations": (
        N_("From real conversations"),
        N_("Users of a log, with what shows each trait. Personal data is removed before a model sees it."),
    ),
    "quota": (N_("By quota"), N_("Exact shares of attributes; each one is written, checked and revised.")),
    "population": (N_("A population"), N_("Detailed people by a sampling plan, as TinyTroupe has them.")),
    "deep": (N_("Deep personas"), N_("Hundreds of attributes and a life story, step by step from an anchor.")),
    "backstory": (N_("Interviewed"), N_("A long life story told in an interview, checked for contradictions.")),
    "identity": (N_("Identity"), N_("Social identity, personality by questionnaires, and essays on their life.")),
}
"""By name, the label and what it is; in this order on the page."""
OPTIONS = {
    "anchors": (N_("Tables of anchors"), N_("YAML; without it those that come with personae.")),
    "attributes": (N_("Attributes of each"), ""),
    "context": (N_("The product"), N_("What it is and does, and for whom. A page of plain text is enough.")),
    "guidance": (N_("More rules for the writer"), ""),
    "language": (N_("Languages"), N_("“any” also takes conversations in whose language names cannot be found.")),
    "least_turns": (N_("Messages that a user must have written"), ""),
    "logs": (N_("Log of conversations"), N_("JSON lines with messages, or CSV. Large ones: by the command line.")),
    "mix": (N_("Near, middle and far from the anchor"), ""),
    "naive": (N_("Only the product, without topics: the baseline"), ""),
    "parts": (N_("Parts"), N_("S social identity, P personality and values, C life; such as SP.")),
    "plan": (N_("Sampling plan"), N_("YAML: attributes with their shares. Have one proposed, then correct it.")),
    "questions": (N_("Questions of the interview"), N_("YAML; without it nine open ones.")),
    "repeats": (N_("How often each story is surveyed"), ""),
    "respondents": (N_("Answers of real people"), N_("JSON lines; without them people are made up.")),
    "retries": (N_("Tries for one question"), ""),
    "revisions": (N_("Rounds of revision"), ""),
    "schema": (N_("Quotas"), N_("YAML: attributes with shares, rules, and the parts that are written.")),
    "social": (N_("Plan of social identity"), N_("YAML; without it the one that comes with personae.")),
    "survey": (N_("Survey"), N_("YAML; without it six demographic questions.")),
    "taxonomy": (N_("Taxonomy of attributes"), N_("YAML; without it the one that comes with personae.")),
    "topics": (N_("Topics and example users"), N_("YAML. Have some proposed from the product, then edit them.")),
    "tries": (N_("Tries for one persona"), ""),
    "user_role": (N_("What the log calls its users"), N_("Where it is none of user, human, customer, client.")),
    "users": (N_("Which users"), N_("any, common or rare.")),
}
"""By field, the label and a hint."""
PROPOSED = ("topics", "plan")
"""Options that the server's model can propose from the context."""


@dataclass(frozen=True, slots=True)
class Words:
    """What something is called, in English: the page translates it."""

    name: str
    label: str
    says: str


def words_of(method: Method) -> Words:
    """Of a method."""
    label, says = METHODS.get(method.name, (method.name.replace("_", " "), method.description))
    return Words(method.name, label, says)


def option_words(option: MethodOption) -> Words:
    """Of an option."""
    label, says = OPTIONS.get(option.name, (option.name.replace("_", " "), option.description))
    return Words(option.name, label, says)


def in_order(methods: list[Method]) -> list[Method]:
    """As the page shows them: those that it has words for first."""
    known = list(METHODS)
    return sorted(methods, key=lambda one: (known.index(one.name) if one.name in known else len(known), one.name))
