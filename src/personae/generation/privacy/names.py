"""Names of people: where a phrase of one of seven languages says that one follows, and those that are well known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from personae.generation.privacy.given_names import given_names_in, is_given_name

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
_HELLO = (
    r"(?:hi|hello|hey|hallo|bonjour|salut|hola|ciao|salve|olá|hoi|dag|moin|servus|grüezi|good (?:morning|afternoon"
    r"|evening)|guten (?:tag|morgen|abend)|buen(?:os|as) (?:días|tardes)|buon(?:giorno|asera)|goede(?:morgen|middag)"
    r"|bom dia|boa tarde|sehr geehrte[rs]?)"
)
_BE = (
    r"(?:I am|I'?m|I\u2019m|this is|it['\u2019]?s|here is|ich bin|hier ist|je suis|c['\u2019]est|soy|sono|sou|ik ben"
    r"|het is)"
)
_KIN = (
    r"(?:my|our|his|her|their|meine?|unsere?|ma|mon|mi|mia|mio|mijn|minha|meu) "
    r"(?:wife|husband|partner|son|daughter|brother"
    r"|sister|mother|father|mom|mum|dad|aunt|uncle|cousin|friend|neighbou?r|boss|colleague|manager|child|frau|mann|sohn"
    r"|(?:girl|boy)friend|fiancée?|nephew|niece|grand(?:ma|pa|mother|father|son|daughter)|room-?mate|flat-?mate"
    r"|assistant|landlord|neffe|nichte|oma|opa|kolleg(?:e|in)|copine|copain|voisine?|collègue|novi[oa]|amig[oa]|primo"
    r"|prima|amic[oa]|collega|vriend(?:in)?|broer|zus|irmã[o]?|namorad[oa]"
    r"|tochter|bruder|schwester|mutter|vater|chef|chefin|freundin?|femme|mari|fils|fille|esposa|marido|hij[oa]|moglie"
    r"|marito|figli[oa]|vrouw|zoon|dochter|filh[oa])"
)
_WITH = (
    r"(?:spoke|talked|chatted|speak|talk|chat) (?:to|with)"
    r"|(?:your|the) (?:agent|colleague|representative|rep|technician)|attn\.?:?|on behalf of|in the name of|c/o"
)
_THIS_IS = r"this is|it'?s|hier (?:ist|spricht)|ici|habla|parla"
_TITLE = (
    r"(?:(?:Ms|Miss|Mx|(?i:Mrs?|Dr|Prof|Professor|Doctor|Herrn?|Frau|Madame|Mme|Monsieur|Señora?|Sra?|Dott|Signora?"
    r"|Mevrouw|Meneer))\.?)"
)
_PERSON = (
    r"(?:guy|man|woman|lady|person|someone|somebody|gentleman|girl|boy|agent|rep|representative|employee|colleague"
    r"|friend|kolleg(?:e|in)|mitarbeiter(?:in)?|mann|herr|frau|collègue|homme|femme|dame|hombre|mujer|señora?|uomo|donna"
    r"|signora?|man|vrouw|homem|mulher)"
)
_NAMED = (
    r"(?:named|called|by the name of|namens|nommée?|appelée?|qui s['\u2019]appelle|llamad[oa]|di nome"
    r"|genaamd|chamad[oa])"
)
_FIELD = (
    r"(?:customer|client|passenger|guest|patient|recipient|contact(?: person)?|(?:account |card ?)?holder|kund(?:e|in)"
    r"|empfänger(?:in)?|client(?:e)?|destinataire|destinatari[oa]|titulaire|titular|intestatario|klant)"
)
_SIGNED = (
    r"(?:regards|thanks|thank you|thx|cheers|best|sincerely|yours|greetings|grü(?:ß|ss)en?|gru(?:ß|ss)|danke"
    r"|cordialement|merci|saludos|gracias|saluti|grazie|groeten|bedankt|obrigad[oa]|abraços|wishes|lg|vg|mfg|gru(?:ß|ss)"
    r"|bien à vous|bises|amicalement|saludo|abrazo|groet|atenciosamente|cumprimentos|abraço)"
)
_SIGNED_AT_ONCE = (
    r"(?:regards|wishes|cheers|grü(?:ß|ss)en?|gru(?:ß|ss)|LG|VG|MfG|cordialement|bien à vous|bises|saludos?|saluti"
    r"|groet(?:en)?"
    r"|atenciosamente|abraços?)"
)
"""Behind these a name needs no comma."""
_LINE_ENDS = r"[ \t]*[.!]?[ \t]*(?:\n|$)"

_PATTERNS = (
    re.compile(rf"(?<!\w)(?i:{_CALLED})(?: ?(?P<name>{_FULL})| (?P<any_case>{_ANY_CASE}))"),
    re.compile(rf"\b(?i:{_KIN}),? (?P<name>{_FULL})"),
    re.compile(rf"\b(?i:{_WITH}) (?:{_TITLE} )*+(?P<name>{_FULL})"),
    re.compile(
        rf"\b(?i:{_HELLO}(?: there| all| team)?)"
        rf"(?:[,.!]? (?i:{_BE}) (?P<name>{_FULL})|, (?P<name_2>{_FULL})(?= here\b))"
    ),
    re.compile(rf"\b(?i:I am|I'?m|I\u2019m|ich bin|je suis|soy|ik ben) (?P<name>{_PART}{_BETWEEN} {_PART})"),
    re.compile(rf"\b(?i:{_BE}) (?:(?P<who>{_PART})(?=,? (?:from|aus|uit) [A-Z])|(?P<known>[^\W\d_]+)(?![\w'\u2019-]))"),
    re.compile(rf"\b(?i:{_THIS_IS}) (?P<name>{_FULL})(?=,? (?:speaking|here|from|calling|again|am Apparat)\b)"),
    re.compile(rf"(?:^|[\n.!?,]) *(?P<name>{_PART} {_PART})(?=,? (?:here|speaking)\b)"),
    re.compile(r"(?:^|[\n.!?,]) *(?P<known>[^\W\d_]+)(?=,? here\b)"),
    re.compile(rf"\b{_TITLE}(?: {_TITLE})*+ (?P<name>{_FULL})"),
    re.compile(r"\b(?:mrs?)\.? (?P<any_case>[a-z]{3,})"),
    re.compile(rf"\b(?i:{_PERSON} {_NAMED}) (?P<name>{_FULL})"),
    re.compile(
        rf"\b(?i:{_FIELD})(?: (?i:name) ?:? (?P<name>{_FULL})|(?: ?:| is| ist) (?P<name_2>{_PART}{_BETWEEN} {_PART}))"
    ),
    re.compile(rf"\b(?i:belongs to|signed by|registered to|issued to) (?P<name>{_PART}{_BETWEEN} {_PART})"),
    re.compile(rf"\b(?i:under the name(?: of)?|(?:booking|reservation|booked|appointment) under) (?P<name>{_FULL})"),
    re.compile(rf"(?:^|[\n.!?] ?)(?i:{_HELLO}) (?:{_TITLE} )*+(?P<name>{_FULL})(?=[ \t]*(?:[,!.:;?]|\n|$))"),
    re.compile(
        rf"\b(?i:{_SIGNED})(?:[,.!]*[ \t]*\n+[ \t]*(?:(?:[-\u2013\u2014~] ?)?(?P<name>{_FULL}){_LINE_ENDS}"
        rf"|(?P<any_case>[^\W\d_]{{3,}})\s*$)|, ?(?P<name_2>{_FULL}){_LINE_ENDS})"
    ),
    re.compile(rf"\b(?i:{_SIGNED_AT_ONCE}) (?P<name>{_FULL}){_LINE_ENDS}"),
    re.compile(rf"(?:^\s*[\u2013\u2014]|[.!?]\s*[-\u2013\u2014~]{{1,2}}) ?(?P<name>{_FULL})\s*$"),
    re.compile(
        rf"(?:^|\n)(?:Dear|Liebe|Lieber|Cher|Chère|Estimad[oa]|Querid[oa]|Beste|Caro|Cara|Geachte|Prezad[oa]|Gentile)"
        rf" (?:{_TITLE} )*+(?P<name>{_FULL})[,!:]"
    ),
)
"""`name` and `name_2` are written large, `any_case` in any; `known` is a given name written small; `who` is nobody's
country."""
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
    world folks guys sirs ladies gentlemen sales billing help desk helpdesk zusammen damen herren leute tous toutes
    todos todas cheers sincerely tschüss merci gracias saludos grazie adiós tchau doei
    señores tutti siri alexa google fresh kitty amazon again already soon advance btw any sent get lol great love
    premium basic pro plus works word teams office excel pepper martens oetker coffee clean bean robot universe america
    mesdames messieurs allemaal mate schön liebes engineer developer consultant appointment visit
    spelled misspelled wrong different missing changed registered listed written blank unknown private
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_FIRMS = frozenset(["team", "support", "service", "services", "bank", "shop", "store", "airlines", "insurance"])
"""What is called so is no person."""
_PARTICLES = frozenset(
    ["van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "la", "le", "el", "al", "y", "zu"]
)


_FROM = re.compile(r"(?:[iae]an|ish|ese)$")
"""How words for where somebody is from end."""


def names_in(text: str) -> Iterator[tuple[int, int]]:
    """Where names stand that a phrase announces, or that are well known; each place once."""
    is_taken = bytearray(len(text))
    for span in (*_announced(text), *given_names_in(text)):
        found = _trimmed(text, *span)
        if found is not None and not any(is_taken[slice(*found)]):
            is_taken[slice(*found)] = b"\1" * (found[1] - found[0])
            yield found


def _announced(text: str) -> Iterator[tuple[int, int]]:
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            kind = match.lastgroup or "name"
            said = match[kind]
            if kind == "known" and not (said.islower() and is_given_name(said)):
                continue
            if kind == "who" and _FROM.search(said):
                continue
            yield match.span(kind)


def is_name_part(word: str) -> bool:
    """Whether a part of a name may stand for it by itself."""
    plain = word.strip(".'\u2019-")
    return len(plain) > 2 and plain[:1].isupper() and plain.casefold() not in _NO_NAMES | _PARTICLES


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The words up to the first that cannot be part of a name; None where that is the first one."""
    kept = start
    for word in re.finditer(r"\S+", text[start:end]):
        plain = word[0].strip(".,'\u2019-").casefold()
        if plain in _FIRMS and kept > start:
            return None
        if plain in _NO_NAMES and not (kept > start and plain in _PARTICLES):
            break
        kept = start + word.end()
    return (start, kept) if kept > start and any(char.isalpha() for char in text[start:kept]) else None
