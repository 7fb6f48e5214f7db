"""Slips of the fingers: telling a misspelt word from one that is only unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set

_KNOWN_SLIPS = frozenset(
    """
    teh adn wnat becuase becasue plese pleas plz yuo wiht woud hvae taht realy recieve recieved definately seperate
    occured untill tommorow tomorow adress wich thier freind beleive alot dosent doesnt dont didnt cant wont isnt arent
    wasnt werent couldnt wouldnt shouldnt havent hasnt im ive youre youve theyre thats whats heres lets shoud cuold
    waht thsi tihs nto jsut ordre acount accout paymnet shiping delivry delivrey refudn cancle cancell
    reservaton reservtion flght nubmer numbr helo thnaks tahnks knwo konw somthing anyting evrything prblem problme
    immediatly allready ca'nt do'nt
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_COMMON = frozenset(
    """
    able about account after again against already also always another answer any anything anyway anywhere around
    asked asking because been before being below better between book booked booking both bring business called
    cancel card cards change changed charge check city code come company confirm confirmed contact cost could credit
    customer date days deliver delivered delivery details different does doing done down each else email enough even
    every everything everywhere exactly exchange expect explain family fee fees find fine first flight flights found
    free from full getting give given going good great have having hello help here home hope hour hours house
    however important information instead issue item items just keep kind know known last late later least leave
    less like little live long look looking made make making many maybe mean message might minute money month more
    morning most much must name need needed never next nice night nothing number numbers offer once online only open
    option options order ordered orders other over paid part past payment people perhaps person phone place please
    policy possible price problem product provide question questions quickly quite rather read ready really reason
    receive received refund remember reply request reservation return returned right said same seat second seem send
    sent service several shall ship shipped shipping should show since small some someone something somewhere soon
    sorry still store such sure take taken talk tell than thank thanks that their them then there these they thing
    things think this those though thought three through ticket time today together told tomorrow travel tried trip
    trying turn under understand until update upgrade used using very wait waiting want wanted wants was week weeks
    well were what when where which while will wish with within without wonder work working would write wrong year
    years yesterday your yours
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_THREE = re.compile(r"([a-z])\1\1")


def holds_slip(own: Iterable[str], right: Set[str], near: Set[str]) -> bool:
    """Is one of the words (all in lower case) misspelt?

    `right` are words that are no slips, since the bot or the author of the situation uses them; `near` those that a
    slip may come from.
    """
    doubtful = []
    for word in own:
        if word in _KNOWN_SLIPS:
            return True
        if word not in right and word not in _COMMON and len(word) > 3 and word.isascii() and word.isalpha():
            if _THREE.search(word):
                return True
            doubtful.append(word)
    return bool(doubtful) and _is_slip_of(doubtful, near | _COMMON)


def _is_slip_of(doubtful: Sequence[str], good: Set[str]) -> bool:
    """Is one of the words a good one with two letters swapped, one doubled or one left out?

    Its ending is left alone, since words differ there for good reasons (`order`, `orders`), and so is its first letter,
    which the fingers hardly miss. A letter in place of another is no evidence: too many good words are that close.
    """
    by_start: dict[tuple[str, int], list[str]] = {(word[0], len(word) + 1): [] for word in doubtful if len(word) > 4}
    for other in good:
        if (other[0], len(other)) in by_start:
            by_start[other[0], len(other)].append(other)
    for word in doubtful:
        inner = range(1, len(word) - 1)
        swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in inner if word[at] != word[at + 1])
        single = (word[:at] + word[at + 1 :] for at in inner if len(word) > 4 and word[at] == word[at - 1])
        if any(one in good for one in swapped) or any(one in good for one in single):
            return True
        if any(_lacks_one(word, other) for other in by_start.get((word[0], len(word) + 1), ())):
            return True
    return False


def _lacks_one(word: str, whole: str) -> bool:
    """Is `word`, of five letters or more, `whole` without one of its inner letters?"""
    if len(word) < 5 or word[-1] != whole[-1]:
        return False
    at = next((place for place, letter in enumerate(word) if letter != whole[place]), len(word))
    return 0 < at < len(word) and word[at:] == whole[at + 1 :]
