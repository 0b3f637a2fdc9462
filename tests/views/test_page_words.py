"""The sentences of an experiment's page, each with what makes it true."""

import math

import attrs
import pandas as pd
import pytest
from experiments_made_up import P95, QUOTA, figures, history, results, swept, three

from hptsim.planning.answers import Answer
from hptsim.planning.one_history import ONE_HISTORY, HistoryAnswer, HistorySearch, HistoryTarget
from hptsim.planning.reduction import Reduction
from hptsim.planning.results import Results
from hptsim.planning.smallest_value import Smallest
from hptsim.planning.targets import Target
from hptsim.scenario.resampling import Resampling
from hptsim.views.choice import Choice
from hptsim.views.page_words import Setup, answer_lines, costs, left_out, question, sure, target_words

WANTED = "Waiting of tuning jobs, 95 % quantile: at most 600 s."


def searched(value, points, target="waiting_time_s.p95 <= 600"):
    wanted = Target.parse(target)
    return Answer(results(points), 0.95, wanted, Smallest(QUOTA, wanted, value, 0.95, results(points)))


def all_of(words, answer, *more):
    return words(answer, Choice.of(answer), *more)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("waiting_time_s.above_600 <= 0.05", "waiting of tuning jobs above 600 s: at most 5 %"),
        (
            "waiting_time_s.p95[team=vision] <= 9000",
            "waiting of tuning jobs, 95 % quantile, team vision: at most 9,000 s",
        ),
        ("throughput_per_hour >= 2.5", "tuning jobs that ended: at least 2.5 per hour"),
        ("utilization.gpu >= 0.7", "utilization of gpu: at least 70 %"),
        ("cost_usd <= 1000", "cost: at most 1,000 US dollars"),
        ("profit >= 1", "profit: at least 1"),
    ],
)
def test_a_target_in_words(target, words):
    assert target_words(Target.parse(target)).replace("% of the quota", "%") == words


def test_the_question_is_the_one_that_was_asked():
    assert question(three()) == f"Which of 3 designs (quota of gpu) meet the target? {WANTED}"
    assert question(swept({2: [figures(1.0)]}, None)) == "What changes with quota of gpu?"
    one = results({2: [figures(1.0)]}).at({QUOTA: 2})
    assert question(Answer(one, 0.95)) == "How long do tuning jobs wait, and what does it cost?"
    assert question(Answer(one, 0.95, Target.parse("waiting_time_s.p95 <= 600"))) == f"Is the target met? {WANTED}"
    found = searched(4, {4: [figures(1.0), figures(2.0)]})
    assert question(found) == f"What is the smallest quota of gpu that meets the target? {WANTED}"


def test_each_sentence_of_several_designs_has_its_own_verdict():
    head, *lines = all_of(answer_lines, three())
    assert (head.text, head.verdict) == (f"1 of 3 designs meets the target. It is {QUOTA} = 6.", "")
    assert [line.verdict for line in lines] == ["missed", "open", "met"]
    assert [line.text for line in lines] == three().lines()
    none = swept({2: [figures(9000.0)] * 3, 4: [figures(8000.0)] * 3})
    assert all_of(answer_lines, none)[0].text == "None of 2 designs meet the target."
    two = swept({2: [figures(1.0, 5.0)] * 3, 4: [figures(1.0, 4.0)] * 3})
    assert all_of(answer_lines, two)[0].text == f"2 of 2 designs meet the target. The cheapest of them is {QUOTA} = 4."


def test_a_search_has_one_verdict():
    points = {3: [figures(700.0), figures(710.0)], 4: [figures(1.0), figures(2.0)]}
    [found] = all_of(answer_lines, searched(4, points))
    assert found.verdict == "met" and found.text.startswith(f"{QUOTA} = 4 meets")
    [none] = all_of(answer_lines, searched(None, {3: points[3]}))
    assert none.verdict == "missed" and none.text.startswith(f"No {QUOTA} up to 3")
    [open_] = all_of(answer_lines, searched(None, {3: [figures(value) for value in (100.0, 900.0)]}))
    assert open_.verdict == "open", "it is not shown that it is missed"


def test_one_history_has_no_confidence_and_says_so_once():
    answer = history({2: figures(700.0), 4: figures(500.0)})
    lines, how = all_of(answer_lines, answer), sure(answer, Setup())
    assert [line.verdict for line in lines] == ["", "missed", "met"]
    said = " ".join([*(line.text for line in lines), *how])
    assert said.count(ONE_HISTORY) == 1 and "%" not in said and "interval" in how[0]
    target = HistoryTarget.parse("waiting_time_s.p95 <= 600")
    search = HistorySearch(QUOTA, target, 4, answer.results)
    [found] = all_of(answer_lines, HistoryAnswer(answer.results, 0.95, target, search))
    assert found.verdict == "met" and ONE_HISTORY not in found.text


def test_how_sure_it_is_says_how_many_replications_there_were():
    how = sure(three(), Setup(7, resample=Resampling("days", 2, 1.2)))
    assert (
        how[0].startswith("Means over 4 replications of each design with 95% confidence intervals")
        and "Seed 7." in how[0]
    )
    assert how[1] == "In each replication each day is a recorded one, drawn with replacement, 2 days in a row; the number of jobs grows by the factor 1.2."  # fmt: skip # noqa: E501
    assert how[2] == "A replication has the same random numbers in every design."
    assert how[3] == "Met and missed are each shown with 95% confidence; what is open is not shown either way."
    assert sure(swept({2: [figures(1.0)]}, None), Setup(3)) == [
        "1 replication of each design, seed 3: of one there is no interval."
    ]
    same = results({2: [figures(1.0)] * 3}).at({QUOTA: 2})
    assert sure(Answer(same, 0.95), Setup()) == [
        "3 replications, the same in every figure, so that there is no interval."
    ]


def test_a_verdict_without_spread_is_no_test():
    target, same = Target.parse("waiting_time_s.p95 <= 600"), [figures(5.0)] * 3
    assert sure(Answer(results({2: same}).at({QUOTA: 2}), 0.95, target), Setup())[1:] == [
        "Where all replications show the same, what they show is the verdict, which is no test."
    ]
    unseen = Answer(results({2: [figures(math.nan)] * 3}).at({QUOTA: 2}), 0.95, target)
    assert sure(unseen, Setup())[1:] == []
    both = sure(swept({2: same, 4: [figures(9e3), figures(8e3), figures(7e3)]}), Setup())
    assert both[2].startswith("Met and missed are each shown with 95% confidence") and both[3].endswith("no test.")


def test_a_verdict_that_is_counted_claims_no_confidence():
    target = Target.parse("waiting_time_s.p95 <= 600")
    refused = [figures(math.nan, unserved=1.0)] * 3
    one = Answer(results({2: refused}).at({QUOTA: 2}), 0.95, target)
    counted = "too many tuning jobs are refused or have not trained is missed by count, which is no test."
    assert sure(one, Setup())[1:] == [f"A target for which {counted}"]
    both = sure(swept({2: refused, 4: [figures(9e3), figures(8e3), figures(7e3)]}), Setup())
    assert both[2].startswith("Met and missed are each shown with 95% confidence")
    assert both[3] == f"A design in which {counted}"


def test_who_is_left_out_of_every_design_alike_is_told_once_and_nobody_is_not_somebody():
    refused = swept({2: [figures(math.nan, unserved=1.0)] * 3, 4: [figures(math.nan, unserved=1.0)] * 3})
    assert all_of(left_out, refused, Setup()) == [
        "In every design 100.00% of the tuning jobs were refused or had not trained at the end: they are in no waiting time."
    ]
    nobody = [figures(math.nan, **{"waiting_time_s.count": 0.0})] * 3
    one = Answer(results({2: nobody}).at({QUOTA: 2}), 0.95)
    assert all_of(left_out, one, Setup()) == [
        "No tuning job that counts was asked for: none was refused, and none has trained."
    ]


def test_the_cost_is_that_of_the_chosen_design():
    [said] = all_of(costs, three())
    assert said == "30 US dollars (capacity.gpu = 6)."
    lines = all_of(costs, swept({2: [figures(9e3, 5.0)] * 3, 4: [figures(9e3, 7.0)] * 3}))
    assert lines == [
        "5 US dollars (the cheapest design: capacity.gpu = 2).",
        "7 US dollars (the dearest design: capacity.gpu = 4).",
    ]
    same = swept({2: [figures(9e3, 5.0)] * 3, 4: [figures(9e3, 5.0)] * 3})
    assert all_of(costs, same) == ["5 US dollars (the same in every design, such as capacity.gpu = 2)."]
    points = {3: [figures(700.0, 4.0), figures(710.0, 5.0)], 4: [figures(1.0, 6.0), figures(2.0, 8.0)]}
    found, less = all_of(costs, searched(4, points))
    low, high = results(points).at({QUOTA: 4}).interval("cost_usd")
    assert found == f"7 US dollars (capacity.gpu = 4) on average, with 95% confidence between {low:.4g} and {high:.4g}."
    assert less.startswith("4.5 US dollars (one less: capacity.gpu = 3) on average") and low >= 0


def test_a_cost_says_whom_it_leaves_out_and_when_it_is_not_known():
    [said] = all_of(costs, swept({2: [figures(9e3, 5.0, 0.25)] * 3}))
    assert (
        "25.00% of the tuning jobs that were asked for were refused or never trained: what they would have cost" in said
    )
    unknown = ["The cost is not known: some instances of these jobs have no price."]
    assert all_of(costs, swept({2: [figures(1.0, math.nan)] * 3})) == unknown
    assert all_of(costs, searched(4, {3: [figures(700.0)] * 2, 4: [figures(1.0, math.nan)] * 2})) == unknown


def test_with_variance_reduction_the_page_asks_and_answers_about_one_figure():
    column = "time_in_system_s.mean"
    table = pd.DataFrame({"replication": [10, 11, 12], column: [1.0, 3.0, 2.0]})
    answer = Answer(Results(table, reduction=Reduction(column, "controls", 10, 3, 0, 9.0)), 0.95, column=column)
    assert question(answer) == "Turnaround of tuning jobs, mean: how much is it?"
    [said] = all_of(costs, answer)
    assert said == f"The cost was not asked for: with variance reduction the replications tell {column} alone."
    cost = Answer(
        attrs.evolve(answer.results, table=table.rename(columns={column: "cost_usd"})), 0.95, column="cost_usd"
    )
    assert all_of(costs, cost)[0].startswith("2 US dollars")


def test_what_was_left_out_is_told_first_of_all_the_rows():
    setup = Setup(until_s=3600.0, warm_up_s=60.0)
    lines = all_of(
        left_out,
        history({2: figures(1.0), 4: figures(1.0)}, told=("jobs: 5 taken, 1 left out: 1 × run: empty.",)),
        setup,
    )
    assert lines == [
        "jobs: 5 taken, 1 left out: 1 × run: empty.",
        "No tuning job was refused or had not trained at the end in any design.",
        "Tuning jobs that were created in the first 60 s, the warm-up, do not count.",
        "Each run ends at 3,600 s; what goes on then counts up to there.",
    ]


def test_who_was_not_served_is_counted_for_the_chosen_design_and_for_the_worst():
    words = "of the tuning jobs were refused or had not trained at the end"
    answer = swept({2: [figures(9e3, unserved=0.5)] * 3, 4: [figures(1.0)] * 3})
    assert all_of(left_out, answer, Setup()) == [
        f"No tuning job was refused or had not trained at the end with {QUOTA} = 4.",
        f"Of all designs the most are left out with {QUOTA} = 2: 50.00% {words}.",
    ]
    allowed = Answer(answer.results, 0.95, Target.parse("waiting_time_s.p95 <= 600", 0.6))
    chosen = Answer(
        results({2: [figures(9.0, 1.0, unserved=0.5)] * 3, 4: [figures(1.0, 2.0)] * 3}), 0.95, allowed.target
    )
    assert all_of(left_out, chosen, Setup())[0] == f"50.00% {words} ({QUOTA} = 2): they are in no waiting time."
    one = Answer(results({2: [figures(9.0, unserved=0.25)] * 3}).at({QUOTA: 2}), 0.95)
    assert all_of(left_out, one, Setup()) == [f"25.00% {words}: they are in no waiting time."]
    assert P95 in one.results.columns
