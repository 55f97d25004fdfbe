"""`export` and `import`: galleries in and out, headless."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from engine.cli import output, passphrase
from engine.errors import BadInputError, shown
from engine.exchange import GALLERY_SUFFIX, Conflict, Exported, Imported, SourceKind, TableFormat
from engine.service import FaceService
from engine.types import Progress
from engine.wording import counted, people

DONE, NOTHING_CAME = 0, 3
_GALLERY_FILE = "visavis"


def export(service: FaceService, request: argparse.Namespace) -> int:
    """Write people into a file."""
    people = [service.person_named(name).id for name in request.people] if request.people else None
    table = _table_form(request)
    if table is None:
        secret = passphrase.ask(request.passphrase_file, "--passphrase-file", twice=True)
        done = service.transfer.export_gallery(request.file, secret, people, _Teller(request))
    else:
        done = service.transfer.export_people(request.file, people, form=table)
    output.tell(request, asdict(done) | {"place": str(done.place)}, exported_text(done, table=table is not None))
    return DONE


def bring(service: FaceService, request: argparse.Namespace) -> int:
    """Bring people in from a file or folder."""
    desk = service.transfer
    kind = SourceKind.REGIONS if request.regions else desk.kind_of(request.source[0])
    if kind is not SourceKind.REGIONS and len(request.source) > 1:
        raise BadInputError("Only pictures with named faces can be imported several at once. Name one source.")
    conflict = Conflict(request.conflict) if request.conflict else None
    secret = ""
    if kind is SourceKind.GALLERY_FILE:
        secret = passphrase.ask(request.passphrase_file, "--passphrase-file", twice=False)
    done = desk.import_from(
        request.source, kind, conflict=conflict, passphrase=secret, report=_Teller(request)
    )  # fmt: skip
    output.tell(request, asdict(done), imported_text(done))
    return DONE if done.templates or done.known or done.skipped or done.added or done.rejections else NOTHING_CAME


def exported_text(done: Exported, *, table: bool) -> str:
    """What was written, for people."""
    what = "a table without faces" if table else counted(done.templates, "template")
    return f"“{shown(done.place)}” is written: {people(done.people)}, {what}. {done.strangers}".rstrip()


def imported_text(done: Imported) -> str:
    """What came and what did not, for people."""
    return "\n".join((done.headline, *done.details))


def _table_form(request: argparse.Namespace) -> TableFormat | None:
    """How the table that is asked for is written; None where a gallery file is."""
    if request.format:
        return None if request.format == _GALLERY_FILE else TableFormat(request.format)
    if request.file.suffix.lower() == GALLERY_SUFFIX:
        return None
    try:
        return TableFormat.of(request.file)
    except BadInputError as error:
        raise BadInputError(f"{error} Everything, encrypted, goes into one that ends in {GALLERY_SUFFIX}.") from None


class _Teller:
    """Shows how far the work is, on a terminal."""

    def __init__(self, request: argparse.Namespace) -> None:
        self._quiet = request.json or not sys.stderr.isatty()

    def __call__(self, progress: Progress) -> None:
        if not self._quiet and progress.total:
            end = "\n" if progress.done >= progress.total else ""
            print(f"\r{progress.done:,} of {progress.total:,}", end=end, file=sys.stderr, flush=True)
