"""A gallery server from the command line."""

from __future__ import annotations

import json

import pytest

from main import main
from tests.postgres import Server


def test_that_an_owner_sets_a_server_up_and_others_use_it(postgres: Server, capsys: pytest.CaptureFixture[str]) -> None:
    name = postgres.new_database("template1")
    url = postgres.url(name)
    assert main(["--gallery", url, "gallery", "list"]) == 3
    assert "visavis server setup" in capsys.readouterr().err
    assert main(["--json", "server", "setup", url.replace("postgres@", "postgres:s3cret@"), "--roles", "staff"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out) == {"gallery": f"postgresql:///{name}", "reader": "staff_reader", "writer": "staff_writer"}
    assert main(["--gallery", url, "gallery", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["--gallery", url, "info"]) == 0
    assert "does not leave this computer" in capsys.readouterr().out
    assert main(["server", "index", url]) == 0
    assert "No pack" in capsys.readouterr().out
    postgres.drop(name)


@pytest.mark.parametrize("action", ["backup", "restore"])
def test_that_file_backups_are_refused_with_the_reason(
    postgres: Server, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    name = postgres.new_database()
    assert main(["--gallery", postgres.url(name), "gallery", action]) == 3
    assert "on a server" in capsys.readouterr().err
    postgres.drop(name)


def test_that_a_server_is_not_set_up_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["server", "setup", "gallery.db"]) == 3
    assert "no address of a server" in capsys.readouterr().err
