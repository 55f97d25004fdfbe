"""Encryption: what opens a gallery, what does not, and that nothing is ever lost or left in the open."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import keyring
import pytest
from keyring.backends.null import Keyring as NoKeyring

from engine.errors import GalleryError, GalleryLockedError, WrongSecretError
from engine.gallery import vault
from engine.gallery.keys import Way, keys_path, read_keys
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed, protection
from engine.types import Template
from tests.keyrings import FileKeyring

from .conftest import template

ROOT = Path(__file__).parents[3]
PASSPHRASE = "correct horse battery staple"


def content(gallery: Gallery) -> list[tuple[str, list[bytes]]]:
    return [(person.name, [one.crop_jpeg for one in gallery.templates(person.id)]) for person in gallery.people()]


def opened(path: Path) -> Gallery:
    return Gallery.open(path, Typed(PASSPHRASE))


def first_template(gallery: Gallery) -> Template:
    return gallery.templates(gallery.find("Ada Lovelace").id)[0]


def leaks(folder: Path, gallery_was: Template) -> list[str]:
    """Files under a folder that hold the name, the crop or the embedding of what was enrolled."""
    needles = b"Ada Lovelace", gallery_was.crop_jpeg[:24], next(iter(gallery_was.embeddings.values())).tobytes()[:16]
    return [
        file.name
        for file in folder.rglob("*")
        if file.is_file() and any(needle in file.read_bytes() for needle in needles)
    ]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A gallery that is not encrypted."""
    path = tmp_path / "own" / "gallery.db"
    gallery = Gallery.open(path)
    gallery.enroll("Ada Lovelace", [template(1), template(2)])
    gallery.close()
    return path


@pytest.fixture
def sealed(plain: Path) -> Path:
    """The same gallery behind a passphrase."""
    gallery = Gallery.open(plain)
    gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    gallery.close()
    return plain


# --- with a keyring -------------------------------------------------------------------------------------------------


def test_that_a_new_gallery_is_encrypted_where_there_is_a_keyring(tmp_path: Path, system_keyring: Path) -> None:
    path = tmp_path / "own" / "gallery.db"
    gallery = Gallery.open(path)
    gallery.enroll("Ada Lovelace", [template(1)])
    stored = first_template(gallery)
    assert gallery.encrypted
    assert leaks(path.parent, stored) == [], "not even while it is open"
    gallery.close()
    assert leaks(path.parent, stored) == []
    again = Gallery.open(path)
    assert [person.name for person in again.people()] == ["Ada Lovelace"]
    again.close()
    assert protection(path).keyring == "Test Keyring"


def test_that_without_a_keyring_a_gallery_is_plain_and_says_so(plain: Path) -> None:
    assert not protection(plain).encrypted
    assert "Not encrypted" in protection(plain).sentence


def test_that_a_plain_gallery_is_encrypted_without_loss_once_there_is_a_keyring(
    plain: Path, system_keyring: Path
) -> None:
    keyring.set_keyring(NoKeyring())
    before = Gallery.open(plain)
    wanted, stored = content(before), first_template(before)
    before.close()
    assert leaks(plain.parent, stored)
    keyring.set_keyring(FileKeyring())
    after = Gallery.open(plain)
    assert (after.encrypted, content(after)) == (True, wanted)
    after.close()
    assert leaks(plain.parent, stored) == []


def test_that_a_gallery_in_use_elsewhere_is_not_encrypted_under_its_user(plain: Path, system_keyring: Path) -> None:
    keyring.set_keyring(NoKeyring())
    elsewhere = Gallery.open(plain)
    keyring.set_keyring(FileKeyring())
    here = Gallery.open(plain)
    assert not here.encrypted
    elsewhere.enroll("Grace Hopper", [template(7)])
    assert len(here.people()) == 2
    here.close()
    elsewhere.close()
    assert read_keys(plain) is None
    alone = Gallery.open(plain)
    assert (alone.encrypted, len(alone.people())) == (True, 2)
    alone.close()


@pytest.mark.parametrize("fault", ["locked", "emptied", "absent"])
def test_that_a_keyring_that_fails_is_told_apart_and_loses_nothing(
    tmp_path: Path, system_keyring: Path, fault: str
) -> None:
    path = tmp_path / "own" / "gallery.db"
    gallery = Gallery.open(path)
    gallery.enroll("Ada Lovelace", [template(1)])
    gallery.close()
    before = path.read_bytes()
    if fault == "locked":
        system_keyring.with_suffix(".locked").touch()
    elif fault == "emptied":
        system_keyring.unlink()
    else:
        keyring.set_keyring(NoKeyring())
    words = {"locked": "locked", "emptied": "no secret for this gallery", "absent": "has no keyring"}
    with pytest.raises(GalleryLockedError, match=words[fault]):
        Gallery.open(path)
    assert path.read_bytes() == before


def test_that_the_recovery_code_opens_what_the_keyring_lost(tmp_path: Path, system_keyring: Path) -> None:
    path = tmp_path / "own" / "gallery.db"
    gallery = Gallery.open(path)
    gallery.enroll("Ada Lovelace", [template(1)])
    code = gallery.recovery_code()
    gallery.close()
    system_keyring.unlink()
    with pytest.raises(GalleryLockedError) as told:
        Gallery.open(path)
    assert told.value.asks == ("recovery",)
    typed = Typed(code.lower().replace("-", " "), Way.RECOVERY)
    again = Gallery.open(path, typed)
    again.protect(vault.use_keyring)
    again.close()
    Gallery.open(path).close()


# --- with a passphrase ------------------------------------------------------------------------------------------------


def test_that_a_passphrase_encrypts_a_plain_gallery_and_is_then_asked_for(plain: Path) -> None:
    gallery = Gallery.open(plain)
    wanted, stored = content(gallery), first_template(gallery)
    gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    assert content(gallery) == wanted, "it stays open"
    gallery.close()
    assert leaks(plain.parent, stored) == []
    with pytest.raises(GalleryLockedError, match="Type its passphrase"):
        Gallery.open(plain)
    again = Gallery.open(plain, Typed(PASSPHRASE))
    assert content(again) == wanted
    again.close()


@pytest.mark.parametrize("passphrase", ["ünïcödé pässphräse", "鍵" * 20, "x" * 1000, " with spaces ", "a\u0301"])
def test_that_any_characters_make_a_passphrase(plain: Path, passphrase: str) -> None:
    gallery = Gallery.open(plain)
    gallery.protect(partial(vault.set_passphrase, passphrase=passphrase, ask_at_start=True))
    gallery.close()
    Gallery.open(plain, Typed(passphrase)).close()
    if passphrase == "a\u0301":
        Gallery.open(plain, Typed("á")).close()


@pytest.mark.parametrize("passphrase", ["", "   ", "x" * 5000])
def test_that_what_cannot_be_a_passphrase_changes_nothing(plain: Path, passphrase: str) -> None:
    gallery = Gallery.open(plain)
    before = content(gallery)
    with pytest.raises(WrongSecretError):
        gallery.protect(partial(vault.set_passphrase, passphrase=passphrase, ask_at_start=True))
    assert (gallery.encrypted, content(gallery)) == (False, before)
    gallery.close()
    assert not keys_path(plain).exists()


def test_that_a_wrong_passphrase_leaves_every_byte(sealed: Path) -> None:
    before = sealed.read_bytes(), keys_path(sealed).read_bytes()
    for guess in ("", "wrong", PASSPHRASE + " ", "x" * 100_000):
        with pytest.raises(WrongSecretError, match="not the passphrase"):
            Gallery.open(sealed, Typed(guess))
    assert (sealed.read_bytes(), keys_path(sealed).read_bytes()) == before


def test_that_a_changed_passphrase_replaces_the_old_one_even_while_another_window_is_open(sealed: Path) -> None:
    elsewhere = opened(sealed)
    here = opened(sealed)
    here.protect(partial(vault.set_passphrase, passphrase="another", ask_at_start=True))
    elsewhere.enroll("Grace Hopper", [template(9)])
    assert len(here.people()) == 2
    here.close()
    elsewhere.close()
    with pytest.raises(WrongSecretError):
        opened(sealed)
    Gallery.open(sealed, Typed("another")).close()


def test_that_a_passphrase_beside_the_keyring_is_not_asked_for_at_start(tmp_path: Path, system_keyring: Path) -> None:
    path = tmp_path / "own" / "gallery.db"
    gallery = Gallery.open(path)
    gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=False))
    gallery.close()
    Gallery.open(path).close()
    Gallery.open(path, Typed(PASSPHRASE)).close()
    assert protection(path).sentence.startswith("Encrypted (AES-256), opened by Test Keyring or opened by a passphrase")


def test_that_the_last_way_in_cannot_be_taken_away(sealed: Path) -> None:
    with pytest.raises(GalleryError, match="nothing would open"):
        vault.forget_passphrase(sealed)
    opened(sealed).close()


# --- damage is told apart from a wrong key ----------------------------------------------------------------------------


@pytest.mark.parametrize("where", [0, 20, 0.5, -10])
def test_that_an_altered_byte_is_damage_and_not_a_wrong_passphrase(sealed: Path, where: float) -> None:
    changed = bytearray(sealed.read_bytes())
    place = int(where * len(changed)) if isinstance(where, float) else where
    changed[place] ^= 1
    sealed.write_bytes(bytes(changed))
    try:
        with closing(opened(sealed)) as gallery:
            told = " ".join(problem.sentence for problem in gallery.check().problems)
    except GalleryError as error:
        assert not isinstance(error, WrongSecretError)  # noqa: PT017 - damage is noticed at opening or by the check
        told = str(error)
    assert re.search(r"damaged|replaced", told)
    assert sealed.read_bytes() == bytes(changed)


@pytest.mark.parametrize("replacement", [b"", b"just some text", b"SQLite format 3\x00" + bytes(4000)])
def test_that_a_replaced_gallery_is_never_made_anew(sealed: Path, replacement: bytes) -> None:
    sealed.write_bytes(replacement)
    with pytest.raises(GalleryError, match=r"replaced|empty|damaged"):
        opened(sealed)
    assert sealed.read_bytes() == replacement


def test_that_a_gallery_that_has_gone_is_not_made_anew(sealed: Path) -> None:
    sealed.unlink()
    with pytest.raises(GalleryError, match="moved or deleted"):
        opened(sealed)
    assert not sealed.exists()


def test_that_a_missing_key_file_is_said_and_nothing_made_anew(sealed: Path) -> None:
    before = sealed.read_bytes()
    keys_path(sealed).unlink()
    with pytest.raises(GalleryError, match=r"key file .*gallery\.db\.keys.* is missing"):
        opened(sealed)
    assert sealed.read_bytes() == before
    assert not keys_path(sealed).exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: json.dumps({**json.loads(text), "ways": 7}),
        lambda text: text.replace('"memory_kib": 65536', '"memory_kib": 999999999999'),
        lambda text: text.replace('"format": 1', '"format": 2'),
    ],
)
def test_that_a_damaged_key_file_is_a_sentence(sealed: Path, damage) -> None:  # type: ignore[no-untyped-def]
    before = sealed.read_bytes()
    text = damage(keys_path(sealed).read_text())
    keys_path(sealed).write_text(text)
    with pytest.raises(GalleryError, match=r"gallery\.db\.keys"):
        opened(sealed)
    assert (sealed.read_bytes(), keys_path(sealed).read_text()) == (before, text)


def test_that_the_keys_of_another_gallery_do_not_open_this_one(sealed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "gallery.db"
    gallery = Gallery.open(other)
    gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    gallery.close()
    keys_path(sealed).write_bytes(keys_path(other).read_bytes())
    with pytest.raises(GalleryError, match="damaged"):
        opened(sealed)


# --- killed at any moment ---------------------------------------------------------------------------------------------

CHANGER = """
import os, sys
from functools import partial
from pathlib import Path
sys.path.insert(0, {root!r})
from engine.gallery import encrypting, vault
from engine.gallery.store import Gallery

left = 0

def step():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), 9)

def counted(function):
    def wrapper(*args, **kwargs):
        step()
        result = function(*args, **kwargs)
        step()
        return result
    return wrapper

for module in (encrypting, vault):
    for name in ("write_keys", "_export", "_take_place", "_overwrite", "sync_folder", "remove_with_logs"):
        if hasattr(module, name):
            setattr(module, name, counted(getattr(module, name)))

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        left = int(line)
        gallery = Gallery.open(Path({path!r}))
        gallery.protect(partial(vault.set_passphrase, passphrase={passphrase!r}, ask_at_start=True))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_that_a_kill_while_encrypting_leaves_a_gallery_that_opens(plain: Path) -> None:
    gallery = Gallery.open(plain)
    wanted = content(gallery)
    gallery.close()
    original = plain.read_bytes()
    script = CHANGER.format(root=str(ROOT), path=str(plain), passphrase=PASSPHRASE)
    changer = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert changer.stdin is not None
    assert changer.stdout is not None
    outcomes, code = [], -9
    while code == -9:
        plain.write_bytes(original)
        keys_path(plain).unlink(missing_ok=True)
        changer.stdin.write(f"{len(outcomes) + 1}\n")
        changer.stdin.flush()
        code = int(changer.stdout.readline())
        try:
            after = Gallery.open(plain)
        except GalleryLockedError:
            after = Gallery.open(plain, Typed(PASSPHRASE))
        outcomes.append(after.encrypted)
        assert content(after) == wanted, f"killed at step {len(outcomes)}"
        after.close()
    changer.communicate()
    assert code == 0
    assert outcomes[0] is False
    assert outcomes[-1] is True
    assert len(outcomes) > 10, "every step of the change was cut off once"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_that_only_the_owner_may_read_the_keys(sealed: Path) -> None:
    assert os.stat(keys_path(sealed)).st_mode & 0o777 == 0o600  # noqa: PTH116 - the mode is the point
