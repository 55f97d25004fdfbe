"""Whose pictures are whose: a digest per person over their pictures, renewed by each edit.

A picture that was put under somebody else behind Visavis's back, by another program or a damaged file, no longer agrees
with the digest. It has no key: whoever can write the gallery and knows of it can renew it too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import LargeBinary, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.gallery.schema import Base, PersonRow, TemplateRow
from engine.gallery.undo import Snapshot, batches


class BindingRow(Base):
    """The digest of a person's pictures; a gallery of before has none until the person is edited."""

    __tablename__ = "bindings"

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


def bind(session: Session, before: Snapshot, after: Snapshot) -> None:
    """Renew the digests of everyone an edit has touched."""
    theirs: dict[int, list[tuple[int, str]]] = {id_: [] for id_ in after.people}
    for id_, row in after.templates.items():
        theirs.setdefault(row["person_id"], []).append((id_, row["crop_sha256"]))
    for ids in batches(before.people.keys() | theirs.keys()):
        session.execute(delete(BindingRow).where(BindingRow.person_id.in_(ids)))
    rows = [{"person_id": id_, "digest": _digest(id_, pictures)} for id_, pictures in theirs.items()]
    for some in batches(rows):
        session.execute(insert(BindingRow), some)


def unbound(session: Session) -> Iterator[str]:
    """Names of people whose pictures are not those that were stored for them."""
    known = {row.person_id: row.digest for row in session.scalars(select(BindingRow))}
    theirs: dict[int, list[tuple[int, str]]] = {id_: [] for id_ in known}
    for row in session.execute(select(TemplateRow.id, TemplateRow.person_id, TemplateRow.crop_sha256)):
        if row.person_id in theirs:
            theirs[row.person_id].append((row.id, row.crop_sha256))
    wrong = [id_ for id_, pictures in theirs.items() if _digest(id_, pictures) != known[id_]]
    for ids in batches(wrong):
        yield from session.scalars(select(PersonRow.name).where(PersonRow.id.in_(ids)).order_by(PersonRow.name_key))


def _digest(person_id: int, pictures: list[tuple[int, str]]) -> bytes:
    told = "\n".join(f"{id_} {digest}" for id_, digest in sorted(pictures))
    return hashlib.sha256(f"{person_id}\n{told}".encode()).digest()
