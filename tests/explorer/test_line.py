"""The states that wait, in order, and the rim from which on they are only judged."""

from explorer.scopes import FAULTS, jobs
from hptsim.audit.laws import LAWS
from hptsim.explorer.expansion import Expander
from hptsim.explorer.line import Line
from hptsim.explorer.scope import Scope
from hptsim.model.machine import TABLES


def test_a_state_is_in_line_once_and_expanded_up_to_the_rim():
    system = Scope(jobs(), {}, FAULTS, True, False, 0, TABLES, LAWS).system()
    line = Line(Expander(system), system.key, lambda: 1, 0, [system.root])
    (step,) = line.next().steps
    line.found(1, step)
    line.found(1, step)
    assert len(line) == 1 and line.number == 1
    judged = line.next()
    assert judged.moves > 0 and not judged.steps and len(line) == 0
