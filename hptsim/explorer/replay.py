"""The calls of a counterexample, taken apart and made again in a simulation, without running text as a program."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.errors import ServiceError, invalid
from hptsim.explorer.scope import Scope
from hptsim.simulation.simulation import Simulation


@attrs.frozen
class Command:
    """One call of a method of `hptsim.Simulation`: its name and its arguments."""

    method: str
    arguments: tuple[Any, ...]

    def give(self, sim: Simulation) -> str:
        """Make the call; returns the service's refusal, if it refuses. Raises LawBroken for a step that breaks a law."""
        try:
            getattr(sim, self.method)(*self.arguments)
        except ServiceError as error:
            return str(error)
        return ""


def commands(call: str, scope: Scope) -> tuple[Command, ...]:
    """The commands that a call of a counterexample stands for: one, or two where a response is lost.

    Raises InvalidInput for text that is no such call.

    >>> from hptsim.model.laws import Law
    >>> from hptsim.model.machine import TABLES
    >>> from hptsim.scenario import Scenario
    >>> scope = Scope(Scenario(), {}, {}, True, False, 0, TABLES, ())
    >>> commands("sim.fire('a-001', 'ready')", scope)
    (Command(method='fire', arguments=('a-001', 'ready')),)
    """
    names = {"scenario": scope.scenario, "training_jobs": scope.training_jobs}
    try:
        return tuple(_command(statement, names) for statement in ast.parse(call).body)
    except (SyntaxError, ValueError, LookupError, AttributeError) as error:
        raise invalid("call", call, "calls of methods of sim", "write sim.fire('a-001', 'ready')") from error


def _command(statement: ast.stmt, names: Mapping[str, Any]) -> Command:
    match statement:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("sim"), method), arguments, [])):
            return Command(method, tuple(_value(one, names) for one in arguments))
    raise ValueError("no call of a method of sim")


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """A literal, or a part of the scenario or of the training jobs."""
    match node:
        case ast.Name(name):
            return names[name]
        case ast.Attribute(owner, name):
            return getattr(_value(owner, names), name)
        case ast.Subscript(owner, place):
            return _value(owner, names)[ast.literal_eval(place)]
    return ast.literal_eval(node)
