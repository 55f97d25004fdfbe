"""A large gallery of made-up people: opening it, its memory, finding, enrolling; and a window that shows everyone.

Everything lies in a folder of its own, which is deleted at the end.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import common
import numpy as np
import psutil
from gallery_growth import grow, print_openings
from search import rows_like

from engine.capture.images import encode_jpeg
from engine.gallery import vault
from engine.gallery.names import name_key, search_text
from engine.gallery.references import PROVED_AT_ONCE
from engine.gallery.seals import seal_array
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed
from engine.matching.calibration import Calibration
from engine.matching.identification import match_faces
from engine.matching.own_strangers import OwnStrangers
from engine.matching.people_index import PeopleIndex
from engine.packs.pack import DEFAULT_PACK
from engine.types import Metric, NewTemplate

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a made-up gallery
ROWS_AT_ONCE = 10_000
KIND = "alike"
PACK = DEFAULT_PACK.id
FIRST = ("Ada", "Bo", "Chen", "Dara", "Eve", "Farid", "Grace", "Hana", "Ivo", "Jun", "Kofi", "Lena", "Mia", "Nils")
LAST = ("Abe", "Berg", "Costa", "Diaz", "Eng", "Fox", "Garcia", "Hopper", "Ito", "Jansen", "Khan", "Lovelace", "Moore")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--each", type=int, default=1, help="templates of each person")
    parser.add_argument("--window", action="store_true", help="measure the window's stalls instead")
    parser.add_argument("--keep", type=Path, help="a gallery to make once and use again")
    parser.add_argument("--encrypted", action="store_true", help="as it is by default, with a key")
    parser.add_argument("--crop", type=int, default=0, help="bytes of each face's crop; 17,000 are usual")
    parser.add_argument("--growth", action="store_true", help="measure opening, enrolling and the log instead")
    parser.add_argument("--opening", action="store_true", help="measure only opening")
    options = parser.parse_args()
    typed = Typed(PASSPHRASE) if options.encrypted else None
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "gallery.db"
        if not path.exists():
            took = _timed(lambda: fill(path, options.people, options.each, typed, options.crop))
            print(f"filled with {options.people:,} people in {took:.1f} s, {path.stat().st_size / 2**20:,.0f} MB")
        if options.window:
            from large_window import measure  # noqa: PLC0415 - Qt is loaded only where it is measured

            measure(path, Path(folder))
        elif options.opening:
            print_openings(path, typed)
        elif options.growth:
            grow(path, typed)
        else:
            _measure(path, typed)


def fill(path: Path, people: int, each: int, typed: Typed | None = None, crop_bytes: int = 0) -> None:
    """Make a gallery of people around a common direction, as faces are, with one picture for all of them."""
    gallery = Gallery.open(path)
    if typed:
        gallery.protect(partial(vault.set_passphrase, passphrase=typed.secret, ask_at_start=True))
    vectors = rows_like(KIND, people * each).astype("<f4")
    crop = encode_jpeg(np.full((256, 256, 3), (196, 160, 140), np.uint8)).ljust(crop_bytes, b"\0")
    now = datetime(2026, 1, 1).isoformat(" ") + ".000000"
    seals = gallery._backend.seals
    connection = gallery._engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    for start in range(0, people, ROWS_AT_ONCE):
        cursor.execute("BEGIN IMMEDIATE")
        ids = range(start, min(start + ROWS_AT_ONCE, people))
        names = [f"{FIRST[id_ % 14]} {LAST[id_ % 13]} {id_:,}" for id_ in ids]
        cursor.executemany(
            "INSERT INTO people (id, name, name_key, search_text, notes, tags, created_at) VALUES (?,?,?,?,'','[]',?)",
            [
                (id_ + 1, name, name_key(name), search_text(name, "", ()), now)
                for id_, name in zip(ids, names, strict=True)
            ],
        )
        made = [(id_ * each + number + 1, id_ + 1) for id_ in ids for number in range(each)]
        cursor.executemany(
            "INSERT INTO templates (id, person_id, crop_jpeg, crop_sha256, source, quality, created_at)"
            " VALUES (?,?,?,'','made.jpg','{}',?)",
            [(id_, owner, crop, now) for id_, owner in made],
        )
        cursor.executemany(
            "INSERT INTO embeddings (template_id, pack_id, embedding, seal) VALUES (?,?,?,?)",
            [
                (id_, PACK, content, seals.of_embedding(owner, id_, PACK, content))
                for id_, owner in made
                for content in (vectors[id_ - 1].tobytes(),)
            ],
        )
        cursor.execute("COMMIT")
    connection.close()
    gallery.close()


def _measure(path: Path, typed: Typed | None) -> None:
    process = psutil.Process()
    strangers = OwnStrangers(Calibration.load(PACK))
    probes = rows_like(KIND, 21, 1)
    before_mb = process.memory_info().rss / 2**20
    gallery = Gallery.open(path, typed)
    index = PeopleIndex()
    parts = {
        "read": _timed(lambda: gallery.references(PACK)),
        "index": _timed(lambda: index.follow(gallery.references(PACK))),
        "strangers": _timed(lambda: strangers.calibration(gallery.references(PACK))),
    }
    now_mb, references = process.memory_info().rss / 2**20, gallery.references(PACK)
    print(
        f"opened: {len(references.names):,} people, {len(references.template_ids):,} templates in"
        f" {sum(parts.values()):.2f} s ({', '.join(f'{name} {took:.2f}' for name, took in parts.items())});"
        f" memory {now_mb - before_mb:,.0f} MB, of which embeddings {references.matrix.nbytes / 2**20:,.0f},"
        f" index {index.nbytes / 2**20:,.0f}"
    )
    seals = gallery._backend.seals
    ids, owners = references.template_ids, references.person_ids
    stored = seal_array([seals.of_embedding(int(owners[0]), int(ids[0]), PACK, references.matrix[0].tobytes())])
    looking = _timed(
        lambda: seals.broken(PACK, owners, ids, references.matrix, stored.repeat(len(ids), axis=0)), clock=process_time
    )
    waiting = _timed(lambda: gallery._references.settle(PACK))
    print(
        f"seals: {looking:.2f} s of processor time, {looking / len(ids) * 1e6:.1f} us each; of more than"
        f" {PROVED_AT_ONCE:,} beside everything else, done {waiting:.2f} s later"
    )

    def identify(probe: int) -> None:
        now = gallery.references(PACK)
        limit = strangers.calibration(now).identification_threshold(
            Metric.COSINE, 1e-3, len(now.names), len(now.template_ids)
        )
        match_faces(probes[probe : probe + 1], now, Metric.COSINE, limit, index=index)

    _say("identify one face", [_timed(lambda at=at: identify(at)) for at in range(21)])
    crop = gallery.templates(1)[0].crop_jpeg
    enrolling, after = [], []
    for number in range(11):
        new = NewTemplate(rows_like(KIND, 1, 1000 + number)[0], PACK, crop, "made.jpg")
        enrolling.append(_timed(lambda new=new, number=number: gallery.enroll(f"New {number}", [new])))
        after.append(_timed(lambda number=number: identify(number)))
    _say("enroll one person", enrolling)
    _say("identify right after", after)
    deleting = [
        _timed(lambda number=number: gallery.delete_person(gallery.find(f"New {number}").id)) for number in range(5)
    ]
    _say("delete one person", deleting)
    _say("identify right after", [_timed(lambda: identify(0))])
    other = Gallery.open(path, typed)
    other.enroll("Elsewhere", [NewTemplate(rows_like(KIND, 1, 2000)[0], PACK, crop, "made.jpg")])
    _say("identify after another window's enrollment", [_timed(lambda: identify(0))])
    other.delete_person(other.find("Elsewhere").id)
    other.close()
    _say("everyone, for the list", [_timed(gallery.people)])
    _say("search “hopper 99”", [_timed(lambda: gallery.people("hopper 99")) for _ in range(3)])
    _say("templates without an embedding", [_timed(lambda: gallery.without_embedding(PACK))])
    gallery.close()


def _timed(work: Callable[[], object], *, clock: Callable[[], float] = perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def _say(what: str, times: list[float]) -> None:
    print(f"{what}: median {np.median(times) * 1e3:,.1f} ms, longest {max(times) * 1e3:,.1f} ms of {len(times)}")


if __name__ == "__main__":
    assert common.ROOT
    main()
