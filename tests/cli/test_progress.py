"""Running with progress: to the same end as without, and a Ctrl-C that waits for a whole step."""

import signal

import pytest

from hptsim import Simulation, TuningJobSpec
from hptsim.cli.progress import advance, between_steps


def test_it_ends_where_a_plain_run_ends():
    plain, shown = Simulation(), Simulation()
    for sim in (plain, shown):
        sim.create_tuning_job(TuningJobSpec("a"))
    plain.run()
    advance(shown, None, quiet=True)
    assert list(shown.journal) == list(plain.journal) and shown.now == plain.now
    later = Simulation()
    later.create_tuning_job(TuningJobSpec("a"))
    advance(later, 50, quiet=True)
    assert later.now == 50 and later.tuning_job("a").status == "InProgress"


def test_ctrl_c_is_heard_between_two_steps(monkeypatch, ctrl_c):
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("a"))
    step = sim.env.step

    def interrupted():
        step()
        signal.raise_signal(signal.SIGINT)
        assert len(sim.journal) > before  # the step was whole
        return None

    before = len(sim.journal)
    monkeypatch.setattr(sim.env, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        advance(sim, None, quiet=True)
    assert sim.tuning_job("a").status == "InProgress"


def test_a_background_job_runs_to_its_end(ctrl_c_ignored):
    with between_steps() as heard:
        signal.raise_signal(signal.SIGINT)
    assert heard == [] and signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_afterwards_ctrl_c_is_what_it_was(ctrl_c):
    before = signal.getsignal(signal.SIGINT)
    with between_steps() as heard:
        signal.raise_signal(signal.SIGINT)
    assert len(heard) == 1 and signal.getsignal(signal.SIGINT) is before
