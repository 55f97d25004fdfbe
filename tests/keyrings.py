"""A system keyring for tests: what a machine without a session cannot have, behind `keyring`'s own interface."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class FileKeyring(KeyringBackend):
    """Keeps secrets in the file that VISAVIS_TEST_KEYRING names, so that several processes share it."""

    priority = 1
    name = "Test Keyring"

    @property
    def _file(self) -> Path:
        return Path(os.environ["VISAVIS_TEST_KEYRING"])

    def _load(self) -> dict[str, str]:
        if self._file.with_suffix(".locked").exists():
            raise KeyringLocked("Failed to unlock the collection!")
        return json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._load().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file.write_text(json.dumps({**self._load(), f"{service} {username}": password}), "utf-8")

    def delete_password(self, service: str, username: str) -> None:
        kept = self._load()
        if kept.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("not found")
        self._file.write_text(json.dumps(kept), "utf-8")
