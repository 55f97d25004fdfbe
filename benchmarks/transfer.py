"""Galleries in and out: time and memory of the gallery file, against reading and writing the same bytes plainly.

python benchmarks/transfer.py [--templates 20000]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import numpy as np
from common import ROOT  # noqa: F401 - makes the engine importable

from engine.gallery.exchange import Arrivals, PortablePerson, PortableTemplate, bring
from engine.gallery.store import Gallery
from engine.transfer.gallery_file import export_gallery, import_gallery, opened
from engine.transfer.sealed import Cost, SealedWriter

TEMPLATES = int(sys.argv[sys.argv.index("--templates") + 1]) if "--templates" in sys.argv else 20_000
EACH = 10
CROP_BYTES = 15_000
PASSPHRASE = "correct horse"  # noqa: S105 - of the benchmark's own file


def main() -> None:
    """Fill a gallery, export it, and import it into an empty one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own, so that its memory does not count.
        filling = get_context("spawn").Process(target=fill, args=(folder / "a.db",))
        filling.start()
        filling.join()
        source = Gallery.open(folder / "a.db")
        place = folder / "people.visavis"
        out_s = timed("export", lambda: export_gallery(source, place, PASSPHRASE))
        size = place.stat().st_size
        print(f"{TEMPLATES:,} templates of {TEMPLATES // EACH:,} people, {size / 1e6:,.0f} MB")
        plain_s = timed("the same bytes, plainly copied and synced", lambda: copy(place, folder / "plain"))
        print(f"export to plain writing: {out_s / plain_s:.1f}; {size / out_s / 1e6:,.0f} MB/s")
        timed("proving the file", lambda: prove(place))
        target = Gallery.open(folder / "b.db")
        in_s = timed("import into an empty gallery", lambda: import_gallery(target, place, PASSPHRASE))
        print(f"import: {TEMPLATES / in_s:,.0f} templates/s; equal: {target.counts() == source.counts()}")
        timed("undo", target.undo)
        source.close()
        target.close()
        timed("one guess of a passphrase", lambda: SealedWriter((folder / "k").open("wb"), PASSPHRASE, Cost()))


def fill(path: Path) -> None:
    """Put people with made-up templates in, without going through the networks."""
    gallery = Gallery.open(path)
    rng = np.random.default_rng(1)

    def person(number: int) -> PortablePerson:
        vectors = rng.normal(size=(EACH, 128)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        templates = (PortableTemplate({"dlib-resnet-v1": vector}, rng.bytes(CROP_BYTES), {}) for vector in vectors)
        return PortablePerson(f"Person {number}", templates)

    for start in range(0, TEMPLATES // EACH, 100):
        people = [person(number) for number in range(start, min(start + 100, TEMPLATES // EACH))]
        names = [one.name for one in people]
        bring(gallery, "Fill", people, names=names, conflict="merge", arrivals=Arrivals())
    gallery.close()


def prove(place: Path) -> None:
    """Read all of a file, as an import does before it changes anything."""
    with opened(place, PASSPHRASE) as file:
        for _ in file.people():
            pass


def copy(source: Path, target: Path) -> None:
    """Copy a file and wait for the disk."""
    with source.open("rb") as reader, target.open("wb") as file:
        while part := reader.read(2**20):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def timed(what: str, work: Callable[[], object]) -> float:
    """Do something, and say how long it took and how far memory has risen."""
    before_mb = _memory_mb("VmRSS")
    # Linux: the peak is counted anew from here.
    Path("/proc/self/clear_refs").write_text("5")
    start = perf_counter()
    work()
    took_s = perf_counter() - start
    print(f"{what}: {took_s:.2f} s, memory +{_memory_mb('VmHWM') - before_mb:,.0f} MB at its peak")
    return took_s


def _memory_mb(key: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(key))) / 1024


if __name__ == "__main__":
    main()
