"""The portable gallery file: people with their templates, sealed under a passphrase.

docs/gallery-file.md describes it, so that others can write a reader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from engine.errors import BadInputError, shown
from engine.exchange import (
    SHORTEST_PASSPHRASE,
    Conflict,
    Exported,
    Imported,
    SourceKind,
    Tally,
)
from engine.gallery.exchange import Arrivals, Leaving, PortablePerson, PortableTemplate, bring
from engine.gallery.names import name_key
from engine.gallery.rejections_travelling import PortableRejection, count_of
from engine.gallery.rejections_travelling import leaving as rejections_of
from engine.gallery.store import Gallery
from engine.transfer.files import reading, replacing
from engine.transfer.records import (
    MOST_PEOPLE,
    MOST_TEMPLATES,
    Json,
    person_of,
    person_record,
    read_record,
    rejection_of,
    rejection_record,
    require,
    template_of,
    template_record,
    unusable,
    whole,
    write_record,
)
from engine.transfer.sealed import Cost, SealedReader, SealedWriter
from engine.types import CancelToken, FloatArray, Progress, Report, silent

CONTENT_VERSION = 2
"""The second brought rejected faces; a file without any is written as the first, which every Visavis reads."""
_COUNTS = ("people", "templates", "embeddings")


def export_gallery(
    gallery: Gallery,
    place: Path,
    passphrase: str,
    chosen: Sequence[int] | None = None,
    *,
    report: Report = silent,
    token: CancelToken | None = None,
    cost: Cost = Cost(),  # noqa: B008 - it is frozen
) -> Exported:
    """Write people with everything that is kept of them.

    Args:
        chosen: whom; everybody where None.
        cost: of trying passphrases.

    Raises:
        BadInputError: the passphrase is too short, nobody is chosen, or the file cannot be written.
        OperationCancelledError: the token was turned; nothing was left behind.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BadInputError(f"A passphrase needs at least {SHORTEST_PASSPHRASE} characters. Choose a longer one.")
    token = token or CancelToken()
    with gallery.reading() as session:
        leaving = Leaving(session, chosen)
        counts = dict(zip(_COUNTS, leaving.counted(), strict=True))
        rejected = leaving.rejections()
        if rejected:
            counts["rejections"] = rejected
        if not counts["people"]:
            raise BadInputError("There is nobody to export.")
        with replacing(place) as file:
            writer = SealedWriter(file, passphrase, cost)
            digest = hashlib.sha256()
            made_by = f"visavis {version('visavis')}"
            made_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            content_version = CONTENT_VERSION if rejected else 1
            start = {"kind": "gallery", "version": content_version, "made_by": made_by, "made_at": made_at, **counts}
            digest.update(write_record(writer, start))
            done = 0
            for person, count, templates in leaving.people():
                token.check()
                report(Progress(done, counts["templates"], person.name))
                person_id = person.id
                rejections = count_of(session, person_id) if rejected else 0
                digest.update(write_record(writer, person_record(person, count, rejections)))
                for template in templates:
                    token.check()
                    about, blob = template_record(template)
                    digest.update(write_record(writer, about, blob))
                    digest.update(blob)
                    done += 1
                for rejection in rejections_of(session, person_id) if rejections else ():
                    token.check()
                    about, blob = rejection_record(rejection)
                    digest.update(write_record(writer, about, blob))
                    digest.update(blob)
            write_record(writer, {"kind": "end", **counts, "sha256": digest.hexdigest()})
            writer.finish()
    report(Progress(counts["templates"], counts["templates"]))
    return Exported(place, counts["people"], counts["templates"], rejected)


class GalleryFile:
    """One gallery file, open for reading."""

    def __init__(self, source: SealedReader, report: Report, token: CancelToken) -> None:
        """Start at the first record."""
        self._source, self._report, self._token = source, report, token
        self._digest = hashlib.sha256()
        self._templates_seen = self._embeddings_seen = self._rejections_seen = 0
        self._dimensions: dict[str, int] = {}
        about, _ = self._record()
        require(about.get("kind") == "gallery", "its first record is missing")
        if type(about.get("version")) is int and about["version"] > CONTENT_VERSION:
            raise unusable("it was made by a newer Visavis")
        require(about.get("version") in (1, CONTENT_VERSION), "its version is not known")
        self.rejection_count = whole(about.get("rejections", 0), MOST_TEMPLATES)
        require(about["version"] > 1 or not self.rejection_count, "its version is not known")
        self.people_count = whole(about.get("people"), MOST_PEOPLE)
        self.template_count = whole(about.get("templates"), MOST_TEMPLATES)
        self.embedding_count = whole(about.get("embeddings"), 64 * MOST_TEMPLATES)

    def people(self) -> Iterator[PortablePerson]:
        """Everyone, one after the other; after the last one the end of the file has been proved too.

        Raises:
            DamagedFileError: anything is not as it should be.
            OperationCancelledError: the token was turned.
        """
        keys: set[str] = set()
        for _ in range(self.people_count):
            about, blob = self._record()
            require(not blob, "a person's record is too long")
            name, count, rejected, fields = person_of(about)
            require(name_key(name) not in keys, "two people have the same name")
            keys.add(name_key(name))
            self._report(Progress(self._templates_seen, self.template_count, name))
            templates, rejections = self._templates(count), self._rejections(rejected)
            yield PortablePerson(name, templates, fields, rejections)
            for _ in chain(templates, rejections):
                # Whoever is passed over is proved all the same.
                pass
        expected = self._digest.hexdigest()
        end, blob = self._record()
        counts = tuple(end.get(name) for name in _COUNTS)
        require(end.get("kind") == "end" and not blob and self._source.at_end, "its end is missing")
        require(counts == (self.people_count, self._templates_seen, self._embeddings_seen), "its counts do not agree")
        require((self.template_count, self.embedding_count) == counts[1:], "its counts do not agree")
        require(end.get("rejections", 0) == self._rejections_seen == self.rejection_count, "its counts do not agree")
        require(end.get("sha256") == expected, "its checksum does not agree")

    def _templates(self, count: int) -> Iterator[PortableTemplate]:
        for _ in range(count):
            self._token.check()
            template = template_of(*self._record())
            self._measure(template.embeddings)
            self._templates_seen += 1
            self._embeddings_seen += len(template.embeddings)
            yield template

    def _rejections(self, count: int) -> Iterator[PortableRejection]:
        for _ in range(count):
            self._token.check()
            rejection = rejection_of(*self._record())
            self._measure(rejection.embeddings)
            self._rejections_seen += 1
            yield rejection

    def _measure(self, embeddings: Mapping[str, FloatArray]) -> None:
        for pack, vector in embeddings.items():
            known = self._dimensions.setdefault(pack, len(vector))
            require(known == len(vector), "vectors of a pack differ in length")

    def _record(self) -> tuple[Json, bytes]:
        about, blob, head = read_record(self._source)
        self._digest.update(head)
        self._digest.update(blob)
        return about, blob


@contextmanager
def opened(
    place: Path, passphrase: str, report: Report = silent, token: CancelToken | None = None
) -> Iterator[GalleryFile]:
    """Open a gallery file.

    Raises:
        WrongPassphraseError: the passphrase does not open it.
        DamagedFileError: it is no gallery file, damaged, or of a newer Visavis.
        BadInputError: it cannot be read.
    """
    with reading(place) as file:
        yield GalleryFile(SealedReader(file, passphrase), report, token or CancelToken())


def import_gallery(
    gallery: Gallery,
    place: Path,
    passphrase: str,
    conflict: Conflict = Conflict.SKIP,
    *,
    report: Report = silent,
    token: CancelToken | None = None,
) -> Imported:
    """Bring in what another gallery exported, in one transaction that can be undone.

    The whole file is read and proved first; only then does the gallery change. Reading is done twice so that not all
    of it has to be in memory.

    Raises:
        WrongPassphraseError: the passphrase does not open it.
        DamagedFileError: anything in it is not as it should be; nothing was imported.
        PackMismatchError: its vectors do not fit those of the same pack here; nothing was imported.
        OperationCancelledError: the token was turned; nothing was imported.
    """
    with opened(place, passphrase, _halved(report, 0), token) as file:
        names = [person.name for person in file.people()]
    arrivals = Arrivals()
    text = f"Import {shown(place)}"
    with opened(place, passphrase, _halved(report, 1), token) as file:
        bring(gallery, text, file.people(), names=names, conflict=conflict, arrivals=arrivals, token=token)
    tally = Tally()
    for name, reason in arrivals.refused:
        tally.leave_out(name, reason)
    return summary(SourceKind.GALLERY_FILE, arrivals, tally)


def summary(kind: SourceKind, arrivals: Arrivals, tally: Tally, *, cancelled: bool = False) -> Imported:
    """Say what came in and what did not."""
    return Imported(
        kind=kind,
        added=len(arrivals.added),
        merged=len(arrivals.merged),
        skipped=tuple(arrivals.skipped),
        renamed=tuple(arrivals.renamed),
        templates=arrivals.templates,
        known=arrivals.known,
        rejections=arrivals.rejections,
        left_out=tuple(tally.left_out),
        left_out_count=tally.left_out_count,
        warnings=tuple(tally.warnings),
        cancelled=cancelled,
    )


def _halved(report: Report, half: int) -> Report:
    """Report one of two rounds."""

    def tell(progress: Progress) -> None:
        report(Progress(progress.done + half * progress.total, 2 * progress.total, progress.text))

    return tell
