"""The gallery: people and templates in one place, opened, kept safe and closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import Engine, delete, exists, select

from engine.errors import GalleryError
from engine.gallery import kept_edits
from engine.gallery.backend import Backend, unheard
from engine.gallery.backups import Backup
from engine.gallery.bindings import forget_wrong
from engine.gallery.compacting import Compacted, Room
from engine.gallery.edits import Edits, check_dimensions
from engine.gallery.erasing import Erased, erase, look
from engine.gallery.file_backend import FileBackend
from engine.gallery.graph_file import GraphFile, holds_graph, remove_graph
from engine.gallery.journal import Note
from engine.gallery.rows import embedding_bytes
from engine.gallery.schema import NO_PICTURE, EmbeddingRow, RejectionEmbeddingRow, TemplateRow
from engine.gallery.sorting_store import SortingStore
from engine.gallery.soundness import CheckUp, check_gallery, repair_gallery
from engine.gallery.undo import History
from engine.gallery.vault import Protection, Typed
from engine.server_address import PACKAGES_MISSING, Place, ServerAddress
from engine.types import CancelToken, FloatArray, Report, silent
from engine.wording import counted


class Gallery(Edits):
    """One open gallery; see `open`. Used by one thread at a time; several processes may have the same one open."""

    @classmethod
    def open(cls, place: Place, typed: Typed | None = None) -> Gallery:
        """Open a gallery. A file is created where there is none, and an older one is migrated.

        Args:
            place: the gallery's file, or where it is on a server.
            typed: a passphrase or recovery code; without one only a keyring opens an encrypted gallery.

        Raises:
            GalleryLockedError: it is encrypted, and something must be typed.
            WrongSecretError: what was typed does not open it.
            TooManyAttemptsError: what was typed before did not either, too often.
            GalleryError: the file is no gallery, damaged, of a newer Visavis, or cannot be opened; the server cannot be
                reached, refuses, or holds no gallery.
        """
        if isinstance(place, ServerAddress):
            return cls(_server_backend(place))._meet()
        backend = FileBackend.open(place, typed)
        opened = cls(backend)._meet()
        if backend.failed_before:
            opened.journal.note(Note("unlock", {"failures": backend.failed_before}))
        return opened

    def _meet(self) -> Gallery:
        with self._backend.errors():
            self.journal.meet(lambda: self._backend.meet(self.journal))
        return self

    @property
    def place(self) -> Place:
        """Where it is."""
        return self._backend.place

    @property
    def path(self) -> Path:
        """The gallery's file.

        Raises:
            GalleryError: it is on a server.
        """
        return self._file.path

    @property
    def encrypted(self) -> bool:
        """Whether Visavis encrypts it."""
        return self._backend.encrypted

    @property
    def key(self) -> bytes | None:
        """The data key; None where the file is plain."""
        return self._file.key

    def graph_file(self, pack_id: str) -> GraphFile | None:
        """Where a graph of the people, as a pack embeds them, can be kept; None where the file is plain.

        Raises:
            GalleryError: the gallery is on a server.
        """
        file = self._file
        return GraphFile(file.path, file.data_key, pack_id) if self.encrypted else None

    @property
    def has_graph(self) -> bool:
        """Whether a graph of the people lies beside the file."""
        return isinstance(self.place, Path) and holds_graph(self.place)

    def forget_graph(self) -> None:
        """Delete the graph beside the file, where there is one."""
        if isinstance(self.place, Path):
            remove_graph(self.place)

    @property
    def protection(self) -> Protection:
        """What protects it."""
        return self._backend.protection

    @property
    def writable(self) -> bool:
        """Whether whoever opened it may change it."""
        return self._backend.writable

    def watch(self, changed: Callable[[], None], away: Callable[[str], None] = unheard) -> None:
        """Have something called, on another thread, when others may have changed the gallery; a file cannot call.

        Args:
            changed: called when others may have changed it.
            away: called with a sentence when its server cannot be reached any more, and with none when it can again.
        """
        self._backend.watch(changed, away)

    def try_now(self) -> None:
        """Try at once to reach a server that has gone."""
        self._backend.try_now()

    def protect(self, change: Callable[[Path, bytes | None], bytes]) -> None:
        """Change what opens the gallery, with the file closed meanwhile; see `FileBackend.protect`."""
        before = self.key
        self._file.protect(change)
        if self.key != before:
            # What is to be undone was sealed under the key of before, and would not be compared.
            self._history = History()
        self._backend.part(self.journal)

    def close(self) -> None:
        """Close the gallery; what was deleted is out of its file."""
        self._references.forget()
        with self._backend.errors():
            self.journal.part(lambda: self._backend.part(self.journal))
            self._backend.close()

    def abandon(self) -> None:
        """Close a damaged gallery and leave it as it is."""
        self._references.forget()
        self._backend.abandon()

    def recovery_code(self) -> str:
        """Make a new recovery code and return it; it replaces one of before and is kept nowhere.

        Raises:
            GalleryError: the gallery is not encrypted, or on a server.
        """
        return self._file.recovery_code()

    @property
    def _file(self) -> FileBackend:
        if not isinstance(self._backend, FileBackend):
            raise GalleryError(
                f"The gallery “{self.place}” is on a server. Keys and backups are looked after there, by the server's "
                "owner."
            )
        return self._backend

    @property
    def _engine(self) -> Engine:
        return self._backend.reading

    # --- safekeeping --------------------------------------------------------------------------------------------

    def back_up(self) -> Backup:
        """Make a backup now.

        Raises:
            GalleryError: the gallery is damaged or on a server, or there is no room.
        """
        return self._file.back_up()

    def restore(self, backup: Path) -> None:
        """Go back to a backup; what is there now becomes one. What could be undone no longer can.

        Raises:
            GalleryError: the backup is damaged, or another window has the gallery open; nothing was changed.
        """
        try:
            self._file.restore(backup)
        finally:
            self._begin_again()
        self._backend.meet(self.journal)

    def accept(self) -> None:
        """Take the gallery as it is, though it is not the one that was last used here.

        Raises:
            GalleryError: it cannot be written.
        """
        self._backend.accept(self.journal)

    def check(self, report: Report = silent, token: CancelToken | None = None) -> CheckUp:
        """Compare everything in the gallery with its own records.

        Raises:
            OperationCancelledError: the token was turned.
        """
        with self._backend.errors():
            return check_gallery(self._backend, report=report, stop=(token or CancelToken()).check)

    def repair(self, found: CheckUp) -> tuple[str, ...]:
        """Take out what a check found worthless, and say what was done. Embeddings are made again when next asked for.

        Raises:
            GalleryError: the gallery cannot be written; nothing was.
        """
        with self._write(erases=True) as session:
            done = repair_gallery(session.connection(), found.problems)
            if any(problem.kind == "link" for problem in found.problems):
                forget_wrong(session, self._backend.seals)
            self.journal.tell(session, "repair", " ".join(dict.fromkeys(done)))
            return done

    # --- erasing for good ---------------------------------------------------------------------------------------

    def look_at_all_of(self, person_id: int) -> Erased:
        """Count everything that the file holds of a person.

        Raises:
            UnknownPersonError: there is no such person.
        """
        with self._read() as session:
            return look(session, person_id)

    def erase_person(self, person_id: int, receipt: str) -> Erased:
        """Delete a person for good: with all that is known of them anywhere in the file, and without a way back.

        Raises:
            UnknownPersonError: there is no such person.
        """
        with self._write(erases=True, touches={person_id}) as session:
            there = kept_edits.Outline.take(session, {person_id})
            erased = erase(session, self.journal, person_id, receipt)
            kept_edits.forget(session, people={person_id}, pictures=there.templates, faces=there.rejections)
        self._history.forget({person_id})
        self._references.forget()
        return erased

    def room(self) -> Room:
        """How much room the gallery's file takes.

        Raises:
            GalleryError: it is on a server, or cannot be read.
        """
        return self._file.room()

    def compact(self, most: int | None = None, token: CancelToken | None = None) -> Compacted:
        """Write the gallery's file anew, as small as it can be and without anything of what was deleted.

        Args:
            most: bytes that it may have for this to be tried.
            token: turned, it leaves the file as it was.

        Raises:
            OperationCancelledError: the token was turned.
            GalleryError: the file, or the server, cannot be reached.
        """
        return self._backend.compact(most, (token or CancelToken()).check)

    # --- packs --------------------------------------------------------------------------------------------------

    def without_embedding(self, pack_id: str) -> list[int]:
        """Templates that this pack has not embedded yet."""
        embedded = exists().where(EmbeddingRow.template_id == TemplateRow.id, EmbeddingRow.pack_id == pack_id)
        with self._read() as session:
            return list(session.scalars(select(TemplateRow.id).where(~embedded)))

    def without_picture(self) -> set[int]:
        """Templates that came as vectors only: their crop is a drawing that no network is to embed."""
        with self._read() as session:
            marked = TemplateRow.quality[NO_PICTURE].as_float().is_not(None)
            return set(session.scalars(select(TemplateRow.id).where(marked)))

    def add_embeddings(self, pack_id: str, embeddings: Mapping[int, FloatArray]) -> None:
        """Store what a pack makes of templates, all in one transaction; templates that are gone are passed over.

        Raises:
            PackError: one is no embedding; nothing was stored.
            PackMismatchError: they do not fit the pack's others; nothing was stored.
        """
        encoded = {template_id: embedding_bytes(embedding) for template_id, embedding in embeddings.items()}
        people, seals = set[int](), self._backend.seals
        with self._write(erases=False, touches=people) as session:
            owner_of = {row.id: row.person_id for row in session.execute(select(TemplateRow.id, TemplateRow.person_id))}
            rows = [
                EmbeddingRow(
                    template_id=template_id,
                    pack_id=pack_id,
                    embedding=content,
                    seal=seals.of_embedding(owner_of[template_id], template_id, pack_id, content),
                )
                for template_id, content in encoded.items()
                if template_id in owner_of
            ]
            people |= {owner_of[row.template_id] for row in rows}
            check_dimensions(session, rows)
            embedded = set(session.scalars(select(EmbeddingRow.template_id).where(EmbeddingRow.pack_id == pack_id)))
            if not embedded.isdisjoint(row.template_id for row in rows):
                self._backend.replaced(session)
            for row in rows:
                session.merge(row)
            self.journal.tell(
                session, "pack", f"{counted(len(rows), 'picture was', 'pictures were')} embedded by {pack_id}."
            )

    def forget_pack(self, pack_id: str) -> None:
        """Delete all embeddings of one pack, from the disk too; templates and crops stay."""
        with self._write(erases=True) as session:
            for table in (EmbeddingRow, RejectionEmbeddingRow):
                session.execute(delete(table).where(table.pack_id == pack_id))
            self.journal.tell(session, "pack", f"All that {pack_id} had embedded was deleted.")

    # --- sorting ------------------------------------------------------------------------------------------------

    @property
    def sorting(self) -> SortingStore:
        """What was found in folders of photographs; kept in this same file."""
        return SortingStore(self._read, self._write, self._stamp)


def _server_backend(address: ServerAddress) -> Backend:
    try:
        from engine.gallery.server_backend import ServerBackend  # noqa: PLC0415 - needs what [server] installs
    except ImportError as error:
        raise GalleryError(PACKAGES_MISSING) from error
    return ServerBackend.open(address)
