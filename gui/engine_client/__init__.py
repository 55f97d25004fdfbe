"""The window's side of the engine: one worker thread, jobs with signals, newest live frame wins."""

from __future__ import annotations

from gui.engine_client.client import EngineClient
from gui.engine_client.job import Job
from gui.engine_client.worker import UNFORESEEN

__all__ = ["UNFORESEEN", "EngineClient", "Job"]
