"""What opens the gallery fails: the keyring, the passphrase, the key file."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path

import keyring
import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.backends.null import Keyring as NoKeyring

from engine.errors import GalleryError, GalleryLockedError, TooManyAttemptsError, WrongSecretError
from engine.gallery import vault
from engine.gallery.attempts import Moment
from engine.gallery.keys import keys_path
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed
from tests.keyrings import FileKeyring

from .conftest import PASSPHRASE, opened, state
from .table import said


@pytest.mark.parametrize("fault", ["absent", "locked", "emptied", "another"])
def test_that_a_keyring_that_fails_is_told_apart_and_the_recovery_code_opens(
    path: Path, system_keyring: Path, fault: str
) -> None:
    with closing(Gallery.open(path)) as gallery:
        code, before = gallery.recovery_code(), state(gallery)
    content = path.read_bytes()
    if fault == "locked":
        system_keyring.with_suffix(".locked").touch()
    elif fault == "emptied":
        system_keyring.unlink()
    elif fault == "absent":
        keyring.set_keyring(NoKeyring())
    else:
        keyring.set_keyring(AnotherKeyring())
    with pytest.raises(GalleryLockedError) as told:
        Gallery.open(path)
    said(f"keyring: {fault}", str(told.value))
    assert path.read_bytes() == content
    with closing(Gallery.open(path, Typed(code, vault.Way.RECOVERY))) as gallery:
        assert state(gallery) == before


class AnotherKeyring(FileKeyring):
    """A keyring that holds nothing of ours."""

    name = "Another Keyring"  # type: ignore[assignment]  # keyring computes it

    def _load(self) -> dict[str, str]:
        return {}


@pytest.fixture
def sealed(path: Path) -> Path:
    with opened(path) as gallery:
        gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    return path


def test_that_five_wrong_passphrases_harm_nothing(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sealed.read_bytes(), keys_path(sealed).read_bytes()
    for number in range(5):
        with pytest.raises(WrongSecretError) as told:
            Gallery.open(sealed, Typed(f"wrong {number}"))
    said("passphrase: wrong", str(told.value))
    assert (sealed.read_bytes(), keys_path(sealed).read_bytes()) == before
    with pytest.raises(TooManyAttemptsError):
        Gallery.open(sealed, Typed(PASSPHRASE))
    now = Moment.now()
    monkeypatch.setattr(Moment, "now", lambda: Moment(now.wall_s + 31, now.ticks_s + 31))
    with opened(sealed) as gallery:
        assert len(gallery.people()) == 3


def test_that_a_missing_key_file_and_a_missing_gallery_are_told_apart(sealed: Path) -> None:
    kept, gallery = keys_path(sealed).read_bytes(), sealed.read_bytes()
    keys_path(sealed).unlink()
    with pytest.raises(GalleryError) as told:
        Gallery.open(sealed)
    said("key file: missing", str(told.value))
    keys_path(sealed).write_bytes(kept[: len(kept) // 2])
    with pytest.raises(GalleryError) as told:
        Gallery.open(sealed)
    said("key file: damaged", str(told.value))
    keys_path(sealed).write_bytes(kept)
    sealed.unlink()
    with pytest.raises(GalleryError) as told:
        Gallery.open(sealed, Typed(PASSPHRASE))
    said("gallery: gone", str(told.value))
    assert not sealed.exists()
    sealed.write_bytes(gallery)
    with opened(sealed) as gallery:
        assert len(gallery.people()) == 3


NOT_WORTH_THE_NAME = [
    "keyrings.alt.file", "keyrings.alt.Windows", "keyrings.alt.Gnome", "keyring.backends.null", "keyring.backends.fail",
]  # fmt: skip
"""Where backends come from that keep nothing, or keep it where everybody can read it."""


def backend_of(module: str) -> FileKeyring:
    made: FileKeyring = type("Keyring", (FileKeyring,), {"__module__": module, "name": module})()
    return made


@pytest.mark.parametrize("module", NOT_WORTH_THE_NAME)
@pytest.mark.parametrize("chained", [False, True])
def test_that_a_keyring_that_keeps_keys_in_a_plain_file_is_not_given_one(
    tmp_path: Path, system_keyring: Path, module: str, chained: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    backends = [backend_of(module)]
    monkeypatch.setattr(ChainerBackend, "backends", backends)
    keyring.set_keyring(ChainerBackend() if chained else backends[0])
    with closing(Gallery.open(tmp_path / "new" / "gallery.db")) as gallery:
        assert not gallery.encrypted
        assert "no keyring that could keep a key" in gallery.protection.sentence
        with pytest.raises(GalleryLockedError, match="no keyring"):
            gallery.protect(vault.use_keyring)
        assert not gallery.encrypted
    assert not system_keyring.exists()
    if chained:
        backends.append(FileKeyring())
        with closing(Gallery.open(tmp_path / "new" / "gallery.db")) as gallery:
            assert gallery.protection.keyring == "Test Keyring"
        assert system_keyring.exists()
