"""The desks that the service leads to, each for a subject of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.care_desk import CareDesk
from engine.journal_desk import JournalDesk
from engine.live_desk import LARGEST_PICTURE_FACES
from engine.packs.installed import list_packs
from engine.packs.pack import PACKS
from engine.service.in_force import InForce
from engine.service.sight import Sight
from engine.types import Face, Frame, PackInfo
from engine.vault_desk import VaultDesk

if TYPE_CHECKING:
    from engine.clips_desk import ClipsDesk
    from engine.erasure_desk import ErasureDesk
    from engine.guided_desk import GuidedDesk
    from engine.learning_desk import LearningDesk
    from engine.packs_desk import PacksDesk
    from engine.sorting_desk import SortingDesk
    from engine.transfer_desk import TransferDesk


class Desks:
    """The part of the service that leads to its desks; some are loaded when they are first asked for."""

    _now: InForce
    _sight: Sight
    _learning: LearningDesk | None = None
    _shelf: PacksDesk | None = None
    _transfer: TransferDesk | None = None
    _sorting: SortingDesk | None = None
    _guided: GuidedDesk | None = None
    _clips: ClipsDesk | None = None

    def _finish_backup(self) -> None:
        """Wait for a backup that is being made."""
        raise NotImplementedError

    def _close_desks(self) -> None:
        """Delete for good what was deleted at them and not put back."""
        if self._learning is not None:
            self._learning.close()
        if self._shelf is not None:
            self._shelf.close()
        if self._clips is not None:
            self._clips.cancel()

    def _clear_desks(self) -> None:
        """Let go of those that lie full of a gallery."""
        self._transfer = self._sorting = self._guided = None

    @property
    def vault(self) -> VaultDesk:
        """Encryption, and what opens the gallery."""
        return VaultDesk(lambda: self._now.gallery, self._now.embed_missing, self._finish_backup)

    def packs(self) -> list[PackInfo]:
        """The packs there are."""
        in_use = self._now.networks.embedder.pack.id
        return [
            PackInfo(pack.id, pack.title, pack.dimension, pack.licence, pack.id == in_use, pack.id not in PACKS)
            for pack in list_packs()
        ]

    def remove_pack(self, pack_id: str) -> None:
        """Delete one of the user's packs, and what it made of the gallery. `shelf.restore` puts it back.

        Raises:
            PackError: it ships with the program, or is in use.
            BadInputError: it cannot be deleted.
        """
        self.shelf.remove(pack_id)

    @property
    def shelf(self) -> PacksDesk:
        """All packs there are or could be, and how each stands."""
        if self._shelf is None:
            from engine.packs_desk import PacksDesk  # noqa: PLC0415 - loaded when it is first asked for

            self._shelf = PacksDesk(lambda: self._now.networks, lambda: self._now.settings, lambda: self._now.gallery)
        return self._shelf

    @property
    def journal(self) -> JournalDesk:
        """The history log."""
        return JournalDesk(lambda: self._now.gallery)

    @property
    def erasure(self) -> ErasureDesk:
        """Erasing people for good. Loaded when it is first asked for."""
        from engine.erasure_desk import ErasureDesk  # noqa: PLC0415 - said above

        return ErasureDesk(self._now.gallery, self._now.forget_person, self._finish_backup)

    @property
    def care(self) -> CareDesk:
        """Rejected faces, and the check-up of the gallery."""
        return self._now.care

    @property
    def learning(self) -> LearningDesk:
        """Runs, promotion and reports. Loaded when it is first asked for: it takes as long as all the rest."""
        if self._learning is None:
            from engine.learning_desk import LearningDesk  # noqa: PLC0415 - said above

            self._learning = LearningDesk(lambda: self._now.networks.embedder.device)
        return self._learning

    @property
    def transfer(self) -> TransferDesk:
        """Imports and exports. Loaded when it is first asked for."""
        if self._transfer is None:
            from engine.transfer.judged import Bench  # noqa: PLC0415 - said above
            from engine.transfer_desk import TransferDesk  # noqa: PLC0415

            def faces(frames: Sequence[Frame], largest: bool) -> list[tuple[Face, ...]]:
                return self._sight.faces(frames, only="largest" if largest else None)

            bench = Bench(self._now.gallery, lambda: self._now.enroller, self._sight.read, faces)
            self._transfer = TransferDesk(bench, self._now.embed_missing)
        return self._transfer

    @property
    def sorting(self) -> SortingDesk:
        """Folders of photographs: every face found, grouped, and given to people. Loaded when it is first asked for."""
        if self._sorting is None:
            from engine.sorting_desk import SortingDesk  # noqa: PLC0415 - said above

            self._sorting = SortingDesk(
                self._now.gallery,
                lambda: self._now.decider,
                lambda: self._now.enroller,
                lambda: self._now.care,
                self._sight.read,
                self._sight.faces,
            )
        return self._sorting

    @property
    def guided(self) -> GuidedDesk:
        """Guided enrollment. Loaded when it is first asked for."""
        if self._guided is None:
            from engine.guided_desk import GuidedDesk  # noqa: PLC0415 - said above

            def live_faces(frame: Frame) -> Sequence[Face]:
                return self._sight.find([frame], live=True, averaging=False, only="largest")[0]

            self._guided = GuidedDesk(lambda: self._now.enroller, live_faces)
        return self._guided

    @property
    def clips(self) -> ClipsDesk:
        """Recording clips for a liveness network. Loaded when it is first asked for."""
        if self._clips is None:
            from engine.clips_desk import ClipsDesk  # noqa: PLC0415 - said above

            def sees_face(frame: Frame) -> bool:
                smallest_px = max(self._now.settings.smallest_face_px, min(frame.size) / LARGEST_PICTURE_FACES)
                return bool(self._now.networks.for_live.detector.detect([frame.pixels], smallest_px)[0])

            self._clips = ClipsDesk(sees_face)
        return self._clips
