"""The marks: each status has one, and none is told from another by its color alone."""

import re
from xml.etree import ElementTree

import pytest

from hptsim.model.statuses import FINAL_TRAINING, TuningJobStatus, primary
from hptsim.views.marks import MARKS, mark_data, mark_marker, mark_svg
from hptsim.views.palette import PALETTE


def test_every_status_of_a_tuning_job_and_every_end_of_a_training_job_has_a_mark():
    assert set(MARKS) == {one.value for one in TuningJobStatus} | FINAL_TRAINING
    assert all(mark.color in PALETTE for mark in MARKS.values())


def test_two_statuses_differ_in_shape_and_in_sign_unless_the_service_calls_both_the_same():
    for one, mark in MARKS.items():
        for other, another in MARKS.items():
            same = one == other or (one in FINAL_TRAINING and primary(one) == primary(other))
            assert (mark.path == another.path) is (mark.sign == another.sign) is (mark.color == another.color) is same


@pytest.mark.parametrize("status", MARKS)
def test_a_shape_is_made_of_straight_lines_within_its_box(status):
    path = MARKS[status].path
    assert re.fullmatch(r"(?:[MLHV ][\d. ]+|Z ?)+", path)
    assert all(0 <= float(number) <= 16 for number in re.findall(r"[\d.]+", path))


@pytest.mark.parametrize("status", sorted(FINAL_TRAINING))
def test_a_marker_of_matplotlib_has_the_corners_of_the_shape(status):
    pytest.importorskip("matplotlib", reason="needs the extra 'plots'")
    marker, text = mark_marker(status), MARKS[status].path
    corners = [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.]+) ([\d.]+)", text)]
    drawn = [
        (x + 8, 8 - y) for (x, y), code in zip(marker.vertices, marker.codes, strict=True) if code != marker.CLOSEPOLY
    ]
    assert drawn == corners and list(marker.codes).count(marker.CLOSEPOLY) == text.count("Z") == 1


def test_a_mark_is_silent_beside_its_word_and_named_without_it():
    beside = ElementTree.fromstring(mark_svg("Failed"))
    alone = ElementTree.fromstring(mark_svg("Failed", label=True))
    assert beside.get("aria-hidden") == "true" and beside.get("aria-label") is None
    assert alone.get("role") == "img" and alone.get("aria-label") == "Failed" and alone.get("aria-hidden") is None
    assert beside[0].get("d") == MARKS["Failed"].path == mark_data()["Failed"]["path"]
    with pytest.raises(KeyError):
        mark_svg("Lost")
