"""Values of guided enrollment that the engine, the command line and the window share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import shown
from engine.types import RESEMBLES_RATE, Box, Candidate, EnrollmentCandidate, Quality


class Sector(StrEnum):
    """One of the views that a person is enrolled in. Left and right are the person's own."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    NEAR = "near"
    FAR = "far"
    GLASSES = "glasses"
    """Straight ahead once more, with glasses put on or taken off; five points cannot see glasses, so a key says it."""


TITLES = {
    Sector.FRONT: "Straight ahead",
    Sector.LEFT: "To your left",
    Sector.RIGHT: "To your right",
    Sector.UP: "Up",
    Sector.DOWN: "Down",
    Sector.NEAR: "Nearer",
    Sector.FAR: "Farther",
    Sector.GLASSES: "Glasses changed",
}
ASKS = {
    Sector.FRONT: "Look straight at the camera.",
    Sector.LEFT: "Turn your head slowly to your left.",
    Sector.RIGHT: "Turn your head slowly to your right.",
    Sector.UP: "Raise your chin a little.",
    Sector.DOWN: "Lower your chin a little.",
    Sector.NEAR: "Look straight ahead and come closer.",
    Sector.FAR: "Look straight ahead and lean back.",
    Sector.GLASSES: "Put glasses on, or take them off, look straight ahead and press Space.",
}
STANDARD_PLAN = (Sector.FRONT, Sector.LEFT, Sector.RIGHT, Sector.UP, Sector.DOWN, Sector.NEAR, Sector.FAR)


ENOUGH_TO_TELL = 4
"""With fewer pictures nothing is said of how well somebody will be recognised."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a frame of guided enrollment showed, and what is to be done next.

    Attributes:
        plan: all sectors that are wanted.
        covered: those that have a picture.
        wanted: the sector that is asked for; None once all are covered.
        present: the sector that the face is in now; None for none.
        hint: what to do, as a sentence.
        reasons: why the face cannot be taken as it is now, the one that helps most first.
        paused: whether nothing is captured: a second face, another person, or nobody.
        captured: the sector that a picture was taken for with this frame.
        quality: of the face in the frame.
        box: where it is, in pixels of the frame.
    """

    plan: tuple[Sector, ...]
    covered: frozenset[Sector]
    wanted: Sector | None
    hint: str
    present: Sector | None = None
    reasons: tuple[str, ...] = ()
    paused: bool = False
    captured: Sector | None = None
    quality: Quality | None = None
    box: Box | None = None

    @property
    def complete(self) -> bool:
        """Whether every sector has its picture."""
        return self.wanted is None

    @property
    def progress(self) -> str:
        """How far it is, in words."""
        return f"{len(self.covered)} of {len(self.plan)} views"


class Worth(StrEnum):
    """What a picture adds to the others."""

    ADDS = "adds"
    REDUNDANT = "redundant"
    HURTS = "hurts"


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A captured picture and what it adds, by leaving it out. Distances are cosine.

    Attributes:
        id: its number within this enrollment.
        candidate: as it would be enrolled.
        worth: what it adds to the shots that are kept; of one that is left out, what it would add.
        genuine: how much nearer the person's other pictures are with it than without.
        impostor: how much farther the nearest strangers are with it than without.
        own: its distance to the mean of the others; None for an only one.
        kept: whether it is to be enrolled.
    """

    id: int
    sector: Sector
    candidate: EnrollmentCandidate
    worth: Worth
    genuine: float = 0.0
    impostor: float = 0.0
    own: float | None = None
    kept: bool = True

    @property
    def sentence(self) -> str:
        """What it adds, and by how much."""
        change = (
            f"With it the others are {abs(self.genuine):.3f} {'nearer' if self.genuine >= 0 else 'farther'}, "
            f"strangers {abs(self.impostor):.3f} {'farther' if self.impostor >= 0 else 'nearer'}."
        )
        if self.own is None:
            return "The only picture; others would help."
        if self.worth is Worth.ADDS and self.genuine + self.impostor < 0:
            return "It helps: with so few pictures each one more is worth having."
        if self.worth is Worth.ADDS:
            return f"It helps. {change}"
        if self.worth is Worth.REDUNDANT:
            return f"The others show as much already. {change}"
        return f"It is better left out. {change}"


@dataclass(frozen=True, slots=True, eq=False)
class GuidedReport:
    """What a guided enrollment has gathered, and what is to be expected of it.

    Attributes:
        shots: in the order in which they were asked for.
        passing: kept pictures that the others alone would recognise at the limit in force.
        compared: kept pictures that there are others for.
        bound: at least this share would be recognised, 95 %, by these pictures alone.
        limit: largest distance that is a match, with so many pictures.
        look_alike: the nearest other person in the gallery, however far.
        strangers: how many other people and made-up strangers the pictures were compared with.
        live: whether the pictures came from a camera, and not from a file in its place.
        missing: sectors that have no picture.
    """

    name: str
    shots: tuple[Shot, ...]
    passing: int
    compared: int
    bound: float
    limit: float
    look_alike: Candidate | None
    strangers: int
    live: bool
    missing: tuple[Sector, ...] = ()

    @property
    def kept(self) -> tuple[Shot, ...]:
        """What is to be enrolled."""
        return tuple(shot for shot in self.shots if shot.kept)

    @property
    def headline(self) -> str:
        """How well the person will be recognised, in a few words."""
        if not self.kept:
            return "No picture is kept"
        if self.compared < ENOUGH_TO_TELL:
            return "Too few pictures to tell how well they will be recognised"
        if self.passing == self.compared:
            return "They will be recognised well"
        return "They will mostly be recognised" if self.passing >= 0.8 * self.compared else "They will often be missed"

    @property
    def recognition(self) -> str:
        """The numbers behind the headline."""
        if not self.compared:
            return "With one picture nothing can be compared. Take another one."
        return (
            f"{self.passing} of {self.compared} pictures are recognised by the others alone (limit {self.limit:.3f}; "
            f"at least {self.bound:.0%} of such pictures, 95 %). They were taken within minutes; another day's light "
            "is harder."
        )

    @property
    def look_alike_text(self) -> str:
        """Who is nearest, and whether that is too near."""
        if self.look_alike is None:
            return "Nobody else is enrolled, so there is no look-alike."
        who, distance, rate = shown(self.look_alike.name), self.look_alike.distance, self.look_alike.false_match
        often = f" {rate.sentence}" if rate else ""
        if distance <= self.limit:
            return (
                f"“{who}” looks alike: distance {distance:.3f}, limit {self.limit:.3f}. The two may be taken for one "
                f"another.{often}"
            )
        if rate and rate.rate <= RESEMBLES_RATE:
            return (
                f"“{who}” looks much like them, but is told apart: distance {distance:.3f}, limit {self.limit:.3f}."
                f"{often} More pictures of both would help."
            )
        return f"Nearest look-alike: “{who}”, distance {distance:.3f}, limit {self.limit:.3f}: far enough.{often}"

    @property
    def source_text(self) -> str:
        """Where the pictures came from; a file in a camera's place is never called live."""
        return "From the camera." if self.live else "Not live: from a file in the place of a camera."


def in_words(sectors: Iterable[Sector]) -> str:
    """Name sectors in a sentence."""
    return ", ".join(TITLES[sector].lower() for sector in sectors)
