"""The networks that are loaded for the settings in force, and the gallery as their pack embeds it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping

from engine.alignment.landmarks import Landmarker
from engine.capture.images import decode_jpeg
from engine.detection import DETECTORS, Detector
from engine.device import choose_device
from engine.errors import ImageError, PackError
from engine.gallery.store import Gallery
from engine.matching.calibration import Calibration
from engine.matching.own_strangers import OwnStrangers
from engine.matching.people_index import PeopleIndex
from engine.packs.embedder import Embedder
from engine.packs.installed import calibration_text, find_pack
from engine.packs.pack import DEFAULT_PACK, Pack
from engine.pipeline import Pipeline, views_of_crop
from engine.settings import Settings
from engine.types import CancelToken, FloatArray, Progress, Report, silent
from engine.wording import counted

log = logging.getLogger(__name__)

PACK_KEYS = ("pack", "file_detector", "live_detector")
"""The settings that name packs."""
_CROPS_AT_ONCE = 32


class Networks:
    """Everything that is loaded onto the device."""

    def __init__(self, settings: Settings, must: Collection[str] = ()) -> None:
        """Load them.

        Args:
            settings: in force from now on.
            must: keys of the settings that count as they are; of the others a pack that cannot be used is replaced by
                the default one, and `problem` says so.

        Raises:
            DeviceError: the device asked for is not there.
            PackError: a default pack is missing or altered, or one that must be used cannot be.
        """
        self._must = must
        self.pack_problem = ""
        self.unembedded = 0
        """Templates that the pack cannot embed: there is no picture, or it is damaged."""
        self.may_embed = True
        """Whether the gallery may be changed, so that what a pack makes of it can be stored."""
        self.embedder, calibration = self._embedder(settings)
        self.strangers = OwnStrangers(calibration)
        self.index = self._empty_index()
        landmarker = Landmarker()
        self._detectors: dict[str, Detector] = {}
        self.for_files = Pipeline(self._detector(settings, "file_detector"), landmarker, self.embedder)
        self.for_live = Pipeline(self._detector(settings, "live_detector"), landmarker, self.embedder)

    def _empty_index(self) -> PeopleIndex:
        return PeopleIndex(self.embedder.device.torch_device)

    def _embedder(self, settings: Settings) -> tuple[Embedder, Calibration]:
        """The network that is set with what its distances mean."""
        try:
            pack = find_pack(settings.pack)
            embedder = Embedder(pack, choose_device(settings.device, settings.precision))
            return embedder, calibration_of(pack)
        except PackError as error:
            return self._embedder(self._instead(settings, "pack", error, DEFAULT_PACK.title))

    def _detector(self, settings: Settings, key: str) -> Detector:
        """The detector that is set."""
        name = str(getattr(settings, key))
        if name not in self._detectors:
            try:
                self._detectors[name] = DETECTORS[name](self.embedder.device)
            except PackError as error:
                other = self._instead(settings, key, error, "Another detector")
                self._detectors[name] = self._detector(other, key)
        return self._detectors[name]

    def _instead(self, settings: Settings, key: str, error: PackError, other: str) -> Settings:
        """Go on with the default pack, or not at all."""
        default = str(getattr(Settings(), key))
        if key in self._must or getattr(settings, key) == default:
            raise error
        log.warning("The setting “%s” cannot be used: its pack is missing, altered or not calibrated.", key)
        if str(error) not in self.pack_problem:
            self.pack_problem = f"{self.pack_problem} {error} {other} is used instead.".strip()
        return settings.with_value(key, default)

    def forget_gallery(self) -> None:
        """Let go of everything that was read from a gallery."""
        self.strangers.forget()
        self.index.close()
        self.index = self._empty_index()

    @property
    def problem(self) -> str:
        """What the user should know of the pack in use, as sentences; empty when all is well."""
        if not self.unembedded:
            return self.pack_problem
        some = counted(self.unembedded, "picture is", "pictures are")
        if not self.may_embed:
            waiting = (
                f"{some} not compared: “{self.embedder.pack.title}” has not embedded everything yet, and you may not "
                "change this gallery. Somebody who may has to use this network with it once."
            )
            return f"{self.pack_problem} {waiting}".strip()
        left_out = (
            f"{some} not compared: they came without a picture, or it is damaged, so “{self.embedder.pack.title}” has "
            "nothing to embed. Enroll these people again with pictures."
        )
        return f"{self.pack_problem} {left_out}".strip()

    @staticmethod
    def key(settings: Settings) -> tuple[str, ...]:
        """The settings that decide what is loaded."""
        return settings.pack, settings.device, settings.precision, settings.file_detector, settings.live_detector


def embed_missing(
    gallery: Gallery, networks: Networks, report: Report = silent, token: CancelToken | None = None
) -> None:
    """Embed what the pack in use has not embedded yet, and store all of it in one transaction.

    Templates that came without a picture, or whose crop is damaged, are left out; `networks.unembedded` counts them.

    Raises:
        OperationCancelledError: the token was turned; nothing was stored.
    """
    pack = networks.embedder.pack
    lacking = gallery.without_embedding(pack.id)
    networks.may_embed = gallery.writable
    if not gallery.writable:
        networks.unembedded = len(lacking)
        return
    pictureless = gallery.without_picture() if lacking else set()
    missing = [id_ for id_ in lacking if id_ not in pictureless]
    made: dict[int, FloatArray] = {}
    for start in range(0, len(missing), _CROPS_AT_ONCE):
        if token:
            token.check()
        report(Progress(start, len(missing), "Embedding the gallery"))
        made.update(_embedded(networks, gallery.crops(missing[start : start + _CROPS_AT_ONCE]), token))
    if made:
        gallery.add_embeddings(pack.id, made)
    networks.unembedded = len(lacking) - len(made)
    rejected = gallery.rejections.without_embedding(pack.id)
    if rejected:
        crops = gallery.rejections.crops(rejected)
        gallery.rejections.add_embeddings(pack.id, dict(_embedded(networks, crops, token)))


def _embedded(
    networks: Networks, crops: Mapping[int, bytes], token: CancelToken | None
) -> Iterator[tuple[int, FloatArray]]:
    for id_, jpeg in crops.items():
        if token:
            token.check()
        try:
            crop = decode_jpeg(jpeg)
        except ImageError:
            log.warning("Crop %d is damaged; it is left out.", id_)
            continue
        yield id_, networks.for_files.embed(views_of_crop(crop, networks.embedder.pack, averaging=True)[None])[0]


def calibration_of(pack: Pack) -> Calibration:
    """Return the calibration that ships with a pack, or was made when it was promoted.

    Raises:
        PackError: there is none, or it is damaged.
    """
    text = calibration_text(pack.id)
    if text is None:
        return Calibration.load(pack.id)
    try:
        return Calibration.from_json(text)
    except (ValueError, KeyError, TypeError) as error:
        raise PackError(f"The calibration of “{pack.title}” is damaged. Choose another pack.") from error
