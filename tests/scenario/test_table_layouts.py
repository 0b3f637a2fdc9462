"""Layouts whose rows are not yet jobs: what cannot be counted stays empty, so that the row is left out with a reason."""

import pytest

from hptsim.errors import InvalidInput
from hptsim.scenario.table_layouts import LAYOUTS, alibaba_2020, alibaba_2026, philly


@pytest.mark.parametrize(
    ("instances", "percent", "gpus"),
    [("1.0", "50.0", "1"), ("3", "50", "2"), ("2", "", "0"), ("", "100", "1"), ("2", "x", "2 x x %")],
)
def test_shares_of_gpus_are_added_up(instances, percent, gpus):
    assert [cells["gpus"] for _, cells in alibaba_2020([("1", {"inst_num": instances, "plan_gpu": percent})])] == [gpus]


@pytest.mark.parametrize(
    "attempts",
    [
        [],
        [{"start_time": None, "end_time": "2017-10-07 01:13:09", "detail": [{"gpus": ["gpu0"]}]}],
        [{"start_time": "x"}],
    ],
)
def test_a_job_of_philly_that_did_not_end_has_no_run_time(attempts):
    ((_, cells),) = philly([("1", {"attempts": attempts})])
    assert cells["attempts.run_s"] == cells["attempts.gpus"] == ""


def test_a_pod_that_never_ran_has_no_run_time_and_hours_may_come_in_any_order():
    hours = [("b", "Pending", 5), ("a", "Running", 7), ("a", "Running", 6)]
    rows = [(str(hour), {"pod_id": pod, "state_public": state, "day": "1", "hour": hour}) for pod, state, hour in hours]
    found = [(cells["pod_id"], cells["first_s"], cells["running_s"]) for _, cells in alibaba_2026(rows)]
    assert found == [("b", str(29 * 3600), ""), ("a", str(30 * 3600), "7200")]
    with pytest.raises(InvalidInput, match="a day and an hour"):
        list(alibaba_2026([("t:1", {"pod_id": "a", "state_public": "Running", "day": "", "hour": "0"})]))


def test_what_is_added_is_there():
    row = {
        "inst_num": "1",
        "plan_gpu": "100",
        "pod_id": "a",
        "state_public": "Running",
        "day": "0",
        "hour": "1",
        "attempts": [],
    }
    for layout in LAYOUTS.values():
        assert set(layout.needs) <= set(row)
        ((_, cells),) = layout.jobs([("1", row)])
        assert set(layout.adds) <= set(cells)
