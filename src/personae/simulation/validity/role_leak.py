"""Role leak: does the simulator talk like an assistant instead of like a user?

Source: the commonest failure of simulated users: the model falls back into the role it was trained for
Idea:   phrases that only the serving side says (offers of help, `as an AI`, doing things to `your` order). What the
        user quotes, or says that the bot said, is passed over.
Cost:   no call; two patterns over each message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._phrases import Phrases

_SERVED = (
    r"order|account|request|booking|reservation|refund|subscription|payment|case|ticket|flight|return|address|issue"
    r"|appointment|details|purchase|package|claim|card|email|invoice|profile|cancellation|password"
)
_SURELY = Phrases(
    (
        (" i help you", " i assist you", " i do for you"),
        r"\b(?:how|what) (?:can|may|could|else can|might) i (?:help|assist|do for) you(?: today| further| now"
        r"| with (?:your|that|this|it)\b[^?.!\n]*)?\s*(?:[?.!,]|\Z)",
    ),
    (("anything else ",), r"\b(?:is there )?anything else (?:that )?i can (?:help|assist|do for) you\b"),
    (
        (" ai", "artificial", "language model", "assistant", "chatbot"),
        r"\bas an? (?:ai|artificial intelligence|(?:large )?language model|virtual assistant)"
        r"(?:[ -](?:language model|model|assistant|chatbot|bot|agent))?,? (?:\w+ )?i\b"
        r"|\bi(?:'m| am) (?:just |only )?an? (?:ai\b|artificial intelligence|(?:large )?language model"
        r"|(?:virtual|digital|helpful) assistant|chatbot)",
    ),
    (
        ("to help you", "to assist you"),
        r"\bi(?:'m| am) here to (?:help|assist) you\b"
        r"|\bi(?:'d| would| will|'ll) be (?:happy|glad|more than happy) to (?:help|assist) you\b"
        r"|\bhappy to (?:help|assist) you with (?:that|this|your)\b",
    ),
    (("how i can ",), r"\bhow i can (?:help|assist) you\b"),
    (
        ("let me ",),
        r"\blet me (?:know )?(?:look up|look into|check|pull up|process|cancel|update|find) your (?:"
        + _SERVED
        + r")\b",
    ),
    (
        (" your ",),
        r"\bi(?:'ve| have|'ll| will| can| am going to) (?:now |just |already |gone ahead and |go ahead and "
        r"|successfully )*(?:process|issue|cancel|cancell|canceled|cancelled|update|refund|book|escalate|reset|forward"
        r"|submit|locate|review|check|look up|look into|initiate|complete|approve|apply|verify)(?:e?d)? your "
        r"(?:\w+ )?(?:" + _SERVED + r")s?\b"
        r"|\b(?:could|can|would|may) (?:you|i have) (?:please )?(?:provide |give |share )?(?:me (?:with )?)?your "
        r"(?:order|booking|account|reservation|customer|confirmation|tracking) (?:number|id)\b",
    ),
    (
        ("thank you for ",),
        r"\bthank you for (?:contacting|reaching out|calling|choosing|your patience|getting in touch)\b",
    ),
    ((" team ",), r"\bour (?:customer (?:service|support)|support) team (?:will|can)\b"),
    (
        ("wie kann ", "als ki", "noch etwas"),
        r"\bwie kann ich (?:ihnen|dir) (?:heute )?(?:weiter)?helfen\b|\bals ki(?:-\w+)?,? (?:\w+ )?ich\b"
        r"|\bgibt es noch etwas, (?:womit|wobei) ich (?:ihnen|dir)\b",
    ),
    (("puis-je", "en tant qu'"), r"\bcomment puis-je vous aider\b|\ben tant qu'(?:ia|assistant)\b"),
    (
        ("ayudar", "como una ia", "lenguaje"),
        r"\ben qué (?:puedo|le puedo|te puedo) ayudar|\bcomo (?:una ia|modelo de lenguaje)\b",
    ),
    (("ajudar", "aiutar"), r"\bcomo posso (?:te |lhe |o )?ajudar\b|\bcome posso aiutar(?:la|ti)\b"),
)
_MAYBE = Phrases(
    (("let me know if ",), r"\blet me know if you (?:have|need) (?:any(?:thing)?|further|more|other)\b"),
    (("feel free",), r"\bfeel free to (?:ask|reach out|contact)\b"),
    (("i understand your",), r"\bi understand your (?:frustration|concern)s?\b"),
    (("i apolog",), r"\bi apologi[sz]e for (?:the|any) inconvenience\b"),
    (("while i",), r"\bplease (?:hold|bear with me) (?:on )?while i\b"),
    (("anything else you",), r"\bis there anything else you(?:'d like| would like| need)\b"),
    (("be happy to ",), r"\bi(?:'d| would) be happy to (?:help|assist)\b(?! me)"),
    (("your satisfaction", "rest assured"), r"\byour satisfaction is\b|\brest assured\b"),
    (("help you ", "assist you "), r"\bi can (?:certainly |definitely )?(?:help|assist) you (?:with|by)\b"),
)


@guards.method("role_leak")
@dataclass(frozen=True)
class RoleLeak:
    """Messages in which the persona speaks as the one who serves."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        is_sure, may_be = _SURELY.may_be_in(talk.blob), _MAYBE.may_be_in(talk.blob)
        if not is_sure and not may_be:
            return
        for one in talk.user:
            own = one.own
            if is_sure and (found := _SURELY.search(own)) and not one.is_said_of_another(found.start()):
                words = one.piece(*found.span())
                yield Finding("role_leak", one.number, words, "the persona talks like the assistant", "invalid")
            elif may_be and (found := _MAYBE.search(own)) and not one.is_said_of_another(found.start()):
                words = one.piece(*found.span())
                yield Finding("role_leak", one.number, words, "assistants talk like this, few users do", "unsure")
