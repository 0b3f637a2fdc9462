"""What an exploration found, in words."""

import pytest

from explorer.test_scope import NO_STOP
from explorer.test_search import scope
from hptsim import explore
from hptsim.errors import LawBroken
from hptsim.explorer.exploration import Counterexample, Exploration


def test_a_counterexample_is_its_calls_and_what_goes_on_for_ever():
    plain = Counterexample("mine", "it broke", ("sim = ...", "sim.run()"))
    assert str(plain).splitlines() == ["law broken: mine: it broke", "    sim = ...", "    sim.run()"]
    loop = Counterexample("mine", "it broke", ("sim = ...",), ("sim.fire('a', 'launch')",))
    assert str(loop).splitlines()[2:] == ["and then again and again:", "    sim.fire('a', 'launch')"]


def test_what_was_found_is_a_sentence():
    found = Exploration(1234, 2000, 9, 3, (), None, complete=True)
    assert (
        found.sentence()
        == "All states were visited: 1,234 states and 2,000 steps between them; every law is kept in each."
    )
    assert "a stop catches two training" in found.missed and found._repr_html_()


def test_check_raises_with_the_whole_story_and_lets_the_good_pass():
    good = explore(scope())
    assert good.check() is good
    found = explore(scope(total=2), tables=NO_STOP)
    with pytest.raises(LawBroken) as broken:
        found.check()
    assert (broken.value.law, broken.value.reason) == (found.counterexample.law, found.counterexample.reason)
    assert broken.value.rests_on == next(law.rests_on for law in found.laws if law.name == found.counterexample.law)
    told = found.counterexample.story().splitlines()
    assert list(broken.value.story) == told[1:] and told[0] == found.counterexample.broken
    assert "  3. the caller stops tuning job a" in str(broken.value) and "It was never inevitable" in str(broken.value)


def test_a_story_is_what_broke_each_step_and_the_last_chance():
    found = explore(scope(total=2), tables=NO_STOP).counterexample
    whole = "\n".join(map(str, found.steps))
    assert found.story() == f"{found.broken}\n\n{whole}\n\n{found.inevitable().sentence()}"
