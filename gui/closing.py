"""The end of the program: all are asked to stop at once, waited for together, and whoever is left then is left behind.

Leaving loses nothing that was acknowledged: a change of the gallery is whole or not made, however the process ends.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, sleep
from typing import NoReturn, Protocol

STOP_WITHIN_S = 3.5
"""How long all are waited for together, from the moment in which the window is closed."""
GONE_WITHIN_S = 4.5
"""When the process is gone, whatever hangs, from the same moment."""


class Closable(Protocol):
    """What has a thread or a process of its own."""

    def ask_to_stop(self) -> None:
        """Ask it to stop and take no more work; returns at once."""

    def close(self, within_s: float) -> None:
        """Ask it to stop, and wait for that; no longer than so many seconds."""


def close_together(parts: Sequence[Closable], within_s: float = STOP_WITHIN_S) -> None:
    """Close everything; the slowest counts, and not all of them one after the other."""
    end_s = monotonic() + within_s
    for part in parts:
        part.ask_to_stop()
    for part in parts:
        part.close(max(0.0, end_s - monotonic()))


def gone_within(seconds: float) -> None:
    """End the process after that time with 0, wherever it hangs by then; returns at once."""

    def end() -> None:
        sleep(seconds)
        os._exit(0)

    threading.Thread(target=end, name="last resort", daemon=True).start()


def leave(code: int) -> NoReturn:
    """End the process with an exit code, now that all are closed or left behind.

    Python would wait for every thread that still runs, and take apart what torch and Qt consist of: a second or two
    that nobody needs, in which libraries fall over threads that are in their code.
    """
    for stream in (sys.stdout, sys.stderr):
        # There is none where the program was started without a terminal.
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
    os._exit(code)
