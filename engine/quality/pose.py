"""Head rotation from five landmarks."""

from __future__ import annotations

import numpy as np

from engine.types import FloatArray, Pose

NOSE_BELOW, NOSE_AHEAD = 0.773, 0.42
"""Base of the nose below and in front of the eyes' middle, in distances between the eye centres.

Below: from dlib's mean face. Ahead: an average adult head; it only scales yaw and pitch.
"""


def poses(landmarks: FloatArray) -> list[Pose]:
    """Estimate rotations under weak perspective, in closed form.

    With the eyes' line as axis, turning the head by yaw moves the nose aside by NOSE_AHEAD sin(yaw) while the eyes come
    closer by cos(yaw); nodding by pitch leaves the nose NOSE_BELOW cos(pitch) - NOSE_AHEAD sin(pitch) below the eyes.

    Args:
        landmarks: (N, 5, 2) in pixels, dlib's order.

    Returns:
        One pose a face; a head lowered by more than 28 degrees reads as 28.
    """
    points = landmarks.astype(np.float64)
    right_eye, left_eye = points[:, 2:4].mean(axis=1), points[:, 0:2].mean(axis=1)
    across = left_eye - right_eye
    span = np.maximum(np.linalg.norm(across, axis=1), 1e-6)
    roll = np.arctan2(across[:, 1], across[:, 0])
    nose = points[:, 4] - (right_eye + left_eye) / 2
    aside = (nose * across).sum(axis=1) / span
    below = (nose[:, 1] * across[:, 0] - nose[:, 0] * across[:, 1]) / span
    yaw = np.arctan2(aside / NOSE_AHEAD, span)
    # Yaw shortens the distance between the eyes, but not how far the nose is below them.
    share = below * np.cos(yaw) / span / np.hypot(NOSE_BELOW, NOSE_AHEAD)
    pitch = np.arccos(np.clip(share, -1, 1)) - np.arctan2(NOSE_AHEAD, NOSE_BELOW)
    return [Pose(*row) for row in np.degrees(np.stack([yaw, pitch, roll], axis=1)).tolist()]


def eye_distances(landmarks: FloatArray) -> FloatArray:
    """Distance between the eye centres in pixels, (N,)."""
    across: FloatArray = np.linalg.norm(landmarks[:, 0:2].mean(axis=1) - landmarks[:, 2:4].mean(axis=1), axis=1)
    return across
