"""A disk that is full at any place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.errors import VisavisError


@contextmanager
def files_no_larger_than(limit: int) -> Iterator[None]:
    """Let the system refuse to write beyond a place in any file, as a full disk does."""
    import resource  # noqa: PLC0415 - POSIX has it

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fails_at_every_write(
    work: Callable[[], object], unharmed: Callable[[], object], size: int, steps: int = 24
) -> set[str]:
    """Carry out work with ever more room until it succeeds, and see each time that nothing was harmed.

    Args:
        work: done with little room.
        unharmed: asserts that all is as before; done with enough room.
        size: about how many bytes the largest file gets.
        steps: how many limits are tried up to that size.

    Returns:
        What was said.
    """
    told: set[str] = set()
    for limit in range(0, 2 * size, max(1, size // steps)):
        try:
            with files_no_larger_than(limit):
                work()
        except VisavisError as error:
            told.add(str(error))
            unharmed()
        else:
            assert told
            return told
    raise AssertionError("it never succeeded")


def check(fulfilled: bool) -> None:
    """Assert, where only an expression may stand."""
    assert fulfilled
