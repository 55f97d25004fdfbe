"""The faults, as data: docs/faults.md is written from here, and tests compare what is said with it.

python -m tests.faults.table > docs/faults.md
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

ROOM_FOR_NAMES = 140
"""Characters that a sentence may have besides the names in it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        id: in the catalogue of faults; empty for those that are not in it.
        what: happens.
        key: under which a test says that it heard the sentence; the same as `what` where empty.
        sentence: that the user sees, with an ellipsis where a name stands; empty where nothing needs to be said.
        after: what is still there.
        tests: that show it, as FILE::NAME.
    """

    id: str
    what: str
    sentence: str
    after: str
    tests: tuple[str, ...]
    key: str = ""


FAULTS: dict[str, tuple[Fault, ...]] = {}


def said(key: str, text: str) -> None:
    print(key, "|", text)


