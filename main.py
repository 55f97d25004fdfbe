"""Visavis: without arguments the window; with a command the same engine, headless."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Visavis.

    Args:
        arguments: without the program's name; the process's own when None.

    Returns:
        The exit code: 0 done or match, 1 no match, 2 wrong usage, 3 bad input.
    """
    from engine.cli.parser import parse  # noqa: PLC0415 - the parser is enough to answer --help

    request = parse(sys.argv[1:] if arguments is None else arguments)
    if request.command is None:
        from gui.app import run as open_window  # noqa: PLC0415 - Qt is loaded only for the window

        return open_window(request)
    from engine.cli.commands import run as run_command  # noqa: PLC0415 - torch is loaded only for a command

    return run_command(request)


if __name__ == "__main__":
    sys.exit(main())
