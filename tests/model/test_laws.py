"""What a law is: its kind and its moments are checked, and laws of one name are refused."""

import pytest

from hptsim import LAWS
from hptsim.errors import InvalidInput
from hptsim.model.laws import Law, check_laws, markdown, witnesses


def test_every_law_is_named_once_and_rests_on_something():
    assert len({law.name for law in LAWS}) == len(LAWS)
    assert all(law.rests_on and law.says for law in LAWS)


def test_every_law_has_a_check_and_a_moment_but_those_of_the_tables_and_the_explorer():
    without = [law.name for law in LAWS if law.check is None or not law.judged_at]
    assert without == ["exactly one row applies", "nothing goes on for ever"]


def test_the_documentation_has_a_line_for_each_law():
    lines = markdown(LAWS).splitlines()
    assert len(lines) == 2 + len(LAWS)


def law(**changes):
    given = {"kind": "always", "judged_at": ("training ready",)} | changes
    return Law("mine", says="a sentence", rests_on="a page", check=lambda state, entry: None, **given)


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"kind": "allways"}, "did you mean 'always'"),
        ({"judged_at": ("trainin ready",)}, "a moment"),
        ({"disciplines": ("fair share",)}, "did you mean 'fair-share'"),
    ],
)
def test_a_kind_a_moment_or_a_discipline_that_does_not_exist_is_refused(changes, hint):
    with pytest.raises(InvalidInput, match=hint):
        law(**changes)


def test_two_laws_of_one_name_and_what_is_no_law_are_refused():
    with pytest.raises(InvalidInput, match="different names"):
        check_laws([law(), law()])
    with pytest.raises(InvalidInput, match=r"hptsim\.LAWS, mine"):
        check_laws(["always"])


def test_the_witnesses_are_the_laws_of_the_kind_sometimes():
    assert witnesses([law(), law(kind="sometimes")]) == ("mine",)
