"""Which cameras there are, by name, and how a remembered choice is opened."""

from __future__ import annotations

import logging
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.capture.options import CameraOptions
from engine.capture.sources import CameraSource, FolderSource, FrameSource, VideoSource
from engine.errors import CameraError, shown

log = logging.getLogger(__name__)

_CAMERA = "camera:"
_VIRTUAL = re.compile(
    r"virtual|loopback|dummy|\bobs\b|manycam|snap camera|xsplit|droidcam|epoccam|\bndi\b|vcam", re.IGNORECASE
)
"""Parts of the names of cameras that are programs. A name proves nothing, so that no other camera is trusted for it."""
_SYSTEM, _PROCESSES = Path("/sys/class/video4linux"), Path("/proc")


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


def open_source(spec: str, options: CameraOptions | None = None) -> FrameSource:
    """Return the source that a remembered camera or a path names; it is not started yet.

    Args:
        spec: of `CameraInfo`, or a path.
        options: what a camera is asked for.

    Raises:
        CameraError: there is no such camera, file or folder.
    """
    if spec.startswith(_CAMERA):
        cameras = _enumerated()
        for camera in cameras:
            if _spec(camera) == spec:
                return _source(camera, options)
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


def _source(camera: Any, options: CameraOptions | None) -> CameraSource:
    name, place = camera.name, str(getattr(camera, "path", None) or "")
    virtual = is_virtual(name, place)
    return CameraSource(
        camera.index, camera.backend, name, options, virtual=virtual, why_not=lambda: why_not(name, place)
    )


def is_virtual(name: str, device: str) -> bool:
    """Whether a program poses as this camera.

    A name proves nothing: this only keeps an honest program from being called live.
    """
    if _VIRTUAL.search(name):
        return True
    place = _SYSTEM / Path(device).name if device else None
    return place is not None and place.exists() and "/virtual/" in str(place.resolve())


def why_not(name: str, device: str) -> str:
    """Why a camera that is listed does not open, as a sentence; empty where the system does not tell."""
    path = Path(device) if device.startswith("/dev/") else None
    if path is None or not path.exists():
        return ""
    if not os.access(path, os.R_OK | os.W_OK):
        return f"“{shown(name)}” may not be used by you. Ask to be put into the group “video”, then log in again."
    if _used_elsewhere(path):
        return f"“{shown(name)}” is in use by another program. Close that program, or choose another camera."
    return ""


def _used_elsewhere(device: Path) -> bool:
    """Whether another process of this user holds the device open."""
    own = str(os.getpid())
    for process in _PROCESSES.glob("[0-9]*"):
        if process.name == own:
            continue
        try:
            if any(str(file.readlink()) == str(device) for file in (process / "fd").iterdir()):
                return True
        except OSError:
            # It has ended meanwhile, or belongs to somebody else.
            continue
    return False


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
