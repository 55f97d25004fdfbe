"""A folder of people imported, one file in a hundred broken: the import against enrolling each picture alone.

python benchmarks/folder_import.py [--shared PLACE] [--pictures 300]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from time import perf_counter

from common import ROOT, LfwFaces

from engine.errors import BadInputError
from engine.service import FaceService
from engine.settings import Settings


def main() -> None:
    """Make the tree and bring it in both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/lfw")
    parser.add_argument("--pictures", type=int, default=300)
    options = parser.parse_args()
    faces = LfwFaces(options.shared)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree = folder / "tree"
        made = make_tree(faces, tree, options.pictures)
        with closing(FaceService(Settings(), folder / "import.db")) as service:
            start = perf_counter()
            done = service.transfer.import_from([tree])
            import_s = perf_counter() - start
            start = perf_counter()
            again = service.transfer.import_from([tree])
            again_s = perf_counter() - start
        with closing(FaceService(Settings(), folder / "alone.db")) as service:
            start = perf_counter()
            stored = enroll_alone(service, tree)
            alone_s = perf_counter() - start
    print(f"{made} files of {done.added} people, {made // 100} broken")
    print(f"import: {import_s:.1f} s, {made / import_s:.1f} files/s; {done.templates} in, {done.left_out_count} listed")
    print(f"each alone: {alone_s:.1f} s; {stored} stored. Ratio {alone_s / import_s:.2f}")
    print(f"the same again: {again_s:.1f} s, {again.templates} stored, {again.known} known")


def make_tree(faces: LfwFaces, tree: Path, most: int) -> int:
    """Copy people with several pictures, up to so many of these, and break one file in a hundred."""
    made = 0
    for person, pictures in faces.people().items():
        if not 3 <= pictures <= 10:
            continue
        (tree / person).mkdir(parents=True)
        for number in range(1, pictures + 1):
            made += 1
            target = tree / person / f"{number}.jpg"
            shutil.copy(faces.path(person, number), target)
            if made % 100 == 0:
                target.write_bytes(target.read_bytes()[:3000])
            if made == most:
                return made
    return made


def enroll_alone(service: FaceService, tree: Path) -> int:
    """Judge and enroll one picture after the other."""
    stored = 0
    for picture in sorted(tree.rglob("*.jpg")):
        try:
            stored += service.enroll(picture.parent.name, service.judge([picture], picture.parent.name)).added
        except BadInputError:
            continue
    return stored


if __name__ == "__main__":
    main()
