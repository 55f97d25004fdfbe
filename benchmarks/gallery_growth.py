"""What a large gallery's size costs: opening, enrolling, the write-ahead log, and a backup while people are enrolled.

A part of `large_gallery.py --growth`. Each opening is a process of its own, as a start of the program is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import Thread
from time import perf_counter, process_time, thread_time

import numpy as np
from search import rows_like

from engine.gallery.backups import make_backup
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed
from engine.matching.calibration import Calibration
from engine.matching.own_strangers import OwnStrangers
from engine.matching.people_index import PeopleIndex
from engine.packs.pack import DEFAULT_PACK
from engine.types import NewTemplate

OPENINGS, ENROLLMENTS, PICTURES, CROP_BYTES = 3, 60, 3, 17_000
AT_ONCE = 6_000
"""Pictures of one edit, some 100 MB, as an import makes one."""
MB = 2**20


def grow(path: Path, typed: Typed | None) -> None:
    """Print the figures."""
    print_openings(path, typed)
    gallery = Gallery.open(path, typed)
    log = Log(path)
    crop = np.random.default_rng(0).bytes(CROP_BYTES)
    _enroll(gallery, crop, "alone", log, count=ENROLLMENTS)
    _back_up(gallery, crop, log)
    many = [NewTemplate(row, DEFAULT_PACK.id, crop, "made.jpg") for row in rows_like("alike", AT_ONCE, 7)]
    start = perf_counter()
    gallery.enroll("Many", many)
    print(f"one edit of {AT_ONCE:,} pictures: {perf_counter() - start:.1f} s; log {log.now_mb:,.0f} MB right after")
    _enroll(gallery, crop, "after it", log, count=5)
    start = perf_counter()
    gallery.close()
    print(f"closed in {perf_counter() - start:.2f} s; log {log.now_mb:,.0f} MB")


class Log:
    """The write-ahead log's file."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-wal")
        self.most_mb = 0.0

    @property
    def now_mb(self) -> float:
        """How large it is."""
        return self._path.stat().st_size / MB if self._path.exists() else 0.0

    def look(self) -> None:
        """Note how large it is."""
        self.most_mb = max(self.most_mb, self.now_mb)


def _enroll(
    gallery: Gallery, crop: bytes, when: str, log: Log, *, count: int = 0, backup: Thread | None = None
) -> None:
    """Enroll people one after the other; while a backup is made, until it is there."""
    times, own, log.most_mb, number = [], [], 0.0, 0
    while (number < count) if backup is None else backup.is_alive():
        vectors = rows_like("alike", PICTURES, 5000 + number)
        new = [NewTemplate(vector, DEFAULT_PACK.id, crop, "made.jpg") for vector in vectors]
        start, had = perf_counter(), thread_time()
        gallery.enroll(f"New {when} {number}", new)
        times.append((perf_counter() - start) * 1e3)
        own.append((thread_time() - had) * 1e3)
        log.look()
        number += 1
    print(
        f"{number} people of {PICTURES} pictures enrolled {when}: median {np.median(times):.1f} ms, p95"
        f" {np.percentile(times, 95):.1f}, longest {max(times):.1f}; of the processor {np.median(own):.1f};"
        f" log at most {log.most_mb:.1f} MB, now {log.now_mb:.1f}"
    )


def _back_up(gallery: Gallery, crop: bytes, log: Log) -> None:
    took: list[float] = []

    def work() -> None:
        start = perf_counter()
        make_backup(gallery.path, gallery.key)
        took.append(perf_counter() - start)

    backup = Thread(target=work)
    backup.start()
    _enroll(gallery, crop, "while a backup is made", log, backup=backup)
    backup.join()
    print(f"the backup took {took[0]:.1f} s of {gallery.path.stat().st_size / MB:,.0f} MB")
    _enroll(gallery, crop, "after the backup", log, count=5)


def print_openings(path: Path, typed: Typed | None) -> None:
    """Open it some times, each in a process of its own, and print what its parts took."""
    made = [
        json.loads(
            subprocess.run(
                [sys.executable, __file__, str(path), typed.secret if typed else ""],
                capture_output=True, text=True, check=True,
            ).stdout
        )
        for _ in range(OPENINGS)
    ]  # fmt: skip
    for part in made[0]:
        wall, own = np.median([one[part] for one in made], axis=0)
        print(f"{part}: {wall:.2f} s, of the processor {own:.2f}")


def _open(path: Path, secret: str) -> None:
    index, strangers = PeopleIndex(), OwnStrangers(Calibration.load(DEFAULT_PACK.id))
    parts: dict[str, tuple[float, float]] = {}
    begun = start = perf_counter(), process_time()

    def part(name: str, since: tuple[float, float]) -> tuple[float, float]:
        now = perf_counter(), process_time()
        parts[name] = now[0] - since[0], now[1] - since[1]
        return now

    gallery = Gallery.open(path, Typed(secret) if secret else None)
    start = part("opening the file, with what the passphrase takes", start)
    references = gallery.references(DEFAULT_PACK.id)
    start = part("reading the templates", start)
    index.follow(references)
    start = part("the index", start)
    strangers.calibration(references)
    start = part("its own strangers", start)
    part("all of it, until anybody can be found", begun)
    gallery.close()
    print(json.dumps(parts))


if __name__ == "__main__":
    _open(Path(sys.argv[1]), sys.argv[2])
