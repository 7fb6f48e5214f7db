"""What an endpoint's failure means: try again, ask differently, or stop the run."""

from __future__ import annotations

from collections.abc import Callable

from personae.errors import ProviderError
from personae.transport import Response, TransportError
from personae.transport.failure import message_in, retry_after

RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_MODEL_UNKNOWN = ("model_not_found", "does not exist", "unknown model", "model not found", "not_found_error")
_FLAGGED = ("flagged", "moderation", "content_filter", "content policy")
"""A 403 that is about one message and not about the key."""
_QUOTA_SPENT = ("insufficient_quota", "billing_hard_limit", "credit balance is too low")


def no_answer(model: str, error: TransportError, *, ever_reached: bool) -> ProviderError:
    """No whole answer came. A chat completion changes nothing at the provider, so it may be asked for again.

    Only where nobody ever answered at that address, asking again is in vain.
    """
    if error.unreachable and not ever_reached:
        return ProviderError(f"{model}: {error}. Check the base URL, and that a server runs there", hopeless=True)
    return ProviderError(f"{model}: {error}", retryable=True)


def failure(model: str, url: str, response: Response, hide: Callable[[str], str] = str) -> ProviderError:
    """The error that an answer with a status other than 200 stands for. `hide` takes our keys out of what it says."""
    body = hide(response.body.decode("utf-8", "replace"))[:2000]
    said = hide(message_in(response.body)) or body[:300].strip() or "no message"
    status = response.status
    text = f"{model} answered {status}: {said}"
    if 300 <= status < 400:
        target = response.headers.get("location", "nowhere")
        return ProviderError(
            hide(f"{model} redirects to {target!r}: give that address as the base URL"),
            status=status,
            hopeless=True,
        )
    sentence = text.removesuffix(".") + "."
    lowered = body.lower()
    if status in (401, 403) and not any(sign in lowered for sign in _FLAGGED):
        return ProviderError(f"{sentence} Check the API key for {url}", status=status, hopeless=True, body=body)
    if status in (400, 404) and any(sign in lowered for sign in _MODEL_UNKNOWN):
        return ProviderError(f"{sentence} Check the model's name", status=status, hopeless=True, body=body)
    if status == 404:
        return ProviderError(
            f"{sentence} Check the address {url} (base URLs often end in /v1)",
            status=404,
            hopeless=True,
            body=body,
        )
    if status == 402 or (status in (400, 429) and any(sign in lowered for sign in _QUOTA_SPENT)):
        return ProviderError(f"{sentence} The account has no credit left", status=status, hopeless=True, body=body)
    return ProviderError(
        text,
        status=status,
        retryable=status in RETRIED,
        retry_after_s=retry_after(response.headers.get("retry-after")),
        body=body,
    )
