"""Vectors of other programs: Howdy's models and face_recognition's encodings, good rows in, bad rows listed."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlib
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from engine.capture.images import decode_jpeg, read_image
from engine.errors import BadInputError
from engine.exchange import Conflict, Imported, SourceKind, Tally
from engine.gallery.store import Gallery
from engine.packs.pack import DEFAULT_PACK, DLIB_FIVE_POINTS, DLIB_RESNET
from engine.service import FaceService
from engine.settings import Settings
from engine.transfer import encodings, howdy
from engine.transfer.vectors import drawn_crop, import_vectors, unit_vector
from engine.transfer_desk import TransferDesk
from engine.types import CancelToken


def descriptor(seed: int) -> NDArray[np.float64]:
    """A vector as long as dlib's are."""
    vector = np.random.default_rng(seed).normal(size=128)
    return vector / np.linalg.norm(vector) * 1.4


def howdy_file(place: Path, rows: list[Any], time: object = 1_700_000_000) -> Path:
    place.write_text(json.dumps([{"time": time, "label": "Initial model", "id": 0, "data": rows}]))
    return place


def bring(gallery: Gallery, place: Path, conflict: Conflict = Conflict.MERGE) -> Imported:
    tally = Tally()
    kind, reader = (
        (SourceKind.HOWDY, howdy.people_of) if place.suffix == ".dat" else (SourceKind.ENCODINGS, encodings.people_of)
    )
    people = reader(place, tally)
    return import_vectors(gallery, kind, "Import", people, tally=tally, conflict=conflict, token=CancelToken())


BAD = {
    "not numbers": [float("nan")] * 128,
    "endless": [float("inf")] * 128,
    "nothing": [0.0] * 128,
    "a thousand million long": list(descriptor(1) * 1e9),
    "too short": list(descriptor(1)[:127]),
    "too many": list(np.tile(descriptor(1), 4)),
    "texts": ["a"] * 128,
    "nested": [[1.0]] * 128,
    "one number": 1.0,
    "none": None,
    "huge integers": [10**400] * 128,
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_that_a_bad_row_is_listed_and_the_good_ones_come_in(empty: Gallery, tmp_path: Path, bad: object) -> None:
    done = bring(empty, howdy_file(tmp_path / "ada.dat", [list(descriptor(1)), bad, list(descriptor(2))]))
    assert (done.added, done.templates, done.left_out_count) == (1, 2, 1)
    assert "row 2" in done.left_out[0].what


def test_that_howdys_models_come_in_with_their_time_and_a_drawing(empty: Gallery, tmp_path: Path) -> None:
    done = bring(empty, howdy_file(tmp_path / "ada.dat", [list(descriptor(1))]))
    assert "without pictures" in done.warnings[0]
    one = empty.templates(empty.find("ada").id)[0]
    assert one.created_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert np.allclose(one.embeddings[DEFAULT_PACK.id], descriptor(1) / 1.4, atol=1e-6)
    assert "no picture" in one.source
    assert decode_jpeg(one.crop_jpeg).shape == (256, 256, 3)


def test_that_the_same_models_are_not_stored_twice_but_other_people_of_the_same_drawing_are(
    empty: Gallery, tmp_path: Path
) -> None:
    howdy_file(tmp_path / "ada.dat", [list(descriptor(1)), list(descriptor(2))])
    assert bring(empty, tmp_path / "ada.dat").templates == 2
    again = bring(empty, tmp_path / "ada.dat")
    assert (again.templates, again.known) == (0, 2)
    empty.undo()
    assert empty.counts() == (0, 0)


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", '[{"a": 1}]', "[" * 100_000, '"x"', "\x00\xff"], ids=range(8))
def test_that_another_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.dat").write_text(text)
    with pytest.raises(BadInputError, match="Howdy"):
        howdy.people_of(tmp_path / "x.dat", Tally())


@pytest.mark.parametrize("time", ["yesterday", 1e300, None, True, [1]])
def test_that_a_time_that_is_none_is_now(empty: Gallery, tmp_path: Path, time: object) -> None:
    bring(empty, howdy_file(tmp_path / "ada.dat", [list(descriptor(1))], time))
    assert (datetime.now(UTC) - empty.templates(empty.find("ada").id)[0].created_at).total_seconds() < 60


def test_that_what_dlib_computes_itself_is_recognised_by_our_network(
    service: FaceService, pictures: Path, tmp_path: Path
) -> None:
    """Howdy's vector of one picture, as Howdy makes it, finds the person in another one."""
    recogniser = dlib.face_recognition_model_v1(str(_wheel_file(DLIB_RESNET.path)))
    predictor = dlib.shape_predictor(str(_wheel_file(DLIB_FIVE_POINTS.path)))
    detector = dlib.get_frontal_face_detector()
    for name, file in (("eileen", "eileen1.jpg"), ("grace", "grace.jpg")):
        pixels = read_image(pictures / file).pixels.copy()
        shape = predictor(pixels, detector(pixels, 1)[0])
        vector = np.array(recogniser.compute_face_descriptor(pixels, shape, 1))
        assert unit_vector(vector)[1] == ""
        service.transfer.import_from([howdy_file(tmp_path / f"{name}.dat", [list(vector)])])
    right = service.verify(service.person_named("eileen").id, pictures / "eileen2.png")
    wrong = service.verify(service.person_named("grace").id, pictures / "eileen2.png")
    assert right.match
    assert not wrong.match


def _wheel_file(part: str) -> Path:
    from tests.conftest import wheel_file  # noqa: PLC0415

    return wheel_file("face_recognition_models", *part.split("/"))


# --- face_recognition -----------------------------------------------------------------------------------------


def array_file(place: Path, rows: NDArray[Any], names: list[str] | None, suffix: str = ".json") -> Path:
    np.save(place, rows)
    if names is not None:
        beside = place.with_suffix(suffix)
        text = {
            ".json": json.dumps(names),
            ".txt": "\n".join(names) + "\n",
            ".csv": "name,extra\r\n" + "\r\n".join(f'"{name}",1' for name in names),
        }[suffix]
        beside.write_text(text, "utf-8-sig" if suffix == ".csv" else "utf-8")
    return place


@pytest.mark.parametrize("suffix", [".json", ".txt", ".csv"])
@pytest.mark.parametrize("kind", ["f8", "f4", ">f8"])
def test_that_an_array_with_names_beside_it_comes_in(empty: Gallery, tmp_path: Path, suffix: str, kind: str) -> None:
    rows = np.stack([descriptor(seed) for seed in range(3)]).astype(kind)
    done = bring(empty, array_file(tmp_path / "e.npy", rows, ["Ada", "Émilie, d. J.", "Ada"], suffix))
    assert (done.added, done.templates) == (2, 3)
    assert empty.find("Émilie, d. J.").template_count == 1


def test_that_a_table_laid_out_by_columns_is_read_by_rows(empty: Gallery, tmp_path: Path) -> None:
    rows = np.stack([descriptor(seed) for seed in range(2)])
    bring(empty, array_file(tmp_path / "e.npy", np.asfortranarray(rows), ["Ada", "Grace"]))
    stored = empty.templates(empty.find("Grace").id)[0].embeddings[DEFAULT_PACK.id]
    assert np.allclose(stored, descriptor(1) / 1.4, atol=1e-6)


def test_that_bad_rows_of_an_array_are_listed(empty: Gallery, tmp_path: Path) -> None:
    rows = np.stack([descriptor(1), np.full(128, np.nan), np.zeros(128), descriptor(2) * 1e9, descriptor(3)])
    done = bring(empty, array_file(tmp_path / "e.npy", rows, list("abcde")))
    assert (done.templates, done.left_out_count) == (2, 3)
    assert [one.what for one in done.left_out] == [f"e.npy, row {n} ({x})" for n, x in ((2, "b"), (3, "c"), (4, "d"))]


def test_that_an_archive_with_an_array_for_each_name_comes_in(empty: Gallery, tmp_path: Path) -> None:
    np.savez(tmp_path / "e.npz", Ada=descriptor(1), Grace=np.stack([descriptor(2), descriptor(3)]))
    done = bring(empty, tmp_path / "e.npz")
    assert (done.added, done.templates) == (2, 3)


def test_that_names_must_be_there_and_as_many(empty: Gallery, tmp_path: Path) -> None:
    rows = np.stack([descriptor(1), descriptor(2)])
    with pytest.raises(BadInputError, match="no names"):
        bring(empty, array_file(tmp_path / "e.npy", rows, None))
    with pytest.raises(BadInputError, match="1 name, and “e.npy” 2 encodings"):
        bring(empty, array_file(tmp_path / "e.npy", rows, ["Ada"]))


class Canary:
    """Leaves a mark where unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("form", ["p.pkl", "p.pickle", "renamed.npy", "renamed.dat", "objects.npy", "objects.npz"])
def test_that_a_pickle_is_refused_and_never_run(tmp_path: Path, desk: TransferDesk, form: str) -> None:
    mark, place = tmp_path / "canary", tmp_path / form
    if form.startswith("objects"):
        objects = np.array([Canary(mark)], object)
        (np.save if form.endswith("npy") else np.savez)(place, objects)  # type: ignore[operator]
    else:
        place.write_bytes(pickle.dumps(Canary(mark)))
    place.with_suffix(".json").write_text('["Ada"]')
    with pytest.raises(BadInputError, match="numpy.save"):
        desk.import_from([place])
    assert not mark.exists()


def _header(shape: str, kind: str = "<f8") -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + (len(text) + 1).to_bytes(2, "little") + text + b"\n"


HOSTILE_ARRAYS: dict[str, bytes] = {
    "a shape of terabytes": _header("(10000000000, 128)"),
    "a shape below nothing": _header("(-1, 128)") + bytes(1024),
    "a shape that overflows": _header("(4294967296, 4294967296)"),
    "a header that is code": b"\x93NUMPY\x01\x00\x20\x00__import__('os').mkdir('canary')\n",
    "a header cut short": b"\x93NUMPY\x01\x00\xff\xff{",
    "brackets without end": b"\x93NUMPY\x01\x00\xff\x7f" + b"[" * 0x7FFF,
    "complex numbers": _header("(1, 128)", "<c16") + bytes(128 * 16),
    "texts": _header("(1, 128)", "<U4") + bytes(128 * 16),
    "cut short": _header("(2, 128)") + bytes(1024),
    "a version of the future": b"\x93NUMPY\x09\x00" + bytes(200),
    "no array": b"\x93NUMPY",
    "three sides": _header("(1, 1, 128)") + bytes(1024),
}


@pytest.mark.parametrize("content", HOSTILE_ARRAYS.values(), ids=HOSTILE_ARRAYS.keys())
def test_that_a_hostile_array_is_refused_without_taking_memory(tmp_path: Path, empty: Gallery, content: bytes) -> None:
    (tmp_path / "e.npy").write_bytes(content)
    (tmp_path / "e.json").write_text('["Ada"]')
    before = psutil.Process().memory_info().rss
    with pytest.raises(BadInputError):
        bring(empty, tmp_path / "e.npy")
    assert psutil.Process().memory_info().rss - before < 50e6
    assert not Path("canary").exists()


def _zip(fill: Callable[[zipfile.ZipFile], object], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", how) as archive:
        fill(archive)
    return content.getvalue()


def _good() -> bytes:
    content = io.BytesIO()
    np.save(content, descriptor(1))
    return content.getvalue()


def _zeros(archive: zipfile.ZipFile) -> None:
    with archive.open("Ada.npy", "w", force_zip64=True) as member:
        member.write(_header("(1000000, 128)"))
        for _ in range(128):
            member.write(bytes(2**20))


def _lying(content: bytes) -> bytes:
    """Say that a member of many zeros has a few bytes."""
    size = (2**27 + len(_header("(1000000, 128)"))).to_bytes(4, "little")
    assert size in content
    return content.replace(size, (1200).to_bytes(4, "little"))


def _link(archive: zipfile.ZipFile) -> None:
    link = zipfile.ZipInfo("Ada.npy")
    link.external_attr = 0o120777 << 16
    archive.writestr(link, "/etc/passwd")


ZEROS = _zip(_zeros)
HOSTILE_ARCHIVES: dict[str, bytes] = {
    "zeros without end": ZEROS,
    "zeros without end that lies": _lying(ZEROS),
    "a path upwards": _zip(lambda archive: archive.writestr("../Ada.npy", _good())),
    "an absolute path": _zip(lambda archive: archive.writestr("/Ada.npy", _good())),
    "a drive": _zip(lambda archive: archive.writestr("C:\\Ada.npy", _good())),
    "a link": _zip(_link),
    "a pickle": _zip(lambda archive: archive.writestr("Ada.pkl", b"\x80\x04.")),
    "a wrong checksum": _zip(lambda archive: archive.writestr("Ada.npy", _good()), zipfile.ZIP_STORED).replace(
        descriptor(1).tobytes(), descriptor(2).tobytes()
    ),
    "cut short": _zip(lambda archive: archive.writestr("Ada.npy", _good()))[:-40],
    "nothing": _zip(lambda archive: None),
}


@pytest.mark.parametrize("content", HOSTILE_ARCHIVES.values(), ids=HOSTILE_ARCHIVES.keys())
def test_that_a_hostile_archive_writes_nothing_and_takes_no_memory(
    tmp_path: Path, empty: Gallery, content: bytes
) -> None:
    folder = tmp_path / "inside" / "deeper"
    folder.mkdir(parents=True)
    (folder / "e.npz").write_bytes(content)
    before = psutil.Process().memory_info().rss
    try:
        done = bring(empty, folder / "e.npz")
    except BadInputError:
        done = None
    assert done is None or done.templates == 0
    assert psutil.Process().memory_info().rss - before < 60e6
    assert empty.counts() == (0, 0)
    assert [place.name for place in tmp_path.rglob("*") if "empty.db" not in place.name] == [
        "inside",
        "deeper",
        "e.npz",
    ]


def test_that_the_same_name_twice_in_an_archive_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        content = _zip(lambda archive: [archive.writestr("Ada.npy", _good()) for _ in range(2)])
    (tmp_path / "e.npz").write_bytes(content)
    with pytest.raises(BadInputError, match="twice"):
        encodings.people_of(tmp_path / "e.npz", Tally())


# --- what has no picture under another network ----------------------------------------------------------------


def test_that_a_template_without_a_picture_is_not_embedded_again_and_the_window_says_so(
    service: FaceService, pictures: Path, tmp_path: Path
) -> None:
    from engine.matching.calibration import Calibration  # noqa: PLC0415
    from engine.packs.installed import install, packs_folder  # noqa: PLC0415
    from engine.types import Metric  # noqa: PLC0415

    service.enroll("Eileen", service.judge([pictures / "eileen1.jpg"]))
    service.transfer.import_from([howdy_file(tmp_path / "ada.dat", [list(descriptor(1))])])
    assert service.info().pack_problem == ""
    impostors = {metric: np.linspace(0.05, 1, 1000, dtype=np.float32) for metric in Metric}
    about = {"title": "Mine", "licence": "Mine", "calibration": Calibration.measured(impostors).as_json()}
    install(packs_folder(), "mine", "dlib_resnet", DEFAULT_PACK.network(), about)
    service.apply(Settings(precision="fp32", pack="mine"))
    assert set(service.templates(service.person_named("Eileen").id)[0].embeddings) == {DEFAULT_PACK.id, "mine"}
    assert set(service.templates(service.person_named("ada").id)[0].embeddings) == {DEFAULT_PACK.id}
    assert "without a picture" in service.info().pack_problem
    assert service.identify([pictures / "eileen2.png"])[0].identifications[0].candidates[0].name == "Eileen"
    service.apply(Settings(precision="fp32"))
    assert service.info().pack_problem == ""


def test_that_the_drawing_is_the_same_every_time() -> None:
    assert drawn_crop() == drawn_crop.__wrapped__()
