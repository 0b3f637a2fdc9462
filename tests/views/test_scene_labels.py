"""The labels above a scene: the moment and the job's own first, each where it has room, and the others counted."""

from itertools import pairwise

import attrs
import pytest

from hptsim.views.chapters import RELEASE, STOP, Chapter
from hptsim.views.scene_labels import placed, shortened
from hptsim.views.scenes import scene
from views.test_scenes import ran


@pytest.fixture(scope="module")
def stop():
    """Stops of a at 60 and of b at 70, releases of b at 70 and of a at 85, between 45 and 95."""
    return scene(ran())


def test_the_moment_and_the_jobs_own_come_first_and_each_has_its_place(stop):
    found, hidden = placed(stop, 72, 100)
    assert [(one.time_s, one.kind, one.words, one.level) for one in found] == [
        (72, "now", "now", 0),
        (60, STOP, "stop", 0),
        (85, RELEASE, "release", 0),
        (70, STOP, "stop of b", 1),
    ]
    assert hidden == 1, "the release of b is where its stop is"


def test_labels_of_one_level_do_not_meet_and_those_without_room_are_counted(stop):
    many = attrs.evolve(stop, markers=tuple(Chapter(45 + number, STOP, f"job-{number}", "") for number in range(50)))
    found, hidden = placed(many, 60, 120)
    assert len(found) + hidden == 51 and hidden > 10
    for level in (0, 1):
        spans = sorted(
            ((one.time_s - 45) / 50 * 120 - len(one.words) / 2, (one.time_s - 45) / 50 * 120 + len(one.words) / 2)
            for one in found
            if one.level == level
        )
        assert len(spans) > 3 and all(right < left for (_, right), (left, _) in pairwise(spans))


def test_with_more_letters_more_have_room(stop):
    assert placed(stop, 75, 1000)[1] == 0 < placed(stop, 75, 10)[1]


@pytest.mark.parametrize(("name", "short"), [("x" * 24, "x" * 24), ("a" * 20 + "b" * 20, "a" * 12 + "…" + "b" * 11)])
def test_a_long_name_loses_its_middle(name, short):
    assert shortened(name) == short
