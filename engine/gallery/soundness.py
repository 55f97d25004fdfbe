"""Is everything in a gallery as it was stored? Checks the file, every crop, every embedding and every link."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, select, text
from sqlalchemy.orm import Session

from engine.gallery.backend import Backend
from engine.gallery.bindings import unbound
from engine.gallery.journal_looking import check_log
from engine.gallery.schema import NO_PICTURE, TemplateRow
from engine.gallery.seals import Seals
from engine.types import Progress, Report, silent

_AT_ONCE = 500
_UNIT_TOLERANCE = 1e-3
_CHANGED = (
    "Picture {} of “{}” is left out of matching: its embedding by “{}” is not the one that was stored with it, but was "
    "changed or put there by something else than Visavis. "
)
_UNBOUND = (
    "The pictures of “{}” are not those that were stored for them: some were put there or taken away by something else "
    "than Visavis. Look through them (the next edit takes them as they are then), or restore a backup."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a gallery that is not as it was stored.

    Attributes:
        kind: "page", "crop", "embedding", "seal", "link", "binding" or "log".
        sentence: for the user.
        template_id: which template it concerns; None for the file itself.
        pack_id: of the embedding.
        mendable: whether `repair_gallery` deals with it, where it is an embedding or a link.
    """

    kind: str
    sentence: str
    template_id: int | None = None
    pack_id: str = ""
    mendable: bool = True


@dataclass(frozen=True, slots=True)
class CheckUp:
    """What was looked at, and what was found."""

    people: int
    templates: int
    embeddings: int
    problems: tuple[Problem, ...]
    repaired: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def check_gallery(backend: Backend, *, report: Report = silent, stop: Callable[[], None]) -> CheckUp:
    """Read the whole gallery and compare it with its own records.

    Args:
        backend: the open gallery.
        report: receives progress.
        stop: called between steps; raises to stop.
    """
    with backend.reading.connect() as connection:
        people, templates, embeddings = (_count(connection, name) for name in ("people", "templates", "embeddings"))
        problems = [Problem("page", found) for found in backend.problems(connection)]
        problems += _links(connection)
        with Session(connection) as session:
            fault, _, _ = check_log(session)
            others = list(unbound(session, backend.seals))
        look = _Looking(backend.seals, frozenset(one.person_id for one in others))
        for done in range(0, templates, _AT_ONCE):
            stop()
            report(Progress(done, templates, "Checking pictures"))
            problems += look.at_templates(connection, done)
        problems += [Problem("binding", _UNBOUND.format(one.name)) for one in others]
        if fault is not None:
            problems.append(Problem("log", f"{fault.sentence} What came before it is as it was written."))
    return CheckUp(people, templates, embeddings, tuple(problems))


def repair_gallery(connection: Connection, problems: tuple[Problem, ...]) -> tuple[str, ...]:
    """Take out what is worthless: embeddings that are none, or not what was stored, and rows that belong to nobody.

    The crops give new embeddings. Where there is no crop, or it is not known to be the person's, what is there stays,
    and stays out of matching.

    Returns:
        What was done, as sentences.
    """
    done = []
    for problem in problems:
        if problem.kind in ("embedding", "seal") and problem.mendable:
            connection.execute(
                text("DELETE FROM embeddings WHERE template_id = :template AND pack_id = :pack"),
                {"template": problem.template_id, "pack": problem.pack_id},
            )
            done.append("An embedding that was damaged or changed is made again from its picture.")
        elif problem.kind == "link" and problem.template_id is not None:
            for table, column in (("embeddings", "template_id"), ("templates", "id")):
                connection.execute(
                    text(f"DELETE FROM {table} WHERE {column} = :template"),  # noqa: S608 - names from this file
                    {"template": problem.template_id},
                )
            done.append("A picture that belonged to nobody was taken out.")
    return tuple(done)


def _count(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - names from this file


def _links(connection: Connection) -> Iterator[Problem]:
    alone = "SELECT id FROM templates WHERE person_id NOT IN (SELECT id FROM people)"
    for (template_id,) in connection.exec_driver_sql(alone).all():
        yield Problem("link", "A picture belongs to nobody. It can be taken out.", template_id)
    alone = "SELECT template_id, pack_id FROM embeddings WHERE template_id NOT IN (SELECT id FROM templates)"
    for template_id, pack_id in connection.exec_driver_sql(alone).all():
        yield Problem("embedding", "An embedding belongs to no picture. It can be taken out.", template_id, pack_id)


@dataclass(frozen=True, slots=True)
class _Looking:
    """Looks at pictures and embeddings, some at a time.

    Attributes:
        seals: of the gallery.
        unbound: people whose pictures are not those that were stored for them.
    """

    seals: Seals
    unbound: frozenset[int]

    def at_templates(self, connection: Connection, start: int) -> Iterator[Problem]:
        """Some templates from a place on, by number, with their embeddings."""
        rows = text(
            "SELECT t.id, t.crop_jpeg, t.crop_sha256, p.name FROM templates t JOIN people p ON p.id = t.person_id"
            " ORDER BY t.id LIMIT :most OFFSET :start"
        )
        damaged = set()
        for template_id, crop, digest, name in connection.execute(rows, {"most": _AT_ONCE, "start": start}):
            if hashlib.sha256(crop).hexdigest() != digest:
                damaged.add(template_id)
                yield Problem("crop", f"A picture of “{name}” is damaged. Restore a backup, or delete it.", template_id)
        rows = text(
            "SELECT e.template_id, e.pack_id, e.embedding, e.seal, t.person_id, p.name FROM embeddings e"
            " JOIN templates t ON t.id = e.template_id JOIN people p ON p.id = t.person_id WHERE t.id IN"
            " (SELECT id FROM templates ORDER BY id LIMIT :most OFFSET :start)"
        )
        for row in connection.execute(rows, {"most": _AT_ONCE, "start": start}):
            if not _is_embedding(row.embedding):
                sentence = f"An embedding of “{row.name}” is damaged. It can be made again from its picture."
                yield Problem("embedding", sentence, row.template_id, row.pack_id)
            elif row.seal != self.seals.of_embedding(row.person_id, row.template_id, row.pack_id, row.embedding):
                yield self._changed(connection, row, crop_damaged=row.template_id in damaged)

    def _changed(self, connection: Connection, row: Row[Any], *, crop_damaged: bool) -> Problem:
        quality = connection.scalar(select(TemplateRow.quality).where(TemplateRow.id == row.template_id)) or {}
        mendable = False
        if NO_PICTURE in quality:
            what_next = "It came without a picture to make it again from: restore a backup, or delete it."
        elif crop_damaged:
            what_next = "Its picture is damaged too: restore a backup, or delete it."
        elif row.person_id in self.unbound:
            what_next = "First see to whose picture it is, as is said of this person below."
        else:
            mendable, what_next = True, "It can be made again from the picture."
        sentence = _CHANGED.format(row.template_id, row.name, row.pack_id) + what_next
        return Problem("seal", sentence, row.template_id, row.pack_id, mendable)


def _is_embedding(content: bytes) -> bool:
    if not content or len(content) % 4:
        return False
    length = float(np.linalg.norm(np.frombuffer(content, "<f4")))
    return bool(np.isfinite(length)) and abs(length - 1) <= _UNIT_TOLERANCE
