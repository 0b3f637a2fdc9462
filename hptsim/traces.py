"""Workloads from real records: any table of jobs, what the service's own calls describe, and an account's history.

>>> from hptsim import traces
>>> "slurm" in traces.MAPPINGS
True
"""

from hptsim.scenario.account_history import from_client, from_descriptions
from hptsim.scenario.columns import MAPPINGS, Columns, mapping
from hptsim.scenario.csv_traces import from_csv
from hptsim.scenario.trace import LeftOut, Trace

__all__ = ["MAPPINGS", "Columns", "LeftOut", "Trace", "from_client", "from_csv", "from_descriptions", "mapping"]
