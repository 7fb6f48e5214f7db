"""Which language a short text is written in, by its script and its commonest words. No answer where it is not plain."""

from __future__ import annotations

import re
from functools import lru_cache

_LETTERS = re.compile(r"[^\W\d_]+")
_COMMON = {
    "en": "the and is are you i it to of a in for my that this with have not can do what please want would be on was "
    "me your but how there they we from about just need thanks hello order when which",
    "de": "der die das und ist ich sie nicht ein eine zu mit auf für von dem den es wie kann bitte mir mein meine "
    "haben habe wir auch aber noch wenn was danke hallo möchte bei schon können wann",
    "fr": "le la les et est je vous ne pas un une de des du que qui pour avec mon ma mes il elle nous ce cette dans "
    "sur s'il merci bonjour mais comment quand voudrais peux avez suis plaît",
    "es": "el la los las y es yo usted no un una de que por para con mi mis en se lo me pero cómo cuándo gracias hola "
    "quiero puede favor está tengo necesito del al muy",
    "it": "il lo la gli le e è io lei non un una di che per con mio mia in si ma come quando grazie ciao vorrei può "
    "favore sono ho della del questo anche",
    "pt": "o os as e é eu você não um uma de que por para com meu minha em se mas como quando obrigado obrigada olá "
    "quero pode favor está tenho preciso do da isso",
    "nl": "de het een en is ik u je niet van te met op voor mijn dat dit wat hoe wanneer kan graag bedankt hallo wil "
    "heb zijn maar ook nog naar",
    "pl": "i jest nie to na z do się że mam mój moja proszę dziękuję cześć jak kiedy czy chcę mogę dla ale tego pan",
    "tr": "ve bir bu ne için ile ben sen değil var yok lütfen teşekkürler merhaba istiyorum benim çok ama",
}
_LANGUAGE_OF: dict[str, set[str]] = {}
for _language, _list in _COMMON.items():
    for _word in _list.split():
        _LANGUAGE_OF.setdefault(_word, set()).add(_language)
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_MOST = 2_000


@lru_cache(maxsize=4_096)
def language(text: str) -> str | None:
    """Its two-letter code, or None where the text is too short or too mixed to tell.

    Of Latin script it takes two common words of one language, and twice as many as of any other.
    """
    text = text[:_MOST].lower()
    for code, letters in () if text.isascii() else _SCRIPTS:
        if len(letters.findall(text)) >= 3:
            return code
    counts: dict[str, float] = {}
    for word in _LETTERS.findall(text):
        owners = _LANGUAGE_OF.get(word, ())
        for code in owners:
            counts[code] = counts.get(code, 0.0) + 1 / len(owners)
    ranked = sorted(counts.values(), reverse=True)
    if not ranked or ranked[0] < 2 or (len(ranked) > 1 and ranked[0] < 2 * ranked[1]):
        return None
    return max(counts, key=lambda code: counts[code])
