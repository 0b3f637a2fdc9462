"""Clients of boto3, botocore, aiobotocore and aioboto3 in process: answered by a simulation, before anything is sent.

`client` makes one, `attach` takes one that you have, `mock` catches all that a program makes itself; `virtual_time` lets
sleeping move the simulation, in threads and in asyncio; `record` writes down what a real account answers.
"""

from __future__ import annotations

from hptsim.boto.clients import DEFAULT_REGION as DEFAULT_REGION
from hptsim.boto.clients import attach as attach
from hptsim.boto.clients import client as client
from hptsim.boto.clock import virtual_time as virtual_time
from hptsim.boto.copies import UnreachedClock as UnreachedClock
from hptsim.boto.mocking import mock as mock
from hptsim.boto.mocking import mocked as mocked
from hptsim.recorder import Recorder as Recorder
from hptsim.recorder import record as record
