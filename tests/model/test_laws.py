"""The list of the laws."""

from hptsim.model.laws import LAWS, markdown


def test_every_law_is_named_once_and_rests_on_something():
    assert len({law.name for law in LAWS}) == len(LAWS)
    assert all(law.rests_on and law.kind in ("always", "eventually", "sometimes") for law in LAWS)


def test_the_documentation_has_a_line_for_each_law():
    lines = markdown().splitlines()
    assert len(lines) == 2 + len(LAWS)
