"""What a program has seen: a tree in which equal answers are one, and nothing new is counted."""

from hptsim.service.call import Call, Response
from hptsim.testing.program_histories import History, Request

ASKED = Request("sagemaker", "ListTrainingJobs", "", Call("sagemaker", "ListTrainingJobs"))
READ = {(("Status",), False)}


def answered(history, body):
    """The history after an answer of which the status is read."""
    history.following = ASKED
    child = history.then(Response(200, {}, body))
    if child not in history.children:
        child.reads |= READ
        history.children.append(child)
    child.following = ASKED
    return child


def test_answers_that_read_alike_are_one():
    root = History()
    one = answered(root, b'{"Status": "a", "Other": 1}')
    assert answered(root, b'{"Status": "a", "Other": 2}') is one
    assert answered(root, b'{"Status": "b"}') is not one
    assert one.answered() == [one] and one.depth == 1


def test_nothing_new_is_counted_until_there_is_something_new():
    history, repeats = History(), []
    for status in (b"a", b"a", b"a", b"b", b"b"):
        history = answered(history, b'{"Status": "' + status + b'"}')
        repeats.append((history.repeats, history.asks_on))
    assert repeats == [(0, False), (1, True), (2, True), (0, False), (1, True)]


def test_what_comes_after_a_dropped_history_is_not_current():
    one = answered(History(), b"{}")
    two = answered(one, b"{}")
    assert two.is_current
    one.dropped = True
    assert not two.is_current and not one.is_current


def test_what_is_known_to_be_read_tells_new_answers_apart_at_once():
    root = History(known_reads={(("Other",), False)})
    one = answered(root, b'{"Status": "a", "Other": 1}')
    assert answered(root, b'{"Status": "a", "Other": 2}') is not one
