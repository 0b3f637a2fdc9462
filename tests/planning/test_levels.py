"""Numbers over time: against sums second by second."""

from hypothesis import given
from hypothesis import strategies as st

from hptsim.planning.levels import Holder, Level, TuningHolder
from hptsim.planning.usage import TuningJobFigures, Usage

MOVES = st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), max_size=20)


@given(moves=MOVES, begin_s=st.integers(0, 20), more_s=st.integers(0, 10))
def test_the_integral_and_the_most_are_those_of_each_second_from_the_beginning_on(moves, begin_s, more_s):
    level, now, course = Level(float(begin_s)), 0, []
    for gap_s, by in moves:
        course += [level.value] * gap_s
        now += gap_s
        level.move(by, float(now))
    course += [level.value] * more_s
    level.settle(float(now + more_s))
    assert level.integral == sum(course[begin_s:])
    assert level.most == max([0, *course[begin_s:]])


def test_a_holder_hands_its_sums_to_its_usage():
    usage = Usage()
    holder = Holder(usage)
    holder.held.move(3, 10.0)
    holder.used.move(2, 15.0)
    holder.settle(20.0)
    assert (usage.reserved_instance_s, usage.occupied_instance_s, usage.idle_instance_s) == (30, 10, 20)


def test_a_tuning_job_also_says_what_it_kept_while_it_stopped():
    row = TuningJobFigures(name="demo", created_s=0.0)
    holder = TuningHolder(row, row, ())
    holder.held.move(3, 10.0)
    holder.settle(20.0)
    assert (row.reserved_instance_s, row.stopping_instance_s) == (30, 0)
    holder.stopping = Level(20.0, holder.held.value)
    holder.settle(25.0)
    assert (row.reserved_instance_s, row.stopping_instance_s) == (45, 15)
