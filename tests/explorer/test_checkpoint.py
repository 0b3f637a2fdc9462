"""A search that was ended, by Ctrl-C, kill -9 or a torn write, goes on from its file and has the same answer."""

import json
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explorer.scopes import BROKEN, FAULTS, HERE, answer, jobs
from hptsim import LAWS, explore
from hptsim.errors import InvalidInput
from hptsim.explorer import checkpoint as module
from hptsim.explorer import search
from hptsim.model import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob

TINY = jobs(1, 1)
WHOLE = answer(explore(TINY, faults=FAULTS, coverage=True))


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Checkpoints are written, and progress is told, every few states."""
    monkeypatch.setattr(search, "_SAVE", 7)
    monkeypatch.setattr(search, "_LOOK", 5)


def kept(path, **changes):
    return explore(TINY, **{"faults": FAULTS, "coverage": True, "checkpoint": path, **changes})


@pytest.fixture
def begun(tmp_path):
    """The file of a search that was ended by force after the second checkpoint."""
    path, asked = tmp_path / "search.ck", []

    def progress(at):
        asked.append(at)
        if at.states - at.waiting > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(path, progress=progress)
    assert len(asked) > 3
    return path


def test_a_search_goes_on_where_its_file_ends_and_has_the_same_answer(begun):
    before = begun.stat().st_size
    told = []
    assert answer(kept(begun, progress=told.append)) == WHOLE
    assert begun.stat().st_size > before
    assert min(at.states - at.waiting for at in told) > 14  # what the file had was not searched again


def test_a_search_that_came_to_its_end_is_read_and_not_repeated(begun, monkeypatch):
    kept(begun)
    monkeypatch.setattr(search.Line, "next", None)
    assert answer(kept(begun)) == WHOLE


def test_a_search_that_was_interrupted_reports_and_goes_on(tmp_path):
    path = tmp_path / "search.ck"
    first = kept(path, progress=lambda at: True)
    assert first.ended == "interrupted" and not first.complete and 1 < first.states < WHOLE[0]
    assert "it was interrupted" in first.sentence() and "ll " not in first.sentence()[:60]
    assert answer(kept(path)) == WHOLE


def test_bounds_may_be_raised_when_a_search_goes_on(tmp_path):
    path = tmp_path / "search.ck"
    for bounds in ({"max_depth": 2}, {"max_depth": 4}, {"max_states": 30}):
        found = kept(path, **bounds)
        assert not found.complete and answer(found) == answer(explore(TINY, faults=FAULTS, coverage=True, **bounds))
    assert answer(kept(path)) == WHOLE
    with pytest.raises(InvalidInput, match="max_depth: got 2, expected at least"):
        kept(path, max_depth=2)


@pytest.mark.long
def test_wherever_a_file_was_cut_off_the_search_goes_on_with_the_same_answer(begun, tmp_path):
    data = begun.read_bytes()
    header = data.index(b"\n") + 1
    cut = tmp_path / "cut.ck"
    for place in range(header, len(data), max(1, (len(data) - header) // 12)):
        cut.write_bytes(data[:place])
        assert answer(kept(cut)) == WHOLE


def test_a_block_that_was_changed_is_refused_and_the_file_left_as_it_is(begun):
    data = bytearray(begun.read_bytes())
    place = data.index(b"\n") + 40
    data[place] ^= 1
    begun.write_bytes(data)
    with pytest.raises(InvalidInput, match="is damaged at byte"):
        kept(begun)
    assert begun.read_bytes() == bytes(data)


def test_two_searches_that_wrote_the_same_file_are_noticed(begun):
    data = begun.read_bytes()
    header = data.index(b"\n") + 1
    begun.write_bytes(data + data[header:])
    with pytest.raises(InvalidInput, match="by one search at a time"):
        kept(begun)


def test_choices_that_lead_elsewhere_are_refused(begun, monkeypatch):
    monkeypatch.setattr(module, "_again", lambda *ignored: None)
    with pytest.raises(InvalidInput, match="does not fit: the way to its state 1 leads elsewhere"):
        kept(begun)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"faults": {}}, r"it has faults {'internal_error': 1, 'interrupt': 1}, and faults {} is asked for"),
        ({"stops": False}, "it has stops True, and stops False"),
        ({"seed": 3}, "it has seed 0, and seed 3"),
        ({"tables": BROKEN}, "what it has for tables is not the same"),
        ({"laws": LAWS[1:]}, "what it has for laws is not the same"),
        ({"hash_compaction": True}, "it has hash_compaction False, and hash_compaction True"),
        ({"coverage": False}, "it has coverage True, and coverage False"),
    ],
)
def test_the_file_of_another_search_is_refused_and_left_as_it_is(begun, changes, words):
    before = begun.read_bytes()
    with pytest.raises(InvalidInput, match=re.escape(words)):
        kept(begun, **changes)
    assert begun.read_bytes() == before


def test_the_file_of_another_scenario_or_program_is_refused(begun, monkeypatch):
    with pytest.raises(InvalidInput, match="what it has for scenario is not the same"):
        explore(jobs(1, 2), faults=FAULTS, coverage=True, checkpoint=begun)
    monkeypatch.setattr(module, "_program", lambda: "other")
    with pytest.raises(InvalidInput, match="begun with another source text of hptsim"):
        kept(begun)


class Bomb:
    """Its unpickling would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize(
    "content", ["bomb", b"", b"{}\n", b"[1]\n", b"not json\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n"]
)
def test_what_is_no_checkpoint_is_refused_and_nothing_in_it_is_run(tmp_path, content):
    path, made = tmp_path / "search.ck", tmp_path / "made"
    path.write_bytes(pickle.dumps(Bomb(str(made))) if content == "bomb" else content)
    with pytest.raises(InvalidInput, match="is no checkpoint of an exploration"):
        kept(path)
    assert not made.exists()


def test_blocks_that_say_what_cannot_be_are_refused(begun):
    data = begun.read_bytes()
    start = data.index(b"\n") + 1
    length, _ = module._HEAD.unpack(data[start : start + module._HEAD.size])
    payload = data[start + module._HEAD.size :][:length]
    words, _, rest = payload.partition(b"\n")
    for name, other in (
        ("from", [1, 5]),
        ("labels", [1]),
        ("labels", ["a", "a"]),
        ("labels", []),
        ("columns", {**json.loads(words)["columns"], "origins": 0}),
        ("columns", {}),
        ("transitions", "many"),
        ("reached", [1]),
    ):
        changed = json.dumps({**json.loads(words), name: other}).encode() + b"\n" + rest
        begun.write_bytes(data[:start] + module._HEAD.pack(len(changed), module._digest(changed)) + changed)
        with pytest.raises(InvalidInput, match="is damaged"):
            kept(begun)


def test_a_scope_that_no_other_process_would_recognize_is_refused(tmp_path):
    class Odd(Scenario):
        __repr__ = object.__repr__

    odd = Odd(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
    with pytest.raises(InvalidInput, match=r"checkpoint: scenario: got .* in the next process"):
        explore(odd, checkpoint=tmp_path / "x.ck")
    assert not (tmp_path / "x.ck").exists()


CHILD = """
import sys
from explorer.scopes import FAULTS, jobs
from hptsim import explore
from hptsim.explorer import search
search._SAVE = 100
explore(jobs(1), faults=FAULTS, checkpoint=sys.argv[1], workers=int(sys.argv[2]))
"""


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_search_goes_on_and_has_the_same_answer(tmp_path, workers):
    path = tmp_path / "search.ck"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(workers)], env=HERE)
    while not path.exists() or path.stat().st_size < 12_000:
        assert child.poll() is None, "it has ended before it could be killed"
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    told = []
    found = explore(jobs(1), faults=FAULTS, checkpoint=Path(path), workers=workers, progress=told.append)
    assert min(at.states - at.waiting for at in told) > 100
    assert answer(found) == answer(explore(jobs(1), faults=FAULTS))
