"""Looks at the seals of many embeddings on a thread of its own, so that nobody waits for it."""

from __future__ import annotations

from threading import Event, Thread

import numpy as np
from numpy.typing import NDArray

from engine.errors import OperationCancelledError
from engine.gallery.references import References
from engine.gallery.seals import Seals

_REST_S = 0.001
"""Between some hundred seals others get their turn."""


class Proving:
    """Looks once at all that was read."""

    def __init__(self, references: References, stored: NDArray[np.uint8], seals: Seals) -> None:
        """Begin.

        Args:
            references: N templates as they were read.
            stored: (N, 16) their seals.
            seals: what they should be sealed with.
        """
        self._found: frozenset[int] = frozenset()
        self._stop = Event()
        self._thread = Thread(target=self._run, args=(references, stored, seals), name="seals", daemon=True)
        self._thread.start()

    def found(self) -> frozenset[int]:
        """Whose templates are not those that were stored, as far as that was not said before."""
        found = self._found
        if found:
            # Only then: the thread may just be writing it down.
            self._found = frozenset()
        return found

    def wait(self) -> None:
        """Wait until it is done."""
        self._thread.join()

    def stop(self) -> None:
        """End it, done or not."""
        self._stop.set()
        self._thread.join()

    def _run(self, references: References, stored: NDArray[np.uint8], seals: Seals) -> None:
        owners = references.person_ids
        try:
            broken = seals.broken(
                references.pack_id, owners, references.template_ids, references.matrix, stored, proceed=self._rest
            )
        except OperationCancelledError:
            return
        self._found = frozenset(owners[broken].tolist())

    def _rest(self) -> None:
        if self._stop.wait(_REST_S):
            raise OperationCancelledError
