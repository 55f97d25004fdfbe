"""Erasing a person for good."""

from __future__ import annotations

import gc
import json
import os
import shutil
import weakref
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from engine.care import Rejection
from engine.erasure_desk import ErasureDesk
from engine.errors import UnknownPersonError
from engine.gallery.journal_schema import AttemptsRow
from engine.journal import LogQuery
from engine.liveness import runs as liveness_runs
from engine.liveness.bench import Trials, bench_file
from engine.liveness_values import Trial
from engine.service import FaceService
from engine.settings import Settings
from engine.training.session import faces_folder, runs_folder
from engine.types import Frame, Person, PixelArray

NAME = "Eileen Quillfeather"
PASSPHRASE = "correct horse"


def needles(service: FaceService, person_id: int) -> dict[str, bytes]:
    """Bytes that only this person brings."""
    found = {"name": NAME.encode(), "folded": NAME.casefold().encode()}
    for template in service.templates(person_id):
        # A JPEG begins with tables that others have too.
        middle = len(template.crop_jpeg) // 2
        found["crop"] = template.crop_jpeg[middle : middle + 64]
        for embedding in template.embeddings.values():
            found["vector"] = embedding.tobytes()[64:128]
    return found


def holding(folders: Iterable[Path], wanted: dict[str, bytes]) -> list[str]:
    """Which files hold any of them."""
    return [
        f"{file.name}: {what}"
        for folder in folders
        for file in folder.rglob("*")
        if file.is_file()
        for what, content in wanted.items()
        if content in file.read_bytes()
    ]


def train_on(folder: Path) -> None:
    """What a look at a folder of people and a run leave behind."""
    cache = faces_folder(folder)
    (cache / "crops").mkdir(parents=True)
    pictures = []
    for person, digest in ((NAME, "aa"), ("Grace", "bb")):
        (cache / "crops" / f"{digest}.jpg").write_bytes(f"crop of {person}".encode())
        pictures.append({"path": f"{person}/1.jpg", "person": person, "sha256": digest, "problem": ""})
    (cache / "index.json").write_text(json.dumps({"version": 1, "pictures": pictures}), "utf-8")
    np.savez(cache / "embeddings-test.npz", names=np.array(["aa", "bb"]), embeddings=np.eye(2, dtype=np.float32))
    run = runs_folder() / "run 1"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"training": ["Grace", NAME], "left_out": [f"{NAME}/2.jpg"]}), "utf-8")
    clips = liveness_runs.runs_folder() / "run 2"
    clips.mkdir(parents=True)
    (clips / "run.json").write_text(json.dumps({"folder": f"/home/{NAME}/clips"}), "utf-8")
    (run / "events.jsonl").write_text(f'{{"hardest": "{NAME}"}}\n{{"loss": 1}}\n', "utf-8")


def lead_a_life(service: FaceService, folder: Path, pictures: Path) -> tuple[Person, Person, dict[str, bytes]]:
    """Let somebody of the name leave traces everywhere; returns them, somebody who knows them, and what to look for."""
    own = folder / f"{NAME}.jpg"
    shutil.copy(pictures / "eileen1.jpg", own)
    eileen = service.enroll(NAME, service.judge([own])).person
    grace = service.enroll("Grace Hopper", service.judge([pictures / "grace.jpg"])).person
    wanted = needles(service, eileen.id)
    rejected = service.identify([pictures / "grace.jpg"])[0].identifications[0].face
    assert isinstance(service.care.reject(eileen.id, rejected, "grace.jpg"), Rejection)
    service.describe(grace.id, notes=f"knows {NAME}")
    service.rename(eileen.id, f"{NAME} II")
    service.rename(eileen.id, NAME)
    service.verify(grace.id, own)
    service.compare(own, pictures / "grace.jpg")
    service.identify([own])
    service.vault.back_up()
    train_on(folder / "people")
    Trials().add(Trial("matt_print", None, "poor light", 0.0, None, "Webcam", True, "m", "2026-11-24", subject=NAME))
    return eileen, grace, wanted


@pytest.mark.parametrize("encrypted", [False, True])
def test_that_nothing_of_an_erased_person_is_left_on_the_disk(tmp_path: Path, pictures: Path, encrypted: bool) -> None:
    data = tmp_path / "data"
    data.mkdir()
    service = FaceService(Settings(precision="fp32"), data / "gallery.db")
    if encrypted:
        service.vault.set_passphrase(PASSPHRASE, ask_at_start=True)
    eileen, grace, wanted = lead_a_life(service, tmp_path, pictures)
    (data / "gallery.db.before-0005").write_bytes(service.vault.backups()[0].path.read_bytes())
    homes = [data, faces_folder(Path()).parent, runs_folder(), liveness_runs.runs_folder(), bench_file().parent]
    if not encrypted:
        assert holding(homes, wanted)

    before = service.erasure.holding(eileen.id)
    receipt = service.erasure.erase(eileen.id)
    assert dict(before.counts) | {"entries of the history log": 0} == dict(receipt.removed) | {
        "entries of the history log": 0
    }
    assert receipt.removed["pictures"] == receipt.removed["rejected faces"] == 1
    assert receipt.removed["aligned crops kept for training"] == 1
    assert receipt.removed["training runs that named them"] == 2
    assert receipt.removed["trials of the spoof bench that named them"] == 1
    assert len(Trials().all()) == 1
    assert set(before.copies) == set(receipt.copies_left)
    assert receipt.file_before is not None
    assert receipt.file_after == (data / "gallery.db").stat().st_size < receipt.file_before
    assert f"{receipt.file_before:,} bytes before, {receipt.file_after:,} after" in receipt.text
    assert "gallery.db.before-0005" in receipt.copies_left
    assert any("1 other" in note for note in receipt.notes)
    assert not any(NAME in text for text in (receipt.text, json.dumps(receipt.data)))
    assert service.undo_text != f"Enroll {NAME}"
    copies = [data / "gallery.db.backups", data / "gallery.db.before-0005"]
    left = [line for line in holding(homes, wanted) if not line.startswith(("gallery.db.before", "20"))]
    # The user's own notes about somebody else are theirs to change; the receipt says so.
    service.describe(grace.id, notes="")
    service.close()
    for copy in copies:
        shutil.rmtree(copy) if copy.is_dir() else copy.unlink()
    assert not [line for line in left if "crop" in line or "vector" in line]
    assert holding(homes, wanted) == []

    service = FaceService(Settings(precision="fp32"), data / "gallery.db")
    if encrypted:
        service.unlock(PASSPHRASE)
    with pytest.raises(UnknownPersonError):
        service.person_named(NAME)
    entries = service.journal.entries(service.journal.numbers(LogQuery(kind="erase")))
    assert receipt.number in entries[0].sentence
    assert not any(
        "Quillfeather" in one.sentence for one in service.journal.entries(service.journal.numbers(LogQuery()))
    )
    assert service.journal.verify().sound
    assert service.vault.check().sound
    service.close()


def test_that_copies_that_hold_the_person_go_where_that_is_wanted(service: FaceService, pictures: Path) -> None:
    grace = service.enroll("Grace", service.judge([pictures / "grace.jpg"])).person
    service.vault.back_up()
    eileen = service.enroll(NAME, service.judge([pictures / "eileen1.jpg"])).person
    service.vault.back_up()
    receipt = service.erasure.erase(eileen.id, copies=True)
    assert len(receipt.copies_removed) == 1
    assert receipt.copies_left == ()
    assert len(service.vault.backups()) == 1
    assert service.erasure.holding(grace.id).copies != ()


def test_that_what_was_found_of_them_in_sorted_folders_goes_too(
    service: FaceService, pictures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sorted"
    folder.mkdir()
    shutil.copy(pictures / "eileen2.png", folder / "a.png")
    eileen = service.enroll(NAME, service.judge([pictures / "eileen1.jpg"])).person
    step = service.sorting.begin(folder)
    while not step.finished:
        step = service.sorting.go_on(step.sorting_id, 0)
    found = service.sorting.arrange(step.sorting_id)
    assert [group.name for group in found.groups] == [NAME]
    receipt = service.erasure.erase(eileen.id)
    assert receipt.removed["faces in sorted folders"] == 1
    assert service.sorting.show(step.sorting_id).groups == ()


@pytest.mark.parametrize("name", ["receipt.txt", "receipt.json"])
def test_that_a_receipt_can_be_saved(service: FaceService, pictures: Path, tmp_path: Path, name: str) -> None:
    grace = service.enroll("Grace", service.judge([pictures / "grace.jpg"])).person
    receipt = service.erasure.erase(grace.id)
    ErasureDesk.save(receipt, tmp_path / name)
    content = (tmp_path / name).read_text("utf-8")
    assert receipt.number in content
    assert "Grace" not in content
    if os.name == "posix":
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600, "only its owner may read it"
    assert (json.loads(content)["removed"]["pictures"] == 1) if name.endswith("json") else "1  picture" in content


def test_that_an_undo_cannot_bring_the_erased_back(service: FaceService, pictures: Path) -> None:
    grace = service.enroll("Grace", service.judge([pictures / "grace.jpg"])).person
    service.erasure.erase(grace.id)
    assert service.undo_text == ""
    assert service.decided == ()


def test_that_nothing_is_noted_of_whoever_was_erased_while_before_the_camera(
    service: FaceService, pictures: Path, astronaut: PixelArray
) -> None:
    service.apply(Settings(precision="fp32", history_log="live"))
    eileen = service.enroll(NAME, service.judge([pictures / "eileen1.jpg"])).person
    grace = service.enroll("Grace", service.judge([pictures / "grace.jpg"])).person
    for number in range(20):
        service.watch(Frame(astronaut, "camera", 1 + number / 10, kind="camera"), claimed=grace.id)
    service.erasure.erase(eileen.id)
    service.erasure.erase(grace.id)
    service.watch(Frame(astronaut, "camera", 3.1, kind="camera"))
    service.live.forget()
    latest = service.journal.entries(service.journal.numbers(LogQuery()))[0]
    assert latest.kind == "erase"
    with service._now.gallery.reading() as session:
        assert list(session.scalars(select(AttemptsRow.person_id))) == []


def test_that_a_receipt_is_given_though_something_could_not_be_removed(
    service: FaceService, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> tuple[int, int]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.training.forgetting.forget_person", full)
    bench_file().parent.mkdir(parents=True)
    bench_file().write_text("garbage", "utf-8")
    eileen = service.enroll(NAME, service.judge([pictures / "eileen1.jpg"])).person
    receipt = service.erasure.erase(eileen.id)
    assert receipt.removed["pictures"] == 1
    assert any("No space left" in note for note in receipt.notes)
    assert any("spoof bench" in note for note in receipt.notes)


def test_that_nothing_in_memory_holds_an_erased_persons_vectors(service: FaceService, pictures: Path) -> None:
    eileen = service.enroll(NAME, service.judge([pictures / "eileen1.jpg"])).person
    service.enroll("Grace Hopper", service.judge([pictures / "grace.jpg"]))
    assert service.identify([pictures / "eileen1.jpg"])[0].identifications[0].person
    vectors = weakref.ref(service._now.gallery.references(service.info().pack_id).matrix)
    assert vectors() is not None
    service.erasure.erase(eileen.id)
    gc.collect()
    assert vectors() is None
    assert [one.name for one in service.identify([pictures / "eileen1.jpg"])[0].identifications[0].candidates] == [
        "Grace Hopper"
    ]
