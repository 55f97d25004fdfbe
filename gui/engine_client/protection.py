"""Locking, what opens the gallery, backups and the check."""

from __future__ import annotations

from pathlib import Path

from gui.engine_client.job import Job
from gui.engine_client.part import Part


class Protection(Part):
    """The part of the client that protects the gallery."""

    def unlock(self, secret: str, way: str) -> Job:
        """Open a locked gallery; without a secret the keyring is asked again."""
        return self._open(lambda service: service.unlock(secret, way))

    def rescue_backups(self) -> Job:
        """Job of list[Backup]: what a gallery that does not open can go back to."""
        return self.submit(lambda service, _job: service.rescue.backups())

    def rescue(self, backup: Path, secret: str, way: str) -> Job:
        """Put a backup in the place of a gallery that does not open, and open it."""
        return self._open(lambda service: service.rescue.restore(backup, secret, way))

    def lock(self) -> Job:
        """Close an encrypted gallery and forget its key."""
        return self._protect(lambda service: service.lock())

    def set_passphrase(self, passphrase: str, *, ask_at_start: bool) -> Job:
        """Let a passphrase open the gallery; a plain one is encrypted."""
        return self._protect(lambda service: service.vault.set_passphrase(passphrase, ask_at_start=ask_at_start))

    def use_keyring(self) -> Job:
        """Let the system's keyring open the gallery; a plain one is encrypted."""
        return self._protect(lambda service: service.vault.use_keyring())

    def make_recovery_code(self) -> Job:
        """Job of the recovery code."""
        return self._protect(lambda service: service.vault.make_recovery_code())

    def backups(self) -> Job:
        """Job of list[Backup], newest first."""
        return self.submit(lambda service, _job: service.vault.backups())

    def back_up(self) -> Job:
        """Job of Backup: one made now."""
        return self.submit(lambda service, _job: service.vault.back_up())

    def restore(self, backup: Path) -> Job:
        """Go back to a backup."""
        return self._edit(lambda service: service.vault.restore(backup))

    def check(self, *, repair: bool = False) -> Job:
        """Job of CheckUp: whether everything in the gallery is as it was stored."""
        return self.submit(lambda service, job: service.vault.check(job.report, job.token, repair=repair))

    def room(self) -> Job:
        """Job of Room: how much of the gallery's file is free."""
        return self.submit(lambda service, _job: service.vault.room())

    def compact(self) -> Job:
        """Job of Compacted: the gallery's file, written anew."""
        return self.submit(lambda service, job: service.vault.compact(job.token))

    def unlock_pause(self) -> Job:
        """Job of how many seconds no passphrase is looked at yet."""
        return self.submit(lambda service, _job: service.unlock_pause_s())
