"""The portable gallery file: exact, private, and refused whole when anything is wrong with it."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import BadInputError, OperationCancelledError, PackMismatchError
from engine.exchange import Conflict, DamagedFileError, WrongPassphraseError
from engine.gallery.store import Gallery
from engine.transfer.gallery_file import export_gallery, import_gallery
from engine.transfer.records import write_record
from engine.transfer.sealed import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, Cost, SealedReader, SealedWriter
from engine.types import CancelToken, Progress
from tests.engine.transfer.conftest import CHEAP, PASSPHRASE, everything, template


@pytest.fixture
def file(full: Gallery, tmp_path: Path) -> Path:
    """Everyone, exported."""
    place = tmp_path / "people.visavis"
    export_gallery(full, place, PASSPHRASE, cost=CHEAP)
    return place


def test_that_a_round_trip_is_exact(full: Gallery, empty: Gallery, file: Path) -> None:
    done = import_gallery(empty, file, PASSPHRASE)
    assert everything(empty) == everything(full)
    assert (done.added, done.templates, done.left_out_count) == (2, 4, 0)


def test_that_chosen_people_go_alone(full: Gallery, empty: Gallery, tmp_path: Path) -> None:
    place = tmp_path / "ada.visavis"
    done = export_gallery(full, place, PASSPHRASE, [full.find("Ada Lovelace").id], cost=CHEAP)
    assert (done.people, done.templates) == (1, 3)
    import_gallery(empty, place, PASSPHRASE)
    assert [person.name for person in empty.people()] == ["Ada Lovelace"]


def test_that_the_default_cost_is_64_mib_three_passes_four_lanes(full: Gallery, tmp_path: Path) -> None:
    place = tmp_path / "people.visavis"
    export_gallery(full, place, PASSPHRASE)
    header = place.read_bytes()[12:24]
    assert [int.from_bytes(header[start : start + 4], "little") for start in (0, 4, 8)] == [65536, 3, 4]


def test_that_nothing_can_be_read_in_the_file_and_only_the_owner_may_open_it(full: Gallery, file: Path) -> None:
    content = file.read_bytes()
    for person in full.people():
        assert person.name.encode() not in content
        for one in full.templates(person.id):
            assert one.crop_jpeg[:32] not in content
            assert one.source.encode() not in content
            assert all(vector.tobytes()[:32] not in content for vector in one.embeddings.values())
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600


def test_that_an_import_is_one_edit_and_can_be_undone(empty: Gallery, file: Path) -> None:
    import_gallery(empty, file, PASSPHRASE)
    assert empty.undo_text == "Import people.visavis"
    before = everything(empty)
    empty.undo()
    assert empty.counts() == (0, 0)
    empty.redo()
    assert everything(empty) == before


def test_that_people_who_are_there_can_be_left_alone(full: Gallery, file: Path) -> None:
    before = everything(full)
    done = import_gallery(full, file, PASSPHRASE, Conflict.SKIP)
    assert everything(full) == before
    assert sorted(done.skipped) == ["=HYPERLINK(1)", "Ada Lovelace"]
    assert full.undo_text != "Import people.visavis", "nothing was changed, so there is nothing to undo"


def test_that_people_who_are_there_can_be_merged_without_doubles(full: Gallery, empty: Gallery, file: Path) -> None:
    mine = empty.enroll("ada lovelace", [template(1), template(9)])
    empty.describe(mine.id, notes="My own note.", tags=["maths", "mine"])
    done = import_gallery(empty, file, PASSPHRASE, Conflict.MERGE)
    ada = empty.find("Ada Lovelace")
    assert (done.merged, done.added, done.templates, done.known) == (1, 1, 3, 1)
    assert ada.id == mine.id
    assert ada.name == "ada lovelace"
    assert ada.template_count == 4
    assert set(ada.tags) == {"maths", "mine", "émigré", "🦆"}
    assert ada.notes == "My own note.\nWrote\nthe first “program”."
    assert ada.consent_date == full.find("Ada Lovelace").consent_date
    again = import_gallery(empty, file, PASSPHRASE, Conflict.MERGE)
    assert (again.templates, again.known) == (0, 4)
    empty.undo()
    assert empty.person(mine.id).notes == "My own note."
    assert empty.person(mine.id).template_count == 2


def test_that_both_can_be_kept_under_a_new_name(full: Gallery, file: Path) -> None:
    done = import_gallery(full, file, PASSPHRASE, Conflict.RENAME)
    assert ("Ada Lovelace", "Ada Lovelace (2)") in done.renamed
    assert import_gallery(full, file, PASSPHRASE, Conflict.RENAME).renamed[1][1] == "Ada Lovelace (3)"
    assert full.find("Ada Lovelace (2)").template_count == 3


def test_that_a_wrong_passphrase_is_told_from_damage_and_the_right_one_opens_afterwards(
    empty: Gallery, file: Path
) -> None:
    with pytest.raises(WrongPassphraseError, match="again"):
        import_gallery(empty, file, "wrong horse")
    damaged = bytearray(file.read_bytes())
    damaged[-20] ^= 1
    file.write_bytes(damaged)
    with pytest.raises(DamagedFileError, match="damaged"):
        import_gallery(empty, file, PASSPHRASE)
    damaged[-20] ^= 1
    file.write_bytes(damaged)
    assert import_gallery(empty, file, PASSPHRASE).added == 2


@pytest.mark.parametrize("passphrase", ["pass\u0077örter", "🔑🔑🔑🔑🔑🔑🔑🔑", "x" * 1000, " spaces  count "])
def test_that_any_passphrase_works_however_its_letters_are_composed(
    full: Gallery, empty: Gallery, tmp_path: Path, passphrase: str
) -> None:
    export_gallery(full, tmp_path / "p.visavis", passphrase, cost=CHEAP)
    import_gallery(empty, tmp_path / "p.visavis", passphrase.replace("ö", "o\u0308"))
    assert empty.counts() == full.counts()


def test_that_a_short_passphrase_is_refused_before_anything_is_written(full: Gallery, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="at least 8"):
        export_gallery(full, tmp_path / "p.visavis", "1234567", cost=CHEAP)
    assert not (tmp_path / "p.visavis").exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_that_no_bit_can_be_flipped_unnoticed(empty: Gallery, file: Path, where: float, bit: int) -> None:
    content = bytearray(file.read_bytes())
    content[int(where * len(content))] ^= 1 << bit
    damaged = file.with_name("damaged.visavis")
    damaged.write_bytes(content)
    with pytest.raises((DamagedFileError, WrongPassphraseError)):
        import_gallery(empty, damaged, PASSPHRASE)
    assert empty.counts() == (0, 0)


def big(tmp_path: Path) -> tuple[Path, list[bytes]]:
    """A sealed file of four full chunks and its parts."""
    place = tmp_path / "big.visavis"
    with place.open("wb") as file:
        writer = SealedWriter(file, PASSPHRASE, CHEAP)
        writer.write(bytes(4 * CHUNK_BYTES))
        writer.finish()
    content, step = place.read_bytes(), CHUNK_BYTES + TAG_BYTES
    return place, [
        content[:HEADER_BYTES],
        *(content[start : start + step] for start in range(HEADER_BYTES, len(content), step)),
    ]


@pytest.mark.parametrize(
    "order",
    [[0, 1, 2, 3], [0, 1, 2], [0], [0, 2, 1, 3, 4], [0, 1, 2, 3, 4, 4], [0, 1, 1, 3, 4], [0, 2, 3, 4], [0, 4]],
)
def test_that_chunks_cannot_be_cut_off_moved_repeated_or_dropped(tmp_path: Path, order: list[int]) -> None:
    place, parts = big(tmp_path)
    with place.open("rb") as file:
        reader = SealedReader(file, PASSPHRASE)
        assert reader.read(4 * CHUNK_BYTES) == bytes(4 * CHUNK_BYTES)
        assert reader.at_end
    place.write_bytes(b"".join(parts[part] for part in order))
    with place.open("rb") as file, pytest.raises(DamagedFileError):
        SealedReader(file, PASSPHRASE).read(4 * CHUNK_BYTES + 1)


@pytest.mark.parametrize("kept", [0, 5, 9, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 3, 5000, -1])
def test_that_a_file_cut_anywhere_is_refused(empty: Gallery, file: Path, kept: int) -> None:
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DamagedFileError):
        import_gallery(empty, file, PASSPHRASE)


def test_that_bytes_after_the_end_are_refused(empty: Gallery, file: Path) -> None:
    with file.open("ab") as end:
        end.write(b"\0")
    with pytest.raises(DamagedFileError):
        import_gallery(empty, file, PASSPHRASE)


def test_that_a_newer_file_is_told_from_a_damaged_one(empty: Gallery, file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[8] = 2
    file.write_bytes(content)
    with pytest.raises(DamagedFileError, match="newer Visavis"):
        import_gallery(empty, file, PASSPHRASE)


@pytest.mark.parametrize("cost", [Cost(4 * 2**20, 3, 4), Cost(65536, 10_000, 4), Cost(65536, 3, 1000), Cost(8, 1, 4)])
def test_that_a_file_cannot_ask_for_endless_work(tmp_path: Path, empty: Gallery, cost: Cost) -> None:
    content = bytearray(big(tmp_path)[1][0])
    content[12:24] = b"".join(part.to_bytes(4, "little") for part in (cost.memory_kib, cost.passes, cost.lanes))
    content[-32:] = hashlib.sha256(content[:-32]).digest()
    place = tmp_path / "dear.visavis"
    place.write_bytes(content)
    with pytest.raises(DamagedFileError):
        import_gallery(empty, place, PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"SQLite format 3\0", b"VISAVIS"])
def test_that_another_file_is_not_taken_for_one(tmp_path: Path, empty: Gallery, content: bytes) -> None:
    place = tmp_path / "other.visavis"
    place.write_bytes(content)
    with pytest.raises(DamagedFileError, match="not a Visavis gallery file"):
        import_gallery(empty, place, PASSPHRASE)


# --- files that somebody who knows the passphrase made to do harm ---------------------------------------------

UNIT = np.eye(1, 8, dtype="<f4")[0]


class Forged:
    """Writes a gallery file record by record, with one thing wrong."""

    def __init__(self) -> None:
        self.counts = {"people": 1, "templates": 1, "embeddings": 1}
        self.start: dict[str, Any] = {"kind": "gallery", "version": 1}
        self.people: list[dict[str, Any]] = [{"kind": "person", "name": "Ada", "templates": 1, "fields": {}}]
        self.crop = b"a picture"
        self.vectors = UNIT.tobytes()
        self.template: dict[str, Any] = {
            "kind": "template",
            "crop": {"bytes": 9, "sha256": hashlib.sha256(b"a picture").hexdigest()},
            "embeddings": [{"pack": "p", "dimension": 8}],
            "fields": {"quality": {"sharpness": 1.0}},
        }
        self.end: dict[str, Any] = {}
        self.after = b""
        self.raw: bytes | None = None

    def write(self, place: Path) -> None:
        with place.open("wb") as file:
            writer = SealedWriter(file, PASSPHRASE, CHEAP)
            digest = hashlib.sha256()
            digest.update(write_record(writer, {**self.counts, **self.start}))
            for person in self.people:
                digest.update(write_record(writer, person))
                blob = self.crop + self.vectors
                digest.update(write_record(writer, self.template, blob))
                digest.update(blob)
            if self.raw is not None:
                writer.write(self.raw)
            write_record(writer, {"kind": "end", **self.counts, "sha256": digest.hexdigest(), **self.end})
            writer.write(self.after)
            writer.finish()


def forge(change: Callable[[Forged], object]) -> Forged:
    forged = Forged()
    change(forged)
    return forged


def setting(place: str, value: object) -> Callable[[Forged], None]:
    """Set "template.crop.bytes" and the like."""

    def change(forged: Forged) -> None:
        first, *rest = place.split(".")
        target: Any = forged
        for step in [first, *rest][:-1]:
            target = target[int(step)] if isinstance(target, list) else (
                target[step] if isinstance(target, dict) else getattr(target, step)
            )  # fmt: skip
        last = [first, *rest][-1]
        if isinstance(target, dict):
            target[last] = value
        else:
            setattr(target, last, value)

    return change


def twice(forged: Forged) -> None:
    forged.people.append(dict(forged.people[0], name="ADA"))
    forged.counts = {"people": 2, "templates": 2, "embeddings": 2}


HOSTILE: dict[str, Callable[[Forged], object]] = {
    "newer content": setting("start.version", 3),
    "no version": setting("start.version", "1"),
    "another first record": setting("start.kind", "person"),
    "more people than there are": setting("counts.people", 2),
    "two thousand million people": setting("counts.people", 2_000_000_000),
    "fewer than none": setting("counts.people", -1),
    "a count that is a text": setting("counts.templates", "1"),
    "a count that is true": setting("counts.templates", True),
    "counts that do not agree": setting("counts.templates", 7),
    "an end that disagrees": setting("end.embeddings", 9),
    "another checksum": setting("end.sha256", "0" * 64),
    "no end": setting("end.kind", "template"),
    "bytes after the end": setting("after", b"more"),
    "the same name twice": twice,
    "a name that is none": setting("people", [{"kind": "person", "name": 7, "templates": 1, "fields": {}}]),
    "an endless name": setting("people", [{"kind": "person", "name": "x" * 5000, "templates": 1, "fields": {}}]),
    "too many templates": setting("people", [{"kind": "person", "name": "A", "templates": 10**9, "fields": {}}]),
    "fields that are a list": setting("people", [{"kind": "person", "name": "A", "templates": 1, "fields": []}]),
    "tags of numbers": setting(
        "people", [{"kind": "person", "name": "A", "templates": 1, "fields": {"tags": [1]}}]
    ),
    "a consent on no day": setting(
        "people", [{"kind": "person", "name": "A", "templates": 1, "fields": {"consent_date": "2026-02-30"}}]
    ),
    "a time without a zone": setting(
        "people", [{"kind": "person", "name": "A", "templates": 1, "fields": {"created_at": "2026-02-03T00:00:00"}}]
    ),
    "notes with a lone surrogate": setting(
        "people", [{"kind": "person", "name": "A", "templates": 1, "fields": {"notes": "\udc80"}}]
    ),
    "a picture that is not what it says": setting("crop", b"b picture"),
    "a longer picture than there is": setting("template.crop.bytes", 4000),
    "a picture of less than nothing": setting("template.crop.bytes", -5),
    "a vector cut short": setting("vectors", UNIT.tobytes()[:-4]),
    "a vector too long": setting("vectors", UNIT.tobytes() + b"\0\0\0\0"),
    "a vector of no numbers": setting("vectors", np.full(8, np.nan, "<f4").tobytes()),
    "an endless vector": setting("vectors", np.full(8, np.inf, "<f4").tobytes()),
    "a vector of nothing": setting("vectors", bytes(32)),
    "a vector of another length": setting("vectors", (UNIT * 1e9).astype("<f4").tobytes()),
    "no dimensions": setting("template.embeddings", [{"pack": "p", "dimension": 0}]),
    "a thousand million dimensions": setting("template.embeddings", [{"pack": "p", "dimension": 10**9}]),
    "a pack twice": setting("template.embeddings", [{"pack": "p", "dimension": 4}] * 2),
    "no pack": setting("template.embeddings", [{"dimension": 8}]),
    "a measure that is a text": setting("template.fields", {"quality": {"sharpness": "high"}}),
    "a measure without end": setting(
        "template.fields", {"quality": {"sharpness": 10**400}}
    ),
    "a record of four thousand million bytes": setting("raw", b"\xff\xff\xff\xff\xff\xff\xff\xff"),
    "a blob of four thousand million bytes": setting("raw", b"\x02\0\0\0\xff\xff\xff\xff{}"),
    "a record that is no JSON": setting("raw", b"\x02\0\0\0\0\0\0\0{]"),
    "not a number in JSON": setting("raw", b"\x0a\0\0\0\0\0\0\0" + b'{"a": NaN}'),
    "brackets without end": setting("raw", (100_000).to_bytes(4, "little") + bytes(4) + b"[" * 100_000),
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_that_a_hostile_file_is_refused_whole(
    tmp_path: Path, empty: Gallery, change: Callable[[Forged], object]
) -> None:
    place = tmp_path / "hostile.visavis"
    forge(change).write(place)
    before = psutil.Process().memory_info().rss
    with pytest.raises(DamagedFileError, match="othing was imported"):
        import_gallery(empty, place, PASSPHRASE)
    assert psutil.Process().memory_info().rss - before < 50e6
    assert empty.counts() == (0, 0)
    assert sorted(tmp_path.iterdir()) == sorted([place, *tmp_path.glob("empty.db*")])


def test_that_the_same_file_without_anything_wrong_comes_in(tmp_path: Path, empty: Gallery) -> None:
    place = tmp_path / "good.visavis"
    Forged().write(place)
    assert import_gallery(empty, place, PASSPHRASE).added == 1


def test_that_what_a_later_version_adds_is_passed_over(tmp_path: Path, empty: Gallery) -> None:
    place = tmp_path / "later.visavis"
    forge(
        setting("people", [{"kind": "person", "name": "Ada", "templates": 1, "fields": {"shoe_size": 38}}])
    ).write(place)  # fmt: skip
    assert import_gallery(empty, place, PASSPHRASE).added == 1


def test_that_a_name_nobody_can_have_is_listed_and_the_rest_comes_in(tmp_path: Path, empty: Gallery) -> None:
    forged = Forged()
    forged.people.append(dict(forged.people[0], name="\u202eevil"))
    forged.counts = {"people": 2, "templates": 2, "embeddings": 2}
    place = tmp_path / "names.visavis"
    forged.write(place)
    done = import_gallery(empty, place, PASSPHRASE)
    assert (done.added, done.left_out_count) == (1, 1)
    assert "direction" in done.left_out[0].reason


def test_that_vectors_which_do_not_fit_the_packs_others_are_refused(tmp_path: Path, empty: Gallery) -> None:
    empty.enroll("Somebody", [template(1, pack_id="p", dimension=16)])
    place = tmp_path / "good.visavis"
    Forged().write(place)
    with pytest.raises(PackMismatchError):
        import_gallery(empty, place, PASSPHRASE)
    assert empty.counts() == (1, 1)


CHILD = """
import sys
from pathlib import Path
from engine.gallery.store import Gallery
from engine.transfer.gallery_file import import_gallery

def tell(progress):
    print(progress.done, flush=True)

gallery = Gallery.open(Path(sys.argv[1]))
print("open", flush=True)
import_gallery(gallery, Path(sys.argv[2]), sys.argv[3], "merge", report=tell)
print("done", flush=True)
"""


@pytest.mark.parametrize("lines", [1, 30, 45, 79])
def test_that_a_killed_import_leaves_the_gallery_as_it_was_or_as_it_was_to_be(
    tmp_path: Path, empty: Gallery, lines: int
) -> None:
    source = Gallery.open(tmp_path / "source.db")
    for number in range(40):
        source.enroll(f"Person {number}", [template(number)])
    place = tmp_path / "people.visavis"
    export_gallery(source, place, PASSPHRASE, cost=CHEAP)
    source.close()
    empty.close()
    command = [sys.executable, "-c", CHILD, str(empty.path), str(place), PASSPHRASE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as child:
        assert child.stdout is not None
        for _ in range(lines):
            child.stdout.readline()
        child.kill()
    reopened = Gallery.open(empty.path)
    assert reopened.counts() in ((0, 0), (40, 40))
    assert import_gallery(reopened, place, PASSPHRASE, Conflict.MERGE).left_out_count == 0
    assert reopened.counts() == (40, 40)
    reopened.close()


# --- writing --------------------------------------------------------------------------------------------------


def test_that_cancelling_leaves_nothing_behind(full: Gallery, empty: Gallery, file: Path, tmp_path: Path) -> None:
    token = CancelToken()
    seen: list[Progress] = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        token.cancel()

    place = tmp_path / "stopped.visavis"
    with pytest.raises(OperationCancelledError):
        export_gallery(full, place, PASSPHRASE, report=stop, token=token, cost=CHEAP)
    assert seen
    assert not list(tmp_path.glob("*stopped*"))
    with pytest.raises(OperationCancelledError):
        import_gallery(empty, file, PASSPHRASE, report=stop, token=token)
    assert empty.counts() == (0, 0)


def test_that_an_older_file_stays_when_the_new_one_fails(full: Gallery, tmp_path: Path) -> None:
    place = tmp_path / "people.visavis"
    place.write_bytes(b"the file of before")
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelledError):
        export_gallery(full, place, PASSPHRASE, token=token, cost=CHEAP)
    assert place.read_bytes() == b"the file of before"


def test_that_a_link_at_the_place_is_replaced_and_not_followed(full: Gallery, tmp_path: Path) -> None:
    target, place = tmp_path / "precious.txt", tmp_path / "people.visavis"
    target.write_text("precious")
    place.symlink_to(target)
    export_gallery(full, place, PASSPHRASE, cost=CHEAP)
    assert target.read_text() == "precious"
    assert not place.is_symlink()


@pytest.mark.parametrize("place", ["", "missing/people.visavis", "x" * 300])
def test_that_a_place_that_cannot_be_written_is_a_sentence(full: Gallery, tmp_path: Path, place: str) -> None:
    with pytest.raises(BadInputError, match=re.compile("folder|cannot be written")):
        export_gallery(full, tmp_path / place, PASSPHRASE, cost=CHEAP)


def test_that_a_full_disk_is_a_sentence_and_leaves_nothing(
    full: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(BadInputError, match="No space left"):
        export_gallery(full, tmp_path / "people.visavis", PASSPHRASE, cost=CHEAP)
    assert not list(tmp_path.glob("*people*"))


@pytest.mark.skipif(os.name != "posix", reason="pipes with names are POSIX's")
def test_that_a_pipe_is_refused_at_once(tmp_path: Path, empty: Gallery) -> None:
    os.mkfifo(tmp_path / "pipe.visavis")
    with pytest.raises(BadInputError, match="not a regular file"):
        import_gallery(empty, tmp_path / "pipe.visavis", PASSPHRASE)


def test_that_a_reader_written_from_the_documentation_reads_it(full: Gallery, file: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "gallery-file.md").read_text("utf-8")
    code = text.split("```python")[1].split("```")[0]
    reader: dict[str, Any] = {}
    exec(code, reader)  # noqa: S102 - it is our own page
    records = list(reader["read"](file, PASSPHRASE))
    assert [about["kind"] for about, _ in records] == [
        "gallery",
        "person",
        "template",
        "person",
        *["template"] * 3,
        "end",
    ]
    assert [about["name"] for about, _ in records if about["kind"] == "person"] == ["=HYPERLINK(1)", "Ada Lovelace"]
    stored = full.templates(full.find("Ada Lovelace").id)[0]
    about, blob = records[4]
    assert blob[: about["crop"]["bytes"]] == stored.crop_jpeg
    assert blob[about["crop"]["bytes"] :] == b"".join(
        vector.tobytes() for _, vector in sorted(stored.embeddings.items())
    )
