"""`export` and `import` on the command line, end to end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.gallery.store import Gallery
from main import main
from tests.engine.transfer.conftest import everything


def run(capsys: pytest.CaptureFixture[str], gallery: Path, *arguments: object) -> tuple[int, str, str]:
    code = main(["--gallery", str(gallery), *map(str, arguments)])
    return code, *capsys.readouterr()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("correct horse\n")
    return tmp_path / "secret.txt"


def test_that_people_go_from_one_gallery_to_another(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, pictures: Path, secret: Path
) -> None:
    first, second, file = tmp_path / "a.db", tmp_path / "b.db", tmp_path / "people.visavis"
    tree = tmp_path / "tree"
    for name, picture in (("Eileen Collins", "eileen1.jpg"), ("Grace Hopper", "grace.jpg")):
        (tree / name).mkdir(parents=True)
        shutil.copy(pictures / picture, tree / name)
    code, out, _ = run(capsys, first, "import", tree)
    assert code == 0
    assert out.startswith("2 new people, 2 pictures stored.")
    code, out, _ = run(capsys, first, "export", file, "--passphrase-file", secret, "--json")
    assert (code, json.loads(out)["people"]) == (0, 2)
    code, out, _ = run(capsys, second, "import", file, "--passphrase-file", secret, "--json")
    assert (code, json.loads(out)["added"]) == (0, 2)
    galleries = [Gallery.open(place) for place in (first, second)]
    assert everything(galleries[0]) == everything(galleries[1])
    for gallery in galleries:
        gallery.close()
    code, out, _ = run(capsys, second, "export", tmp_path / "p.csv", "--people", "grace hopper")
    assert (code, "1 person" in out) == (0, True)
    assert "Grace Hopper" in (tmp_path / "p.csv").read_text("utf-8-sig")
    (tmp_path / "wrong.txt").write_text("wrong horse")
    code, _, err = run(capsys, second, "import", file, "--passphrase-file", tmp_path / "wrong.txt")
    assert code == 3
    assert "passphrase does not open" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "people.txt"), "end in .csv or .json. Everything, encrypted, goes into one that ends in .visavis."),
        (("export", "people.visavis"), "--passphrase-file"),
        (("export", "p.csv"), "nobody to export"),
        (("export", "p.csv", "--people", "Ada"), "Nobody named “Ada”"),
        (("import", "missing.visavis"), "not there"),
        (("import", "e.pkl"), "numpy.save"),
        (("import", "a.npy", "b.npy"), "not there"),
    ],
)
def test_that_bad_input_is_code_3_and_a_sentence(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, tmp_path / "g.db", *arguments)
    assert code == 3
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "p.csv").exists()


def test_that_a_passphrase_is_asked_for_twice_on_a_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["correct horse", "correct house"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    code, _, err = run(capsys, tmp_path / "g.db", "export", tmp_path / "x.visavis")
    assert code == 3
    assert "not the same" in err
