"""Names of people, where a phrase of one of seven languages says that one follows."""

from __future__ import annotations

import re
from collections.abc import Iterator

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
"""Languages whose phrases are known."""

_PART = r"(?:[A-ZÀ-ÖØ-ÞŁŚŠŽĐĆČ][\w'\u2019-]*\w|[A-Z]\.)"
_BETWEEN = r"(?: (?:van|von|der|den|de|del|della|di|da|dos|la|le|el|al|bin|ben|ibn|y|zu|ter|ten|Mc|O'))*"
_FULL = rf"{_PART}(?:{_BETWEEN} {_PART}){{0,3}}"
_ANY_CASE = r"[^\W\d_][\w'\u2019-]+(?: [^\W\d_][\w'\u2019-]+)?"

_CALLED = (
    r"(?<![\w ])(?:full |first |last |sur)?name ?:|my (?:full |first |last |real )?name(?:'s| is| was)"
    r"|my name:|the name(?:'s| is)"
    r"|name on the (?:account|order|card) is|(?:people|they|you can) call me|mein name ist|ich hei(?:ß|ss)e"
    r"|je m['\u2019]appelle|mon nom est|me llamo"
    r"|mi nombre es|mi chiamo|il mio nome (?:è|e')|mijn naam is|ik heet|meu nome (?:é|e)|me chamo|chamo-me"
)
_I_AM = (
    r"(?:hi|hello|hey|hallo|bonjour|hola|ciao|olá|good (?:morning|afternoon|evening)|guten (?:tag|morgen|abend))"
    r"(?: there| all| team)?[,.!]? "
    r"(?:I am|I'm|I\u2019m|this is|it's|here is|ich bin|hier ist|je suis|c'est|soy|sono|sou|ik ben)"
)
_KIN = (
    r"(?:my|our|his|her|their|meine?|unsere?|ma|mon|mi|mia|mio|mijn|minha|meu) "
    r"(?:wife|husband|partner|son|daughter|brother"
    r"|sister|mother|father|mom|mum|dad|aunt|uncle|cousin|friend|neighbou?r|boss|colleague|manager|child|frau|mann|sohn"
    r"|tochter|bruder|schwester|mutter|vater|chef|chefin|freundin?|femme|mari|fils|fille|esposa|marido|hij[oa]|moglie"
    r"|marito|figli[oa]|vrouw|zoon|dochter|filh[oa])"
)
_WITH = (
    r"(?:spoke|talked|chatted|speak|talk|chat) (?:to|with)"
    r"|(?:your|the) (?:agent|colleague|representative|rep|technician)|attn\.?:?|on behalf of|in the name of|c/o"
)
_THIS_IS = r"this is|it'?s|hier (?:ist|spricht)|ici|habla|parla"
_TITLE = (
    r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herr|Frau|Madame|Mme|Monsieur|Señor|Señora|Sr|Sra|Signor|Signora|Mevrouw|Meneer)"
)
_SIGNED = (
    r"(?:regards|thanks|thank you|thx|cheers|best|sincerely|yours|greetings|grü(?:ß|ss)en?|gru(?:ß|ss)|danke"
    r"|cordialement|merci|saludos|gracias|saluti|grazie|groeten|bedankt|obrigad[oa]|abraços)"
)

_PATTERNS = (
    re.compile(rf"(?<!\w)(?i:{_CALLED}) ?(?P<name>{_FULL})"),
    re.compile(rf"(?<!\w)(?i:{_CALLED}) (?P<lower>{_ANY_CASE})"),
    re.compile(rf"\b(?i:{_KIN}),? (?P<name>{_FULL})"),
    re.compile(rf"\b(?i:{_WITH}) (?P<name>{_FULL})"),
    re.compile(rf"\b(?i:{_I_AM}) (?P<name>{_FULL})"),
    re.compile(rf"\b(?i:I am|I'm|I\u2019m|ich bin|je suis|soy|ik ben) (?P<name>{_PART}{_BETWEEN} {_PART})"),
    re.compile(rf"\b(?i:{_THIS_IS}) (?P<name>{_FULL})(?= (?:speaking|here|from|calling|again|am Apparat)\b)"),
    re.compile(rf"\b{_TITLE}\.? (?P<name>{_FULL})"),
    re.compile(rf"(?i:\b{_SIGNED})[,.!]?[ \t]*\n+[ \t]*(?P<name>{_FULL})[ \t]*(?:\n|$)"),
    re.compile(rf"(?i:\b{_SIGNED}), ?(?P<name>{_FULL})[ \t]*(?:\n|$)"),
    re.compile(
        rf"(?:^|\n)(?:Dear|Liebe|Lieber|Cher|Chère|Estimad[oa]|Querid[oa]|Beste|Caro|Cara) (?P<name>{_FULL})[,!:]"
    ),
)
_NO_NAMES = frozenset(
    """
    a an the not very so just really sorry glad happy sad sure afraid aware trying looking having getting using going
    writing calling asking wondering interested unable able new here there back done still now also about from in on at
    with and or but for to of it is was that this what which your you my our their his her sir madam team support
    customer service all everyone everybody anybody nobody nothing something bot assistant chat agent
    german english french spanish italian dutch portuguese polish indian chinese american british canadian european
    student teacher nurse doctor monday tuesday wednesday thursday friday saturday sunday january february march april
    may june july august september october november december ok okay yes no please thanks thank hello hi hey
    nicht sehr hier noch auch gar kein eine ein der die das und mit für bei zufrieden kunde student rentner hallo danke
    pas très ici avec pour une un le la les une monsieur madame no muy aquí con para una un el los las
    goodbye bye great good fine perfect excellent terrible urgent best regards
    spelled misspelled wrong different missing changed registered listed written blank unknown private
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_PARTICLES = frozenset(
    ["van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "la", "le", "el", "al", "y", "zu"]
)


def names_in(text: str) -> Iterator[tuple[int, int]]:
    """Where names stand that a phrase announces, each place once."""
    is_taken = bytearray(len(text))
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            group = match.lastgroup or "name"
            span = _trimmed(text, *match.span(group))
            if span is not None and not any(is_taken[slice(*span)]):
                is_taken[slice(*span)] = b"\1" * (span[1] - span[0])
                yield span


def is_name_part(word: str) -> bool:
    """Whether a part of a name may stand for it by itself."""
    plain = word.strip(".'\u2019-")
    return len(plain) > 2 and plain[:1].isupper() and plain.casefold() not in _NO_NAMES | _PARTICLES


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The words up to the first that cannot be part of a name; None where that is the first one."""
    kept = start
    for word in re.finditer(r"\S+", text[start:end]):
        plain = word[0].strip(".,'\u2019-").casefold()
        if plain in _NO_NAMES and not (kept > start and plain in _PARTICLES):
            break
        kept = start + word.end()
    return (start, kept) if kept > start and any(char.isalpha() for char in text[start:kept]) else None
