"""The history log and erasing people for good, on the command line."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from engine.cli import output
from engine.cli.signals import uninterrupted
from engine.erasure_desk import ErasureDesk
from engine.errors import BadInputError, shown
from engine.journal import LogQuery
from engine.journal_desk import row
from engine.service import FaceService
from engine.wording import counted

BAD_INPUT = 3


def warn(service: FaceService, request: argparse.Namespace) -> None:
    """Say what is odd about the gallery as a whole, on the error stream, unless that is what was asked for."""
    if getattr(request, "verify", False) or getattr(request, "accept", False):
        return
    if service.drive_notice:
        print(service.drive_notice, file=sys.stderr)
    if service.locked is None and service.journal.notice:
        print(service.journal.notice, file=sys.stderr)


def show(service: FaceService, request: argparse.Namespace) -> int:
    """List, verify or export the history log, or accept a gallery that was put in place of another."""
    desk = service.journal
    if request.accept:
        desk.accept()
        output.tell(request, {"accepted": True}, "The gallery is accepted as it is.")
        return 0
    if request.verify:
        verdict = desk.verify()
        output.tell(request, asdict(verdict) | {"sentence": verdict.sentence}, verdict.sentence)
        return 0 if verdict.sound else 1
    person_id = service.person_named(request.person).id if request.person else None
    query = LogQuery(person_id, request.kind or "", request.since, request.until, request.text or "")
    if request.export:
        count = desk.export(request.export, query)
        output.tell(
            request, {"entries": count}, f"{counted(count, 'entry', 'entries')} written to “{shown(request.export)}”."
        )
        return 0
    entries = desk.entries(desk.numbers(query))
    lines = [f"{one.number:>6}  {one.at.astimezone():%Y-%m-%d %H:%M:%S}  {one.sentence}" for one in entries]
    output.tell(request, [row(one) for one in entries], "\n".join(lines) or "No entries.")
    return 0


def erase(service: FaceService, request: argparse.Namespace) -> int:
    """Erase a person for good and print the receipt; it is printed even where it cannot be saved: there is no other."""
    with uninterrupted():
        receipt = service.erasure.erase(service.person_named(request.name).id, copies=request.backups)
        output.tell(request, receipt.data, receipt.text.rstrip())
    try:
        if request.receipt:
            ErasureDesk.save(receipt, request.receipt)
    except BadInputError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    return 0
