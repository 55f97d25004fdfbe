"""What the window asks about learning, besides the training itself, which runs in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from engine.capture.images import read_image, reduced
from engine.device import Device
from engine.errors import ImageError
from engine.evaluation.report import write_report
from engine.learning import Evaluation, Event, RunInfo
from engine.liveness import runs as temporal_runs
from engine.liveness_values import StoppedTraining
from engine.packs.embedder import Embedder
from engine.packs.installed import packs_folder
from engine.packs.origins import packs_of_runs
from engine.training.holding import require_free
from engine.training.maps import neighbour_map
from engine.training.promotion import promote, stored_pack, trained_pack
from engine.training.run import list_runs, load_run, run_info, write_list
from engine.training.session import runs_folder
from engine.trash import Trash
from engine.types import CancelToken, PixelArray

_THUMBNAIL_PX = 128


class LearningDesk:
    """Runs, promotion, thumbnails and reports. Synchronous, as the service."""

    def __init__(self, device: Callable[[], Device]) -> None:
        """Use whatever device the service is on."""
        self._device = device
        self._deleted_runs = Trash(runs_folder())
        self._deleted_temporal = Trash(temporal_runs.runs_folder())

    def close(self) -> None:
        """Delete for good what was deleted and not put back."""
        self._deleted_runs.empty()
        self._deleted_temporal.empty()

    def promote(self, run: Path, token: CancelToken, *, anyway: bool = False) -> str:
        """Store a run's best network as a pack, and return the pack's id; the one that was made before if there is.

        Args:
            run: its folder.
            token: stops it.
            anyway: even where it is not better beyond chance.

        Raises:
            TrainingError: it is not better, and `anyway` was not said.
            BadInputError: there is no finished network.
            PackError: it cannot be stored.
        """
        if known := stored_pack(run, packs_folder()):
            return known
        trained = load_run(run)
        embedder = Embedder(trained_pack(trained), self._device())
        return promote(trained, packs_folder(), embedder, token.check, anyway=anyway).id

    def runs(self) -> list[RunInfo]:
        """All training runs, latest first."""
        packs = packs_of_runs()
        return [replace(run_info(run), pack=packs.get((run.name, run.begun), "")) for run in list_runs(runs_folder())]

    def run_events(self, run: Path) -> list[Event]:
        """What happened in a run so far.

        Raises:
            BadInputError: there is no such run.
        """
        return list(load_run(run).events())

    def delete_run(self, run: Path) -> None:
        """Delete a run with its networks; a pack that was made of it stays. It can be put back until the desk closes.

        Raises:
            BadInputError: there is no such run, it is being trained, or it cannot be deleted.
        """
        known = load_run(run)
        require_free(known.place)
        self._deleted_runs.put(known.name)

    def restore_run(self, name: str) -> None:
        """Put a deleted run back.

        Raises:
            BadInputError: it cannot be put back.
        """
        self._deleted_runs.restore(name)

    def deleted_runs(self) -> list[str]:
        """Names of the runs that can be put back."""
        return self._deleted_runs.names

    def stopped_temporal(self) -> list[StoppedTraining]:
        """Trainings of liveness networks that can be gone on with, latest first."""
        return temporal_runs.stopped()

    def delete_temporal(self, name: str) -> None:
        """Delete a stopped training of a liveness network. It can be put back until the desk closes.

        Raises:
            BadInputError: there is none of this name, it is being trained, or it cannot be deleted.
        """
        require_free(temporal_runs.runs_folder() / name)
        self._deleted_temporal.put(name)

    def restore_temporal(self, name: str) -> None:
        """Put a deleted training of a liveness network back.

        Raises:
            BadInputError: it cannot be put back.
        """
        self._deleted_temporal.restore(name)

    def leave_out(self, pictures: Sequence[str]) -> Path:
        """Write down which pictures a training is not to use, and return the list's file."""
        return write_list(runs_folder(), pictures)

    def thumbnails(self, pictures: Sequence[str]) -> dict[str, PixelArray]:
        """Aligned crops and whole pictures, reduced to at most 128 pixels, (H, W, 3) uint8 RGB each.

        Those that are gone or cannot be read are left out.
        """
        shown = {}
        for place in pictures:
            try:
                shown[place] = reduced(read_image(Path(place)).pixels, _THUMBNAIL_PX)[0]
            except ImageError:
                continue
        return shown

    def embedding_map(self, run: Path, token: CancelToken) -> tuple[tuple[float, float, int], ...]:
        """The validation faces of a run in the plane, by t-SNE: (x, y, number of the person).

        Raises:
            BadInputError: the run has no network yet.
            OperationCancelledError: the token was turned.
        """
        return neighbour_map(load_run(run), self._device(), token)

    def save_report(self, evaluation: Evaluation, place: Path) -> None:
        """Write an evaluation's report, HTML or PDF by the file's suffix.

        Raises:
            BadInputError: it cannot be written.
        """
        write_report(evaluation, place)
