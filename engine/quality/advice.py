"""Which single change would help a face most."""

from __future__ import annotations

from engine.types import Quality

_FIRST = (
    "visible",
    "eye_distance",
    "underexposed",
    "brightness",
    "yaw",
    "pitch",
    "roll",
    "sharpness",
    "overexposed",
    "contrast",
    "detector_score",
)
"""Of several reasons the one to see to first: what the others follow from. Without light a face is noisy and flat, too;
a face that is cut off or far away is hard to detect and to measure."""
_GOOD = 60
_ADVICE = (
    ("single_face", "Somebody else is in the picture, too."),
    ("yaw_frontal", "Look more straight at the camera."),
    ("pitch_frontal", "Hold the chin level with the camera."),
    ("roll_frontal", "Hold the head upright."),
    ("sharpness", "Hold still, or wipe the lens: the face could be sharper."),
    ("illumination_uniformity", "Turn to the light: one side of the face is darker."),
    ("luminance_mean", "Use more even light."),
    ("over_exposure", "Use softer light: parts of the face are burnt out."),
    ("dynamic_range", "Use more light on the face."),
    ("natural_colour", "Use light of a natural colour."),
)
"""Advice by component; light and colour are only advice, since they hardly change who is recognised."""


def ordered_reasons(quality: Quality) -> tuple[str, ...]:
    """Why a face cannot be enrolled, the one that helps most first."""
    refused = {measure.key: measure.reason for measure in quality.measures if measure.reason}
    return tuple(dict.fromkeys(refused[key] for key in _FIRST if key in refused))


def advice(quality: Quality) -> str:
    """The single change that would help most: the first reason, or where there is none the weakest component.

    Returns:
        A sentence; empty where all is well.
    """
    reasons = ordered_reasons(quality)
    if reasons:
        return reasons[0]
    weak = [(quality.score(key), text) for key, text in _ADVICE if 0 <= quality.score(key) < _GOOD]
    return min(weak)[1] if weak else ""
