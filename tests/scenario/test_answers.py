"""Request rates and injected answers of a scenario: read, refused, written and read again."""

import pytest

from hptsim import Scenario
from hptsim.errors import InvalidInput
from hptsim.scenario.answers import SERVICE_RATES, InjectedAnswer, Rate, drawn
from hptsim.scenario.durations import Uniform


def test_nothing_of_it_is_on_by_default():
    scenario = Scenario()
    assert (dict(scenario.request_rates), scenario.answers, scenario.assumptions.read_lag_s) == ({}, (), None)
    assert Scenario(request_rates="none") == scenario


def test_rates_are_numbers_or_tables_or_those_of_the_service():
    given = {"ListTrainingJobs": 2, "AddTags": 0.5, "*": {"per_s": 5, "burst": 10}}
    assert Scenario(request_rates=given).request_rates == {
        "ListTrainingJobs": Rate(2, 2),
        "AddTags": Rate(0.5, 1),
        "*": Rate(5, 10),
    }
    assert Scenario(request_rates="service").request_rates == SERVICE_RATES
    assert all(rate.source for rate in SERVICE_RATES.values())


@pytest.mark.parametrize(
    ("key", "given", "words"),
    [
        ("request_rates", "servce", "request_rates: got 'servce', expected none, service, .*did you mean 'service'"),
        ("request_rates", 5, "request_rates: got 5, expected none, service, or a table"),
        ("request_rates", {"ListTrainingJob": 5}, "request_rates.ListTrainingJob: .*did you mean 'ListTrainingJobs'"),
        ("request_rates", {"*": 0}, r"request_rates.\*.per_s: got 0, expected a number of requests a second"),
        ("request_rates", {"*": {"per_s": 1, "burst": 0.5}}, r"request_rates.\*.burst: got 0.5"),
        ("request_rates", {"*": {"per_second": 1}}, r"request_rates.\*.per_second"),
        ("answers", [{"operation": "Stop", "answer": "timeout"}], r"answers\[0\].operation: got 'Stop'"),
        ("answers", [{"operation": "*", "answer": "lost"}], r"answers\[0\].answer: got 'lost'"),
        ("answers", [{"operation": "*", "answer": "timeout", "chance": 2}], r"answers\[0\].chance: got 2"),
        ("answers", [{"operation": "*"}], r"answers\[0\].answer: got None"),
        (
            "answers",
            [{"operation": "*", "answer": "timeout", "chance": 0.6}, InjectedAnswer("AddTags", "timeout", 0.6)],
            "answers: got 1.2, expected chances that add up to at most 1 for AddTags",
        ),
        ("assumptions", {"read_lag_s": -1}, "assumptions.read_lag_s"),
        ("assumptions", {"read_lag_s": {"unifrm": {}}}, "assumptions.read_lag_s: .*did you mean 'uniform'"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_key(key, given, words):
    with pytest.raises(InvalidInput, match=words):
        Scenario.from_dict({key: given})


@pytest.mark.parametrize("suffix", ["toml", "json"])
@pytest.mark.parametrize("rates", ["service", {"AddTags": 2, "*": {"per_s": 0.5, "burst": 3}}])
def test_a_scenario_is_written_and_read_again(tmp_path, suffix, rates):
    scenario = Scenario(
        request_rates=rates,
        answers=[
            InjectedAnswer("AddTags", "timeout", 0.25),
            {"operation": "*", "answer": "lost_response", "chance": 0.5},
        ],
        assumptions={"read_lag_s": {"uniform": {"low_s": 1, "high_s": 2}}},
    )
    path = tmp_path / f"scenario.{suffix}"
    scenario.dump(path)
    assert Scenario.load(path) == scenario
    assert scenario.assumptions.read_lag_s == Uniform(1, 2)


def test_answers_are_drawn_in_proportion():
    answers = Scenario(
        answers=[InjectedAnswer("AddTags", "timeout", 0.25), InjectedAnswer("*", "lost_response", 0.5)]
    ).answers
    assert [drawn(answers, "AddTags", one) for one in (0.0, 0.24, 0.26, 0.74, 0.76)] == [
        "timeout",
        "timeout",
        "lost_response",
        "lost_response",
        "",
    ]
    assert [drawn(answers, "ListTags", one) for one in (0.0, 0.49, 0.51)] == ["lost_response", "lost_response", ""]
