"""Templates show their values as texts, and miss none."""

import pytest

from hptsim.views.templates import rendered

jinja2 = pytest.importorskip("jinja2", reason="needs the extra plots")


def test_a_value_that_a_template_wants_is_not_left_out():

    with pytest.raises(jinja2.UndefinedError, match="'title' is undefined"):
        rendered("explorer.html", summary="", marks={}, data="{}", script="")


def test_what_a_value_contains_is_a_text():
    page = rendered("explorer.html", title="a < b", summary="", marks={}, data="{}", script="")
    assert "a &lt; b" in page and "a < b" not in page
