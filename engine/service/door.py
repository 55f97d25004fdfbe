"""FaceService: its parts put together."""

from __future__ import annotations

import logging
import platform
from importlib.metadata import version

from engine.device import DEVICE_FAILURES
from engine.errors import CameraError
from engine.gallery.system_keyring import keyring_name
from engine.gallery.vault import protection
from engine.live_desk import LiveDesk
from engine.liveness.sameness import SAME_FACE_RATE, TURNED_RATE, SameFace
from engine.liveness_desk import LivenessDesk
from engine.liveness_values import Policy
from engine.server_address import Place
from engine.service.desks import Desks
from engine.service.in_force import InForce
from engine.service.opening import Opening
from engine.service.people import People
from engine.service.recognition import Recognition
from engine.service.sight import Sight
from engine.service.watching import Watching
from engine.settings import Settings, default_gallery_path
from engine.types import CancelToken, EngineInfo, Face, FloatArray, Metric, Report, silent

log = logging.getLogger(__name__)


class FaceService(Opening, Recognition, Watching, People, Desks):
    """Enrolls, verifies and identifies against one gallery. Synchronous; used from one thread at a time."""

    def __init__(self, settings: Settings, gallery_path: Place | None = None) -> None:
        """Load the networks and open the gallery; a file is created where there is none.

        A gallery that asks for a passphrase stays locked until `unlock`.

        Raises:
            DeviceError: the device asked for is not there.
            PackError: a model file is missing or altered.
            GalleryError: the gallery cannot be opened.
        """
        now = self._now = InForce(settings)
        self._sight = Sight(now)
        self.live = LiveDesk(
            lambda: now.networks.for_live, lambda: now.decider, lambda: now.settings, self._remember_live
        )
        self.liveness = LivenessDesk(lambda: Policy(now.settings.liveness), self._same_face, self._embedded)
        super().__init__(gallery_path or default_gallery_path())
        self._open_or_wait()

    def close(self) -> None:
        """Close the gallery, and delete for good what can no longer be put back."""
        self._close_desks()
        try:
            self.live.stop_recording()
        except CameraError as error:
            log.warning("The clip under way was not saved: %s", error)
        self.live.forget()
        self._close_gallery()

    def apply(self, settings: Settings, report: Report = silent, token: CancelToken | None = None) -> None:
        """Use other settings from now on. Where they cannot be used, the old ones stay in force.

        With another pack, the whole gallery is embedded again from its crops first; the old pack's embeddings stay, so
        that going back is quick.

        Raises:
            DeviceError: the device asked for is not there.
            PackError: the pack asked for is not there, or is damaged.
            OperationCancelledError: the token was turned.
        """
        self._now.apply(settings, report, token)
        self._account_for_visits()

    def info(self) -> EngineInfo:
        """What the engine runs on."""
        people, templates = self._now.opened.counts() if self._now.opened else (0, 0)
        protected = self._now.opened.protection if self._now.opened else protection(self._file)
        device = self._now.networks.embedder.device
        libraries = ("visavis", "torch", "numpy", "opencv-python-headless", "PySide6-Essentials")
        return EngineInfo(
            device=device.label,
            device_reason=self._now.networks.embedder.fallback_reason or device.reason,
            fell_back=bool(self._now.networks.embedder.fallback_reason),
            pack_id=self._now.networks.embedder.pack.id,
            pack_problem=self._now.problem,
            precision=device.precision,
            pack=self._now.networks.embedder.pack.title,
            pack_licence=self._now.networks.embedder.pack.licence,
            detector=self._now.networks.for_files.detector.name,
            gallery_path=str(self._place),
            people=people,
            templates=templates,
            encrypted=protected.encrypted,
            protection=protected.sentence,
            on_server=bool(protected.server),
            keyring=keyring_name(),
            opened_by_keyring=bool(protected.keyring),
            opened_by_passphrase=protected.passphrase,
            recoverable=protected.recovery,
            locked=str(self.locked or ""),
            asks=self.locked.asks if self.locked else (),
            versions={"python": platform.python_version()} | {name: version(name) for name in libraries},
        )

    def _begin_anew(self) -> None:
        self._clear_desks()
        self.liveness.forget()
        self._account_for_visits()

    def _same_face(self) -> SameFace:
        """Largest cosine distances at which two looks still show one face."""
        calibration = self._now.decider.calibration
        straight, turned = (calibration.threshold(Metric.COSINE, rate) for rate in (SAME_FACE_RATE, TURNED_RATE))
        return SameFace(straight, turned)

    def _embedded(self, face: Face) -> FloatArray:
        """Embed a live face from what was cut of its frame; a device that gives out is left for the CPU."""
        try:
            return self._now.networks.for_live.embed_cut(face)
        except DEVICE_FAILURES as error:
            self._sight.leave_device(error)
            return self._now.networks.for_live.embed_cut(face)
