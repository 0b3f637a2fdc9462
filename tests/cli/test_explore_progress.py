"""The line that says how far an exploration is."""

import signal

import pytest

from hptsim.cli.explore_progress import Line, showing
from hptsim.explorer.search import Progress
from hptsim.explorer.walks import WalksSoFar


def test_the_rate_leaves_out_what_a_checkpoint_knew():
    line = Line(100_000, iter([10.0, 20.0, 30.0]).__next__)
    assert "a second" not in line.text(Progress(50_000, 5_000, 20))
    assert line.text(Progress(51_000, 5_000, 20)).endswith("100 a second; at most 8 min to 100,000")
    assert line.text(Progress(90_000, 0, 30)).endswith("2,000 a second; at most 5 s to 100,000")


def test_walks_say_how_many_are_left():
    line = Line(300, iter([0.0, 1.0]).__next__)
    line.text(WalksSoFar(100, 900, 70))
    shown = line.text(WalksSoFar(200, 1800, 120))
    assert shown == "walking: 200 of 300 walks, 120 different states, 100 a second; about 1 s left"


def test_ctrl_c_is_heard_once_and_the_second_ends_at_once(ctrl_c):
    with showing(10, quiet=True) as progress:
        assert progress(Progress(1, 1, 0)) is False
        signal.raise_signal(signal.SIGINT)
        assert progress(Progress(1, 1, 0)) is True
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
