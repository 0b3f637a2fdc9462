"""Hypothesis profiles: "quick" for the gate, the same examples every time; "long" looks further, by name."""

import os

from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("quick", max_examples=60, stateful_step_count=60, derandomize=True, **COMMON)
settings.register_profile("long", max_examples=3000, stateful_step_count=150, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

pytest_plugins = ["pytester"]
