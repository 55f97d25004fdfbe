"""After a session with a passphrase no file tells who is in the gallery, and the log never did."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from engine.errors import VisavisError
from engine.service import FaceService
from engine.settings import Settings, default_gallery_path, default_path, save

PASSPHRASE = "correct horse battery staple"
NAMES = "Eileen Collins", "Grace Hopper", "Hopper's notes"
HOMES = "CONFIG", "DATA", "CACHE", "STATE"


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _own_user_folders: None) -> Path:
    """Where all of the user's folders are, the temporary one too."""
    folder = tmp_path / "homes"
    for name in (*HOMES, "RUNTIME", "tmp"):
        (folder / name).mkdir(parents=True)
    for name in HOMES:
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "RUNTIME"))
    for name in ("TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(folder / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", str(folder / "tmp"))
    return folder


@pytest.fixture
def people(tmp_path: Path, pictures: Path) -> Path:
    """A folder of people to import."""
    folder = tmp_path / "people"
    (folder / "Grace Hopper").mkdir(parents=True)
    shutil.copy(pictures / "grace.jpg", folder / "Grace Hopper" / "grace.jpg")
    return folder


def session(pictures: Path, people: Path, out: Path) -> set[bytes]:
    """Use whatever handles names, faces and passphrases; returns the crops that were stored."""
    save(Settings(file_detector="mtcnn", averaging="never"), default_path())
    service = FaceService(Settings(file_detector="mtcnn", averaging="never", precision="fp32"))
    service.vault.set_passphrase(PASSPHRASE, ask_at_start=True)
    eileen = service.enroll(NAMES[0], service.judge([pictures / "eileen1.jpg"])).person
    service.transfer.import_from([people])
    grace = service.person_named(NAMES[1])
    service.describe(grace.id, notes=NAMES[2])
    service.verify(eileen.id, pictures / "eileen2.png")
    service.identify([pictures / "both.jpg"])
    service.transfer.export_gallery(out / "all.visavis", PASSPHRASE)
    with pytest.raises(VisavisError):
        service.transfer.import_from([out / "all.visavis"], passphrase="a wrong one")
    service.transfer.import_from([out / "all.visavis"], passphrase=PASSPHRASE)
    service.transfer.export_people(out / "people.csv")
    step = service.sorting.begin(pictures)
    while not step.finished:
        step = service.sorting.go_on(step.sorting_id, 5)
    service.sorting.arrange(step.sorting_id)
    service.vault.back_up()
    with pytest.raises(VisavisError):
        service.rename(eileen.id, NAMES[1])
    ids = [one.id for person in (eileen, grace) for one in service.templates(person.id)]
    stored = set(service._now.gallery.crops(ids).values())
    service.erasure.erase(grace.id, copies=True)
    service.lock()
    with pytest.raises(VisavisError):
        service.unlock("a wrong one")
    service.unlock(PASSPHRASE)
    service.close()
    return stored


def test_that_a_session_tells_no_file_and_no_log_who_is_in_the_gallery(
    homes: Path, pictures: Path, people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "out").mkdir()
    with caplog.at_level(logging.DEBUG):
        stored = session(pictures, people, tmp_path / "out")
    assert default_gallery_path().is_relative_to(homes)
    secrets = {PASSPHRASE, "a wrong one", *NAMES, "Collins", "Hopper"}
    for secret in secrets:
        assert secret not in caplog.text, secret
    assert "array(" not in caplog.text
    assert stored
    middles = {content[len(content) // 2 :][:48] for content in stored}
    for picture in pictures.glob("*.jpg"):
        content = picture.read_bytes()
        middles.add(content[len(content) // 2 :][:48])
    sought = middles | {text.encode(code) for text in secrets for code in ("utf-8", "utf-16-le")}
    files = [file for file in homes.rglob("*") if file.is_file()]
    assert any(file.name == "gallery.db" for file in files)
    assert any(file.name == "settings.toml" for file in files)
    for file in files:
        content = file.read_bytes()
        assert not [one for one in sought if one in content], file
        assert not [secret for secret in secrets if secret in file.name], file
