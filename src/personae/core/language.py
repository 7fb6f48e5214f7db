"""Which language is a text in? By script and by the small words that each language cannot do without.

Idea: a script of one language decides at once. Among languages of one script, each word that is in the list of few
      languages speaks for them; a language is named only where enough words speak for it, and clearly more than for the
      next. Short texts, names and numbers: cannot tell (None).
Cost: one look into a table for each word.
"""

# ruff: noqa: RUF001 - letters of many alphabets stand in its tables

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

_SMALL_WORDS = {
    "en": """the and you your is are was were have has had i i'm i've it's this that these those what which
        who how when where why with from for not but can could would should will don't doesn't didn't can't
        my me we our they there been about any some if of to on at by be do does did please thanks thank yes
        okay just want need get got an it in so as or then than because into over still more only also know
        already again hello""",
    "de": """der die das und ich du sie er wir ihr ist sind war waren habe haben hat hatte nicht kein keine
        ein eine einen einem einer mit von für auf zu zum zur bei aus nach wie was wann wo warum wer welche
        aber oder wenn dass mein meine meinen meiner ihre ihren ihnen mir mich kann können möchte würde
        bitte danke ja nein auch noch schon nur sehr im am den dem des es an wird werden gibt guten tag
        hallo bin doch als""",
    "fr": """le la les un une des du de et je tu il elle nous vous ils est sont était suis ai as avez avons
        pas ne n'ai que qui quoi quand où comment pourquoi quel quelle mais ou si avec pour dans sur par mon
        ma mes votre vos notre ce cette ces c'est j'ai je d'un d'une l'ai merci bonjour oui non s'il plaît
        voudrais peux pouvez au aux en y plus très bien fait être avoir mais donc qu'il""",
    "es": """el la los las un una unos de del y yo tú él usted nosotros es son está están era fue he ha han
        tengo tiene no que qué quién cuándo cuando dónde donde cómo como por para con sin sobre mi mis su
        sus pero o si me te se lo le nos gracias hola sí quiero quisiera puedo puede necesito favor muy más
        también ya esto esta este ese eso al en hay ser hacer""",
    "pt": """o a os as um uma de do da dos das no na e eu você ele ela nós é são está estão foi tenho tem
        não que quem quando onde como por para com sem sobre meu minha seu sua mas ou se me lhe obrigado
        obrigada olá sim quero gostaria posso pode preciso favor muito mais também já isso este esta em ao à
        pelo pela fazer ser""",
    "it": """il lo la gli le un uno una di del della dei delle e io tu lui lei noi voi è sono era ho hai ha
        abbiamo non che chi cosa quando dove come perché per con senza su mio mia miei suo sua ma o se mi ti
        si ci grazie ciao buongiorno sì vorrei posso può potete bisogno favore molto più anche già questo
        questa al alla nel nella da in essere fare quanto""",
    "nl": """de het een en ik jij je u hij zij wij we is zijn was waren heb hebt heeft hebben niet geen met
        van voor op naar bij uit hoe wat wanneer waar waarom wie welke maar of als dat die deze dit mijn uw
        jouw kan kunt kunnen wil zou graag alstublieft bedankt dank ja nee ook nog al alleen zeer er te om
        aan hallo goedendag wordt worden moet mij""",
    "pl": """i w z na do się nie to jest są był była mam masz ma co kto kiedy gdzie jak dlaczego który ale
        lub albo jeśli czy że mój moja moje mnie mi pan pani może mogę proszę dziękuję dzień dobry tak także
        już tylko bardzo dla od po za przez chcę chciałbym chciałabym zamówienie być ten ta te jestem""",
    "sv": """och jag du han hon vi ni är var har hade inte ingen ett en med av för på till från hur vad när
        var varför vem men eller om att det den detta min mitt mina ditt din er kan skulle vill tack hej ja
        nej också redan bara mycket som så mig snälla behöver få""",
    "da": """og jeg du han hun vi i er var har havde ikke ingen et en med af for på til fra hvordan hvad
        hvornår hvor hvorfor hvem men eller hvis at det den dette min mit mine din dit kan ville vil tak hej
        ja nej også allerede kun meget som så mig venligst""",
    "no": """og jeg du han hun vi dere er var har hadde ikke ingen et en med av for på til fra hvordan hva
        når hvor hvorfor hvem men eller hvis at det den dette min mitt mine din ditt kan ville vil takk hei
        ja nei også allerede bare veldig som så meg""",
    "fi": """ja minä sinä hän me te on ovat oli olen olet ei en et mikä mitä kuka milloin missä miten miksi
        mutta tai jos että tämä se minun sinun voin voi voisitko haluan haluaisin kiitos hei kyllä myös jo
        vain hyvin tilaus tilauksen minulla ole kanssa""",
    "tr": """ve ben sen o biz siz bir bu şu için ile değil var yok ne kim nasıl neden nerede ama veya eğer
        mi mı mu mü benim sizin bana beni lütfen teşekkürler teşekkür ederim merhaba evet hayır da de daha
        çok olarak olan istiyorum nedir kadar gibi sipariş siparişim""",
    "cs": """a v s z na do se ne je jsou byl byla mám máte co kdo kdy kde jak proč který ale nebo jestli že
        můj moje mi mě může mohu můžete prosím děkuji dobrý den ano také už jen velmi pro od po za chci
        chtěl bych to ten ta jsem""",
    "ro": """și în la de cu pe nu este sunt era am ai are avem ce cine când unde cum de pentru dar sau dacă
        că meu mea mele îmi mi vă te rog mulțumesc bună ziua da vreau aș dori pot puteți foarte mai deja
        acest această din un o unei să""",
    "hu": """és a az egy nem van vannak volt én te ő mi ti hogy mit mi ki mikor hol hogyan miért de vagy ha
        az enyém kérem köszönöm jó napot igen is már csak nagyon szeretnék szeretném tud tudja lehet ez ezt
        rendelés kell""",
    "id": """yang dan di ke dari untuk dengan ini itu saya anda kamu kami kita tidak bukan ada adalah apa
        siapa kapan mana bagaimana mengapa tapi tetapi atau jika bisa dapat mau ingin tolong terima kasih
        halo ya juga sudah hanya sangat akan pesanan""",
    "vi": """và của là có không được tôi bạn anh chị này đó cho với từ trong một những các gì ai khi nào đâu
        thế nào tại sao nhưng hoặc nếu muốn cần cảm ơn xin chào vâng cũng đã rồi rất""",
    "ru": """и в на с не что это я ты вы он она мы они как где когда почему кто но или если у к по за из для
        мой моя мне меня вас вам есть был была можно могу хочу пожалуйста спасибо здравствуйте да нет уже
        ещё только очень так от бы до""",
    "uk": """і в на з не що це я ти ви він вона ми вони як де коли чому хто але або якщо у к по за із для
        мій моя мені мене вас вам є був була можна можу хочу будь ласка дякую вітаю так ні вже ще тільки
        дуже від би до""",
    "bg": """и в на с не какво това аз ти вие той тя ние те как къде кога защо кой но или ако за от моя мой
        ми ме е са беше може мога искам моля благодаря здравейте да вече още само много ще се""",
}
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("bn", re.compile("[\u0980-\u09ff]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
)
"""Scripts that are taken for one language each. (Arabic letters: Persian and Urdu count as Arabic.)"""
_FEWEST_SIGNS = 3
_ENOUGH = 2.0
"""What the words of a language must weigh: a word of one language alone weighs 1, of two ½."""
_LEAD = 1.6
"""By so many times it must outweigh the next one."""
_SHARE = 0.12
"""Of all words: less is a text of names and numbers, or of a language that is not in the table."""

_NAMES = {
    "en": "english", "de": "german deutsch", "fr": "french français francais", "es": "spanish español espanol",
    "pt": "portuguese português", "it": "italian italiano", "nl": "dutch nederlands", "pl": "polish polski",
    "sv": "swedish svenska", "da": "danish dansk", "no": "norwegian norsk", "fi": "finnish suomi",
    "tr": "turkish türkçe", "cs": "czech čeština", "ro": "romanian română", "hu": "hungarian magyar",
    "id": "indonesian bahasa", "vi": "vietnamese", "ru": "russian русский", "uk": "ukrainian українська",
    "bg": "bulgarian", "ja": "japanese 日本語", "ko": "korean 한국어", "zh": "chinese mandarin cantonese 中文",
    "ar": "arabic persian farsi urdu العربية", "he": "hebrew עברית", "hi": "hindi हिन्दी marathi nepali",
    "bn": "bengali bangla", "ta": "tamil", "th": "thai", "el": "greek ελληνικά",
}  # fmt: skip
_BY_NAME = {name: code for code, names in _NAMES.items() for name in names.split()}
_ANY_WORD = re.compile(r"\w+")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")


def _weights() -> dict[str, tuple[tuple[str, float], ...]]:
    known: dict[str, set[str]] = defaultdict(set)
    for code, words in _SMALL_WORDS.items():
        for word in words.split():
            known[word].add(code)
    return {word: tuple((code, 1 / len(codes)) for code in codes) for word, codes in known.items()}


_WEIGHTS = _weights()
SMALL_WORDS = frozenset(_WEIGHTS)
"""Words of all languages that say nothing of what a text is about."""
TITLES = {code: names.split()[0].capitalize() for code, names in _NAMES.items()}
_KIN = (frozenset({"da", "no", "sv"}), frozenset({"es", "pt"}), frozenset({"ru", "uk", "bg"}), frozenset({"ja", "zh"}))
"""Languages that a few sentences do not tell apart surely enough."""


def language_of(text: str, words: Iterable[str] | None = None) -> str | None:
    """The language as its two-letter code, or None where it cannot be told. `words`: those of the text, if known."""
    if not text.isascii():
        for code, signs in _SCRIPTS:
            found = len(signs.findall(text))
            if found >= _FEWEST_SIGNS and found * 3 >= sum(map(str.isalpha, text)):
                return code
    scores: dict[str, float] = {}
    spoken = _WORD.findall(text.lower().replace("\u2019", "'")) if words is None else [*words]
    found_small = [word for word in spoken if word in _WEIGHTS]
    if len(found_small) < _ENOUGH:  # no word weighs more than 1
        return None
    small = Counter(found_small)
    for word, times in small.items():
        for code, weight in _WEIGHTS[word]:
            scores[code] = scores.get(code, 0.0) + times * weight
    first, *others = sorted(scores, key=lambda code: -scores[code])
    best = scores[first]
    rivals = [scores[code] for code in others if not are_alike(first, code)]
    if best < _ENOUGH or best < _SHARE * len(spoken) or (rivals and best < _LEAD * rivals[0]):
        return None
    # a name that looks like a small word of some language must not speak for it by being said twice
    speak_for_it = (word for word in small if any(code == first for code, _ in _WEIGHTS[word]))
    return first if len(list(islice(speak_for_it, 2))) > 1 else None


_OWN_WORDS = {
    code: frozenset(word for word in words.split() if len(_WEIGHTS[word]) == 1) for code, words in _SMALL_WORDS.items()
}
"""Words of one language alone."""


def is_plainly(code: str, words: list[str]) -> bool:
    """A quick look: enough of the words are of this language alone. False says nothing."""
    found = len(_OWN_WORDS[code].intersection(words)) if code in _OWN_WORDS else 0
    return found > 1 and found * 8 >= len(words)


def are_alike(one: str, other: str) -> bool:
    """Whether the two are not told apart here."""
    return one == other or any(one in kin and other in kin for kin in _KIN)


@lru_cache(maxsize=4096)
def languages_named(text: str) -> frozenset[str]:
    """The languages that a text names, by their English or their own names."""
    return frozenset(_BY_NAME[name] for name in _BY_NAME.keys() & _ANY_WORD.findall(text.lower()))


@lru_cache(maxsize=4096)
def language_of_given(text: str) -> str | None:
    """As `language_of`, for texts that many conversations share."""
    return language_of(text)
