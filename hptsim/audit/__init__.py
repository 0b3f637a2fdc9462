"""The judge: reads the journal entry by entry into a state of its own, and raises LawBroken.

It shares no rule with the world that it judges, and never imports the world, the strategies or the cloud.
"""

from hptsim.audit.auditor import Auditor

__all__ = [
    "Auditor",
]
