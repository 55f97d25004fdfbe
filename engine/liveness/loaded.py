"""The networks that look at live faces, loaded when they are first needed."""

from __future__ import annotations

import logging
from pathlib import Path

from torch import nn

from engine.errors import PackError
from engine.liveness.learning import in_use
from engine.liveness.passive import PassiveScorer
from engine.liveness.weights import load_passive
from engine.packs.catalogue import MINIFASNET
from engine.packs.installed import packs_folder

log = logging.getLogger(__name__)


class LivenessNetworks:
    """The passive networks, and the one over time that is in use.

    Attributes:
        problem: why there are no passive networks, as a sentence; empty where there are.
    """

    def __init__(self, pack: Path | None = None) -> None:
        """Load nothing yet.

        Args:
            pack: folder of the passive networks' files; where they are installed, without.
        """
        self.problem = ""
        self._pack = pack
        self._passive: tuple[PassiveScorer, Path] | None = None
        self._looked_for_one_over_time = False
        self._over_time: tuple[str, nn.Module] | None = None

    def passive(self) -> PassiveScorer | None:
        """The passive networks; None where they are not installed, and `problem` says so."""
        folder = self._pack or packs_folder() / MINIFASNET
        if self._passive is not None and not self._passive[1].is_dir():
            self._passive = None
        if self._passive is None:
            if not folder.is_dir():
                self.problem = "Passive liveness needs the pack “minifasnet”. Install it on the Models page."
                return None
            try:
                self._passive, self.problem = (PassiveScorer(load_passive(folder)), folder), ""
            except PackError as error:
                self.problem = str(error)
                return None
        return self._passive[0]

    def over_time(self) -> tuple[str, nn.Module] | None:
        """The kind of the network over time that is in use, and the network; None where there is none."""
        if not self._looked_for_one_over_time:
            self._looked_for_one_over_time = True
            try:
                self._over_time = in_use()
            except PackError as error:
                log.warning("%s", error)
        return self._over_time

    def look_again(self) -> None:
        """Look for a network over time when it is next needed: one was trained."""
        self._looked_for_one_over_time, self._over_time = False, None
