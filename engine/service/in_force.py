"""What is in force at the moment: settings, networks, the open gallery, and who decides with them."""

from __future__ import annotations

from pathlib import Path

from engine.care_desk import CareDesk
from engine.claims import Claims
from engine.decisions import Decider
from engine.enrollment import Enroller
from engine.errors import GalleryLockedError, PackError
from engine.gallery.store import Gallery
from engine.journal import LogPolicy
from engine.loaded import PACK_KEYS, Networks, embed_missing
from engine.matching.learned import find_verifier
from engine.past import PastDecisions
from engine.settings import Settings
from engine.types import CancelToken, Report, silent


class InForce:
    """The state that all parts of the service share. Any of it may be another one at the next call.

    Attributes:
        networks: those that are loaded.
        settings: those in force.
        past: this session's decisions.
        opened: the gallery; None while it is locked or closed.
        claims: the attempts of the open gallery.
        locked: why there is no gallery; None while it is open.
    """

    def __init__(self, settings: Settings) -> None:
        """Load the networks; there is no gallery yet.

        Raises:
            DeviceError: the device asked for is not there.
            PackError: a model file is missing or altered.
        """
        self.networks = Networks(settings)
        self.past = PastDecisions()
        self.opened: Gallery | None = None
        self.claims: Claims | None = None
        self.locked: GalleryLockedError | None = None
        self._parts: tuple[Decider, Enroller, CareDesk] | None = None
        try:
            self.use(settings)
        except PackError as error:
            # A verifier that has gone must not keep the window from opening.
            self.networks.pack_problem = str(error)
            self.use(settings.with_value("verifier", "distance"))

    @property
    def problem(self) -> str:
        """What the user should know of the pack in use and of what it compares, as sentences."""
        left_out = self.opened.left_out(self.networks.embedder.pack.id) if self.opened else ""
        return f"{self.networks.problem} {left_out}".strip()

    # --- settings -----------------------------------------------------------------------------------------------

    def apply(self, settings: Settings, report: Report = silent, token: CancelToken | None = None) -> None:
        """Use other settings, and load what they ask for. Where they cannot be used, the old ones stay in force.

        Raises:
            DeviceError: the device asked for is not there.
            PackError: the pack asked for is not there, or is damaged.
            OperationCancelledError: the token was turned.
        """
        if settings.pack != self.settings.pack and settings.verifier != "distance":
            find_verifier(settings.verifier, settings.pack)
        if Networks.key(settings) != Networks.key(self.settings):
            now = self.settings
            networks = Networks(settings, [key for key in PACK_KEYS if getattr(settings, key) != getattr(now, key)])
            if self.opened is not None:
                embed_missing(self.opened, networks, report, token)
            self.networks.index.close()
            self.networks = networks
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Go by other settings with the networks that are loaded.

        Raises:
            PackError: the verifier is not there.
        """
        pack_id = self.networks.embedder.pack.id
        self._verifier = None if settings.verifier == "distance" else find_verifier(settings.verifier, pack_id)
        self.settings = settings
        self._parts = None
        self._follow_settings()

    def _follow_settings(self) -> None:
        """Let the log and the limit of attempts be as the settings say."""
        if self.opened is not None and self.claims is not None:
            self.opened.journal.use(LogPolicy.of(self.settings.history_log, self.settings.log_days))
            # Whoever may only look at a gallery on a server cannot count there, and can read all of it anyway.
            self.claims.limited = self.settings.limit_attempts and self.opened.writable

    # --- the gallery --------------------------------------------------------------------------------------------

    def take(self, gallery: Gallery) -> None:
        """Work with a gallery that was opened."""
        self.opened, self.claims, self.locked = gallery, Claims(gallery), None
        self._parts = None
        self._follow_settings()

    def let_go(self) -> None:
        """Close the gallery where one is open."""
        self.networks.index.close()
        self._parts = None
        if self.opened is not None:
            self.opened.close()
            self.opened = self.claims = None

    def forget_gallery(self) -> None:
        """Forget everything that was read from the gallery."""
        self._parts = None
        self.past.clear()
        self.networks.forget_gallery()

    def forget_person(self, person_id: int) -> None:
        """Forget everything that is known of somebody who was erased."""
        self.past.forget(person_id)
        # Who decides holds on to the index.
        self._parts = None
        self.networks.forget_gallery()
        # It may have been written once more meanwhile.
        self.gallery.forget_graph()

    def embed_missing(self, report: Report = silent, token: CancelToken | None = None) -> None:
        """Embed what the gallery's pictures lack.

        Raises:
            GalleryLockedError: it is locked.
            OperationCancelledError: the token was turned; nothing was stored.
        """
        embed_missing(self.gallery, self.networks, report, token)

    @property
    def gallery(self) -> Gallery:
        """The open gallery.

        Raises:
            GalleryLockedError: it is locked.
        """
        if self.opened is None:
            raise self._closed
        return self.opened

    @property
    def claiming(self) -> Claims:
        """The attempts at claimed identities of the open gallery.

        Raises:
            GalleryLockedError: it is locked.
        """
        if self.claims is None:
            raise self._closed
        return self.claims

    @property
    def _closed(self) -> GalleryLockedError:
        return self.locked or GalleryLockedError("The gallery is closed.", ())

    # --- who decides --------------------------------------------------------------------------------------------

    @property
    def decider(self) -> Decider:
        """Who decides about faces."""
        return self._deciding()[0]

    @property
    def enroller(self) -> Enroller:
        """Who judges and stores faces."""
        return self._deciding()[1]

    @property
    def care(self) -> CareDesk:
        """Rejected faces, and the check-up of the gallery."""
        return self._deciding()[2]

    def _deciding(self) -> tuple[Decider, Enroller, CareDesk]:
        if self._parts is None:
            networks = self.networks
            pack_id = networks.embedder.pack.id
            if isinstance(self.gallery.place, Path):
                networks.index.allow_graph(self.gallery.graph_file(pack_id))
            decider = Decider(self.gallery, networks.strangers, networks.index, pack_id, self.settings, self._verifier)
            enroller = Enroller(decider, networks.for_files)
            self._parts = decider, enroller, CareDesk(self.gallery, enroller, self.past)
        return self._parts
