"""The figures of many runs of a plain queue: those of each run by itself, of whoever counts in it."""

import numpy as np
import pytest

from hptsim.planning.queue_figures import figures, has

RNG = np.random.default_rng(2)
AT_S = np.sort(RNG.uniform(0, 1000, (30, 4)), axis=0)
WAITING_S, TOOK_S = RNG.exponential(50, (30, 4)), RNG.exponential(200, (30, 4))
ENDED_S = AT_S + WAITING_S + TOOK_S


@pytest.mark.parametrize(
    ("part", "tell"),
    [
        ("mean", np.mean),
        ("p50", lambda values: np.quantile(values, 0.5)),
        ("p95", lambda values: np.quantile(values, 0.95)),
        ("above_60", lambda values: np.mean(values > 60)),
    ],
)
def test_each_run_has_its_own_figure_of_those_who_count(part, tell):
    waits = figures(AT_S, WAITING_S, ENDED_S, f"waiting_time_s.{part}", 100, 900)
    times = figures(AT_S, WAITING_S, ENDED_S, f"time_in_system_s.{part}", 100, 900)
    for run in range(4):
        at_s, waiting_s, ended_s = AT_S[:, run], WAITING_S[:, run], ENDED_S[:, run]
        counted = (at_s >= 100) & (at_s + waiting_s <= 900)
        assert 5 < counted.sum() < 30 and waits[run] == pytest.approx(tell(waiting_s[counted]))
        counted = (at_s >= 100) & (ended_s <= 900)
        assert 5 < counted.sum() < 30 and times[run] == pytest.approx(tell((ended_s - at_s)[counted]))


@pytest.mark.parametrize("column", ["waiting_time_s.mean", "waiting_time_s.p95", "time_in_system_s.above_0"])
def test_who_is_not_served_does_not_count(column):
    """The last ones of the first run, and everybody of the second, wait for ever; those of the third never come."""
    at_s, waiting_s, ended_s = AT_S[:, :3].copy(), WAITING_S[:, :3].copy(), ENDED_S[:, :3].copy()
    waiting_s[20:, 0] = ended_s[20:, 0] = waiting_s[:, 1] = ended_s[:, 1] = np.inf
    at_s[:, 2], waiting_s[:, 2], ended_s[:, 2] = np.inf, np.nan, np.inf
    found = figures(at_s, waiting_s, ended_s, column)
    assert found[0] == figures(AT_S[:20, :1], WAITING_S[:20, :1], ENDED_S[:20, :1], column)[0] > 0
    assert found[1:].tolist() == [0, 0]
    assert not has("cost_usd") and has(column)
