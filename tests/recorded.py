"""Recorded answers of the live service, where they are present: outside the project, never part of it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "shared/data/recordings"
PRESENT = pytest.mark.skipif(not FOLDER.is_dir(), reason="recorded answers of the live service are not here")


def answer(recording, operation, number=1):
    """One recorded answer, with its times as seconds since 1970."""
    path = FOLDER / recording / f"api.sagemaker.{operation}_{number}.json"
    return json.loads(path.read_text(encoding="utf-8"), object_hook=_instant)["data"]


def _instant(data):
    if data.pop("__class__", None) != "datetime":
        return data
    return datetime(**data, tzinfo=UTC).timestamp()
