"""Ten thousand photographs sorted: cancelled, killed with -9, gone on with and grouped; one in a hundred is broken.

python benchmarks/sorting_large.py [--shared PLACE] [--pictures 10000] [--folder PLACE] [--only PIECE] [--window]

The pieces are prepare, cancel, kill and finish; with --folder they can be run one at a time. Each look through the
folder is a process of its own. Every reading of a picture is written down at once, so that the file says which were
read twice whatever has happened to the process. The face nearest to a picture's middle is the person that LFW names;
others are not scored. --window then opens the Sort page on the folder and measures how long the GUI thread stalls.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from common import PICTURES_AT_ONCE, ROOT, file_pipeline
from sorting import score

from engine.capture.images import read_image
from engine.errors import OperationCancelledError
from engine.service import FaceService
from engine.settings import Settings
from engine.sorting_desk import SortingDesk
from engine.sorting_values import ALONE, GroupKind
from engine.types import CancelToken, Frame

PIECES = "prepare", "cancel", "kill", "finish"
ENROLLED, TEMPLATES, LEAST_PICTURES = 40, 3, 8
BARE_PICTURES = 320
_STEP_S = 1.0


@dataclass(frozen=True)
class Place:
    """Where everything of a run is."""

    root: Path

    @property
    def album(self) -> Path:
        """The folder that is sorted."""
        return self.root / "album"

    @property
    def gallery(self) -> Path:
        """The gallery's file."""
        return self.root / "gallery.db"

    @property
    def read(self) -> Path:
        """One line for each reading of a picture."""
        return self.root / "read.txt"

    @property
    def notes(self) -> Path:
        """What the pieces have measured so far."""
        return self.root / "notes.json"

    def note(self, **values: Any) -> dict[str, Any]:
        """Add to the notes, and return all of them."""
        notes = json.loads(self.notes.read_text()) if self.notes.is_file() else {}
        notes |= values
        self.notes.write_text(json.dumps(notes))
        return notes


def main() -> None:
    """Run the pieces."""
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(os.environ.get("VISAVIS_SHARED", ROOT.parent / "shared"))
    parser.add_argument("--shared", type=Path, default=shared, help="folder with data/lfw")
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="work here and leave it; otherwise in a temporary folder")
    parser.add_argument("--only", choices=PIECES)
    parser.add_argument("--window", action="store_true")
    parser.add_argument("--look", type=int, nargs=2, metavar=("CANCEL", "KILL"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.look:
        look(Place(options.folder), *options.look)
        return
    with contextlib.ExitStack() as stack:
        place = Place(options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory())))
        work: dict[str, Callable[[], None]] = {
            "prepare": lambda: prepare(place, options.shared / "data" / "lfw", options.pictures),
            "cancel": lambda: cancelled(place, options.pictures // 3),
            "kill": lambda: killed(place, options.pictures // 3),
            "finish": lambda: finished(place),
        }
        for piece in (options.only,) if options.only else () if options.window and options.folder else PIECES:
            work[piece]()
        if options.window:
            from sorting_window import measure  # noqa: PLC0415 - Qt is for those who ask for it

            measure(place.gallery, place.root)


# --- the folder ---------------------------------------------------------------------------------------------------


def prepare(place: Place, lfw: Path, count: int) -> None:
    """Copy pictures in random order, break one in a hundred, and enroll people with other pictures."""
    rng = np.random.default_rng(5)
    people = {folder.name: sorted(folder.glob("*.jpg")) for folder in sorted(lfw.iterdir())}
    several = [name for name, pictures in people.items() if len(pictures) >= LEAST_PICTURES]
    known = sorted(rng.permutation(several)[:ENROLLED].tolist())
    enrolled = {name: people[name][:TEMPLATES] for name in known}
    rest = [
        picture for name, pictures in people.items() for picture in pictures if picture not in enrolled.get(name, ())
    ]
    place.root.mkdir(parents=True, exist_ok=True)
    for number, at in enumerate(rng.permutation(len(rest))[:count]):
        target = place.album / f"{number // 500:02}" / rest[at].name
        target.parent.mkdir(parents=True, exist_ok=True)
        if number % 100 == 50:
            broken = list(BROKEN.values())[number // 100 % len(BROKEN)]
            broken(rest[at].read_bytes(), target)
        else:
            shutil.copyfile(rest[at], target)
    service = FaceService(Settings(), place.gallery)
    for name, pictures in enrolled.items():
        service.enroll(name, service.judge(pictures, name))
    service.close()
    place.read.unlink(missing_ok=True)
    place.note(enrolled=known, broken=len(range(50, count, 100)))
    print(
        f"{count:,} pictures, {len(range(50, count, 100))} of them broken in {len(BROKEN)} ways; {len(known)} enrolled"
    )


def _bomb(_jpeg: bytes, target: Path) -> None:
    """A small file that says it has 3.6 thousand million pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    target.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b""))


BROKEN: dict[str, Callable[[bytes, Path], object]] = {
    "cut in half": lambda jpeg, target: target.write_bytes(jpeg[: len(jpeg) // 2]),
    "cut after the header": lambda jpeg, target: target.write_bytes(jpeg[:200]),
    "empty": lambda _jpeg, target: target.write_bytes(b""),
    "zeros": lambda jpeg, target: target.write_bytes(bytes(len(jpeg))),
    "text": lambda _jpeg, target: target.write_bytes(b"<html>not found</html>"),
    "zeros after a third": lambda jpeg, target: target.write_bytes(
        jpeg[: len(jpeg) // 3] + bytes(len(jpeg) - len(jpeg) // 3)
    ),
    "too many pixels": _bomb,
    "a link to nothing": lambda _jpeg, target: target.symlink_to("nothing.jpg"),
    "a link to itself": lambda _jpeg, target: target.symlink_to(target.name),
    "a pipe": lambda _jpeg, target: os.mkfifo(target),
}


# --- the look -----------------------------------------------------------------------------------------------------


def look(place: Place, cancel_at: int, kill_at: int) -> None:
    """Go through the folder in this process, until so many readings; negative: to the end, and group."""
    service = FaceService(Settings(), place.gallery)
    desk, token, readings = service.sorting, CancelToken(), 0
    read = desk.read
    log = os.open(place.read, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def watched(file: Path) -> Frame:
        nonlocal readings
        readings += 1
        os.write(log, f"{file.relative_to(place.album)}\n".encode())
        if readings == cancel_at:
            token.cancel()
        if readings == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return read(file)

    desk.read = watched
    made: dict[str, Any] = {}
    start = perf_counter()
    try:
        step = desk.begin(place.album, token)
        made["begin_s"], made["known"] = perf_counter() - start, step.done
        while not step.finished:
            step = desk.go_on(step.sorting_id, _STEP_S, token)
    except OperationCancelledError:
        made["cancelled_after_s"] = perf_counter() - start
    else:
        made["look_s"] = perf_counter() - start
        made |= _grouped(desk, step.sorting_id)
    sorting = desk.known(place.album)
    assert sorting is not None
    made |= {"done": sorting.done, "total": sorting.total, "faces": sorting.faces, "unreadable": sorting.unreadable}
    service.close()
    print(json.dumps(made))


def _grouped(desk: SortingDesk, sorting_id: int) -> dict[str, float]:
    start = perf_counter()
    desk.arrange(sorting_id)
    arranged = perf_counter()
    desk.show(sorting_id)
    return {"group_s": arranged - start, "show_s": perf_counter() - arranged}


@dataclass(frozen=True)
class Ended:
    """How a look has ended."""

    status: int
    said: dict[str, Any]
    wall_s: float
    peak_mb: float


def _look_in_a_process(place: Place, cancel_at: int = -1, kill_at: int = -1) -> Ended:
    command = [sys.executable, __file__, "--folder", str(place.root), "--look", str(cancel_at), str(kill_at)]
    start = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    said = json.loads(text) if text else {}
    return Ended(process.returncode, said, perf_counter() - start, usage.ru_maxrss / 1024)


def cancelled(place: Place, after: int) -> None:
    """Cancel after so many pictures."""
    ended = _look_in_a_process(place, cancel_at=after)
    read = len(place.read.read_text().splitlines())
    assert after - PICTURES_AT_ONCE <= ended.said["done"] <= after, ended
    place.note(cancel_s=ended.wall_s, cancel_mb=ended.peak_mb, after_cancel=ended.said["done"])
    print(
        f"cancelled at the {after:,}th reading, after {ended.wall_s:.0f} s: {ended.said['done']:,} pictures kept, "
        f"{read - ended.said['done']} to be read again; peak {ended.peak_mb:.0f} MB"
    )


def killed(place: Place, after: int) -> None:
    """Go on, and kill -9 after so many more."""
    ended = _look_in_a_process(place, kill_at=after)
    assert ended.status == -signal.SIGKILL, ended
    service = FaceService(Settings(), place.gallery)
    sorting = service.sorting.known(place.album)
    service.close()
    assert sorting is not None
    notes = place.note(kill_s=ended.wall_s, kill_mb=ended.peak_mb, after_kill=sorting.done)
    kept = sorting.done - notes["after_cancel"]
    assert after - PICTURES_AT_ONCE <= kept <= after, sorting
    print(
        f"killed at the {after:,}th reading, after {ended.wall_s:.0f} s: {kept:,} more pictures kept; "
        f"peak {ended.peak_mb:.0f} MB"
    )


def finished(place: Place) -> None:
    """Go on to the end, group, and tell how good it is."""
    ended = _look_in_a_process(place)
    said, notes = ended.said, place.note(finish_s=ended.wall_s, finish_mb=ended.peak_mb, **ended.said)
    assert said["known"] == notes["after_kill"], (said, notes)
    read = Counter(place.read.read_text().splitlines())
    again = sum(count - 1 for count in read.values())
    looked_s = notes["cancel_s"] + notes["kill_s"] + notes["finish_s"] - said["group_s"] - said["show_s"]
    bare_s = _bare(place)
    print(
        f"{said['done']:,} of {said['total']:,} pictures, {said['faces']:,} faces in {looked_s:.0f} s, three starts: "
        f"{said['done'] / looked_s:.1f} pictures/s; bare loop over {BARE_PICTURES} of them, nothing stored, "
        f"{BARE_PICTURES / bare_s:.1f}. Beginning again with {said['known']:,} known {said['begin_s']:.2f} s. "
        f"Read twice: {again}; {said['unreadable']} left out with a reason of {notes['broken']} broken"
    )
    peak_mb = max(notes["cancel_mb"], notes["kill_mb"], notes["finish_mb"])
    size_kb = place.gallery.stat().st_size / 1024 / said["faces"]
    print(
        f"grouping {said['group_s']:.1f} s, showing it again {said['show_s']:.2f} s; peak {peak_mb:.0f} MB; "
        f"{size_kb:.1f} KB a face"
    )
    judge(place, set(notes["enrolled"]))


def _bare(place: Place) -> float:
    """Seconds of the pipeline alone over some of the pictures."""
    pipeline, smallest = file_pipeline(), Settings().smallest_face_px
    files = [file for file in sorted(place.album.rglob("*.jpg")) if file.is_file() and file.stat().st_size > 3000]
    files = files[:: max(1, len(files) // (2 * BARE_PICTURES))]
    used, start = 0, 0.0
    for first in range(0, len(files), PICTURES_AT_ONCE):
        if first == PICTURES_AT_ONCE:
            start = perf_counter()
        frames = []
        for file in files[first : first + PICTURES_AT_ONCE]:
            with contextlib.suppress(Exception):
                frames.append(read_image(file))
        pipeline.faces(frames, smallest_face_px=smallest, averaging=True)
        used += len(frames) if start else 0
        if used >= BARE_PICTURES:
            break
    return (perf_counter() - start) * BARE_PICTURES / max(used, 1)


# --- how good it is -----------------------------------------------------------------------------------------------


def judge(place: Place, known: set[str]) -> None:
    """Names proposed, and how the others are grouped."""
    service = FaceService(Settings(), place.gallery)
    sorting = service.sorting.known(place.album)
    assert sorting is not None
    result = service.sorting.show(sorting.id)
    nearest: dict[str, tuple[float, int, GroupKind, str]] = {}
    label, faces = len(result.groups) + max(group.id for group in result.groups) + 1, 0
    for group in result.groups:
        for face in service.sorting.faces(sorting.id, group.id):
            faces += 1
            label += 1
            x, y = face.box.centre
            off = float(np.hypot(x - 125, y - 125))
            if face.picture not in nearest or off < nearest[face.picture][0]:
                nearest[face.picture] = off, label if group.id == ALONE else group.id, group.kind, group.name
    service.close()
    right, wrong, missed = 0, 0, 0
    labels, whose = [], []
    for picture, (_, group_label, kind, name) in nearest.items():
        person = Path(picture).stem[: -len("_0001")]
        if kind is GroupKind.KNOWN:
            right += name == person
            wrong += name != person
        elif person in known:
            missed += 1
        if person not in known:
            labels.append(group_label)
            whose.append(person)
    codes = np.unique(np.array(whose), return_inverse=True)[1].astype(np.int64)
    found = score(codes, np.array(labels, np.int64))
    proposed = sum(group.kind is GroupKind.KNOWN for group in result.groups)
    print(
        f"names proposed for {proposed} groups: {right:,} faces right, {wrong} wrong, {missed} of the enrolled missed"
    )
    print(
        f"unknown: {len(whose):,} faces of {codes.max() + 1:,} people, {found.groups:,} groups of two or more: "
        f"pairwise precision {found.precision:.4f}, recall {found.recall:.4f}, F {found.f:.4f}; "
        f"BCubed F {found.bcubed_f:.4f}; "
        f"purity {found.purity:.4f}; {faces - len(nearest):,} further faces not scored"
    )


if __name__ == "__main__":
    main()
