"""The rows that the accounting fills: what their sums mean, and how they are told to machines."""

from hptsim.planning.usage import TuningJobFigures, Usage


def test_what_is_left_is_idle_or_not_billed():
    usage = Usage(reserved_instance_s=100.0, occupied_instance_s=80.0, billable_instance_s=50.0)
    assert (usage.idle_instance_s, usage.unbilled_instance_s) == (20, 30)


def test_times_are_there_once_a_job_has_ended():
    row = TuningJobFigures(name="a", created_s=10.0)
    assert row.time_in_system_s is None and row.stop_to_stopped_s is None
    row.stop_s, row.ended_s = 30.0, 50.0
    assert (row.time_in_system_s, row.stop_to_stopped_s) == (40, 20)


def test_machines_are_told_hours():
    plain = TuningJobFigures(3600.0, 1800.0, 900.0, 720.0, 1.5, name="a", created_s=0.0).to_dict()
    hours = {name: value for name, value in plain.items() if name.endswith("_hours")}
    assert hours == {
        "reserved_instance_hours": 1.0,
        "occupied_instance_hours": 0.5,
        "billable_instance_hours": 0.25,
        "billed_instance_hours": 0.2,
        "lost_instance_hours": 0.0,
        "idle_instance_hours": 0.5,
        "stopping_instance_hours": 0.0,
    }
    assert plain["cost_usd"] == 1.5 and not any(name.endswith("_instance_s") for name in plain)
