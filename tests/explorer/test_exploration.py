"""What an exploration found, in words."""

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
