"""What can become of a request: the answers, and the operations that are modelled."""

from hptsim.model.calls import ANSWERS, LOST_RESPONSE, OPERATIONS, REFUSALS, THROTTLED, TIMEOUT
from hptsim.service import service


def test_the_operations_are_those_that_the_service_answers():
    assert OPERATIONS == service.OPERATIONS


def test_a_throttled_request_has_the_words_and_the_status_that_were_recorded():
    assert REFUSALS[THROTTLED] == ("Rate exceeded", 400)
    assert {TIMEOUT, LOST_RESPONSE} == {*ANSWERS} - {*REFUSALS}
