"""For test suites: hypothesis strategies, and a state machine test to inherit for your own controller.

The strategies are in `testing.strategies`, the machine is in `testing.machine`; import either from here.

>>> from hptsim.testing import TuningMachine, scenarios
"""

from hptsim.optional import require

require("hypothesis", "test", "hptsim.testing")

from hptsim.testing.machine import *  # noqa: E402, F403
from hptsim.testing.program_search import *  # noqa: E402, F403
from hptsim.testing.program_story import *  # noqa: E402, F403
from hptsim.testing.strategies import *  # noqa: E402, F403
