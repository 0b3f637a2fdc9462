"""Instants in every form in which records hold them, read and written in one place."""

from datetime import datetime

import pytest

from hptsim.errors import InvalidInput
from hptsim.model.instants import check_instant, read_instant, since_monday_s, write_instant


def test_instants_are_read_in_every_form():
    assert read_instant("2024-01-01T00:00:00+01:00") == read_instant(datetime.fromisoformat("2023-12-31T23:00:00Z"))
    assert read_instant("2024-01-01 00:00:00") == read_instant("2024-01-01T00:00:00Z") == read_instant("2024-01-01")


@pytest.mark.parametrize("given", [True, None, "soon", "nan", "inf", float("nan"), float("inf"), 10**400, [], "\ud800"])
def test_what_is_no_instant_is_refused_by_name(given):
    with pytest.raises(InvalidInput, match=r"CreationTime: got .*ISO 8601.*for example '2024-01-01T00:00:00Z'"):
        read_instant(given, "CreationTime")


@pytest.mark.parametrize("instant_s", [0.0, 1704067200.0, 951782400.123, 253402300799.0])
def test_what_is_written_reads_back(instant_s):
    assert read_instant(write_instant(instant_s, "milliseconds")) == instant_s


@pytest.mark.parametrize(
    "given",
    [
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-13-01T00:00:00Z",
        "2024-01-01T00:00:00+99:00",
        "٢٠٢٤-01-01T00:00:00Z",
        3,
    ],
)
def test_an_epoch_says_its_time_zone(given):
    with pytest.raises(InvalidInput, match=r"epoch: got .*an instant with its time zone"):
        check_instant("epoch", given)


def test_a_week_begins_on_monday_in_the_time_zone_of_the_instant():
    assert since_monday_s("2024-01-01T00:00:00+05:00") == 0 and since_monday_s("2024-01-07T23:59:59Z") == 7 * 86400 - 1
