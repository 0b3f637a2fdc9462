"""Which states were seen: by keys, and by digests in a compact table."""

import math
from array import array

import pytest

from hptsim.explorer import seen as module
from hptsim.explorer.seen import Compacted, Exact, digest, omission_probability


def test_a_compacted_table_grows_and_knows_every_key_again():
    exact, compacted = Exact(), Compacted()
    keys = [(one % 50_000, one % 7) for one in range(100_000)]
    assert [compacted.number(key) for key in keys] == [exact.number(key) for key in keys]
    assert len(compacted) == len(exact) == len(set(keys)) > module._EMPTY_SLOTS * 2 // 3


def test_a_state_in_a_compacted_table_takes_at_most_36_bytes():
    compacted = Compacted()
    for key in range(100_000):
        compacted.number((key,))
    tables = [one for one in vars(compacted).values() if isinstance(one, array)]
    assert len(tables) == 2 and 12 < sum(one.itemsize * len(one) for one in tables) / len(compacted) <= 36


def test_two_states_with_one_digest_are_taken_for_one_another(monkeypatch):
    monkeypatch.setattr(module, "digest", lambda key: digest(key) % 4)
    compacted = Compacted()
    assert {compacted.number((key,)) for key in range(100)} == {0, 1, 2, 3} and len(compacted) == 4


def test_bytes_and_tuples_have_digests_of_64_bits_spread_evenly():
    digests = [digest((one,)) for one in range(4096)] + [digest(b"%d" % one) for one in range(4096)]
    assert len(set(digests)) == 8192 and max(digests) < 2**64
    ones = [sum(one >> bit & 1 for one in digests) for bit in range(64)]
    assert all(abs(count - 4096) < 5 * math.sqrt(8192) / 2 for count in ones)


@pytest.mark.parametrize("states", [2, 1000, 10**6, 10**9])
def test_the_probability_of_omission_is_the_birthday_estimate(states):
    assert omission_probability(states) == pytest.approx(states * (states - 1) / 2**65, rel=1e-1)
    assert 0 < omission_probability(states) < omission_probability(2 * states) <= 1
