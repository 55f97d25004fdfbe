"""Writing a gallery's file anew after somebody was erased: how long, how small, and what overwriting alone leaves.

python benchmarks/compacting.py [--people 10000] [--plain]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter

import common  # noqa: F401 - puts the project on the path
import numpy as np

from engine.gallery import vault
from engine.gallery.exchange import Arrivals, PortablePerson, PortableTemplate, bring
from engine.gallery.store import Gallery

CROP_BYTES, AT_ONCE = 14_000, 1000
"""A crop has about so many bytes."""
WORDS = "correct horse battery staple"


def main() -> None:
    """Erase one of many people, without and with writing the file anew, in one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--plain", action="store_true", help="a gallery that is not encrypted")
    request = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name, closing(Gallery.open(Path(name) / "g.db")) as gallery:
        if not request.plain:
            gallery.protect(partial(vault.set_passphrase, passphrase=WORDS, ask_at_start=True))
        fill(gallery, request.people)
        start = perf_counter()
        gallery.erase_person(gallery.find("Person 77").id, "receipt")
        erased_s = perf_counter() - start
        before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start = perf_counter()
        done = gallery.compact()
        compact_s = perf_counter() - start
        more_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb
        kind = "plain" if request.plain else "encrypted"
        print(
            f"{request.people:,} people, {kind}: erased in {erased_s:.2f} s, written anew in {compact_s:.2f} s {done}"
        )
        print(f"memory for it at most {more_mb:.0f} MB")


def fill(gallery: Gallery, people: int) -> None:
    """Bring in people of one template each."""
    rng = np.random.default_rng(0)
    for start in range(0, people, AT_ONCE):
        coming = []
        for number in range(start, min(start + AT_ONCE, people)):
            vector = rng.normal(size=128).astype(np.float32)
            vector /= np.linalg.norm(vector)
            template = PortableTemplate({"pack": vector}, rng.bytes(CROP_BYTES), {})
            coming.append(PortablePerson(f"Person {number}", [template]))
        names = [person.name for person in coming]
        bring(gallery, "Import", coming, names=names, conflict="skip", arrivals=Arrivals())
        gallery._history.done.clear()


if __name__ == "__main__":
    main()
