"""Role leak: does the simulator talk like an assistant instead of like a user?

Source: the commonest failure of simulated users: the model falls back into the role it was trained for
Idea:   phrases that only the serving side says (offers of help, `as an AI`, doing things to `your` order). What the
        user quotes, or says that the bot said, is passed over.
Cost:   no call; two patterns over each message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._talk import has_any

_SERVED = (
    r"order|account|request|booking|reservation|refund|subscription|payment|case|ticket|flight|return|address|issue"
    r"|appointment|details|purchase|package|claim|card|email|invoice|profile|cancellation|password"
)
_SURELY = re.compile(
    r"\b(?:how|what) (?:can|may|could|else can|might) i (?:help|assist|do for) you(?: today| further| now"
    r"| with (?:your|that|this|it)\b[^?.!\n]*)?\s*(?:[?.!,]|\Z)"
    r"|\b(?:is there )?anything else (?:that )?i can (?:help|assist|do for) you\b"
    r"|\bas an? (?:ai|artificial intelligence|(?:large )?language model|virtual assistant)"
    r"(?:[ -](?:language model|model|assistant|chatbot|bot|agent))?,? (?:\w+ )?i\b"
    r"|\bi(?:'m| am) (?:just |only )?an? (?:ai\b|artificial intelligence|(?:large )?language model"
    r"|(?:virtual|digital|helpful) assistant|chatbot)"
    r"|\bi(?:'m| am) here to (?:help|assist) you\b"
    r"|\bi(?:'d| would| will|'ll) be (?:happy|glad|more than happy) to (?:help|assist) you\b"
    r"|\bhappy to (?:help|assist) you with (?:that|this|your)\b"
    r"|\bhow i can (?:help|assist) you\b"
    r"|\blet me (?:know )?(?:look up|look into|check|pull up|process|cancel|update|find) your (?:" + _SERVED + r")\b"
    r"|\bi(?:'ve| have|'ll| will| can| am going to) (?:now |just |already |gone ahead and |go ahead and "
    r"|successfully )*"
    r"(?:process|issue|cancel|cancell|canceled|cancelled|update|refund|book|escalate|reset|forward|submit|locate|review"
    r"|check|look up|look into|initiate|complete|approve|apply|verify)(?:e?d)? your (?:\w+ )?(?:" + _SERVED + r")s?\b"
    r"|\bthank you for (?:contacting|reaching out|calling|choosing|your patience|getting in touch)\b"
    r"|\b(?:could|can|would|may) (?:you|i have) (?:please )?(?:provide |give |share )(?:me (?:with )?)?your "
    r"(?:order|booking|account|reservation|customer|confirmation|tracking) (?:number|id)\b"
    r"|\bour (?:customer (?:service|support)|support) team (?:will|can)\b"
    r"|\bwie kann ich (?:ihnen|dir) (?:heute )?(?:weiter)?helfen\b|\bals ki(?:-\w+)?,? (?:\w+ )?ich\b"
    r"|\bgibt es noch etwas, (?:womit|wobei) ich (?:ihnen|dir)\b"
    r"|\bcomment puis-je vous aider\b|\ben tant qu'(?:ia|assistant)\b"
    r"|\ben qué (?:puedo|le puedo|te puedo) ayudar|\bcomo (?:una ia|modelo de lenguaje)\b"
    r"|\bcomo posso (?:te |lhe |o )?ajudar\b|\bcome posso aiutar(?:la|ti)\b"
)
_MAYBE = re.compile(
    r"\blet me know if you (?:have|need) (?:any(?:thing)?|further|more|other)\b"
    r"|\bfeel free to (?:ask|reach out|contact)\b"
    r"|\bi understand your (?:frustration|concern)s?\b|\bi apologi[sz]e for (?:the|any) inconvenience\b"
    r"|\bplease (?:hold|bear with me) (?:on )?while i\b|\bis there anything else you(?:'d like| would like| need)\b"
    r"|\bi(?:'d| would) be happy to (?:help|assist)\b(?! me)|\byour satisfaction is\b|\brest assured\b"
    r"|\bi can (?:certainly |definitely )?(?:help|assist) you (?:with|by)\b"
)
_TELLS = (
    "an ai", "artificial", "can i ", "may i ", "could i ", "might i ", "i can ", "here to ", "happy to", "glad to",
    "let me ", "your ", "thank you for", "support team", "service team", "feel free", "i understand", "apolog",
    "bear with", "anything else", "rest assured", "language model", "assist", "wie kann", "als ki", "noch etwas",
    "puis-je", "en tant", "ayudar", "lenguaje", "ajudar", "aiutar", "hold ", "chatbot", "like to help", "help you",
)  # fmt: skip
"""One of these stands in whatever the two patterns find: most conversations need no more than this look."""


@guards.method("role_leak")
@dataclass(frozen=True)
class RoleLeak:
    """Messages in which the persona speaks as the one who serves."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        if not talk.says_any(_TELLS):
            return
        for one in talk.user:
            own = one.own
            if not has_any(own, _TELLS):
                continue
            if (found := _SURELY.search(own)) and not one.is_said_of_another(found.start()):
                words = one.piece(*found.span())
                yield Finding("role_leak", one.number, words, "the persona talks like the assistant", "invalid")
            elif (found := _MAYBE.search(own)) and not one.is_said_of_another(found.start()):
                words = one.piece(*found.span())
                yield Finding("role_leak", one.number, words, "assistants talk like this, few users do", "unsure")
