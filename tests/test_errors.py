"""Errors survive what exceptions go through, say what to write instead, and belong to one of two families."""

import copy
import copyreg
import pickle

import attrs
import pytest
import simpy

from hptsim.errors import (
    HptsimError,
    InvalidInput,
    LawBroken,
    MissingExtra,
    ServiceError,
    answered,
    invalid,
    nearest,
    unknown_job,
)

EVERY = [
    ServiceError("ResourceInUse", "taken", 400),
    InvalidInput("capcity: got 3"),
    LawBroken("artifacts persist", "one is gone", "S7", ("line 1", "line 2"), "hptsim run x.toml --seed 3"),
    MissingExtra("drawing", "plots"),
]


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling_copying_and_simpy(error):
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error), type(error)(*error.args)):
        assert type(twin) is type(error) and attrs.astuple(twin) == attrs.astuple(error) and str(twin) == str(error)

    def fails(env):
        yield env.timeout(1)
        raise error

    env = simpy.Environment()
    env.process(fails(env))
    with pytest.raises(type(error)) as raised:
        env.run()
    assert attrs.astuple(raised.value) == attrs.astuple(error)


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_an_error_survives_where_dask_has_changed_how_exceptions_are_pickled(error):
    support = pytest.importorskip("tblib.pickling_support")
    table = dict(copyreg.dispatch_table)
    support.install()
    try:
        twin = pickle.loads(pickle.dumps(error))
    finally:
        copyreg.dispatch_table.clear()
        copyreg.dispatch_table.update(table)
    assert attrs.astuple(twin) == attrs.astuple(error) and str(twin) == str(error)


def test_the_families():
    assert all(isinstance(error, HptsimError) for error in EVERY)
    assert issubclass(InvalidInput, ValueError) and not issubclass(InvalidInput, ServiceError)
    assert issubclass(LawBroken, AssertionError) and not issubclass(LawBroken, ServiceError)
    assert issubclass(MissingExtra, ImportError)


def test_a_broken_law_tells_how_to_see_it_again_first_and_its_story_last():
    assert str(EVERY[2]).splitlines() == [
        "reproduce with: hptsim run x.toml --seed 3",
        "law broken: artifacts persist: one is gone",
        "  it rests on: S7",
        "  line 1",
        "  line 2",
    ]


def test_what_is_invalid_says_where_what_and_what_instead():
    error = invalid("limits.parallel", -1, "a whole number", "lift it with 'none'")
    assert str(error) == "limits.parallel: got -1, expected a whole number; lift it with 'none'"
    assert attrs.asdict(error) == {"message": str(error)}


def test_at_the_door_of_the_service_a_mistake_in_a_request_is_a_validation_exception():
    with pytest.raises(ServiceError) as refused, answered():
        raise invalid("InstanceCount", 0, "at least 1")
    assert (refused.value.code, refused.value.http_status) == ("ValidationException", 400)
    assert refused.value.message == "InstanceCount: got 0, expected at least 1"
    with pytest.raises(ServiceError, match="taken"), answered():
        raise EVERY[0]


@pytest.mark.parametrize("given", ["x" * 10_000, 10**5000], ids=["long", "too many digits"])
def test_a_bad_value_is_shown_as_far_as_it_helps(given):
    assert len(str(invalid("name", given, "a short string"))) < 400


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("capcity", "did you mean 'Capacity'?"),
        ("CAPACITY", "did you mean 'Capacity'?"),
        ("zzz", "valid are: Capacity, Timings"),
    ],
)
def test_the_nearest_spelling_or_all_of_them(given, hint):
    assert nearest(given, ["Timings", "Capacity"]) == hint


def test_what_is_valid_is_shown_without_control_characters_and_not_endlessly():
    assert nearest("zzz", ["\x1b[2J", "\ud800"]) == r"valid are: '\x1b[2J', '\ud800'"
    assert len(nearest("zzz", ["9" * 5000])) <= 2000


def test_the_service_words_the_two_unknown_jobs_differently():
    assert unknown_job("tuning", "a").code == "ResourceNotFound"
    assert unknown_job("training", "a").code == "ValidationException"
    assert "a" in unknown_job("training", "a").message


def test_a_notebook_shows_a_broken_law_as_text():
    assert LawBroken("a law", "because <b>")._repr_html_() == "<pre>law broken: a law: because &lt;b&gt;</pre>"
