"""Face detectors; `DETECTORS` builds each by the name it has in the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.detection.detector import Detector, Follower
from engine.detection.mmod import MmodDetector
from engine.detection.mtcnn import MtcnnDetector
from engine.detection.second_look import SecondLook
from engine.detection.yunet import YunetDetector
from engine.device import Device

DETECTORS: Mapping[str, Callable[[Device], Detector]] = {
    "mtcnn": MtcnnDetector,
    "mmod": MmodDetector,
    "mtcnn_mmod": lambda device: SecondLook(MtcnnDetector(device), MmodDetector(device)),
    "yunet": YunetDetector,
}

__all__ = ["DETECTORS", "Detector", "Follower"]
