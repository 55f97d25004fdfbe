"""What the window asks about model packs. Installing, measuring and joining run in a process of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.errors import GalleryError, PackError, shown
from engine.gallery.store import Gallery
from engine.loaded import Networks
from engine.pack_values import PackCard, PackKind
from engine.packs.installed import packs_folder
from engine.packs.shelf import cards
from engine.settings import Settings
from engine.trash import Trash

_DETECTORS_OF = {"mtcnn": ("mtcnn", "mtcnn_mmod"), "mmod": ("mmod", "mtcnn_mmod"), "yunet": ("yunet",)}
"""In which choices of detector each pack has a part."""


class PacksDesk:
    """All packs, and removing them. Synchronous, as the service."""

    def __init__(
        self,
        networks: Callable[[], Networks],
        settings: Callable[[], Settings],
        gallery: Callable[[], Gallery],
    ) -> None:
        """Look at the service through its own eyes.

        Args:
            networks: what is loaded.
            settings: in force.
            gallery: raises while it is locked.
        """
        self._networks, self._settings, self._gallery = networks, settings, gallery
        self._deleted = Trash(packs_folder())

    def close(self) -> None:
        """Delete for good what was deleted and not put back."""
        self._deleted.empty()

    def cards(self) -> list[PackCard]:
        """All packs there are or could be."""
        return [replace(card, uses=self._uses(card)) for card in cards()]

    def _uses(self, card: PackCard) -> tuple[str, ...]:
        networks, settings = self._networks(), self._settings()
        if card.kind is PackKind.EMBEDDER:
            in_use = networks.embedder.pack.id
            if card.id == in_use:
                return ("every face",)
            return ("its part of the joined pack in use",) if card.id in in_use.split("+") else ()
        chosen = {"the camera": settings.live_detector, "pictures": settings.file_detector}
        return tuple(what for what, detector in chosen.items() if detector in _DETECTORS_OF.get(card.id, ()))

    def remove(self, pack_id: str) -> None:
        """Delete a pack, and what it made of the gallery. It can be put back until the desk closes.

        Raises:
            PackError: it came with the program, or is in use.
            BadInputError: it cannot be deleted.
            GalleryError: what it made of the gallery cannot be deleted now; the pack stays.
        """
        card = next((one for one in self.cards() if one.id == pack_id), None)
        if card is None or not card.installed:
            raise PackError(f"There is no pack “{shown(pack_id)}” to remove. `visavis packs list` shows them all.")
        if card.bundled or card.uses or pack_id in self._needed():
            raise PackError(f"“{card.title}” stays: it is in use, or came with the program. Use another one first.")
        joins = [one.title for one in self.cards() if pack_id in one.made_of]
        if joins:
            raise PackError(f"“{joins[0]}” is made of this pack. Remove “{joins[0]}” first.")
        gallery = self._gallery()
        self._deleted.put(pack_id)
        if card.kind is not PackKind.EMBEDDER:
            return
        try:
            gallery.forget_pack(pack_id)
        except GalleryError:
            self._deleted.restore(pack_id)
            raise

    def _needed(self) -> set[str]:
        settings = self._settings()
        return {settings.pack, *settings.pack.split("+")}

    def restore(self, pack_id: str) -> None:
        """Put a deleted pack back.

        Raises:
            BadInputError: it cannot be put back.
        """
        self._deleted.restore(pack_id)
