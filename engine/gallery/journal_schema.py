"""The tables of the history log, and of failed attempts at claimed identities."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.gallery.schema import Base


class JournalRow(Base):
    """One entry of the history log; see `engine.gallery.chain` for how entries hang together.

    `content` and `salt` are empty once what the entry said has been erased. `writes` is the gallery's counter of
    transactions, which no clock can set back.
    """

    __tablename__ = "journal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    writes: Mapped[int]
    kind: Mapped[str] = mapped_column(index=True)
    content: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    chain: Mapped[bytes] = mapped_column(LargeBinary)


class JournalPersonRow(Base):
    """Whom an entry is about. People who are merged into another leave their entries to both."""

    __tablename__ = "journal_people"

    number: Mapped[int] = mapped_column(ForeignKey("journal.number", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)


class JournalHeadRow(Base):
    """Where the log ends and begins, in the one row of number 1.

    `writes` counts the gallery's transactions, logged or not. Entries up to `pruned_number` were old and are gone.
    """

    __tablename__ = "journal_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    writes: Mapped[int]
    number: Mapped[int]
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    pruned_number: Mapped[int]
    pruned_chain: Mapped[bytes] = mapped_column(LargeBinary)


class AttemptsRow(Base):
    """Failed attempts at one claimed identity since the last success; see `engine.gallery.attempts`."""

    __tablename__ = "attempts"

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    failures: Mapped[int]
    stamped_s: Mapped[float] = mapped_column(Float)
    ticks_s: Mapped[float] = mapped_column(Float)
    pause_s: Mapped[float] = mapped_column(Float)
