"""`hptsim conform`: whether the twin could have answered as a recording of the live service says."""

from __future__ import annotations

import json
from pathlib import Path

from hptsim.cli.exit_codes import BAD_INPUT, NOT_EXPLAINED, SUCCESS
from hptsim.conformance import Judgement, Refusal
from hptsim.conformance import conform as judge
from hptsim.conformance.answers import shown


def conform(recording: Path, *, json: bool = False) -> int:
    """Judge a recording of the live service: could the twin have answered so?

    Parameters
    ----------
    recording
        a folder of placebo's files, a JSON Lines file (`hptsim.boto.record` writes one), or CloudTrail's records
        with what Describe calls answered
    json
        print one JSON object
    """
    found = judge(recording)
    print(_as_json(found) if json else "\n".join(_lines(recording, found)))
    if found.refusals:
        return NOT_EXPLAINED
    return BAD_INPUT if found.damage else SUCCESS


def _lines(recording: Path, found: Judgement) -> list[str]:
    """What was found, in words."""
    jobs = f"{_count(found.tuning_jobs, 'tuning job')} and {_count(found.training_jobs, 'training job')}"
    judged = f"{found.judged} answer{'s' if found.judged != 1 else ''} judged, about {jobs}"
    lines = [str(one) for one in found.refusals]
    lines += [f"could not be read: {one}" for one in found.damage]
    lines += [f"note: {one}" for one in found.notes]
    if found.refusals:
        verdict = "not explained: the twin could not have answered so"
    elif found.damage:
        verdict = "what could be read is explained: the twin could have answered so"
    else:
        verdict = "explained: the twin could have answered so"
    return [*lines, f"{recording}: {judged}; {verdict}"]


def _count(names: tuple[str, ...], what: str) -> str:
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'}"


def _as_json(found: Judgement) -> str:
    return json.dumps(
        {
            "explained": found.explained,
            "answers": found.judged,
            "tuning_jobs": found.tuning_jobs,
            "training_jobs": found.training_jobs,
            "refusals": [_refusal(one) for one in found.refusals],
            "damage": found.damage,
            "notes": found.notes,
        },
        indent=2,
    )


def _refusal(one: Refusal) -> dict[str, str]:
    return {
        "answer": one.answer.place,
        "operation": one.answer.operation,
        "member": one.member,
        "recorded": shown(one.recorded),
        "possible": one.possible,
        "against": one.against,
    }
