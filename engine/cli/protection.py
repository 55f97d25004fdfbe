"""Opening an encrypted gallery on the command line, and changing what opens it."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from contextlib import nullcontext
from dataclasses import asdict

from engine.cli import passphrase
from engine.cli.signals import stopped_by_signals
from engine.errors import BadInputError, GalleryLockedError, WrongSecretError, shown
from engine.gallery import vault
from engine.gallery.backups import list_backups, restore
from engine.gallery.compacting import in_words
from engine.gallery.database import followed
from engine.gallery.vault import Typed
from engine.server_address import ServerAddress
from engine.service import FaceService
from engine.settings import default_gallery_path
from engine.types import CancelToken
from engine.wording import counted, people, pictures

_TRIES = 3
BAD_INPUT = 3
_KEY_CHANGED = "The gallery is encrypted under a new key."
_OLDER_BACKUPS = "Backups made before still open with what opened them on their day; delete those that should not."


def open_gallery(service: FaceService, request: argparse.Namespace) -> None:
    """Unlock the gallery where it is locked: by a file, or by asking on the terminal.

    Raises:
        GalleryLockedError: nobody can be asked.
        WrongSecretError: what was given does not open it.
    """
    if service.locked is None:
        return
    if request.gallery_passphrase_file:
        service.unlock(passphrase.read(request.gallery_passphrase_file))
        return
    if not service.locked.asks:
        raise service.locked
    if not sys.stdin.isatty():
        sentence = "The gallery is encrypted. Name a file that holds its passphrase with --gallery-passphrase-file."
        raise GalleryLockedError(sentence, service.locked.asks)
    for _ in range(_TRIES - 1):
        try:
            service.unlock(getpass.getpass("Passphrase of the gallery: "))
        except WrongSecretError as error:
            print(error, file=sys.stderr)
        else:
            return
    service.unlock(getpass.getpass("Passphrase of the gallery: "))


def protect(service: FaceService, request: argparse.Namespace) -> int:
    """Say what protects the gallery, or change what opens it."""
    code = ""
    if request.set_passphrase:
        service.vault.set_passphrase(
            passphrase.ask(request.new_passphrase_file, "--new-passphrase-file", twice=True), ask_at_start=True
        )
    elif request.use_keyring:
        service.vault.use_keyring()
    elif request.recovery_code:
        code = service.vault.make_recovery_code()
    elif request.new_key:
        return _change_key(service, request)
    now = service.vault.protection()
    if request.json:
        print(json.dumps(asdict(now) | {"sentence": now.sentence} | ({"recovery_code": code} if code else {})))
    else:
        print(code or now.sentence)
    return 0


def _change_key(service: FaceService, request: argparse.Namespace) -> int:
    typed = ""
    if service.vault.protection().passphrase:
        typed = passphrase.ask(request.gallery_passphrase_file, "--gallery-passphrase-file", twice=False)
    code = service.vault.change_key(typed)
    now = service.vault.protection()
    sentences = [_KEY_CHANGED, *([_OLDER_BACKUPS] if service.vault.backups() else [])]
    if request.json:
        told = asdict(now) | {"sentence": " ".join((*sentences, now.sentence))}
        print(json.dumps(told | ({"recovery_code": code} if code else {})))
    else:
        print(*sentences, now.sentence, sep="\n")
        if code:
            print(f"The new recovery code, which is not shown again: {code}")
    return 0


def check(service: FaceService, request: argparse.Namespace) -> int:
    """Check everything in the gallery, and repair what can be where that is asked for."""
    found = service.vault.check(repair=request.repair)
    if request.json:
        print(json.dumps(asdict(found) | {"sound": found.sound}))
    else:
        for sentence in (*found.repaired, *(problem.sentence for problem in found.problems)):
            print(sentence)
        verdict = "all sound" if found.sound else counted(len(found.problems), "problem")
        embeddings = counted(found.embeddings, "embedding")
        print(f"{people(found.people)}, {pictures(found.templates)} and {embeddings} checked: {verdict}.")
    return 0 if found.sound else 1


def compact(service: FaceService, request: argparse.Namespace) -> int:
    """Write the gallery's file anew, and say how large it was and is."""
    token = CancelToken()
    # A server is asked once and waited for: there is no next step to stop at.
    with nullcontext() if isinstance(request.gallery, ServerAddress) else stopped_by_signals(token):
        done = service.vault.compact(token)
    if request.json:
        print(json.dumps(asdict(done)))
    else:
        print(in_words(done))
    return BAD_INPUT if done.problem else 0


def backup(service: FaceService, request: argparse.Namespace) -> int:
    """Make a backup, or list those there are."""
    made = service.vault.backups() if request.list else [service.vault.back_up()]
    if request.json:
        print(json.dumps([{"name": one.path.name, "made_at": one.made_at.isoformat()} for one in made]))
    else:
        for one in made:
            print(f"{one.path.name}  {one.made_at.astimezone():%Y-%m-%d %H:%M}  {one.size_bytes / 2**20:,.1f} MB")
    return 0


def restore_backup(request: argparse.Namespace) -> int:
    """Put a backup in the gallery's place, which may be damaged.

    Raises:
        BadInputError: there is no such backup.
        GalleryError: it is damaged, or the gallery is open elsewhere.
    """
    place = request.gallery or default_gallery_path()
    if isinstance(place, ServerAddress):
        raise BadInputError(
            f"“{shown(str(place))}” is on a server. Its backups are made and put back there, by its owner."
        )
    path = followed(place)
    typed = Typed(passphrase.read(request.gallery_passphrase_file)) if request.gallery_passphrase_file else None
    found = {one.path.name: one.path for one in list_backups(path)}
    wanted = request.backup or next(iter(found), "")
    if wanted not in found:
        raise BadInputError(f"There is no backup “{shown(wanted)}”. `visavis gallery backup --list` shows them.")
    with vault.alone(path):
        aside = restore(path, found[wanted], vault.key_of_backup(path, found[wanted], typed))
    text = f"The gallery is as it was in the backup “{wanted}”."
    if aside is not None:
        text += f" The damaged file is kept as “{aside.name}”."
    print(json.dumps({"restored": wanted, "kept": aside.name if aside else None}) if request.json else text)
    return 0
