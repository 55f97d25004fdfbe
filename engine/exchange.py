"""What comes into a gallery and goes out of it: choices and summaries that the engine and the window share."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from engine.errors import BadInputError, shown
from engine.types import Box
from engine.wording import counted, people, pictures

MOST_LISTED = 500
"""How many passed-over items a summary lists; all are counted."""
_NAMED = 20
GALLERY_SUFFIX = ".visavis"
SHORTEST_PASSPHRASE = 8


class WrongPassphraseError(BadInputError):
    """The passphrase does not open the gallery file; another one may."""


class DamagedFileError(BadInputError):
    """A file that came from elsewhere is cut short, altered, or not what it says it is; nothing of it was used."""


class Conflict(StrEnum):
    """What to do with people whose name is in the gallery already."""

    SKIP = "skip"
    MERGE = "merge"
    RENAME = "rename"


class SourceKind(StrEnum):
    """What an import is from."""

    GALLERY_FILE = "gallery file"
    FOLDER = "folder of people"
    REGIONS = "face regions"
    HOWDY = "Howdy"
    ENCODINGS = "face_recognition"
    STUDIO = "InsightFace Studio"


class TableFormat(StrEnum):
    """How tables are written."""

    CSV = "csv"
    JSON = "json"

    @classmethod
    def of(cls, place: Path) -> TableFormat:
        """The one that a file's name asks for.

        Raises:
            BadInputError: it asks for none of them.
        """
        try:
            return cls(place.suffix.lower().removeprefix("."))
        except ValueError:
            raise BadInputError(f"“{shown(place)}” does not say what to write. Let it end in .csv or .json.") from None


class RegionPlace(StrEnum):
    """Where face regions are written."""

    SIDECAR = "sidecar"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was not taken, and why, as a sentence."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        rejections: faces that are not these people, which go with them: strangers' faces.
    """

    place: Path
    people: int
    templates: int
    rejections: int = 0

    @property
    def strangers(self) -> str:
        """That there are faces of others in the file, as a sentence; empty where there are none."""
        if not self.rejections:
            return ""
        faces = counted(self.rejections, "rejected face went", "rejected faces went")
        return f"{faces} with them: faces of others, said not to be these people."


@dataclass(frozen=True, slots=True)
class Imported:
    """What came into the gallery and what did not.

    Attributes:
        added: new people.
        merged: people already enrolled who were given templates.
        skipped: names that were left as they are.
        renamed: name in the file, name in the gallery, of those who were kept beside a namesake.
        templates: new templates.
        known: templates that were in the gallery already.
        rejections: new faces that are not these people.
        left_out: the first of what could not be used; `left_out_count` counts all.
        warnings: what should be looked at, as sentences.
        cancelled: the rest was not looked at; what had been stored stays.
    """

    kind: SourceKind
    added: int = 0
    merged: int = 0
    skipped: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    templates: int = 0
    known: int = 0
    rejections: int = 0
    left_out: tuple[LeftOut, ...] = ()
    left_out_count: int = 0
    warnings: tuple[str, ...] = ()
    cancelled: bool = False

    @property
    def headline(self) -> str:
        """What came, in one sentence."""
        parts = []
        if self.added:
            parts.append(counted(self.added, "new person", "new people"))
        if self.merged:
            parts.append(f"{people(self.merged)} added to")
        if not self.templates and not parts:
            return "Nothing new came in."
        return f"{', '.join([*parts, pictures(self.templates)])} stored."

    @property
    def details(self) -> tuple[str, ...]:
        """What else there is to know, a line each."""
        lines = []
        if self.cancelled:
            lines.append("Stopped before the end. What is stored stays; import it again to go on where it stopped.")
        if self.known:
            lines.append(f"In the gallery already: {self.known:,}.")
        if self.rejections:
            lines.append(f"Rejected faces that came with them: {self.rejections:,}.")
        if self.skipped:
            names, more = ", ".join(shown(name) for name in self.skipped[:_NAMED]), len(self.skipped) - _NAMED
            lines.append(f"Left as they are: {names}{f' and {more:,} more' if more > 0 else ''}.")
        lines += [f"“{shown(old)}” came in as “{shown(new)}”." for old, new in self.renamed[:MOST_LISTED]]
        lines += [f"Worth a look: {sentence}" for sentence in self.warnings]
        if self.left_out_count:
            lines.append(f"Not used: {self.left_out_count:,}.")
            lines += [f"  {shown(one.what, 200)}: {one.reason}" for one in self.left_out]
            if self.left_out_count > len(self.left_out):
                lines.append(f"  and {self.left_out_count - len(self.left_out):,} more")
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class NamedBox:
    """Whose face is where, in pixels of the upright picture."""

    name: str
    box: Box


@dataclass(frozen=True, slots=True)
class NamedPicture:
    """A picture file and the people found in it."""

    picture: Path
    people: tuple[NamedBox, ...]


@dataclass(frozen=True, slots=True)
class RegionsWritten:
    """What face regions were written.

    Attributes:
        pictures: how many pictures have regions by this now.
        regions: how many names were added.
        kept: regions that bear another name already, which stays.
    """

    pictures: int
    regions: int
    kept: int = 0
    left_out: tuple[LeftOut, ...] = ()


@dataclass(slots=True)
class Tally:
    """Collects what is left out and warned of while an import runs; bounded however much there is."""

    left_out: list[LeftOut] = field(default_factory=list)
    left_out_count: int = 0
    warnings: list[str] = field(default_factory=list)

    def leave_out(self, what: str, reason: str) -> None:
        """Note something that was not taken."""
        self.left_out_count += 1
        if len(self.left_out) < MOST_LISTED:
            self.left_out.append(LeftOut(what, reason))

    def warn(self, sentence: str) -> None:
        """Note something to look at."""
        if len(self.warnings) < MOST_LISTED and sentence not in self.warnings:
            self.warnings.append(sentence)
