"""Copies of sleep and monotonic: those of modules and default arguments are patched, of others a warning tells."""

import sys
import time
import types
import warnings

import pytest

from hptsim import boto
from hptsim.boto import copies
from hptsim.boto.copies import UnreachedClock


def module(name, text):
    """A module of a program, imported before virtual time begins."""
    made = types.ModuleType(name)
    sys.modules[name] = made
    exec(text, vars(made))
    return made


@pytest.fixture
def program(request):
    name = f"program_{request.node.name}"
    yield lambda text: module(name, text)
    sys.modules.pop(name, None)
    copies._Found.modules = -1


def test_names_of_modules_and_default_arguments_are_patched_and_given_back(program, sim):
    made = program(
        "from time import sleep, monotonic as clock\n"
        "def wait(seconds, nap=sleep, *, also=sleep):\n    nap(seconds); also(seconds); return clock()\n"
    )
    real = time.sleep
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnreachedClock)
        with boto.virtual_time(sim):
            made.sleep(3600)
            assert made.wait(1000) == 5600 == sim.now
    assert made.sleep is real and made.wait.__defaults__ == (real,) and made.wait.__kwdefaults__ == {"also": real}
    began = time.perf_counter()
    made.wait(0.01)
    assert time.perf_counter() - began >= 0.02
    with boto.virtual_time(sim):
        made.sleep(1)
    assert sim.now == 5601


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import time\nclass Poller:\n    nap = time.sleep\n", "Poller keeps time.sleep as an attribute"),
        (
            "import time\nclass Poller:\n    def __init__(self):\n        self.nap = time.sleep\npoller = Poller()\n",
            "Poller keeps time.sleep as an attribute of an object",
        ),
        (
            "import time\ndef make(nap):\n    def wait():\n        nap(1)\n    return wait\nwait = make(time.monotonic)\n",
            "make.<locals>.wait keeps time.monotonic in its closure",
        ),
    ],
)
def test_who_cannot_be_reached_is_named_once(program, sim, text, says):
    made = program(text)
    with pytest.warns(UnreachedClock) as told, boto.virtual_time(sim):
        pass
    assert [says in str(one.message) and made.__name__ in str(one.message) for one in told] == [True]
    assert told[0].filename == __file__
    copies._Found.modules = -1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with boto.virtual_time(sim):
            pass


def test_a_copy_made_in_virtual_time_sleeps_as_ever_afterwards(sim):
    with boto.virtual_time(sim):
        from time import monotonic, sleep
    began, shown = time.perf_counter(), monotonic()
    sleep(0.01)
    assert time.perf_counter() - began >= 0.01 and monotonic() - shown >= 0.01 and sim.now == 0
