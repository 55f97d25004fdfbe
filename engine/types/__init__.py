"""The values that flow through the engine: frozen, with shapes and units stated.

Pictures are RGB. Coordinates are pixels of the frame they were found in, x to the right and y down, with pixel centres
on integers. Arrays inside a value are read-only.
"""

from __future__ import annotations

from engine.types.decisions import (
    RESEMBLES_RATE,
    Candidate,
    Comparison,
    Decided,
    FalseMatchRate,
    Identification,
    IdentifiedPicture,
    Limits,
    Metric,
    Replay,
    Resemblance,
    Verification,
)
from engine.types.faces import ChipFrame, Component, Face, Measure, Pose, Quality
from engine.types.frames import Box, Detection, FloatArray, Frame, FrameKind, Picture, PixelArray, frozen
from engine.types.gallery import Described, Enrollment, EnrollmentCandidate, NewTemplate, Person, Template
from engine.types.info import EngineInfo, PackInfo
from engine.types.work import CancelToken, Progress, Report, silent

__all__ = [
    "RESEMBLES_RATE",
    "Box",
    "CancelToken",
    "Candidate",
    "ChipFrame",
    "Comparison",
    "Component",
    "Decided",
    "Described",
    "Detection",
    "EngineInfo",
    "Enrollment",
    "EnrollmentCandidate",
    "Face",
    "FalseMatchRate",
    "FloatArray",
    "Frame",
    "FrameKind",
    "Identification",
    "IdentifiedPicture",
    "Limits",
    "Measure",
    "Metric",
    "NewTemplate",
    "PackInfo",
    "Person",
    "Picture",
    "PixelArray",
    "Pose",
    "Progress",
    "Quality",
    "Replay",
    "Report",
    "Resemblance",
    "Template",
    "Verification",
    "frozen",
    "silent",
]
