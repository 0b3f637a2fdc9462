"""Judges recordings of the live service: whether some run of the tables, with latencies left free, answers so.

`judgement.conform` reads a recording (`recordings`, `cloudtrail`), sorts what its answers say by job (`sightings`), and
follows each job through the tables from answer to answer (`tuning_answers`, `training_answers`), keeping every state that is
possible. Rows come from the compiled tables, what a tuning job's controller arms from the twin's own controller.

Apart from that stands `contract_tests`: what any server of tuning jobs must do, as tests that pytest runs against its URL.
"""

from hptsim.conformance.answers import Answer, Refusal
from hptsim.conformance.judgement import Judgement, conform

__all__ = ["Answer", "Judgement", "Refusal", "conform"]
