"""How a noun's methods become blocking or awaited ones: by the door that the noun stands at.

`@method`, `@listing` and `@stream` wrap a description, see `steps`. At a `SyncDoor` the method gives its result, at an
`AsyncDoor` it is awaited; type checkers know which, with all parameters.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from pydantic import BaseModel, ConfigDict

from personae.sdk.doors import AsyncDoor, SyncDoor
from personae.sdk.steps import Listing, Steps, Stream

D = TypeVar("D", bound=SyncDoor | AsyncDoor)
P = ParamSpec("P")
T = TypeVar("T")


class Received(BaseModel):
    """What the server answered. Fields that this version does not know are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Noun(Generic[D]):
    """What can be done with one kind of thing."""

    def __init__(self, door: D) -> None:
        self._door = door


class _Described(Generic[P, T]):
    """A method's description."""

    def __init__(self, describe: Callable[Concatenate[Any, P], T]) -> None:
        self.describe = describe
        self.__doc__ = describe.__doc__

    def _bound(self, noun: Noun[Any], run: str) -> Callable[..., Any]:
        door_runs = getattr(noun._door, run)  # noqa: SLF001 - the nouns' own
        describe: Callable[..., T] = self.describe

        @wraps(describe)
        def method(*arguments: Any, **named: Any) -> Any:
            return door_runs(describe(noun, *arguments, **named))

        return method


class Method(_Described[P, Steps[T]], Generic[P, T]):
    """A method that gives a result."""

    @overload
    def __get__(self, noun: None, owner: type) -> Self: ...
    @overload
    def __get__(self, noun: Noun[SyncDoor], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, noun: Noun[AsyncDoor], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, noun: Noun[Any] | None, owner: type) -> Any:
        return self if noun is None else self._bound(noun, "run")


class ListingMethod(_Described[P, Listing[T]], Generic[P, T]):
    """A method that gives items one by one, page after page."""

    @overload
    def __get__(self, noun: None, owner: type) -> Self: ...
    @overload
    def __get__(self, noun: Noun[SyncDoor], owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, noun: Noun[AsyncDoor], owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, noun: Noun[Any] | None, owner: type) -> Any:
        return self if noun is None else self._bound(noun, "each")


class StreamMethod(_Described[P, Stream[T]], Generic[P, T]):
    """A method that gives items while they come."""

    @overload
    def __get__(self, noun: None, owner: type) -> Self: ...
    @overload
    def __get__(self, noun: Noun[SyncDoor], owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, noun: Noun[AsyncDoor], owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, noun: Noun[Any] | None, owner: type) -> Any:
        return self if noun is None else self._bound(noun, "read")


def method(describe: Callable[Concatenate[Any, P], Steps[T]]) -> Method[P, T]:
    """The description of a result becomes a method."""
    return Method(describe)


def listing(describe: Callable[Concatenate[Any, P], Listing[T]]) -> ListingMethod[P, T]:
    """The description of a list becomes a method."""
    return ListingMethod(describe)


def stream(describe: Callable[Concatenate[Any, P], Stream[T]]) -> StreamMethod[P, T]:
    """The description of a stream becomes a method."""
    return StreamMethod(describe)
