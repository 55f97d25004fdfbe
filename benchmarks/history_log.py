"""What the history log costs: enrollments with it and without, decisions written down, and a long log checked.

python benchmarks/history_log.py [--entries 100000]
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

import common  # noqa: F401 - puts the project on the path
import numpy as np

from engine.gallery.journal import Note
from engine.gallery.store import Gallery
from engine.journal import LogPolicy, LogQuery
from engine.types import NewTemplate

ENROLLMENTS, ROUNDS, AT_ONCE = 100, 5, 5000
DECISION = {
    "match": True, "source": "picture.jpg", "failed": False, "metric": "cosine", "distance": 0.0123, "limit": 0.07,
    "pack": "dlib-resnet-v1",
}  # fmt: skip


def main() -> None:
    """Measure all of it in one run, with and without by turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    entries = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as name:
        times: dict[str, list[float]] = {"off": [], "changes": []}
        for number in range(ROUNDS):
            for level, taken in times.items():
                with closing(Gallery.open(Path(name) / f"{level}{number}.db")) as gallery:
                    gallery.journal.use(LogPolicy.of(level, 0))
                    taken.append(enroll(gallery))
        without, with_log = (1000 * median(taken) / ENROLLMENTS for taken in times.values())
        print(f"an enrollment of 3 templates: {with_log:.2f} ms with the log, {without:.2f} ms without")
        print(f"ratio {with_log / without:.2f}")
        with closing(Gallery.open(Path(name) / "long.db")) as gallery:
            long_log(gallery, entries)


def enroll(gallery: Gallery) -> float:
    """Enroll people of three templates each, one at a time, and return how long it took."""
    rng = np.random.default_rng(0)
    crop = rng.bytes(16_000)
    vectors = rng.normal(size=(ENROLLMENTS, 3, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    start = perf_counter()
    for number, embeddings in enumerate(vectors):
        gallery.enroll(f"Person {number}", [NewTemplate(one, "pack", crop, "picture.jpg") for one in embeddings])
    return perf_counter() - start


def long_log(gallery: Gallery, entries: int) -> None:
    """Write many decisions, then look through them and check them."""
    enroll(gallery)
    start = perf_counter()
    for _ in range(200):
        gallery.journal.note(Note("verify", DECISION, [1]))
    print(f"a decision written down by itself: {1000 * (perf_counter() - start) / 200:.2f} ms")
    for done in range(0, entries, AT_ONCE):
        gallery.journal.note(*(Note("verify", DECISION, [1 + (done + one) % ENROLLMENTS]) for one in range(AT_ONCE)))
    size = gallery.path.stat().st_size / len(gallery.journal.numbers(LogQuery()))
    start = perf_counter()
    verdict = gallery.journal.verify()
    verify_s = perf_counter() - start
    print(f"{verdict.entries:,} entries, {size:.0f} bytes of the file each: checked in {verify_s:.2f} s")
    start = perf_counter()
    numbers = gallery.journal.numbers(LogQuery(person_id=7))
    first = gallery.journal.entries(numbers[:200])
    print(f"one person's {len(numbers):,}: found, and {len(first)} read, in {1000 * (perf_counter() - start):.0f} ms")


if __name__ == "__main__":
    main()
