"""A head of five points before a pinhole camera, and a photograph of it on a card."""

from __future__ import annotations

import numpy as np

from engine.types import FloatArray, Pose

FOCAL_PX, MIDDLE = 600.0, np.array([320.0, 180.0])
EYES = 63.0
"""Between the eyes, in millimetres."""
HEAD = EYES * np.array(
    [(-0.5, -0.45, 0.0), (0.5, -0.45, 0.0), (0.0, 0.15, -0.55), (-0.4, 0.65, 0.0), (0.4, 0.65, 0.0)], np.float64
)
"""Eyes, tip of the nose, corners of the mouth; the camera is at negative z."""


def turned(yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> np.ndarray:
    """Rotation: yaw > 0 to the picture's right, pitch > 0 up."""
    yaw, pitch = np.radians((yaw_deg, pitch_deg))
    about_y = np.array([(np.cos(yaw), 0, -np.sin(yaw)), (0, 1, 0), (np.sin(yaw), 0, np.cos(yaw))])
    about_x = np.array([(1, 0, 0), (0, np.cos(pitch), np.sin(pitch)), (0, -np.sin(pitch), np.cos(pitch))])
    rotation: np.ndarray = about_y @ about_x
    return rotation


def seen(shape: np.ndarray, rotation: np.ndarray, away_mm: float = 600.0) -> FloatArray:
    """Project (N, 3) points."""
    points = shape @ rotation.T + np.array([0, 0, away_mm])
    places: FloatArray = (points[:, :2] / points[:, 2:] * FOCAL_PX + MIDDLE).astype(np.float32)
    return places


def head(yaw_deg: float = 0.0, pitch_deg: float = 0.0, away_mm: float = 600.0) -> FloatArray:
    """The five points of a head."""
    return seen(HEAD, turned(yaw_deg, pitch_deg), away_mm)


def photograph(yaw_deg: float = 0.0, pitch_deg: float = 0.0, away_mm: float = 600.0) -> FloatArray:
    """The five points of a flat photograph of it, held at the same angles."""
    flat = HEAD * np.array([1, 1, 0])
    return seen(flat, turned(yaw_deg, pitch_deg), away_mm)


def pose(yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> Pose:
    """What would be measured of such a head."""
    return Pose(yaw_deg, pitch_deg, 0.0)
