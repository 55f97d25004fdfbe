"""Pictures to faces, on whatever device there is."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.capture.folders import find_pictures
from engine.capture.images import read_image
from engine.device import DEVICE_FAILURES
from engine.errors import PackError
from engine.loaded import Networks
from engine.packs.embedder import left_device
from engine.pipeline import Only
from engine.service.in_force import InForce
from engine.types import CancelToken, Face, Frame, Picture

log = logging.getLogger(__name__)

PASTED = "pasted picture"
"""What a picture without a name is called."""


class Sight:
    """Reads pictures and finds the faces in them."""

    def __init__(self, now: InForce) -> None:
        self._now = now

    def read(self, picture: Picture) -> Frame:
        """Decode a picture.

        Raises:
            ImageError: it cannot be read.
        """
        if isinstance(picture, Frame):
            return picture
        megapixels = self._now.settings.largest_picture_mpx
        return read_image(picture, max_megapixels=megapixels, name=source_of(picture))

    def faces(self, frames: Sequence[Frame], *, only: Only | None = None) -> list[tuple[Face, ...]]:
        """The faces of each frame, embedded as the settings say of pictures."""
        return self.find(frames, averaging=self._now.settings.averaging != "never", only=only)

    def find(
        self, frames: Sequence[Frame], *, averaging: bool, live: bool = False, only: Only | None = None
    ) -> list[tuple[Face, ...]]:
        """Run the pipeline; a device that gives out is left for the CPU, and the work done again there."""
        networks = self._now.networks
        pipeline = networks.for_live if live else networks.for_files
        smallest_px = self._now.settings.smallest_face_px
        try:
            return pipeline.faces(frames, smallest_face_px=smallest_px, averaging=averaging, only=only)
        except DEVICE_FAILURES as error:
            self.leave_device(error)
        return self.find(frames, averaging=averaging, live=live, only=only)

    def leave_device(self, error: RuntimeError) -> None:
        """Go on with the CPU after the device gave out.

        Raises:
            PackError: it is the CPU already.
        """
        device = self._now.networks.embedder.device
        if device.torch_device.type == "cpu":
            raise PackError("There is not enough memory. Close other programs, or use a smaller picture.") from error
        log.warning("The device failed: %s", error)
        self._now.networks.index.close()
        self._now.networks = Networks(replace(self._now.settings, device="cpu", precision="auto"))
        self._now.networks.embedder.fallback_reason = left_device(f"{device.label} gave out")
        self._now.use(self._now.settings)


def each_picture(pictures: Sequence[Picture], token: CancelToken) -> Iterator[Picture]:
    """Yield every picture; a folder stands for the pictures in it.

    Raises:
        OperationCancelledError: the token was turned.
    """
    for picture in pictures:
        if isinstance(picture, Path):
            yield from find_pictures([picture], token)
        else:
            yield picture


def source_of(picture: Picture) -> str:
    """Return what a picture is called: the file as it was named, the camera, or that it was pasted."""
    if isinstance(picture, Frame):
        return picture.source
    return str(picture) if isinstance(picture, Path) else PASTED
