"""On which line of a file the key stands that an error is about.

`places` reads TOML and JSON alike: names before `=` or `:`, tables and lists within each other, and TOML's headers. It is for
text that has been parsed already, so it need not find mistakes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

import attrs

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?""""{0,2}|' + r"'''.*?''''{0,2}|"  # TOML's strings of many lines, which may end in quotes
    r'"(?:\\.|[^"\\])*"|' + r"'[^'\n]*'|"
    r"#[^\n]*|\n|[\[\]{},=:.]|[^\s\[\]{},=:.\"'#]+",
    re.DOTALL,
)


def line_of(text: str, message: str, *, toml: bool) -> int:
    """The line of the key that an error's *message* begins with; of the nearest key around it, where it is not in the file.

    >>> line_of('[capacity]\\ngpu = 4\\n[prices]\\ngpu = -2\\n', "prices.gpu: got -2, expected a number", toml=True)
    4
    """
    message = re.sub(r"^(?:[a-z ]+ '[^']*': )+", "", message)  # a job's name before the key
    around, line = "", 1
    for path, at in places(text, toml=toml):
        if (
            len(path) > len(around)
            and message.startswith(path)
            and message[len(path) : len(path) + 1] in (".", "[", ":")
        ):
            around, line = path, at
    rest = message[len(around) :].partition(":")[0].strip(".").split(".")[-_MOST_NAMES:]
    if rest == [""]:
        return line
    inside = [(path, at) for path, at in places(text, toml=toml) if path.startswith(around)]
    # A message may leave out keys of the file: it has that of a definition, the file the path to it in a request.
    for end in range(len(rest), 0, -1):
        for begin in range(end):
            named = "." + ".".join(rest[begin:end])
            for path, at in inside:
                if f".{path[len(around) :]}".endswith(named):
                    return at
    return line


_MOST_NAMES = 20
"""Of a key that is not in the file as it is called, so many of its last names are looked for."""


def places(text: str, *, toml: bool) -> Iterator[tuple[str, int]]:
    """The path of each key and of each value of a list, as errors call them, and its line.

    >>> list(places('{"a": [1,\\n {"b.c": 2}]}', toml=False))
    [('a', 1), ('a[0]', 1), ('a[1]', 2), ('a[1].b.c', 2)]
    """
    reader, line = _Reader(toml), 1
    for found in _TOKEN.finditer(text):
        token = found[0]
        for path in reader.take(token):
            yield path, line
        line += token.count("\n")


@attrs.define
class _Open:
    """A table or a list that has begun, whose keys are below *path*; a list has the *place* of its next value."""

    path: str
    place: int | None = None
    told: int = -1
    """The place of the last value that was told."""


class _Reader:
    """Takes the tokens of a text one by one, and says which paths begin with each."""

    def __init__(self, toml: bool) -> None:
        self.toml = toml
        self.opened = [_Open("")] if toml else []
        self.naming = toml
        """Whether a name comes next, rather than a value."""
        self.names: list[str] = []
        self.brackets = 0
        self.path = ""
        """That of the value that comes next."""
        self.tables: Counter[str] = Counter()
        """How many tables each of TOML's lists of tables has so far."""

    def take(self, token: str) -> list[str]:
        """The paths that begin here."""
        if token == "\n":
            if self.toml and len(self.opened) == 1:
                self.naming, self.names, self.brackets = True, [], 0
            return []
        if token.startswith("#"):
            return []
        return self._name(token) if self.naming else self._value(token)

    def _name(self, token: str) -> list[str]:
        """A part of a key, of a header, or the end of a table."""
        if token == "[":
            self.brackets += 1
        elif token == "]":
            return self._header() if self.names else []
        elif token in ("=", ":"):
            paths = list(accumulate(self.names, _below, initial=self.opened[-1].path))[1:]
            self.path, self.names, self.naming = paths[-1], [], False
            return paths
        elif token == "}":
            self.opened.pop()
            self.naming = False
        elif token not in (".", ","):
            self.names.append(_plain(token))
        return []

    def _header(self) -> list[str]:
        """The tables that one of TOML's headers names, the last of which begins."""
        path, paths = "", []
        for left, name in zip(range(len(self.names) - 1, -1, -1), self.names, strict=True):
            path = _below(path, name)
            paths.append(path)
            if not left and self.brackets == 2:
                self.tables[path] += 1
            if path in self.tables:
                path = f"{path}[{self.tables[path] - 1}]"
                paths.append(path)
        self.opened, self.names = [_Open(path)], []
        return paths

    def _value(self, token: str) -> list[str]:
        """A part of a value, what is between values, or the end of a table or a list."""
        inside = self.opened[-1] if self.opened else _Open("")
        if token in ("}", "]"):
            self.opened.pop()
            return []
        if token == ",":
            if inside.place is None:
                self.naming = True
            else:
                inside.place += 1
            return []
        path, paths = self.path, []
        if inside.place is not None:
            path = f"{inside.path}[{inside.place}]"
            paths = [path] if inside.told < inside.place else []
            inside.told = inside.place
        if token == "{":
            self.opened.append(_Open(path))
            self.naming = True
        elif token == "[":
            self.opened.append(_Open(path, 0))
        return paths


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _plain(name: str) -> str:
    """A name without its quotes."""
    if name.startswith('"'):
        try:
            return str(json.loads(name))
        except ValueError:  # an escape that only TOML has
            return name[1:-1]
    return name[1:-1] if name.startswith("'") else name
