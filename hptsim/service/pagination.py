"""Pagination: jobs kept sorted, pages that begin after a key, and NextToken values that belong to one list request.

A page begins after the last key of the page before it, found by bisection: it costs the same wherever it lies, and jobs
that are created between two pages neither repeat nor hide those that were there (A-40).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

import attrs

from hptsim.errors import ServiceError

Key = tuple[Any, ...]
"""What a list is sorted by, ending with the name, which breaks ties."""
T = TypeVar("T")


class SortedIndex(Generic[T]):
    """Members by name, kept sorted in every order that a list request has asked for.

    *orders* maps the name of an order to the function that gives a member's key in it, or None to leave it out.
    Changes are only noted; an order is brought up to date when it is read next.

    >>> index = SortedIndex({"Name": lambda name, job: (name,)})
    >>> index.put("b", 1); index.put("a", 2)
    >>> list(index.after("Name", None))
    [('a',), ('b',)]
    """

    def __init__(self, orders: Mapping[str, Callable[[str, T], Key | None]]) -> None:
        self._key = orders
        self.members: dict[str, T] = {}
        self._sorted: dict[str, list[Key]] = {}
        self._filed: dict[str, dict[str, Key]] = {}
        self._stale: dict[str, dict[str, None]] = {}

    def put(self, name: str, member: T) -> None:
        """Add *member*, or note that it has changed."""
        self.members[name] = member
        for stale in self._stale.values():
            stale[name] = None

    def drop(self, name: str) -> None:
        """Remove a member."""
        del self.members[name]
        for stale in self._stale.values():
            stale[name] = None

    def after(self, order: str, key: Key | None, descending: bool = False, *, inclusive: bool = False) -> Iterator[Key]:
        """The keys that follow *key* in an order (*inclusive*: and *key* itself), or all of them."""
        keys = self._ordered(order)
        if descending:
            start = len(keys) if key is None else bisect_left(keys, key)
            return (keys[place] for place in range(start - 1, -1, -1))
        start = 0 if key is None else (bisect_left if inclusive else bisect_right)(keys, key)
        return (keys[place] for place in range(start, len(keys)))

    def _ordered(self, order: str) -> list[Key]:
        """The keys of an order, brought up to date: few changes one by one, many by sorting."""
        if order not in self._sorted:
            self._sorted[order], self._filed[order] = [], {}
            self._stale[order] = dict.fromkeys(self.members)
        keys, filed, stale = self._sorted[order], self._filed[order], self._stale[order]
        few = len(stale) * 32 < len(keys)
        for name in stale:
            key = self._key[order](name, self.members[name]) if name in self.members else None
            old = filed.get(name)
            if key == old:
                continue
            if few and old is not None:
                del keys[bisect_left(keys, old)]
            if key is None:
                filed.pop(name, None)
            else:
                filed[name] = key
                if few:
                    insort(keys, key)
        if stale and not few:
            keys[:] = sorted(filed.values())
        stale.clear()
        return keys


@attrs.frozen
class ListRequest:
    """A list request without its page: the operation, what it filters by and how it sorts."""

    operation: str
    members: Mapping[str, Any]

    @classmethod
    def of(cls, operation: str, request: Mapping[str, Any]) -> ListRequest:
        """The list request in a request, without its page; MaxResults may change from page to page."""
        pages = ("NextToken", "MaxResults", "nextToken", "limit")
        return cls(operation, {name: request[name] for name in sorted(request) if name not in pages})


@attrs.frozen
class Tokens:
    """Makes tokens and reads them back; *secret* tells the simulations of a process apart.

    >>> tokens = Tokens("simulation 1")
    >>> list_request = ListRequest.of("ListTags", {})
    >>> tokens.read(tokens.make(list_request, ("a",), 5.0), list_request, 9.0)
    ('a',)
    """

    secret: str

    def make(self, list_request: ListRequest, key: Key, now: float) -> str:
        """A token for what follows *key* in the answer to *list_request*, given at *now*."""
        body = json.dumps([list(key), now])
        return base64.urlsafe_b64encode(json.dumps([body, self._seal(list_request, body)]).encode()).decode()

    def read(self, token: str, list_request: ListRequest, now: float) -> Key:
        """The key in a token; raises ServiceError (ValidationException) if it is of another list, damaged or stale (A-42)."""
        try:
            body, seal = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
            if not isinstance(body, str) or seal != self._seal(list_request, body):
                raise ValueError
        except (ValueError, TypeError, binascii.Error, RecursionError):
            text = "Invalid NextToken: it belongs to another list, other filters or another account."
            raise ServiceError("ValidationException", text) from None
        key, given = json.loads(body)
        if given > now:
            text = "Invalid NextToken: it is stale; the simulation has gone back to before it was given."
            raise ServiceError("ValidationException", text)
        return tuple(key)

    def counted(
        self, items: Sequence[T], size: int, list_request: ListRequest, token: str | None, now: float
    ) -> tuple[Sequence[T], dict[str, str]]:
        """One page of *items* that no key orders, from where *token* says; and the NextToken, if there are more.

        Raises ServiceError as `read` does.
        """
        start = 0 if token is None else self.read(token, list_request, now)[0]
        end = start + size
        more = {"NextToken": self.make(list_request, (end,), now)} if end < len(items) else {}
        return items[start:end], more

    def _seal(self, list_request: ListRequest, body: str) -> str:
        text = f"{self.secret}/{list_request.operation}/{dict(list_request.members)}/{body}"
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def page(keys: Iterator[Key], size: int, accept: Callable[[Any], bool]) -> tuple[list[Any], Key | None]:
    """The names of one page, and the key after which the next one begins, None when this is the last.

    >>> page(iter([("a",), ("b",), ("c",)]), 1, lambda name: name != "b")
    (['a'], ('a',))
    """
    names: list[str] = []
    last = None
    for key in keys:
        if not accept(key[-1]):
            continue
        if len(names) == size:
            return names, last
        names.append(key[-1])
        last = key
    return names, None


def page_then_filter(keys: Iterator[Key], size: int, accept: Callable[[Any], bool]) -> tuple[list[Any], Key | None]:
    """The same of a list that cuts its pages first and filters them afterwards (O10, §2.8).

    A page may come out short or empty, and one that was full before it was filtered always has a next one, which is empty
    where nothing follows.

    >>> page_then_filter(iter([("a",), ("b",)]), 2, lambda name: name != "b")
    (['a'], ('b',))
    """
    cut = list(islice(keys, size))
    return [key[-1] for key in cut if accept(key[-1])], cut[-1] if len(cut) == size else None
