"""For test suites: your own program with every order of events, hypothesis strategies, and a state machine test to inherit.

`explore_program` is in `testing.programs`, the strategies are in `testing.strategies`, the machine is in `testing.machine`;
import any from here.

>>> from hptsim.testing import TuningMachine, explore_program, scenarios
"""

from hptsim.optional import require

require("hypothesis", "test", "hptsim.testing")

import hptsim.testing.short_reprs  # noqa: E402, F401 - what it says of our classes holds once it is imported
from hptsim.testing.machine import *  # noqa: E402, F403
from hptsim.testing.program_story import ProgramExploration as ProgramExploration  # noqa: E402
from hptsim.testing.program_story import ProgramFailed as ProgramFailed  # noqa: E402
from hptsim.testing.programs import explore_program as explore_program  # noqa: E402
from hptsim.testing.strategies import *  # noqa: E402, F403
