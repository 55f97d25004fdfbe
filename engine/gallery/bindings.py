"""Whose pictures are whose, and which embedding is of which: what an edit renews, and what anything else breaks.

Each person has a digest over their pictures, and each embedding a seal (`engine.gallery.seals`) over its person, its
picture and its pack. An edit renews only what held before it: what was changed by another program or a damaged file
stays found, whatever is edited afterwards. Only the digest of a person takes the pictures as an edit leaves them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlcipher3.dbapi2 as sqlite
from sqlalchemy import Connection, LargeBinary, bindparam, create_engine, delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from engine.gallery.schema import Base, EmbeddingRow, PersonRow, TemplateRow
from engine.gallery.seals import Seals
from engine.gallery.undo import Snapshot, batches

_AT_ONCE = 1000


class BindingRow(Base):
    """The digest of a person's pictures; a gallery of before has none until the person is edited."""

    __tablename__ = "bindings"

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Unbound:
    """Somebody whose pictures are not those that were stored for them."""

    person_id: int
    name: str


def bind(session: Session, seals: Seals, before: Snapshot, after: Snapshot) -> None:
    """Renew the digests and seals of everyone an edit has touched."""
    theirs: dict[int, list[tuple[int, str]]] = {id_: [] for id_ in after.people}
    for id_, row in after.templates.items():
        theirs.setdefault(row["person_id"], []).append((id_, row["crop_sha256"]))
    for ids in batches(before.people.keys() | theirs.keys()):
        session.execute(delete(BindingRow).where(BindingRow.person_id.in_(ids)))
    rows = [{"person_id": id_, "digest": _digest(seals, id_, pictures)} for id_, pictures in theirs.items()]
    for some in batches(rows):
        session.execute(insert(BindingRow), some)
    for ids in batches(theirs):
        of_people = _embedded().where(TemplateRow.person_id.in_(ids))
        _store(session.connection(), [_sealed(seals, row, before) for row in session.execute(of_people)])


def unbound(session: Session, seals: Seals) -> Iterator[Unbound]:
    """People whose pictures are not those that were stored for them, by name."""
    for ids in batches(_wrong(session.connection(), seals)):
        people = select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(ids)).order_by(PersonRow.name_key)
        for row in session.execute(people):
            yield Unbound(row.id, row.name)


def forget_wrong(session: Session, seals: Seals) -> None:
    """Drop the digests that do not agree, once the reason is known and dealt with."""
    for ids in batches(_wrong(session.connection(), seals)):
        session.execute(delete(BindingRow).where(BindingRow.person_id.in_(ids)))


def rebind(connection: Connection, old: Seals | None, new: Seals) -> None:
    """Seal a whole gallery under another key; what does not hold under the old one will not under the new one.

    Args:
        connection: in a transaction.
        old: what it is sealed with; None where no embedding has a seal yet, so that all are taken as they are.
        new: what it is to be sealed with.
    """
    digests = old or Seals(None)
    wrong = set(_wrong(connection, digests))
    renewed = [
        {"of_person": id_, "made": _digest(new, id_, pictures)}
        for id_, pictures in _pictures(connection, set(_known(connection)) - wrong).items()
    ]
    statement = update(BindingRow).where(BindingRow.person_id == bindparam("of_person"))
    statement = statement.values(digest=bindparam("made"))
    for some in batches(renewed):
        connection.execute(statement, some)
    last = 0
    while ids := _templates_after(connection, last):
        last = ids[-1]
        rows = connection.execute(_embedded().where(TemplateRow.id.between(ids[0], last))).all()
        held = [row for row in rows if old is None or row.seal == _seal(old, row)]
        _store(connection, [(row.template_id, row.pack_id, _seal(new, row)) for row in held])


# --- seals of embeddings ----------------------------------------------------------------------------------------------


def _sealed(seals: Seals, row: Any, before: Snapshot) -> tuple[int, str, bytes] | None:
    """What an embedding is to be sealed with after an edit; None where it stays as it is."""
    seal = _seal(seals, row)
    if row.seal == seal:
        return None
    key = row.template_id, row.pack_id
    if row.seal is None:
        # What had none before the edit had lost it.
        return None if key in before.embeddings else (*key, seal)
    owner = before.templates.get(row.template_id, {}).get("person_id")
    if owner is None or row.seal != seals.of_embedding(owner, *key, row.embedding):
        return None
    return *key, seal


def _seal(seals: Seals, row: Any) -> bytes:
    return seals.of_embedding(row.person_id, row.template_id, row.pack_id, row.embedding)


def _embedded() -> Any:
    columns = EmbeddingRow.template_id, EmbeddingRow.pack_id, EmbeddingRow.embedding, EmbeddingRow.seal
    return select(*columns, TemplateRow.person_id).join(TemplateRow, TemplateRow.id == EmbeddingRow.template_id)


def _store(connection: Connection, made: list[tuple[int, str, bytes] | None]) -> None:
    this = (EmbeddingRow.template_id == bindparam("of_template")) & (EmbeddingRow.pack_id == bindparam("of_pack"))
    statement = update(EmbeddingRow).where(this).values(seal=bindparam("made"))
    for some in batches(one for one in made if one is not None):
        rows = [{"of_template": template_id, "of_pack": pack_id, "made": seal} for template_id, pack_id, seal in some]
        connection.execute(statement, rows)


def _templates_after(connection: Connection, last: int) -> list[int]:
    query = select(TemplateRow.id).where(TemplateRow.id > last).order_by(TemplateRow.id).limit(_AT_ONCE)
    return list(connection.scalars(query))


# --- digests of people ------------------------------------------------------------------------------------------------


def _known(connection: Connection) -> dict[int, bytes]:
    rows = connection.execute(select(BindingRow.person_id, BindingRow.digest))
    return {row.person_id: row.digest for row in rows}


def _wrong(connection: Connection, seals: Seals) -> list[int]:
    known = _known(connection)
    theirs = _pictures(connection, set(known))
    return [id_ for id_, pictures in theirs.items() if _digest(seals, id_, pictures) != known[id_]]


def _pictures(connection: Connection, people: set[int]) -> dict[int, list[tuple[int, str]]]:
    theirs: dict[int, list[tuple[int, str]]] = {id_: [] for id_ in people}
    for row in connection.execute(select(TemplateRow.id, TemplateRow.person_id, TemplateRow.crop_sha256)):
        if row.person_id in theirs:
            theirs[row.person_id].append((row.id, row.crop_sha256))
    return theirs


def _digest(seals: Seals, person_id: int, pictures: list[tuple[int, str]]) -> bytes:
    told = "\n".join(f"{id_} {digest}" for id_, digest in sorted(pictures))
    return seals.digest(f"{person_id}\n{told}".encode())


def seal_anew(copy: sqlite.Connection, old: Seals, new: Seals) -> None:
    """Seal the embeddings of a copy under its own key; a copy of an old version has no seals yet."""
    if "seal" not in [row[1] for row in copy.execute("PRAGMA table_info(embeddings)")]:
        return
    engine = create_engine("sqlite://", module=sqlite, creator=lambda: copy, poolclass=StaticPool, hide_parameters=True)
    copy.execute("BEGIN IMMEDIATE")
    with engine.connect() as connection:
        rebind(connection, old, new)
        connection.commit()
