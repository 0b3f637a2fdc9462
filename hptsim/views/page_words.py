"""The sentences of an experiment's page: the question, how sure the answer is, what it costs, what was left out."""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs

from hptsim.planning.answers import Answer
from hptsim.planning.one_history import ONE_HISTORY, HistoryAnswer
from hptsim.planning.results import Results, digits, percent, spelled
from hptsim.planning.targets import Target
from hptsim.scenario.resampling import KINDS, Resampling
from hptsim.views.axis_names import figure_name, is_share, path_name
from hptsim.views.choice import COST, Choice, Design, mean_of
from hptsim.views.report import Line


@attrs.frozen
class Setup:
    """How an experiment was run, and when its page is *written*; *warning* is about the age of the prices."""

    seed: int = 0
    until_s: float | None = None
    warm_up_s: float = 0.0
    resample: Resampling | None = None
    written: str = ""
    warning: str = ""


def target_words(target: Target) -> str:
    """A target for readers who do not know the columns.

    >>> target_words(Target("waiting_time_s.p95", "<=", 600.0)), target_words(Target("waited_share", "<=", 0.05))
    ('waiting of tuning jobs, 95 % quantile: at most 600 s', 'tuning jobs that waited for quota: at most 5 %')
    """
    name, _, unit = figure_name(target.column).partition(" (")
    unit, _, group = unit.partition(")")
    limit = f"{100 * target.limit:.6g} %" if is_share(target.column) else f"{target.limit:,.12g} {unit}".rstrip()
    return f"{name}{group}: at {'most' if target.sign == '<=' else 'least'} {limit}"


def question(answer: Answer) -> str:
    """What was asked, as one would ask it."""
    paths = " and ".join(path_name(path).partition(" (")[0] for path in answer.results.varied)
    count = len(answer.points())
    if answer.results.reduction is not None:
        return f"{_begun(figure_name(answer.column).partition(' (')[0])}: how much is it?"
    if answer.target is None:
        return f"What changes with {paths}?" if paths else "How long do tuning jobs wait, and what does it cost?"
    wanted = target_words(answer.target)
    if answer.search is not None:
        return f"What is the smallest {paths} that meets the target? {_begun(wanted)}."
    if count > 1:
        return f"Which of {count} designs ({paths}) meet the target? {_begun(wanted)}."
    return f"Is the target met? {_begun(wanted)}."


def answer_lines(answer: Answer, choice: Choice) -> list[Line]:
    """The answer's own sentences, each with the verdict that it tells; of several designs first how many meet the target."""
    said = [line for text in answer.lines() for line in text.splitlines() if line != ONE_HISTORY]
    points = answer.points()
    if answer.search is not None:
        found = "met" if answer.search.value is not None else answer.verdict(points[-1][1])
        return [Line(text.removesuffix(f" {ONE_HISTORY}"), found) for text in said]
    if answer.target is None:
        return [Line(text) for text in said]
    verdicts = [answer.verdict(part) for _, part in points]
    lines = [Line(text, verdict) for text, verdict in zip(said, verdicts, strict=True)]
    if len(points) == 1:
        return lines
    met = verdicts.count("met")
    head = f"{met or 'None'} of {len(points)} designs {'meets' if met == 1 else 'meet'} the target."
    if choice.design is not None:
        which = "It is" if met == 1 else "The cheapest of them is"
        head += f" {which} {spelled(choice.design)}."
    return [Line(head), *lines]


def sure(answer: Answer, setup: Setup) -> list[str]:
    """How the numbers came about, and how sure they are."""
    lines = [answer.basis(setup.seed)]
    if isinstance(answer, HistoryAnswer):
        return [*lines, ONE_HISTORY]
    if setup.resample is not None:
        lines.append(_resampled(setup.resample))
    if len(answer.points()) > 1:
        lines.append("A replication has the same random numbers in every design.")
    return [*lines, *_judged(answer)]


def _judged(answer: Answer) -> Iterator[str]:
    """What the verdicts rest on: a test, or a count of those who are not served."""
    if (target := answer.target) is None:
        return
    served = [part for _, part in answer.points() if target.served(part)]
    tested = [answer.tested(part) for part in served]
    if any(tested):
        sure = f"with {percent(answer.confidence)} confidence"
        yield f"Met and missed are each shown {sure}; what is open is not shown either way."
    if any(
        len(part.table) > 1 and not target.unseen(part) and not test for part, test in zip(served, tested, strict=True)
    ):
        yield "Where all replications show the same, what they show is the verdict, which is no test."
    if len(served) < len(answer.points()):
        words = "too many tuning jobs are refused or have not trained is missed by count, which is no test"
        yield f"A design in which {words}." if len(answer.points()) > 1 else f"A target for which {words}."


def _resampled(how: Resampling) -> str:
    """How the recorded days become other ones."""
    text = f"In each replication {KINDS[how.days]}"
    if how.block_days > 1:
        text += f", {how.block_days} days in a row"
    return text + (f"; the number of jobs grows by the factor {how.growth:g}." if how.growth != 1 else ".")


def costs(answer: Answer, choice: Choice) -> list[str]:
    """What the chosen design costs, or how far the designs' costs lie apart; and what one less would cost."""
    points = answer.points()
    known = [(mean_of(part, COST), set_, part) for set_, part in points if not math.isnan(mean_of(part, COST))]
    if not known:
        if answer.results.reduction is not None and COST not in answer.results.columns:
            return [f"The cost was not asked for: with variance reduction the replications tell {answer.column} alone."]
        return ["The cost is not known: some instances of these jobs have no price."]
    if choice.design is None:
        least, most = min(known, key=lambda one: one[0]), max(known, key=lambda one: one[0])
        if len(points) == 1:
            return [_cost(answer, *least[1:])]
        if least[0] == most[0] and len(known) == len(points):
            return [_cost(answer, *least[1:], "the same in every design, such as ")]
        return [_cost(answer, *least[1:], "the cheapest design: "), _cost(answer, *most[1:], "the dearest design: ")]
    part = choice.part
    assert part is not None
    if math.isnan(mean_of(part, COST)):
        return ["The cost is not known: some instances of these jobs have no price."]
    lines = [_cost(answer, choice.design, part)]
    if answer.search is not None:
        below = {answer.search.what: answer.search.value - 1}
        lines += [_cost(answer, set_, other, "one less: ") for _, set_, other in known if set_ == below]
    return lines


def _cost(answer: Answer, design: Design, part: Results, which: str = "") -> str:
    """The cost of a design, with its interval."""
    row = part.summary(COST, answer.confidence).to_dict("records")[0]
    where = f"{which}{spelled(design)}" if design else ""
    text = f"{digits(row['mean'])} US dollars" + (f" ({where})" if where else "")
    if not math.isnan(row["low"]):
        sure = f"with {percent(answer.confidence)} confidence between {digits(row['low'])} and {digits(row['high'])}"
        text += f" on average, {sure}"
    return f"{text}.{part.caveat(COST)}"


def left_out(answer: Answer, choice: Choice, setup: Setup) -> list[str]:
    """Rows that were skipped, jobs that were refused or never trained, and what did not count."""
    return [*answer.told, *_unserved(answer, choice), *_not_counted(setup)]


def _unserved(answer: Answer, choice: Choice) -> Iterator[str]:
    shares = [(mean_of(part, "unserved_share"), set_) for set_, part in answer.points()]
    each = " in any design" if len(shares) > 1 else ""
    if all(share == 0 for share, _ in shares):
        if all(mean_of(part, "waiting_time_s.count") == 0 for _, part in answer.points()):
            yield f"No tuning job that counts was asked for{each}: none was refused, and none has trained."
            return
        yield f"No tuning job was refused or had not trained at the end{each}."
        return
    words = "of the tuning jobs were refused or had not trained at the end"
    if len(shares) > 1 and len({share for share, _ in shares}) == 1:
        yield f"In every design {shares[0][0]:.2%} {words}: they are in no waiting time."
        return
    for share, set_ in shares:
        if len(shares) > 1 and set_ != choice.design:
            continue
        if share == 0:
            yield f"No tuning job was refused or had not trained at the end with {spelled(set_)}."
        elif share > 0:
            yield f"{share:.2%} {words}" + (f" ({spelled(set_)})" if set_ else "") + ": they are in no waiting time."
    if len(shares) > 1:
        share, set_ = max(shares, key=lambda one: -1.0 if math.isnan(one[0]) else one[0])
        if set_ != choice.design:
            yield f"Of all designs the most are left out with {spelled(set_)}: {share:.2%} {words}."


def _not_counted(setup: Setup) -> Iterator[str]:
    if setup.warm_up_s:
        yield f"Tuning jobs that were created in the first {setup.warm_up_s:,.12g} s, the warm-up, do not count."
    if setup.until_s is not None:
        yield f"Each run ends at {setup.until_s:,.12g} s; what goes on then counts up to there."


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
