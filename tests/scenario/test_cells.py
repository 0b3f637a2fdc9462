"""Cells: what unit a column's numbers have, and what is no time, no duration and no count."""

import pytest

from hptsim.errors import InvalidInput
from hptsim.scenario.cells import amount, count, durations, times, unit_s


@pytest.mark.parametrize(
    ("column", "sample", "words", "first"),
    [
        ("at", ["1700000000"], "seconds since 1970", 1.7e9),
        ("at", ["1700000000000"], "milliseconds since 1970", 1.7e9),
        ("at", ["1700000000000000"], "microseconds since 1970", 1.7e9),
        ("at", ["1700000000000000000"], "nanoseconds since 1970", 1.7e9),
        ("at", ["30"], "seconds from any beginning", 30),
        ("submit_min", ["30"], "minutes from any beginning", 1800),
        ("startTimeMs", ["30"], "milliseconds from any beginning", 0.03),
        ("at", ["1970-01-01 00:00:30"], "dates in ISO 8601, UTC where they name no zone", 30),
        ("at", ["1970-01-01T02:00:30+02:00"], "dates in ISO 8601, UTC where they name no zone", 30),
        ("at", [], "seconds from any beginning", None),
    ],
)
def test_times_are_told_by_their_size_their_name_or_their_spelling(column, sample, words, first):
    reading = times(column, sample)
    assert reading.words == words and reading.dated == ("1970" in words or "dates" in words)
    assert [reading.of(cell) for cell in sample] == ([] if first is None else [pytest.approx(first)])


@pytest.mark.parametrize(
    ("column", "cell", "words", "seconds"),
    [
        ("run", "90", "seconds", 90),
        ("duration_hours", "1.5", "hours", 5400),
        ("duration (ms)", "1500", "milliseconds", 1.5),
        ("Elapsed", "01:02:03", "[days-]hours:minutes:seconds", 3723),
        ("Elapsed", "2-01:02:03.5", "[days-]hours:minutes:seconds", 2 * 86400 + 3723.5),
        ("Elapsed", "100:00:00", "[days-]hours:minutes:seconds", 360000),
        ("m", "7", "seconds", 7),
    ],
)
def test_durations_are_numbers_of_a_unit_or_clocks(column, cell, words, seconds):
    reading = durations(column, [cell])
    assert (reading.words, reading.of(cell)) == (words, pytest.approx(seconds))


def test_a_unit_that_is_given_comes_first():
    assert times("submit_ms", ["30"], 60.0).of("30") == 1800
    assert durations("duration_hours", ["2"], 60.0).of("2") == 120


@pytest.mark.parametrize(
    ("read", "cell", "message"),
    [
        (times("at", ["1"]).of, "", "at: empty"),
        (times("at", ["1"]).of, "inf", "at: neither a number nor a string in ISO 8601"),
        (times("at", ["2024-01-01"]).of, "soon", "at: neither a number nor a string in ISO 8601"),
        (durations("run", ["1"]).of, "nan", r"run: neither a number nor \[days-\]"),
        (durations("run", ["1"]).of, "12:61:00", "run: neither a number nor"),
        (durations("run", ["1"]).of, "10:30", "run: neither a number nor"),
        (durations("run", ["1"]).of, "-0.5", "run: a negative run time"),
        (lambda cell: count("n", cell), "1.5", "n: not a whole number"),
        (lambda cell: count("n", cell, up=True), "-1", "n: not a whole number"),
        (lambda cell: count("n", cell), "", "n: empty"),
        (lambda cell: amount("usd", cell), "x", "usd: not a number"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_column(read, cell, message):
    with pytest.raises(ValueError, match=message):
        read(cell)


def test_gpus_of_slurm_are_counted_once():
    assert count("t", "cpu=8,gres/gpu:a100=4,gres/gpu=4") == 4
    assert count("t", "cpu=8,gres/gpu:a100=4,gres/gpu:t4=1") == 5
    assert count("t", "billing=2,cpu=2") == 0


@pytest.mark.parametrize("text", ["minuts", "0", "-1", "nan", "inf"])
def test_a_unit_that_is_none_is_refused(text):
    with pytest.raises(InvalidInput, match="mapping: unit: got"):
        unit_s(text)
