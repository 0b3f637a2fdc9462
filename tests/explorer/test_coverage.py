"""What of the tables a search has reached."""

from explorer.scopes import jobs
from hptsim import explore
from hptsim.explorer.coverage import Reached, Watcher, coverage, fired, rows_of, states_in_flight
from hptsim.model.machine import TABLES
from hptsim.model.payloads import ReservationChange
from hptsim.model.statuses import FINAL_TRAINING, FINAL_TUNING, NEW
from hptsim.model.tables import ALL, TRAINING, TUNING


def test_every_row_of_every_table_is_counted():
    rows = rows_of(TABLES)
    assert len(set(rows)) == len(rows) == sum(len(table.rows) for table in ALL)


def test_the_states_in_flight_are_those_that_are_left_again():
    found = set(states_in_flight(TABLES))
    assert found == {
        (table.name, state)
        for table, final in ((TUNING, FINAL_TUNING), (TRAINING, FINAL_TRAINING))
        for state in table.states
        if state != NEW and state not in final
    }


def test_a_row_is_paired_with_the_states_of_others_and_a_request_is_its_holders():
    watcher = Watcher()
    watcher.before([("tuning", "a", "InProgress"), ("tuning", "b", "Stopping"), ("training", "alone", "Starting")])
    change = ReservationChange("a", {})
    log = (0.0, "log", "x", "", "", "", "", 1)
    watcher.see(fired([(0.0, "reservation", "a/0", "grant", "Requested", "Held", change, 1), log]))
    alone = ReservationChange("training-job/alone", {})
    watcher.see(fired([(0.0, "reservation", "q", "release", "Held", "Released", alone, 2)]))
    grant, release = ("reservation", "grant", "Requested", "Held"), ("reservation", "release", "Held", "Released")
    assert set(watcher.news()) == {
        Reached(grant),
        Reached(grant, "tuning", "Stopping"),
        Reached(grant, "training", "Starting"),
        Reached(release),
        Reached(release, "tuning", "InProgress"),
        Reached(release, "tuning", "Stopping"),
    }


def test_what_a_search_covers_is_counted_against_all_rows():
    found = explore(jobs(), coverage=True).coverage
    assert ("training", "uploaded", "Uploading", "Completed") in found.rows
    assert "warm_pool: open, [*] → InUse" in found.never
    assert len(found.never) + len(found.rows) == len(rows_of(TABLES))
    stop = ("tuning", "stop", "InProgress", "Stopping")
    beside = {one.state for one in found.pairs if one.row == stop and one.thing == "training"}
    assert {"Starting", "Downloading", "Training", "Uploading"} <= beside
    assert Reached(stop, "tuning", "InProgress") not in found.pairs  # there is only one tuning job
    assert Reached(stop, "tuning", "InProgress") in explore(jobs(2), max_depth=4, coverage=True).coverage.pairs
    assert found.to_dict()["rows_fired"] == len(found.rows) and found.to_dict()["pairs"] == len(found.pairs)
    assert f"{len(found.rows)} of {len(rows_of(TABLES))} rows" in found.sentence()


def test_nothing_is_covered_where_nothing_was_reached():
    assert coverage([], TABLES).sentence().startswith("0 of ")
