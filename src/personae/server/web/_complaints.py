"""What the API says of an error, in the reader's language: its texts are English, and pages show them.

A text of COMPLAINTS is in the catalogue as the pages' own are, with %(name)s where the API names something. What is not
among them (of a bot, a provider, a rule that only programs break) is shown as it was said. A word that stands for
`noun` is translated, too.
"""

from __future__ import annotations

import re
from functools import cache

from personae.server.web._texts import N_, catalogue

COMPLAINTS = (
    # What forms refuse: pydantic's words, and ours
    N_("Field required"),
    N_("must not be blank"),
    N_("is missing"),
    N_("String should have at least 1 character"),
    N_("String should have at most %(most)s characters"),
    N_("Input should be a valid string"),
    N_("Input should be a valid integer"),
    N_("Input should be a valid integer, unable to parse string as an integer"),
    N_("Input should be a valid number"),
    N_("Input should be a valid number, unable to parse string as a number"),
    N_("Input should be greater than %(least)s"),
    N_("Input should be greater than or equal to %(least)s"),
    N_("Input should be less than %(most)s"),
    N_("Input should be less than or equal to %(most)s"),
    N_("Input should be %(choices)s"),
    N_("List should have at least %(least)s item after validation, not %(count)s"),
    N_("List should have at most %(most)s items after validation, not %(count)s"),
    N_("Extra inputs are not permitted"),
    N_("is no e-mail address"),
    N_("is not JSON: %(why)s"),
    N_("holds characters that no key has: copy it again"),
    N_("must be one of %(choices)s, not %(given)s"),
    N_("must be NAME=VALUE, not %(given)s"),
    N_("must be %(most)s or less: this server allows no more"),
    N_("names a config of the provider %(kind)s, which is no language model"),
    N_("must hold at least one message"),
    N_("is larger than 5 MiB: use the command line for it"),
    N_("is no text in UTF-8"),
    N_("holds no cells"),
    N_("has %(count)s cells for %(columns)s columns: add columns first"),
    N_("has %(count)s cells, the header has %(columns)s (a cell with a comma needs double quotes around it)"),
    N_("%(given)s is none of its values: %(choices)s"),
    N_("two columns are called %(name)s"),
    N_("temperature and reasoning_effort exclude each other: give one of them"),
    N_("the provider %(kind)s needs an address, here or in custom_api_config.url"),
    N_("this change cannot be read"),
    N_("does not begin with curl"),
    N_("holds no address"),
    N_("sends no JSON, but %(given)s: a bot is sent JSON"),
    N_("sends the file %(name)s: paste its text in its place"),
    N_("sends a form or a file (%(option)s): a bot is sent JSON"),
    # What is there already, or is held by somebody
    N_("a persona is called %(name)s already"),
    N_("a persona group is called %(name)s already"),
    N_("a criterion set is called %(name)s already"),
    N_("an LLM config is called %(name)s already"),
    N_("an experiment is called %(name)s already"),
    N_("a project is called %(name)s already"),
    N_("another criterion of the set asks this already"),
    N_("%(name)s has a version with this content already"),
    N_("the experiment %(name)s is running: cancel it first"),
    N_("the experiment %(name)s is under way with this LLM config: cancel it first"),
    N_("it is the project's %(noun)s: choose another in the settings first"),
    N_(
        "%(author)s saved version %(version)s of the persona while you changed version %(before)s: look at it before "
        "you save yours over it"
    ),
    N_(
        "the address changes, and the stored key was given for another one: give the key again, or a blank text to go "
        "without"
    ),
    # What is in the way of an experiment
    N_("the persona group %(name)s has no personas"),
    N_("the collection %(name)s has no rows"),
    N_("the goal (%(column)s) is blank"),
    N_("the template %(name)s must be exactly one system message: the personas say the rest"),
    N_("the template asks for %(names)s, which no column of %(collection)s fills"),
    N_("%(where)s: no column fills %(names)s (%(scenario)s has %(columns)s)"),
    N_("%(where)s: no column fills %(names)s"),
    N_("archived personas of the group are left out: %(names)s"),
    N_("no criteria: transcripts are rated by their goal alone, where a row says what it expects"),
    # What is not there, or not allowed
    N_("there is no %(noun)s %(id)s in this project"),
    N_("there is no project %(id)s, or it is not yours to see"),
    N_("Not Found"),
    N_("Method Not Allowed"),
    N_("this needs the role %(role)s in the %(noun)s; yours is %(own)s"),
    N_("the persona belongs to another project of the organization: it is read-only here"),
    N_("%(name)s is read-only: its rows and columns cannot be changed (an update with `read_only: false` opens it)"),
    N_("your role is %(own)s: a key of yours cannot be %(role)s"),
    N_("only an admin removes other members"),
    N_("the e-mail address or the password is wrong"),
    N_("too many failed attempts to sign in: wait some minutes"),
    N_("this account is disabled: ask whoever runs the server"),
    N_("the invitation is for %(email)s"),
    N_("the invitation is unknown, taken back, accepted already or expired: ask for a new one"),
    # What went wrong
    N_("somebody else made the same at this moment: look again"),
    N_("the database does not answer at the moment: try again"),
    N_("something went wrong on the server; its log has the details"),
)
NOUNS = (
    *(N_("persona"), N_("persona group"), N_("collection"), N_("row"), N_("prompt template"), N_("LLM config")),
    *(N_("criterion"), N_("criterion set"), N_("experiment"), N_("response"), N_("generation"), N_("project")),
    *(N_("organization"), N_("draft"), N_("simulator"), N_("judge")),
)


def said(text: str, language: str) -> str:
    """A complaint of the API in a language, line by line; behind the place that it names, where it names one."""
    if language == "en" or not text:
        return text
    return "\n".join(_said(line, language) for line in text.split("\n"))


def _said(line: str, language: str) -> str:
    translated = catalogue(language).gettext
    for template, pattern in _patterns():
        if found := pattern.fullmatch(line):
            values = found.groupdict()
            if values.get("noun") in NOUNS:
                values["noun"] = translated(values["noun"])
            known: str = translated(template)
            return known % values if values else known
    if "; " in line:
        return "; ".join(_said(one, language) for one in line.split("; "))
    place, mark, rest = line.partition(": ")
    return f"{place}: {_said(rest, language)}" if mark else line


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The longest texts first, since they say the most of what is meant."""
    made = []
    for text in sorted(COMPLAINTS, key=len, reverse=True):
        parts = re.split(r"%\((\w+)\)s", text)
        names = (f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
        made.append((text, re.compile("".join(names))))
    return tuple(made)
