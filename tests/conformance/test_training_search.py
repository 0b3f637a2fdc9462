"""Paths of the training table."""

from hptsim.conformance.training_search import Kind, along, created, later, shows
from hptsim.model.tables import TRAINING


def test_every_path_of_the_table_is_a_path():
    assert along(["Starting", "Downloading", "Training", "Uploading", "Completed"], Kind())[0] == 5
    assert along(["Starting", "Training", "Stopping", "MaxRuntimeExceeded"], Kind())[0] == 4
    assert along(["Starting", "Stopped"], Kind())[0] == 2
    assert along(["Starting", "Downloading", "Starting", "Downloading"], Kind())[0] == 4


def test_what_is_no_path_is_cut_where_it_leaves_the_table():
    assert along(["Training"], Kind())[0] == 0
    assert along(["Starting", "Uploading"], Kind())[0] == 1
    assert along(["Starting", "Downloading", "Training", "Completed"], Kind())[0] == 3
    assert along(["Starting", "Training", "Uploading", "Completed", "Stopped"], Kind())[0] == 4


def test_what_is_known_of_the_request_leaves_less():
    assert along(["Starting", "Training"], Kind(streams=False))[0] == 1
    assert along(["Starting", "Downloading"], Kind(streams=True))[0] == 1
    assert along(["Starting", "Training", "Interrupted"], Kind(streams=True, spot=False))[0] == 2
    assert along(["Starting", "Training", "Interrupted"], Kind(streams=True, spot=True))[0] == 3


def test_every_state_can_follow_a_creation():
    states = {one.state for one in later(created(Kind()), Kind())}
    preempted = {"Interrupted:grace", "Interrupted:teardown", "Interrupted:queued"}  # by a queue, never by the service
    assert states == {row.destination for row in TRAINING.rows} - preempted
    assert ("Stopping", "Starting") in {shows(one) for one in later(created(Kind()), Kind())}  # O9
