"""Model packs as the window and the command line see them: what each is, where it comes from, how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SHIPPED_CALIBRATIONS = frozenset({"dlib-resnet-v1", "mobilefacenet", "dlib-resnet-v1+mobilefacenet"})
"""Packs whose calibration comes with the program."""
SCALING_WORDS = {
    "signed": "RGB in -1..1",
    "signed_bgr": "BGR in -1..1",
    "imagenet": "RGB, ImageNet's mean and deviation",
    "unit": "RGB in 0..1",
    "raw": "RGB in 0..255",
    "raw_bgr": "BGR in 0..255",
}
"""What an ONNX network may want to be done with pixels, by key."""


class PackKind(StrEnum):
    """What a pack's networks do."""

    EMBEDDER = "embedder"
    DETECTOR = "detector"
    PAD = "pad"
    """They tell a face from a picture of one (presentation attack detection)."""


@dataclass(frozen=True, slots=True)
class PackFile:
    """A file of a pack as it was published.

    Attributes:
        name: of the file.
        sha256: hexadecimal; empty where nobody trustworthy has published it.
        size: in bytes; 0 where it is not known.
        url: where it is downloaded from; empty where it is not.
    """

    name: str
    sha256: str = ""
    size: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What was measured here.

    Attributes:
        text: the figures and the protocol, as a sentence.
        on: the day, as YYYY-MM-DD.
    """

    text: str
    on: str


@dataclass(frozen=True, slots=True)
class PackSpeed:
    """How fast a pack is on this machine.

    Attributes:
        milliseconds: median of one piece of work.
        of: what that is, in words.
        device: where it ran.
    """

    milliseconds: float
    of: str
    device: str


@dataclass(frozen=True, slots=True)
class PackCard:
    """A pack with all that is to be known before it is used.

    Attributes:
        architecture: its network and the paper.
        dimension: of its embeddings; 0 where it makes none.
        licence: in plain words.
        source: address of its project's page, or in words where it comes from.
        accuracy: None where it was not measured.
        bundled: it came with the installation.
        own: made or brought by the user.
        downloadable: it can be fetched; else it is installed from a file.
        calibrated: what its distances mean has been measured, so that it can decide; detectors need none.
        partial: bytes of an unfinished download.
        uses: what it is in use for, in words.
        made_of: ids of the packs whose networks it joins.
    """

    id: str
    kind: PackKind
    title: str
    architecture: str
    dimension: int
    licence: str
    commercial_use: bool
    source: str
    files: tuple[PackFile, ...]
    accuracy: Accuracy | None = None
    installed: bool = False
    bundled: bool = False
    own: bool = False
    downloadable: bool = False
    calibrated: bool = True
    partial: int = 0
    uses: tuple[str, ...] = ()
    made_of: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Of all its files, in bytes; 0 where one of them is not known."""
        return sum(file.size for file in self.files) if all(file.size for file in self.files) else 0
