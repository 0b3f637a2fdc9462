"""What a program reads of an answer: two answers that differ only in what it never reads are the same to it.

The program gets dictionaries and lists that note what is read of them, and pass for ordinary ones.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Hashable, Iterator
from typing import Any

from hptsim.service.call import Response

Path = tuple[Any, ...]
Reads = set[tuple[Path, bool]]
"""Where something was read in an answer, and whether all below it was."""
_TIMES = ("time", "timestamp", "inseconds", "nexttoken")
_MODIFIED = re.compile(rb"<(LastModified|CreationDate|Initiated)>[^<]*</")


def normal(response: Response | None) -> Hashable:
    """An answer without the times in it: how long something took, when it happened, and tokens that hold an instant.

    >>> normal(Response(200, {}, b'{"CreationTime": 1.5, "Status": "Stopped"}'))
    (200, '{"CreationTime": true, "Status": "Stopped"}')
    """
    if response is None:
        return None
    told = _json(response)
    if told is None:
        return response.status, repr(_MODIFIED.sub(b"<\\1></", response.body))
    return response.status, json.dumps(timeless(told))


def agree(one: Response | None, other: Response | None, reads: Reads) -> bool:
    """Whether two answers are the same as far as was read. Refusals, and what is no JSON, are read as a whole.

    >>> one, other = Response(200, {}, b'{"Status": "Stopped", "Best": 1}'), Response(200, {}, b'{"Status": "Stopped"}')
    >>> agree(one, other, {(("Status",), False)}), agree(one, other, {(("Best",), False)})
    (True, False)
    """
    if one is None or other is None or one.status != other.status or one.status >= 300:
        return normal(one) == normal(other)
    left, right = _json(one), _json(other)
    if left is None or right is None:
        return normal(one) == normal(other)
    return all(_at(left, path, whole) == _at(right, path, whole) for path, whole in reads)


def timeless(what: Any) -> Any:
    """The same with True for each time."""
    if isinstance(what, dict):
        return {name: True if _is_time(name) else timeless(value) for name, value in what.items()}
    return [timeless(one) for one in what] if isinstance(what, list) else what


def _json(response: Response) -> Any:
    return _decoded(response.body) if response.body else {}


@functools.lru_cache(maxsize=4096)
def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _is_time(name: object) -> bool:
    return isinstance(name, str) and name.lower().endswith(_TIMES)


def _at(told: Any, path: Path, whole: bool) -> Any:
    """What is read there: a value, that there is a dictionary, how long a list is, or nothing."""
    for key in path:
        if isinstance(told, dict) and key in told:
            told = True if _is_time(key) else told[key]
        elif isinstance(told, list) and isinstance(key, int) and key < len(told):
            told = told[key]
        else:
            return "nothing", None
    if whole:
        return "all", timeless(told)
    if isinstance(told, dict):
        return "dictionary", None
    return ("list", len(told)) if isinstance(told, list) else ("value", told)


def noted(what: Any, reads: Reads, path: Path = ()) -> Any:
    """*what* with its dictionaries and lists replaced by ones that note in *reads* what is read of them."""
    if type(what) is dict:
        return NotedDict(what, reads, path)
    return NotedList(what, reads, path) if type(what) is list else what


def _whole(method: str) -> Any:
    """A method that reads everything: what it works on, and returns, is ordinary."""

    def read(self: Any, *arguments: Any, **named: Any) -> Any:
        self.reads.add((self.path, True))
        return getattr(self.plain, method)(*arguments, **named)

    return read


class NotedDict(dict[Any, Any]):
    """A dictionary that notes what is read of it."""

    def __init__(self, plain: dict[Any, Any], reads: Reads, path: Path) -> None:
        super().__init__(plain)
        self.plain, self.reads, self.path = plain, reads, path

    def _one(self, key: Any) -> Any:
        path = (*self.path, key)
        self.reads.add((path, False))
        return noted(dict.__getitem__(self, key), self.reads, path)

    def __getitem__(self, key: Any) -> Any:
        if dict.__contains__(self, key):
            return self._one(key)
        self.reads.add(((*self.path, key), False))
        raise KeyError(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key."""
        self.reads.add(((*self.path, key), False))
        return self._one(key) if dict.__contains__(self, key) else default

    def __contains__(self, key: object) -> bool:
        self.reads.add(((*self.path, key), False))
        return dict.__contains__(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.reads.add((self.path, True))
        self.plain[key] = value
        dict.__setitem__(self, key, value)

    def __delitem__(self, key: Any) -> None:
        self.pop(key)

    def pop(self, key: Any, *default: Any) -> Any:
        """Take a key out."""
        self.reads.add((self.path, True))
        self.plain.pop(key, *default)
        return dict.pop(self, key, *default)

    def __reduce_ex__(self, protocol: Any) -> Any:
        self.reads.add((self.path, True))
        return dict, (self.plain,)


class NotedList(list[Any]):
    """A list that notes what is read of it; how long it is was noted with the list itself."""

    def __init__(self, plain: list[Any], reads: Reads, path: Path) -> None:
        super().__init__(plain)
        self.plain, self.reads, self.path = plain, reads, path

    def _one(self, place: int) -> Any:
        path = (*self.path, place)
        self.reads.add((path, False))
        return noted(list.__getitem__(self, place), self.reads, path)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, int) and -len(self) <= place < len(self):
            return self._one(place % len(self))
        self.reads.add((self.path, True))
        return self.plain[place]

    def __iter__(self) -> Iterator[Any]:
        return (self._one(place) for place in range(len(self)))

    def __reversed__(self) -> Iterator[Any]:
        return (self._one(place) for place in reversed(range(len(self))))

    def __reduce_ex__(self, protocol: Any) -> Any:
        self.reads.add((self.path, True))
        return list, (self.plain,)


_OF_DICTS = "__iter__ __len__ __eq__ __ne__ __repr__ __or__ __ror__ __reversed__ keys values items copy"
_OF_LISTS = "__contains__ __eq__ __ne__ __lt__ __gt__ __le__ __ge__ __add__ __mul__ __rmul__ __repr__ copy count index"
for _kind, _names in ((NotedDict, _OF_DICTS), (NotedList, _OF_LISTS)):
    for _name in _names.split():
        setattr(_kind, _name, _whole(_name))
_CHANGES = "append clear extend insert pop remove reverse sort __setitem__ __delitem__ __iadd__ __imul__"
"""Methods that change a list, or a dictionary: an answer that is changed is read as a whole."""


def _changing(kind: type[Any], method: str) -> Any:
    def change(self: Any, *arguments: Any, **named: Any) -> Any:
        self.reads.add((self.path, True))
        getattr(self.plain, method)(*arguments, **named)
        result = getattr(kind, method)(self, *arguments, **named)
        return self if method in ("__iadd__", "__imul__", "__ior__") else result

    return change


for _name in _CHANGES.split():
    setattr(NotedList, _name, _changing(list, _name))
for _name in ("clear", "popitem", "setdefault", "update", "__ior__"):
    setattr(NotedDict, _name, _changing(dict, _name))
