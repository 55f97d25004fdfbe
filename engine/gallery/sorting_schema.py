"""The tables of sortings: folders of photographs, the faces found in them, and how they are grouped so far."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.gallery.schema import Base

_KEPT = {"sqlite_autoincrement": True}
"""Numbers are never given twice, so that an undo cannot hit another group."""

_LONG = BigInteger().with_variant(Integer(), "sqlite")


class SortingRow(Base):
    """A folder that is being sorted.

    `total` is how many pictures it held at the last look; `arranged` whether everything found has been grouped.
    """

    __tablename__ = "sortings"
    __table_args__ = (_KEPT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(unique=True)
    pack_id: Mapped[str]
    total: Mapped[int] = mapped_column(default=0)
    arranged: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class PictureRow(Base):
    """A picture that was looked at, by its path within the folder; `problem` says why it could not be read."""

    __tablename__ = "sorting_pictures"
    __table_args__ = (UniqueConstraint("sorting_id", "path"), _KEPT)

    id: Mapped[int] = mapped_column(primary_key=True)
    sorting_id: Mapped[int] = mapped_column(ForeignKey("sortings.id", ondelete="CASCADE"))
    path: Mapped[str]
    size: Mapped[int] = mapped_column(_LONG)
    modified_ns: Mapped[int] = mapped_column(_LONG)
    problem: Mapped[str] = mapped_column(default="")


class GroupRow(Base):
    """Faces that are taken for one person. `person_id` is whom they are proposed or confirmed as.

    Names are kept with people only, so that none outlives its person.
    """

    __tablename__ = "sorting_groups"
    __table_args__ = (_KEPT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    sorting_id: Mapped[int] = mapped_column(ForeignKey("sortings.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    number: Mapped[int]
    person_id: Mapped[int | None]


class FaceRow(Base):
    """A found face. Without a group it stands alone.

    `settled`: somebody has said where it belongs, and grouping anew leaves it there. `refused`: people it is not.
    """

    __tablename__ = "sorting_faces"
    __table_args__ = (_KEPT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    picture_id: Mapped[int] = mapped_column(ForeignKey("sorting_pictures.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("sorting_groups.id", ondelete="SET NULL"), index=True)
    settled: Mapped[bool] = mapped_column(default=False)
    refused: Mapped[list[int]] = mapped_column(JSON, default=list)
    box: Mapped[list[float]] = mapped_column(JSON)
    score: Mapped[float] = mapped_column(Float)
    landmarks: Mapped[bytes] = mapped_column(LargeBinary)
    quality: Mapped[list[list[float | str]]] = mapped_column(JSON)
    views: Mapped[int]
    embedding: Mapped[bytes] = mapped_column(LargeBinary)
    crop_jpeg: Mapped[bytes] = mapped_column(LargeBinary)
