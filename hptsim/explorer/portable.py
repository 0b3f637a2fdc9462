"""Values that travel between processes: pickled, but what the scenario gave stays the object that each process has of it.

A law or a rule may ask whether two definitions are the same object, so a copy will not do.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from typing import Any


class Portable:
    """Pickles values; the *fixed* objects are named by their places in the list, which has to be alike in every process.

    >>> fixed = {"a": 1}
    >>> portable = Portable([fixed])
    >>> portable.loads(portable.dumps([fixed, {"b": 2}]))[0] is fixed
    True
    """

    def __init__(self, fixed: Iterable[object]) -> None:
        self._fixed = list(fixed)
        self._place = {id(one): place for place, one in enumerate(self._fixed)}

    def dumps(self, value: object) -> bytes:
        """*value* as bytes."""
        out = io.BytesIO()
        pickler = pickle.Pickler(out, pickle.HIGHEST_PROTOCOL)
        pickler.persistent_id = lambda one: self._place.get(id(one))  # type: ignore[method-assign]
        pickler.dump(value)
        return out.getvalue()

    def loads(self, data: bytes) -> Any:
        """The value again, with the fixed objects of this process."""
        unpickler = pickle.Unpickler(io.BytesIO(data))
        unpickler.persistent_load = self._fixed.__getitem__  # type: ignore[method-assign]
        return unpickler.load()
