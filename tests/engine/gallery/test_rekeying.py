"""A new key: what opened the gallery before does not open what it is now, and nothing is lost on the way."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing, nullcontext
from functools import partial, reduce
from pathlib import Path

import keyring
import pytest
from keyring.backends.null import Keyring as NoKeyring

from engine.errors import GalleryError, GalleryLockedError, TooManyAttemptsError, WrongSecretError
from engine.gallery import encrypting, rekeying
from engine.gallery.backups import list_backups
from engine.gallery.copies import copies_holding
from engine.gallery.graph_file import graph_path
from engine.gallery.keys import Keys, Sealed, Way, keys_path, read_keys
from engine.gallery.rekeying import change_key
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed, opens, set_passphrase
from engine.journal import LogQuery
from engine.vault_desk import VaultDesk
from tests.keyrings import FileKeyring

from .conftest import PACK, template
from .test_vault import CHANGER, PASSPHRASE, ROOT, content


def changed(path: Path, typed: Typed | None = None) -> str:
    """Change the key of a gallery that is closed; returns the recovery code."""
    with closing(Gallery.open(path, typed)) as gallery:
        desk = VaultDesk(lambda: gallery, lambda: None)
        return desk.change_key(PASSPHRASE if desk.protection().passphrase else "")


def old_keys(path: Path) -> Keys:
    keys = read_keys(path)
    assert keys is not None
    return keys


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deriving a key costs as little as it can."""
    monkeypatch.setattr(Sealed.__init__, "__defaults__", (64, 1, 4))


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A gallery behind a passphrase."""
    path = tmp_path / "own" / "gallery.db"
    with closing(Gallery.open(path)) as gallery:
        gallery.enroll("Ada Lovelace", [template(1), template(2)])
        gallery.protect(lambda place, key: set_passphrase(place, key, PASSPHRASE, ask_at_start=True))
    return path


@pytest.fixture
def by_keyring(tmp_path: Path, system_keyring: Path) -> Path:
    """A gallery that a keyring opens."""
    path = tmp_path / "own" / "gallery.db"
    with closing(Gallery.open(path)) as gallery:
        gallery.enroll("Ada Lovelace", [template(1), template(2)])
    return path


def test_that_a_key_file_of_before_no_longer_opens_the_gallery_of_today(sealed: Path) -> None:
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        code, wanted = gallery.recovery_code(), content(gallery)
    kept = keys_path(sealed).read_bytes()
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        gallery.protect(lambda place, key: set_passphrase(place, key, "another", ask_at_start=True))
        key = gallery.key
        assert key is not None
    leaked = sealed.with_name("leaked.db")
    keys_path(leaked).write_bytes(kept)
    assert old_keys(leaked).open(Way.PASSPHRASE, PASSPHRASE) == key, "a new passphrase wraps the same key"
    with closing(Gallery.open(sealed, Typed("another"))) as gallery:
        new = VaultDesk(lambda: gallery, lambda: None).change_key("another")
        assert content(gallery) == wanted, "it stays open"
        gallery.enroll("Grace Hopper", [template(3)])
    assert not opens(sealed, key)
    keys_now = keys_path(sealed).read_bytes()
    keys_path(sealed).write_bytes(kept)
    for typed in (Typed(PASSPHRASE), Typed(code, Way.RECOVERY)):
        with pytest.raises(GalleryError):
            Gallery.open(sealed, typed)
    keys_path(sealed).write_bytes(keys_now)
    with pytest.raises(WrongSecretError):
        Gallery.open(sealed, Typed(code, Way.RECOVERY))
    for typed in (Typed("another"), Typed(new, Way.RECOVERY)):
        with closing(Gallery.open(sealed, typed)) as gallery:
            assert len(gallery.people()) == 2
            assert not gallery.journal.notice


def test_that_the_keyring_opens_it_as_before_and_no_code_is_made_where_there_was_none(by_keyring: Path) -> None:
    before = old_keys(by_keyring)
    assert changed(by_keyring) == ""
    after = old_keys(by_keyring)
    assert set(after.ways) == {Way.KEYRING}
    assert (after.keyring, after.check == before.check) == ("Test Keyring", False)
    with closing(Gallery.open(by_keyring)) as gallery:
        assert [person.name for person in gallery.people()] == ["Ada Lovelace"]
        (newest, *_) = gallery.journal.entries(gallery.journal.numbers(LogQuery()))
        assert "The key was changed." in newest.sentence


def test_that_the_keyring_forgets_what_no_copy_needs(by_keyring: Path) -> None:
    vaults = [old_keys(by_keyring).vault]
    changed(by_keyring)
    kept = FileKeyring()
    assert all(kept.get_password("Visavis", f"{vaults[0]}{end}") is None for end in ("", " seen"))
    with closing(Gallery.open(by_keyring)) as gallery:
        gallery.back_up()
    vaults.append(old_keys(by_keyring).vault)
    changed(by_keyring)
    assert kept.get_password("Visavis", vaults[1]) is not None, "the backup opens with it"


@pytest.mark.parametrize("opened_by", ["sealed", "by_keyring"])
def test_that_an_older_backup_is_gone_back_to_under_the_key_of_today(
    opened_by: str, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(opened_by)
    typed = Typed(PASSPHRASE) if opened_by == "sealed" else None
    with closing(Gallery.open(path, typed)) as gallery:
        wanted, old = content(gallery), gallery.back_up()
        gallery.enroll("Grace Hopper", [template(3)])
        first = gallery.key
    changed(path, typed)
    changed(path, typed)
    own = old_keys(old.path)
    secret = PASSPHRASE if typed else FileKeyring().get_password("Visavis", own.vault)
    assert secret is not None
    assert own.open(Way.PASSPHRASE if typed else Way.KEYRING, secret) == first, "its own key file still opens it"
    bytes_before = old.path.read_bytes()
    with closing(Gallery.open(path, typed)) as gallery:
        gallery.restore(old.path)
        assert content(gallery) == wanted
        assert gallery.check().sound, "its embeddings are sealed under the key of today"
        assert len(gallery.references(PACK).template_ids) == sum(one.template_count for one in gallery.people())
        assert first is not None
        assert not opens(path, first), "not under the key of its day"
    assert old.path.read_bytes() == bytes_before
    with closing(Gallery.open(path, typed)) as gallery:
        assert (content(gallery), gallery.journal.notice) == (wanted, "")
        gallery.restore(list_backups(path)[0].path)
        assert len(gallery.people()) == 2


def test_that_erasing_looks_into_copies_of_an_older_key(sealed: Path) -> None:
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        made = gallery.back_up()
        aside = sealed.with_name(f"{sealed.name}.before-0007")
        shutil.copyfile(made.path, aside)
        later = gallery.enroll("Grace Hopper", [template(3)])
        ada = gallery.find("Ada Lovelace")
    changed(sealed, Typed(PASSPHRASE))
    assert old_keys(aside).open(Way.PASSPHRASE, PASSPHRASE), "it had no key file of its own"
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        assert copies_holding(sealed, gallery.key, ada.id, ()) == [made.path, aside]
        assert copies_holding(sealed, gallery.key, later.id, ()) == []


def test_that_a_gallery_open_in_another_window_keeps_its_key(by_keyring: Path) -> None:
    with closing(Gallery.open(by_keyring)) as here, closing(Gallery.open(by_keyring)) as elsewhere:
        desk, before, secrets = VaultDesk(lambda: here, lambda: None), old_keys(by_keyring), FileKeyring()._load()
        with pytest.raises(GalleryError, match="is open in another window. Close that one and try again"):
            desk.change_key()
        elsewhere.enroll("Grace Hopper", [template(9)])
        assert len(here.people()) == 2
        assert old_keys(by_keyring) == before
        assert FileKeyring()._load().keys() == secrets.keys()


def test_that_a_wrong_or_missing_passphrase_changes_nothing_and_counts(sealed: Path) -> None:
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        desk, before = VaultDesk(lambda: gallery, lambda: None), keys_path(sealed).read_bytes()
        with pytest.raises(GalleryLockedError, match="passphrase is needed"):
            desk.change_key()
        for number in range(5):
            with pytest.raises(WrongSecretError):
                desk.change_key(f"wrong {number}")
        with pytest.raises(TooManyAttemptsError):
            desk.change_key(PASSPHRASE)
        assert keys_path(sealed).read_bytes() == before
        assert len(gallery.people()) == 1


def test_that_a_keyring_that_is_gone_changes_nothing(by_keyring: Path) -> None:
    with closing(Gallery.open(by_keyring)) as gallery:
        before = keys_path(by_keyring).read_bytes()
        keyring.set_keyring(NoKeyring())
        with pytest.raises(GalleryLockedError, match="no keyring"):
            VaultDesk(lambda: gallery, lambda: None).change_key()
        keyring.set_keyring(FileKeyring())
        assert keys_path(by_keyring).read_bytes() == before
        assert len(gallery.people()) == 1


def test_that_a_plain_gallery_has_no_key_to_change(tmp_path: Path) -> None:
    with (
        closing(Gallery.open(tmp_path / "gallery.db")) as gallery,
        pytest.raises(GalleryError, match="not encrypted, so there is no key"),
    ):
        VaultDesk(lambda: gallery, lambda: None).change_key()


def test_that_the_graph_of_before_goes_and_the_next_is_under_the_new_key(sealed: Path) -> None:
    def go_on() -> None:
        """Nobody wants it to end."""

    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        kept = gallery.graph_file(PACK)
        assert kept is not None
        kept.write((b"graph", memoryview(b" of people")), go_on)
        old = gallery.key
        VaultDesk(lambda: gallery, lambda: None).change_key(PASSPHRASE)
        assert not graph_path(sealed).exists()
        kept.write((b"graph", memoryview(b" of people")), go_on)
        assert kept.read(go_on) == b"graph of people"
        assert old != gallery.key
        again = gallery.graph_file(PACK)
        assert again is not None
        assert again.read(go_on) == b"graph of people"


def test_that_the_note_of_what_it_was_outlives_a_crash_after_the_change(sealed: Path) -> None:
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        key = gallery.key
    change_key(sealed, key, PASSPHRASE)
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        assert not gallery.journal.notice


@pytest.mark.parametrize("moment", ["while the old bytes go", "once it is in its place"])
@pytest.mark.parametrize("was", ["plain", "encrypted"])
def test_that_whoever_interrupts_while_the_old_bytes_go_loses_nothing(
    was: str, moment: str, sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, key, change = sealed, None, partial(change_key, passphrase=PASSPHRASE)
    if was == "plain":
        path, change = tmp_path / "plain.db", partial(set_passphrase, passphrase=PASSPHRASE, ask_at_start=True)
        with closing(Gallery.open(path)) as gallery:
            gallery.enroll("Ada Lovelace", [template(1), template(2)])
    else:
        with closing(Gallery.open(path, Typed(PASSPHRASE))) as gallery:
            key = gallery.key
    name = "overwrite" if moment == "while the old bytes go" else "_take_place"
    work, interrupted = getattr(encrypting, name), []

    def interrupt(*arguments: object) -> None:
        work(*arguments)
        if not interrupted:
            interrupted.append(arguments)
            raise KeyboardInterrupt

    monkeypatch.setattr(encrypting, name, interrupt)
    with pytest.raises(KeyboardInterrupt) if name == "_take_place" else nullcontext():
        change(path, key)
    assert interrupted
    with closing(Gallery.open(path, Typed(PASSPHRASE))) as gallery:
        assert [person.name for person in gallery.people()] == ["Ada Lovelace"]


def test_that_keys_that_cannot_be_written_at_the_end_are_found_at_the_next_opening(
    sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, write = [], encrypting.write_keys

    def written(place: Path, keys: Keys) -> None:
        calls.append(keys)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        write(place, keys)

    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        gallery.recovery_code()
        with monkeypatch.context() as patch:
            patch.setattr(encrypting, "write_keys", written)
            patch.setattr(rekeying, "write_keys", written)
            assert VaultDesk(lambda: gallery, lambda: None).change_key(PASSPHRASE) == "", "none that opens nothing"
        assert len(gallery.people()) == 1
        assert gallery.recovery_code()
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        assert len(gallery.people()) == 1
    assert old_keys(sealed).coming is None


def test_that_a_disk_that_does_not_answer_is_not_taken_for_a_wrong_key(
    sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = Keys.new()[0].with_way(Way.PASSPHRASE, bytes(32), PASSPHRASE)
    before = old_keys(sealed)
    encrypting.write_keys(sealed, encrypting.replace(before, coming=coming))

    def refused(_path: Path, _key: bytes) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("engine.gallery.vault.connect", refused)
        with pytest.raises(GalleryError):
            Gallery.open(sealed, Typed(PASSPHRASE))
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        assert len(gallery.people()) == 1
    assert old_keys(sealed) == before


REPLACED = {
    "gallery = Gallery.open(Path({path!r}))": "gallery = Gallery.open(Path({path!r}), vault.Typed({passphrase!r}))",
    "partial(vault.set_passphrase, passphrase={passphrase!r}, ask_at_start=True)": (
        "lambda path, key: rekeying.change_key(path, key, {passphrase!r}).key"
    ),
    "import encrypting, vault": "import encrypting, keys, rekeying, vault, witness",
    "(encrypting, vault)": "(encrypting, rekeying, vault, witness)",
    "\nleft = 0": "\nleft = 0\nkeys.Sealed.__init__.__defaults__ = (64, 1, 4)",
    '"sync_folder"': '"sync_folder", "write_whole", "remove_graph"',
    # Between two steps nothing happens: dying after one is dying before the next.
    "        step()\n        return result": "        return result",
}
STEPS = reduce(lambda script, pair: script.replace(*pair), REPLACED.items(), CHANGER)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_that_a_kill_at_any_step_of_changing_the_key_leaves_a_gallery_that_opens(sealed: Path) -> None:
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        wanted, first = content(gallery), gallery.key
        gallery.recovery_code()
    original = sealed.with_name("original")
    shutil.copytree(sealed.parent, original)
    script = STEPS.format(root=str(ROOT), path=str(sealed), passphrase=PASSPHRASE)
    changer = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert changer.stdin is not None
    assert changer.stdout is not None
    outcomes, code = [], -9
    while code == -9:
        for file in original.iterdir():
            shutil.copyfile(file, sealed.parent / file.name)
        changer.stdin.write(f"{len(outcomes) + 1}\n")
        changer.stdin.flush()
        code = int(changer.stdout.readline())
        with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as after:
            assert content(after) == wanted, f"killed at step {len(outcomes)}"
            assert not after.journal.notice
            outcomes.append(after.key != first)
        # A code that nobody was shown is there only once nothing else was left to do.
        assert Way.RECOVERY in old_keys(sealed).ways or outcomes[-1]
    changer.communicate()
    assert code == 0
    assert (outcomes[0], outcomes[-1]) == (False, True)
    assert len(outcomes) > 10, "every step of the change was cut off once"
