"""Galleries in and out: what the window and the command line ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from engine.errors import BadInputError, shown
from engine.exchange import (
    Conflict,
    Exported,
    Imported,
    NamedPicture,
    RegionPlace,
    RegionsWritten,
    SourceKind,
    TableFormat,
    Tally,
    WrongPassphraseError,
)
from engine.gallery.exchange import PortablePerson
from engine.gallery.journal import Note
from engine.transfer import encodings, howdy, people_folder, regions, studio
from engine.transfer.files import reading
from engine.transfer.gallery_file import export_gallery, import_gallery
from engine.transfer.judged import Bench, Intake, Offer, unusable_source
from engine.transfer.sealed import is_sealed
from engine.transfer.tables import DECISION_COLUMNS, PERSON_COLUMNS, decision_row, person_row, write_table
from engine.transfer.vectors import import_vectors
from engine.types import CancelToken, Decided, Report, silent


class TransferDesk:
    """Imports and exports of one gallery. Synchronous, as the service."""

    def __init__(self, bench: Bench, embed: Callable[[Report, CancelToken], None]) -> None:
        """Work with what the service lends.

        Args:
            bench: the gallery, and what judges pictures for it.
            embed: embeds what the pack in use has not embedded yet.
        """
        self._bench, self._embed = bench, embed

    # --- out ----------------------------------------------------------------------------------------------------

    def export_gallery(
        self,
        place: Path,
        passphrase: str,
        people: Sequence[int] | None = None,
        report: Report = silent,
        token: CancelToken | None = None,
    ) -> Exported:
        """Write people with all their templates into one encrypted file.

        Args:
            people: whom; everybody where None.

        Raises:
            BadInputError: the passphrase is too short, there is nobody, or the file cannot be written.
            OperationCancelledError: the token was turned; nothing was left behind.
        """
        done = export_gallery(self._bench.gallery, place, passphrase, people, report=report, token=token)
        self._note("export", done.people, done.templates, f"“{shown(place)}”")
        return done

    def export_people(
        self,
        place: Path,
        people: Sequence[int] | None = None,
        token: CancelToken | None = None,
        form: TableFormat | None = None,
    ) -> Exported:
        """Write a table of people: names and particulars, no faces.

        Args:
            form: how; as the file's name says where None.

        Raises:
            BadInputError: there is nobody, the file's name asks for no table, or the file cannot be written.
        """
        form = form or TableFormat.of(place)
        wanted = None if people is None else set(people)
        chosen = [one for one in self._bench.gallery.people() if wanted is None or one.id in wanted]
        if not chosen:
            raise BadInputError("There is nobody to export.")
        write_table(place, PERSON_COLUMNS, map(person_row, chosen), form, token)
        self._note("export", len(chosen), 0, f"“{shown(place)}”, a table without faces")
        return Exported(place, len(chosen), sum(one.template_count for one in chosen))

    def export_decisions(self, place: Path, decisions: Iterable[Decided], token: CancelToken | None = None) -> int:
        """Write a table of decisions, as the file's name says, and return how many there are.

        Raises:
            BadInputError: the file's name asks for no table, or the file cannot be written.
        """
        return write_table(place, DECISION_COLUMNS, map(decision_row, decisions), TableFormat.of(place), token)

    def write_regions(
        self, pictures: Sequence[NamedPicture], place: RegionPlace, token: CancelToken | None = None
    ) -> RegionsWritten:
        """Write who was found where, for digiKam, Lightroom and others.

        Raises:
            OperationCancelledError: the token was turned; pictures done so far stay written.
        """
        return regions.write_regions(pictures, place, token)

    # --- in -----------------------------------------------------------------------------------------------------

    def kind_of(self, source: Path) -> SourceKind:
        """What a file or folder is, by its content.

        Raises:
            BadInputError: it is nothing that can be imported; the sentence says what can.
        """
        if source.is_dir():
            return SourceKind.FOLDER
        encodings.refuse_pickle(source)
        with reading(source) as file:
            start = file.read(64)
        if is_sealed(start):
            return SourceKind.GALLERY_FILE
        if start.startswith(studio.SQLITE):
            return SourceKind.STUDIO
        if start.startswith((b"\x93NUMPY", b"PK\x03\x04")):
            return SourceKind.ENCODINGS
        if start.lstrip()[:1] == b"[":
            return SourceKind.HOWDY
        if regions.is_picture(source):
            return SourceKind.REGIONS
        raise unusable_source(
            source,
            "it is none of: a Visavis gallery file, a folder with a folder per person, pictures with named faces, "
            "Howdy's models, encodings as .npy or .npz, InsightFace Studio's database.",
        )

    def import_from(
        self,
        sources: Sequence[Path],
        kind: SourceKind | None = None,
        *,
        conflict: Conflict | None = None,
        passphrase: str = "",
        report: Report = silent,
        token: CancelToken | None = None,
        between: Callable[[], None] = lambda: None,
    ) -> Imported:
        """Bring people in. Whatever comes can be undone as one edit.

        Args:
            sources: one file or folder; of pictures with named faces there may be several.
            kind: what it is; found out where None.
            conflict: what to do with people whose name is taken; what suits the kind where None.
            passphrase: of a gallery file.
            report: told how far it is.
            token: stops it.
            between: called every few pictures, to do what cannot wait until all of them are in.

        Raises:
            BadInputError: it cannot be imported; nothing was.
            WrongPassphraseError: the passphrase does not open it; another one may.
            OperationCancelledError: the token was turned; nothing was imported. Imports of pictures stop at the next
                picture instead, keep what they have, and say so in the summary.
        """
        token = token or CancelToken()
        if not sources:
            raise BadInputError("There is nothing to import. Choose a file or a folder.")
        kind = kind or self.kind_of(sources[0])
        source, text, tally = sources[0], f"Import {shown(sources[0])}", Tally()
        done: Imported
        if kind is SourceKind.GALLERY_FILE:
            if not passphrase:
                raise WrongPassphraseError(f"“{shown(source)}” is encrypted. Type the passphrase it was made with.")
            rule, gallery = conflict or Conflict.SKIP, self._bench.gallery
            done = import_gallery(gallery, source, passphrase, rule, report=report, token=token)
        elif kind in _VECTORS:
            people, gallery = _VECTORS[kind](source, tally), self._bench.gallery
            rule = conflict or Conflict.MERGE
            done = import_vectors(gallery, kind, text, people, tally=tally, conflict=rule, token=token)
        else:
            offers = self._offers(kind, sources, tally, token)
            intake = Intake(self._bench, kind, text, conflict or Conflict.MERGE)
            intake.tally = tally
            done = intake.run(offers, report, token, between)
        self._note("import", done.added + done.merged, done.templates, f"“{shown(source)}”")
        self._embed(report, CancelToken())
        return done

    def _note(self, kind: str, people: int, pictures: int, what: str) -> None:
        details = {"people": people, "pictures": pictures, "what": what}
        self._bench.gallery.journal.note(Note(kind, details))

    @staticmethod
    def _offers(kind: SourceKind, sources: Sequence[Path], tally: Tally, token: CancelToken) -> list[Offer]:
        if kind is SourceKind.REGIONS:
            return regions.offers_of(sources, tally, token)
        if kind is SourceKind.STUDIO:
            return studio.offers_of(sources[0], tally, token)
        return people_folder.offers_of(sources[0], tally, token)


_VECTORS: dict[SourceKind, Callable[[Path, Tally], list[PortablePerson]]] = {
    SourceKind.HOWDY: howdy.people_of,
    SourceKind.ENCODINGS: encodings.people_of,
}
"""Kinds that bring vectors without pictures."""
