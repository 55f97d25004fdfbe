"""Published packs into the user's folder: downloaded or from local files, verified, then moved there whole."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import filelock

from engine.errors import BadInputError, OperationCancelledError, PackError, shown
from engine.files import sync_folder
from engine.pack_values import PackFile
from engine.packs.catalogue import CATALOGUE, Published
from engine.packs.download import LARGEST_BYTES, download, forget, room_for
from engine.packs.installed import FORMAT, find_pack, is_installed, packs_folder
from engine.packs.pack import Pack
from engine.types import CancelToken, Progress, Report

PARTS = ".parts"
_KILO = 1024
_MOST_MEMBERS = 1000


def published(pack_id: str) -> Published:
    """Look a pack up in the catalogue.

    Raises:
        BadInputError: it is not in there.
    """
    if pack_id not in CATALOGUE:
        raise BadInputError(
            f"“{shown(pack_id)}” is no pack that can be installed. `visavis packs list` shows them all."
        )
    return CATALOGUE[pack_id]


def partial_bytes(pack: Published, folder: Path | None = None) -> int:
    """How much of a pack was downloaded before the download was stopped."""
    parts = [_part(folder or packs_folder(), file) for file in pack.files if file.sha256]
    return sum(part.stat().st_size for part in parts if part.is_file())


def install_by_download(
    pack_id: str, report: Report, token: CancelToken, *, source: str = "", folder: Path | None = None
) -> None:
    """Download a pack.

    Args:
        pack_id: in the catalogue.
        report: told of kilobytes.
        token: stops it; what has arrived stays for the next time.
        source: an address under which all files lie, in place of their own.
        folder: of all packs.

    Raises:
        BadInputError: there is no such pack.
        PackError: it cannot be had.
        OperationCancelledError: the token was turned.
    """
    pack, packs = published(pack_id), folder or packs_folder()
    if pack.bundled:
        raise PackError(f"“{pack.title}” came with the installation; there is nothing to install.")
    if not pack.downloadable:
        raise PackError(f"“{pack.title}” is not downloaded. Get its file from {pack.source} and install that.")
    files = [replace(file, url=_address(file, source)) for file in pack.files]
    with _alone(pack, packs):
        parts = [_part(packs, file) for file in files]
        _require_room(packs, sum(file.size for file in files))
        before = 0
        for file, part in zip(files, parts, strict=True):
            download(file, part, _teller(report, before, pack.size, file.name), token)
            before += file.size
        _store(pack, packs, dict(zip(files, (_moved(part) for part in parts), strict=True)), source or "download")


def install_from_files(pack_id: str, place: Path, *, folder: Path | None = None) -> None:
    """Install a pack from a file, a folder or a ZIP archive that holds its files.

    Raises:
        BadInputError: there is no such pack.
        PackError: the files are not those of the pack, or cannot be stored.
    """
    pack, packs = published(pack_id), folder or packs_folder()
    with _alone(pack, packs):
        try:
            contents = _contents(pack, place)
        except OSError as error:
            raise PackError(f"“{shown(place)}” cannot be read: {error.strerror}. Choose another file.") from error
        _store(pack, packs, {file: _written(content) for file, content in contents.items()}, place.name)


# --- downloads ---------------------------------------------------------------------------------------------------


def _address(file: PackFile, source: str) -> str:
    return f"{source.rstrip('/')}/{quote(file.name)}" if source else file.url


def _part(packs: Path, file: PackFile) -> Path:
    return packs / PARTS / f"{file.sha256[:16]}.part"


def _teller(report: Report, before: int, total: int, name: str) -> Callable[[int], None]:
    def tell(done: int) -> None:
        report(Progress((before + done) // _KILO, max(1, total // _KILO), name))

    return tell


def _require_room(packs: Path, size: int) -> None:
    free = shutil.disk_usage(packs).free
    if free < room_for(size):
        raise PackError(
            f"The disk has {free // _KILO**2:,} MB left, and this pack needs {room_for(size) // _KILO**2:,} MB. "
            "Make room and try again."
        )


def _moved(part: Path) -> Callable[[Path], None]:
    def move(target: Path) -> None:
        part.rename(target)
        forget(part)

    return move


# --- local files -------------------------------------------------------------------------------------------------


def _contents(pack: Published, place: Path) -> dict[PackFile, bytes]:
    """The pack's files, found by what they hold; by name where no digest was published."""
    if place.suffix.lower() == ".zip":
        offered: Iterator[tuple[str, bytes]] = _members(pack, place)
    elif place.is_dir():
        files = sorted(one for one in place.iterdir() if one.is_file() and not one.is_symlink())
        offered = (
            (one.name, _read(one)) for one in files[:_MOST_MEMBERS] if _may_be(pack, one.name, one.stat().st_size)
        )
    else:
        offered = iter([(place.name, _read(place))])
    found: dict[PackFile, bytes] = {}
    for name, content in offered:
        digest = hashlib.sha256(content).hexdigest()
        for file in pack.files:
            if digest == file.sha256 or (not file.sha256 and (name == file.name or not place.is_dir())):
                found[replace(file, sha256=digest, size=len(content))] = content
    lacking = {file.name for file in pack.files} - {file.name for file in found}
    if lacking:
        names = ", ".join(f"“{name}”" for name in sorted(lacking))
        raise PackError(
            f"“{shown(place)}” does not hold the published {names} of “{pack.title}”: it is missing there, or another "
            "one. Nothing was installed; choose the file that the project's page offers."
        )
    return found


def _may_be(pack: Published, name: str, size: int) -> bool:
    return any(size == file.size if file.size else name == file.name for file in pack.files)


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise PackError(f"There is no file “{shown(path)}”. Choose another one.")
    if path.stat().st_size > LARGEST_BYTES:
        raise PackError(f"“{shown(path)}” is larger than any pack. Choose another file.")
    return path.read_bytes()


def _members(pack: Published, place: Path) -> Iterator[tuple[str, bytes]]:
    """The members of an archive that may be the pack's files. Nothing is written to where the archive says.

    Raises:
        PackError: it is none, or is made to do harm.
    """
    refused = PackError(f"“{shown(place)}” is no plain ZIP archive of a pack. Unpack it, and choose the files in it.")
    try:
        with zipfile.ZipFile(place) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS:
                raise refused
            for member in members:
                name = Path(member.filename)
                if name.is_absolute() or ".." in name.parts or "\\" in member.filename or member.flag_bits & 1:
                    raise refused
                if member.is_dir() or not _may_be(pack, name.name, member.file_size):
                    continue
                with archive.open(member) as stream:
                    # No more than it claims to be: a bomb may claim anything.
                    limit = min(member.file_size, LARGEST_BYTES)
                    yield name.name, stream.read(limit + 1)[: limit + 1]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise refused from error


def _written(content: bytes) -> Callable[[Path], None]:
    def write(target: Path) -> None:
        target.write_bytes(content)

    return write


# --- both --------------------------------------------------------------------------------------------------------


@contextmanager
def _alone(pack: Published, packs: Path) -> Iterator[None]:
    """Install one pack at a time, and only one that is not there.

    Raises:
        PackError: it is there, is being installed, or the folder cannot be written.
    """
    try:
        (packs / PARTS).mkdir(mode=0o700, parents=True, exist_ok=True)
        with filelock.FileLock(packs / PARTS / f"{pack.id}.lock", timeout=0):
            if is_installed(pack.id, packs):
                raise PackError(f"“{pack.title}” is installed already. Remove it first to install it again.")
            yield
    except filelock.Timeout as error:
        raise PackError(f"“{pack.title}” is being installed already. Wait until that is done.") from error
    except OSError as error:
        raise PackError(f"“{pack.title}” could not be stored: {error.strerror}. Make room and try again.") from error


def _store(pack: Published, packs: Path, files: dict[PackFile, Callable[[Path], None]], source: str) -> None:
    unfinished = packs / f".installing-{pack.id}"
    # A killed installation left it.
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(mode=0o700)
        for file, put in files.items():
            put(unfinished / file.name)
            (unfinished / file.name).chmod(0o600)
        about = {
            "format": FORMAT, "published": pack.id, "title": pack.title, "licence": pack.licence,
            "from": source, "installed": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": {file.name: file.sha256 for file in files},
        }  # fmt: skip
        (unfinished / "pack.json").write_text(json.dumps(about, indent=1), "utf-8")
        (unfinished / "pack.json").chmod(0o600)
        _prove(pack, unfinished, files)
        # What stands there is none: it lacks a file.
        shutil.rmtree(packs / pack.id, ignore_errors=True)
        unfinished.rename(packs / pack.id)
        sync_folder(packs)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _prove(pack: Published, unfinished: Path, files: dict[PackFile, Callable[[Path], None]]) -> None:
    """Load a network whose digest nobody has published, before it is accepted."""
    if pack.network and any(not file.sha256 for file in pack.files):
        offered = find_pack(unfinished.name, unfinished.parent)
        _load(offered, next(iter(files)))


def _load(pack: Pack, file: PackFile) -> None:
    try:
        pack.network()
    except OperationCancelledError:
        raise
    except PackError as error:
        raise PackError(f"“{file.name}” is not the network of “{pack.title}”. {error}") from error
