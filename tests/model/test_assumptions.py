"""The named assumptions: each rests somewhere and is used, and the switches take only what they know."""

import re
from pathlib import Path

import attrs
import pytest

from hptsim import LAWS, Scenario
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import ASSUMPTIONS, Assumptions
from hptsim.model.tables import RESERVATION, TRAINING, TUNING

RESTS = re.compile(r"[A-Z]-?\d+|§[\d.]+|M:\w+")
"""A row of the specification (J11, A-06), one of its sections, or a shape of the service's model."""


def test_whatever_the_laws_and_tables_rest_on_is_a_page_or_a_named_assumption():
    ours = {"design", "journal", "lifecycle"}
    for item in (*LAWS, *TUNING.rows, *TRAINING.rows, *RESERVATION.rows):
        for source in re.split(", | to ", item.rests_on):
            assert source in ASSUMPTIONS or source in ours or RESTS.fullmatch(source), f"{item}: {source}"


@pytest.mark.parametrize("name", ASSUMPTIONS)
def test_an_assumption_is_a_short_name_and_a_sentence(name):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name) and len(ASSUMPTIONS[name].split()) > 4


@pytest.mark.parametrize("switch", [field.name for field in attrs.fields(Assumptions)])
def test_a_switch_is_named_where_its_assumption_is_worded(switch):
    assert any(f"`{switch}`" in words for words in ASSUMPTIONS.values())


@pytest.mark.parametrize(
    ("switch", "values"),
    [
        ("reservation", ["reuse", "upfront", "as-observed"]),
        ("admission", ["reject", "queue"]),
        (
            "discipline",
            ["fifo", "priority", "backfill", "easy-backfill", "fair-share", "quota-shares", "quota-shares-reclaim"],
        ),
        ("repeated_stop", ["idempotent", "reject"]),
    ],
)
def test_a_switch_takes_its_values_and_names_the_nearest_otherwise(switch, values):
    for value in values:
        with_it = {"reservation": "as-observed"} if value == "quota-shares-reclaim" else {}
        assert getattr(Assumptions(**{switch: value, **with_it}), switch) == value
    with pytest.raises(InvalidInput, match=f"assumptions.{switch}: got .*did you mean '{values[-1]}'"):
        Assumptions(**{switch: values[-1][:-1]})
    with pytest.raises(InvalidInput, match=f"assumptions.{switch}: got 3"):
        Assumptions(**{switch: 3})


def test_the_defaults_are_the_design():
    assert attrs.astuple(Scenario().account.assumptions) == (
        "reuse",
        "reject",
        "fifo",
        "idempotent",
        "parzen",
        "starting",
        None,
    )


def test_every_assumption_that_the_code_names_has_its_words():
    folder = Path(__file__).parents[2] / "hptsim"
    named = {
        (path.name, name)
        for path in folder.rglob("*.py")
        for name in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", path.read_text(encoding="utf-8"))
    }
    named = {(file, name) for file, name in named if name not in ("before-send", "choose-signer")}  # botocore's words
    assert len(named) > 5
    assert {(file, name) for file, name in named if name not in ASSUMPTIONS} == set()
