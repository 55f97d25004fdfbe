"""The one door that the window and the command line knock on: `FaceService`, a part of it a file."""

from __future__ import annotations

from engine.service.door import FaceService
from engine.service.sight import source_of

__all__ = ["FaceService", "source_of"]
