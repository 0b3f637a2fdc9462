"""Which rows fired: in a simulation, a saved journal, records and a counterexample."""

import pytest
from explorer.test_scope import NO_STOP
from explorer.test_search import scope

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.explorer import explore
from hptsim.model.journal import Journal, read
from hptsim.model.tables import RESERVATION, TRAINING, TUNING, WARM_POOL
from hptsim.views.firings import by_row, firings


def stopped(path=None):
    sim = Simulation(Scenario(timings="instant"), journal=Journal(path))
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run(until=10)
    sim.stop_tuning_job("demo")
    sim.run()
    return sim


def told(found):
    return [(one.row.trigger, one.row.destination, one.when) for one in found]


def test_the_path_of_a_job_in_order_with_its_times():
    expected = [("create", "InProgress", "0 s"), ("launch", "InProgress", "0 s"), ("stop", "Stopping", "10 s")]
    path = told(firings(TUNING, stopped(), "demo"))
    assert path[:3] == expected and path[-1][:2] == ("finish", "Stopped")


def test_a_saved_journal_and_records_say_the_same_as_the_simulation(tmp_path):
    sim = stopped(tmp_path / "j.jsonl")
    sim.journal.close()
    for table in (TUNING, TRAINING, RESERVATION):
        found = firings(table, sim)
        assert found and found == firings(table, read(tmp_path / "j.jsonl")) == firings(table, list(sim.journal))


def test_without_a_job_everything_that_fired_counts():
    sim = stopped()
    counts = {row: len(places) for row, places in by_row(firings(TRAINING, sim)).items()}
    logged = [one for one in sim.journal if one.thing == "training" and one.trigger != "delete"]
    assert sum(counts.values()) == len(logged) > 0
    assert firings(WARM_POOL, sim) == []


def test_of_jobs_of_the_same_name_it_is_the_last_one():
    sim = stopped()
    sim.delete_tuning_job("demo")
    sim.run()
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    path = told(firings(TUNING, sim, "demo"))
    assert path[0][0] == "create" and [one[1] for one in path].count("Completed") == 1
    assert "stop" not in [one[0] for one in path]


def test_a_counterexample_has_steps_in_place_of_times():
    found = explore(scope(total=2), tables=NO_STOP).counterexample
    name = next(one.name for step in found.steps for one in step.records if one.thing == "training")
    path = firings(TRAINING, found, name)
    numbers = [int(one.when.removeprefix("step ")) for one in path]
    assert path[0].row.trigger == "create" and numbers == sorted(numbers) and numbers[-1] <= len(found.steps)


def test_a_name_that_nothing_has_is_refused_with_a_hint():
    with pytest.raises(InvalidInput, match="the name of a tuning job; did you mean 'demo'"):
        firings(TUNING, stopped(), "demon")
    with pytest.raises(InvalidInput, match="the name of a warm pool; no row of its table has fired"):
        firings(WARM_POOL, stopped(), "demo")


def test_places_count_from_one():
    fired = firings(TUNING, stopped(), "demo")
    assert sorted(place for places in by_row(fired).values() for place in places) == list(range(1, len(fired) + 1))
