"""Streams of uniform numbers that do not disturb each other."""

import pickle

from hptsim.scenario.random_streams import Mirrored, stream, suffix, uniforms


def test_a_stream_is_a_function_of_seed_name_and_attempt_alone():
    assert uniforms(1, "a", 1) == uniforms(1, "a", 1)
    streams = {uniforms(seed, name, attempt) for seed in (0, 1) for name in ("a", "b") for attempt in (1, 2)}
    assert len(streams) == 8
    drawn = [u for i in range(2000) for u in uniforms(0, "a", i)]
    assert all(0 <= u < 1 for u in drawn) and abs(sum(drawn) / len(drawn) - 0.5) < 0.01
    tenths = [sum(k / 10 <= u < (k + 1) / 10 for u in drawn) for k in range(10)]
    assert max(abs(count - len(drawn) / 10) for count in tenths) < 200


def test_mirrored_streams_lie_opposite_and_names_stay():
    for place, u in enumerate(uniforms(5, "a", 1)):
        assert uniforms(Mirrored(5), "a", 1)[place] == 1 - 2.0**-32 - u
    assert stream(Mirrored(5), "a", 1) != stream(5, "a", 1)
    assert suffix(Mirrored(5), "demo", 1) == suffix(5, "demo", 1)
    assert pickle.loads(pickle.dumps(Mirrored(5))).__class__ is Mirrored
