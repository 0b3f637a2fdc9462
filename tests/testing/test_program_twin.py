"""The account of an exploration: its states are equal when they are, and going back to one forgets all that came after."""

from extras import BOTO

from hptsim import Scenario, TuningJobSpec
from hptsim.audit.laws import LAWS
from hptsim.scenario import ScheduledTuningJob
from hptsim.service.call import Call
from hptsim.testing.program_twin import Move, Twin

pytestmark = BOTO


def twin(budget=None, stops=0, **changes):
    return Twin(Scenario(**changes), budget or {}, stops=stops, delayed_stop=False, laws=LAWS, seed=0)


def call(operation, body):
    return Call("sagemaker", operation, body=body)


def test_two_ways_to_one_state_are_one_and_the_order_of_time_counts():
    one = twin(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
    (launch,) = one.root.moves
    assert launch == Move("fire", "a", "launch") and one.root.due
    first, _ = one.take(one.root, launch, 0.0)
    again, _ = one.take(one.root, launch, 0.0)
    later, _ = one.take(one.root, launch, 60.0)
    assert first is again and later is not first and one.states == 2


def test_a_fault_and_what_others_do_need_not_happen():
    other = ScheduledTuningJob(TuningJobSpec("b"), at_s=60)
    one = twin({"algorithm_error": 1}, stops=1, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")), other))
    not_due = {str(move) for move in one.root.moves if not move.due}
    assert not_due == {"somebody else creates b", "somebody else stops a"}


def test_answers_are_spent_and_leave_a_note():
    one = twin({"ThrottlingException": 1, "timeout": 1})
    response, state, records = one.answer(one.root, call("ListTrainingJobs", b"{}"), "ThrottlingException", 0.0)
    assert response.status == 400 and b"Rate exceeded" in response.body and len(records) == 1
    assert dict(state.answers) == {"ThrottlingException": 0, "timeout": 1}
    assert one.answer(state, call("ListTrainingJobs", b"{}"), "timeout", 0.0)[0] is None


def test_a_lost_response_is_one_to_a_request_that_was_carried_out():
    one = twin({"lost_response": 1}, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
    stop = call("StopHyperParameterTuningJob", b'{"HyperParameterTuningJobName": "a"}')
    response, state, _ = one.answer(one.root, stop, "lost_response", 0.0)
    assert response is None and one.go(state, 0.0).tuning_job("a").status == "Stopping"
    assert one.go(one.root, 0.0).tuning_job("a").status == "InProgress"


def test_what_no_snapshot_holds_is_done_again_on_its_way_and_on_no_other():
    one = twin()
    put = Call("s3", "PutObject", "https://s3/mine/a", {}, b"text", method="PUT", endpoint="s3")
    bucket = Call("s3", "CreateBucket", "https://s3/mine", {}, b"", method="PUT", endpoint="s3")
    get = Call("s3", "GetObject", "https://s3/mine/a", {}, b"", method="GET", endpoint="s3")
    _, state, _ = one.answer(one.root, bucket, "", 0.0)
    _, state, _ = one.answer(state, put, "", 0.0)
    assert state.unkept == (bucket, put)
    assert one.answer(state, get, "", 5.0)[0].body == b"text"
    assert one.answer(one.root, get, "", 5.0)[0].status == 404
