"""The orders that answers may have been given in: one stream as it stands, several as their stamps allow."""

from hptsim.conformance.answers import Answer, Refusal
from hptsim.conformance.orders import Event, follow, streams_of


def event(name, stream="a", modified_s=None, time_s=None):
    return Event(
        Answer(name, stream, "DescribeTrainingJob", {}, time_s=time_s), "shown", {"name": name}, "", modified_s
    )


def followed(events, allowed):
    """Follow the names of events; each order of names that begins one of *allowed* is believed."""

    def step(belief, found, ahead):
        assert ahead[0] is found
        names = (*belief, found.answer.place)
        if any(one[: len(names)] == names for one in allowed):
            return names
        return Refusal(found.answer, "name", found.answer.place, "", f"after {'-'.join(belief)}")

    return follow(events, (), step)


def test_one_stream_has_one_order():
    events = [event("x"), event("y")]
    assert followed(events, [("x", "y")]).beliefs == (("x", "y"),)
    found = followed(events, [("y", "x")])
    assert (found.beliefs, found.explained, found.refusal.recorded) == (((),), (), "x")


def test_streams_are_tried_in_every_order_that_is_left():
    events = [event("x"), event("y"), event("z", "b")]
    assert [len(stream) for stream in streams_of(events)] == [2, 1]
    for order in (("z", "x", "y"), ("x", "z", "y"), ("x", "y", "z")):
        assert followed(events, [order]).beliefs == (order,)
    assert followed(events, [("y", "x", "z")]).refusal is not None


def test_stamps_give_an_order():
    events = [event("late", "a", 20.0), event("early", "b", 10.0)]
    assert followed(events, [("early", "late")]).beliefs == (("early", "late"),)
    assert followed(events, [("late", "early")]).refusal.recorded == "early"
    events = [event("shown", "a", 20.0), event("call", "b", time_s=10.0)]
    assert followed(events, [("shown", "call")]).refusal.recorded == "call"


def test_a_refusal_assumes_as_little_as_it_can():
    """`call` may come before or after `x`; what is wrong with `x` is said as it is without it."""
    found = followed([event("x"), event("call", "b")], [("call",)])
    assert (found.explained[0].answer.place, found.refusal.against) == ("call", "after ")


def test_what_is_shown_again_is_followed_once():
    """A long recording without times stays small: what matters is what changes."""
    same = [event("x", stream) for stream in "abcdefgh" for _ in range(40)]
    assert [len(stream) for stream in streams_of(same)] == [1] * 8
    timed = [event("x", time_s=float(number)) for number in range(3)]
    assert [len(stream) for stream in streams_of(timed)] == [3]
