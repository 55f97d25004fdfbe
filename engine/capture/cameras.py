"""Which cameras there are, by name, and how a remembered choice is opened."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.capture.sources import CameraSource, FolderSource, FrameSource, VideoSource
from engine.errors import CameraError, shown

log = logging.getLogger(__name__)

_CAMERA = "camera:"


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera that can be chosen.

    Attributes:
        spec: what to remember; survives a restart and another order of the ports where the system tells cameras apart.
        name: for people.
    """

    spec: str
    name: str


def list_cameras() -> list[CameraInfo]:
    """The cameras of this machine; can take a second, so never on the GUI thread."""
    return [CameraInfo(_spec(camera), camera.name) for camera in _enumerated()]


def open_source(spec: str) -> FrameSource:
    """Return the source that a remembered camera or a path names; it is not started yet.

    Raises:
        CameraError: there is no such camera, file or folder.
    """
    if spec.startswith(_CAMERA):
        cameras = _enumerated()
        for camera in cameras:
            if _spec(camera) == spec:
                return CameraSource(camera.index, camera.backend, camera.name)
        name = shown(spec.removeprefix(_CAMERA).split("|")[0])
        if not cameras:
            raise CameraError("No camera was found. Plug one in, or open a video in its place.")
        raise CameraError(f"The camera “{name}” is not there. Plug it in, or choose another one.")
    path = Path(spec)
    if path.is_dir():
        return FolderSource(path)
    if path.is_file():
        return VideoSource(path)
    raise CameraError(f"“{shown(path)}” is not there. Choose another video or folder.")


def _spec(camera: Any) -> str:
    parts = (getattr(camera, part, None) or "" for part in ("name", "vid", "pid"))
    return _CAMERA + "|".join(str(part) for part in parts)


def _enumerated() -> list[Any]:
    import cv2  # noqa: PLC0415 - slow to load, and only needed off the GUI thread
    from cv2_enumerate_cameras import enumerate_cameras  # noqa: PLC0415 - as slow

    backend = {"win32": cv2.CAP_MSMF, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform, cv2.CAP_V4L2)
    try:
        return list(enumerate_cameras(backend))
    except (OSError, RuntimeError, ValueError) as error:
        log.warning("The cameras could not be listed: %s", error)
        return []
