"""What is explored: checked, and in words that name it in every process."""

import os
import subprocess
import sys

import attrs
import pytest

from explorer.scopes import BROKEN, FAULTS, jobs
from hptsim.audit.laws import LAWS
from hptsim.errors import InvalidInput
from hptsim.explorer.scope import Scope, check_whole
from hptsim.model.machine import TABLES

SCOPE = Scope(jobs(), {}, FAULTS, True, False, 0, TABLES, LAWS)


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"interupt": 1}, "faults: got 'interupt', expected a kind of fault; did you mean 'interrupt'?"),
        ({"interrupt": -1}, "faults.interrupt: got -1, expected how often it may happen"),
        ({"interrupt": True}, "faults.interrupt: got True"),
    ],
)
def test_faults_that_make_no_sense_are_refused(faults, words):
    with pytest.raises(InvalidInput) as refused:
        attrs.evolve(SCOPE, faults=faults)
    assert words in str(refused.value)


@pytest.mark.parametrize("given", [0, -1, 1.5, True, "7", None])
def test_a_number_that_makes_no_sense_is_refused(given):
    with pytest.raises(InvalidInput, match=r"max_states: got .*, expected a whole number of at least 1"):
        check_whole("max_states", given, 1)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("scenario", jobs(2)),
        ("faults", {}),
        ("stops", False),
        ("delayed_stop", True),
        ("seed", 1),
        ("tables", BROKEN),
        ("laws", LAWS[1:]),
        ("training_jobs", {"alone": jobs().tuning_jobs[0].spec.definitions[0]}),
    ],
)
def test_another_scope_has_other_words(part, other):
    words, others = SCOPE.words(), attrs.evolve(SCOPE, **{part: other}).words()
    assert [name for name in words if words[name] != others[name]] == [part]


def test_the_words_are_the_same_in_another_process():
    code = "from explorer.test_scope import SCOPE; print(sorted(SCOPE.words().items()))"
    other = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run([sys.executable, "-c", code], env=other, capture_output=True, text=True, check=True).stdout
    assert found.strip() == str(sorted(SCOPE.words().items()))
