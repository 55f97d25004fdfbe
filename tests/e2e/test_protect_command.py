"""Protecting the gallery on the command line: a passphrase, a recovery code, and a new key."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with the passphrase."""
    file = tmp_path / "secret"
    file.write_text("correct horse battery staple\n", "utf-8")
    return file


def test_that_the_key_is_changed_and_what_to_do_about_older_backups_is_said(run: Run, secret: Path) -> None:
    opening = "--gallery-passphrase-file", secret
    assert run("gallery", "protect", "--set-passphrase", "--new-passphrase-file", secret).code == 0
    first = run("gallery", "protect", "--new-key", "--json", *opening).json
    assert first["passphrase"] is True
    assert "recovery_code" not in first, "there was none before"
    assert "Backups made before" not in first["sentence"]
    old = run("gallery", "protect", "--recovery-code", *opening).out.strip()
    assert run("gallery", "backup", *opening).code == 0
    second = run("gallery", "protect", "--new-key", *opening)
    assert second.code == 0
    assert "Backups made before still open with what opened them on their day" in second.out
    (line,) = [line for line in second.out.splitlines() if "recovery code, which is not shown again" in line]
    assert line.rsplit(": ", 1)[1] != old
    assert run("gallery", "restore", *opening).code == 0
