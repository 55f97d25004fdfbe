"""What a gallery looked like when it was last closed here, kept outside of it, so that an older copy is noticed.

The gallery counts its transactions and chains its log. Both are noted in `gallery.db.seen` beside it, sealed with the
gallery's key where it is encrypted, and in the system's keyring where there is one. A gallery that has gone on since is
fine; one that has seen fewer transactions, or whose log has another entry at the noted number, is another one.

Whoever can replace the gallery can replace the file beside it too, and where the gallery is plain nothing seals it:
then only an exchange of the gallery alone is noticed. The keyring's note is out of their reach.
"""

from __future__ import annotations

import hmac
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from engine.errors import GalleryError, GalleryLockedError, shown
from engine.files import write_whole
from engine.gallery import system_keyring
from engine.gallery.journal import Journal, Note
from engine.gallery.journal_looking import Head
from engine.gallery.keys import read_keys
from engine.wording import counted

log = logging.getLogger(__name__)

_RESTORED = "restored"
_SEAL = b"visavis gallery last seen"


@dataclass(frozen=True, slots=True)
class Seen:
    """A note: where the log stood, or that a backup was put in the gallery's place on purpose."""

    head: Head | None

    @property
    def text(self) -> str:
        """As it is stored."""
        return f"{self.head.writes}:{self.head.number}:{self.head.chain.hex()}" if self.head else _RESTORED

    @classmethod
    def of(cls, text: str) -> Seen:
        """Read what was stored.

        Raises:
            ValueError: it is none.
        """
        if text == _RESTORED:
            return cls(None)
        writes, number, chain = text.split(":")
        return cls(Head(int(writes), int(number), bytes.fromhex(chain)))


def seen_path(gallery: Path) -> Path:
    """Return where the note beside a gallery lies."""
    return gallery.with_name(f"{gallery.name}.seen")


def meet(gallery: Path, key: bytes | None, journal: Journal) -> None:
    """Compare a gallery that was just opened with what is noted, and set `journal.notice` where it is another one."""
    # The notes first: the gallery may go on meanwhile, and must not look older for it.
    try:
        notes = _notes(gallery, key)
    except _ForgedError:
        journal.notice = (
            f"The note beside the gallery “{shown(gallery)}” of what it was when last used was altered. {_ADVICE}"
        )
        return
    restored = bool(notes) and all(note.head is None for note in notes)
    missing = max((_missing(note.head, journal) for note in notes if note.head), default=0)
    if missing and not restored:
        changes = counted(missing, "change is", "changes are")
        journal.notice = f"The gallery “{shown(gallery)}” is not the one last used here: {changes} missing. {_ADVICE}"
        return
    if restored:
        accept(gallery, key, journal, Note("restore", {"what": "The gallery was restored from a backup."}))
    else:
        part(gallery, key, journal)


def accept(gallery: Path, key: bytes | None, journal: Journal, note: Note | None = None) -> None:
    """Take the gallery as it is from now on.

    Raises:
        GalleryError: the gallery cannot be written.
    """
    journal.notice = ""
    try:
        known = [seen.head.writes for seen in _notes(gallery, key) if seen.head]
    except _ForgedError:
        known = []
    journal.count_on(max(known, default=0))
    journal.note(note or Note("accept", {}))
    part(gallery, key, journal)


def part(gallery: Path, key: bytes | None, journal: Journal) -> None:
    """Note what a gallery is now; called when it is opened and closed. Without effect while it is in question."""
    if not journal.notice:
        _write(gallery, key, Seen(journal.head()))


def expect(gallery: Path, key: bytes, coming: bytes) -> None:
    """Seal the note beside a gallery for the key that it is about to have too; one that was altered stays so.

    Raises:
        OSError: it cannot be written.
    """
    try:
        text = str(json.loads(seen_path(gallery).read_text("utf-8"))["seen"])
        _notes(gallery, key)
    except (_ForgedError, FileNotFoundError, ValueError, KeyError, TypeError):
        return
    stored = {"seen": text, "seal": _seal(key, text), "coming": _seal(coming, text)}
    write_whole(seen_path(gallery), json.dumps(stored).encode())


def restored(gallery: Path, key: bytes | None) -> None:
    """Note that a backup has just been put in the gallery's place."""
    _write(gallery, key, Seen(None))


class _ForgedError(Exception):
    """The note beside the gallery was not made with the gallery's key."""


_ADVICE = (
    "If you put an older copy in its place, accept it (Gallery, More, History log; or `visavis gallery log --accept`). "
    "If not, somebody else did: go back to a backup."
)


def _missing(seen: Head, journal: Journal) -> int:
    """How many transactions the gallery lacks; at least 1 where its log is another one."""
    now = journal.head()
    if now.writes < seen.writes:
        return seen.writes - now.writes
    there = journal.chain_at(seen.number)
    # Entries that are old are pruned, and with them what the note could be compared with.
    pruned = there is None and now.number > seen.number
    return 0 if pruned or there == seen.chain else 1


def _notes(gallery: Path, key: bytes | None) -> list[Seen]:
    found = []
    try:
        stored = json.loads(seen_path(gallery).read_text("utf-8"))
        text, seals = str(stored["seen"]), [str(stored["seal"]), str(stored.get("coming", ""))]
        if key is not None and seals[0] and not any(hmac.compare_digest(seal, _seal(key, text)) for seal in seals):
            raise _ForgedError
        found.append(Seen.of(text))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError):
        log.warning("The note of what the gallery was when last used cannot be read.")
    if account := _account(gallery, key):
        try:
            found.append(Seen.of(system_keyring.recall(account)))
        except (GalleryLockedError, ValueError):
            log.info("The keyring has no note of what the gallery was when last used.")
    return found


def _write(gallery: Path, key: bytes | None, seen: Seen) -> None:
    """Write a note wherever one can be kept; what cannot be is only warned about."""
    text = seen.text
    stored = json.dumps({"seen": text, "seal": _seal(key, text) if key else ""}).encode()
    try:
        if not seen_path(gallery).exists() or seen_path(gallery).read_bytes() != stored:
            write_whole(seen_path(gallery), stored, durable=False)
    except OSError as error:
        log.warning("What the gallery is now could not be noted: %s", error.strerror)
    if account := _account(gallery, key):
        try:
            system_keyring.remember(account, text)
        except GalleryLockedError as error:
            log.info("What the gallery is now was not noted in the keyring: %s", error)


def _account(gallery: Path, key: bytes | None) -> str:
    """What the note is called in the keyring; empty where there is none, or the gallery is plain."""
    if key is None or not system_keyring.keyring_name():
        return ""
    try:
        keys = read_keys(gallery)
    except GalleryError:
        return ""
    return f"{keys.vault} seen" if keys else ""


def _seal(key: bytes, text: str) -> str:
    return hmac.digest(key, _SEAL + text.encode(), "sha256").hex()
