"""The one way from pixels to embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.capture.images import read_image
from engine.pipeline import Pipeline, unit, views_of_crop
from engine.types import Face, Frame, PixelArray
from tests import oracle


def found(pipeline: Pipeline, *pictures: PixelArray, averaging: bool = True) -> list[tuple[Face, ...]]:
    frames = [Frame(np.ascontiguousarray(picture), "test") for picture in pictures]
    return pipeline.faces(frames, smallest_face_px=40, averaging=averaging)


def similarity(one: Face, other: Face) -> float:
    assert one.embedding is not None
    assert other.embedding is not None
    return float(one.embedding @ other.embedding)


def test_that_an_embedding_is_dlibs_from_the_same_chip(pipeline: Pipeline, astronaut: PixelArray) -> None:
    face = found(pipeline, astronaut, averaging=False)[0][0]
    expected = oracle.embedding(face.chip)
    np.testing.assert_allclose(face.embedding, expected / np.linalg.norm(expected), atol=1e-4)


def test_that_an_averaged_embedding_is_the_mean_of_dlibs_over_all_views(
    pipeline: Pipeline, astronaut: PixelArray
) -> None:
    face = found(pipeline, astronaut)[0][0]
    views = pipeline.views(astronaut, face.landmarks[None], averaging=True)[0]
    assert len(views) == face.views == 6
    singles = np.stack([oracle.embedding(np.ascontiguousarray(view)) for view in views])
    np.testing.assert_allclose(face.embedding, unit(unit(singles).mean(axis=0)[None])[0], atol=1e-4)


def test_that_embeddings_have_unit_length_and_arrays_are_frozen(pipeline: Pipeline, astronaut: PixelArray) -> None:
    face = found(pipeline, astronaut)[0][0]
    assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-5)
    assert face.chip.shape == (150, 150, 3)
    assert face.crop.shape == (256, 256, 3)
    for array in (face.chip, face.crop, face.landmarks, face.embedding):
        assert array is not None
        assert not array.flags.writeable


def test_that_a_batch_of_pictures_gives_what_each_gives_alone(
    pipeline: Pipeline, astronaut: PixelArray, hopper_file: Path
) -> None:
    hopper, nobody = read_image(hopper_file).pixels, np.zeros((100, 80, 3), np.uint8)
    together = found(pipeline, astronaut, nobody, hopper)
    assert [len(faces) for faces in together] == [1, 0, 1]
    for faces, picture in zip((together[0], together[2]), (astronaut, hopper), strict=True):
        assert similarity(faces[0], found(pipeline, picture)[0][0]) > 0.9999


def test_that_two_pictures_of_one_person_are_nearer_than_two_people(pipeline: Pipeline, pictures: Path) -> None:
    eileen1, eileen2, grace = (
        found(pipeline, read_image(pictures / name).pixels)[0][0]
        for name in ("eileen1.jpg", "eileen2.png", "grace.jpg")
    )
    assert similarity(eileen1, eileen2) > 0.95
    assert similarity(eileen1, grace) < 0.9


def test_that_the_largest_face_comes_first_and_can_be_the_only_one_embedded(
    pipeline: Pipeline, astronaut: PixelArray, hopper_file: Path
) -> None:
    hopper = read_image(hopper_file).pixels
    scene = np.zeros((600, 1024, 3), np.uint8)
    scene[:256, :256], scene[:, 512:1024] = astronaut[::2, ::2], hopper[:600, :512]
    frame = Frame(scene, "scene")
    faces = pipeline.faces([frame], smallest_face_px=40, averaging=False, only="largest")[0]
    assert [face.embedding is not None for face in faces] == [True, False]
    assert faces[0].box.area > faces[1].box.area


def test_that_the_stored_crop_stands_in_for_the_picture(pipeline: Pipeline, astronaut: PixelArray) -> None:
    face = found(pipeline, astronaut)[0][0]
    again = pipeline.embed(views_of_crop(face.crop, pipeline.embedder.pack, averaging=True)[None])[0]
    assert face.embedding is not None
    assert float(again @ face.embedding) > 0.995


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_that_a_turned_photograph_gives_the_same_embedding(
    pipeline: Pipeline, astronaut: PixelArray, tmp_path: Path, orientation: int
) -> None:
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(astronaut).transpose(turn).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    turned = found(pipeline, read_image(tmp_path / "turned.jpg").pixels)[0][0]
    upright = found(pipeline, astronaut)[0][0]
    assert similarity(turned, upright) > 0.995
    assert turned.box.iou(upright.box) > 0.9


@pytest.mark.parametrize("mode", ["L", "P", "CMYK"])
def test_that_other_colour_modes_are_the_same_person(
    pipeline: Pipeline, astronaut: PixelArray, tmp_path: Path, mode: str
) -> None:
    file = tmp_path / ("face.jpg" if mode == "CMYK" else "face.png")
    Image.fromarray(astronaut).convert(mode).save(file)
    assert similarity(found(pipeline, read_image(file).pixels)[0][0], found(pipeline, astronaut)[0][0]) > 0.95


def test_that_stages_are_timed(pipeline: Pipeline, astronaut: PixelArray) -> None:
    times: dict[str, float] = {}
    pipeline.faces([Frame(astronaut.copy(), "t")], smallest_face_px=40, averaging=False, stages_ms=times)
    assert set(times) == {"detect", "align", "embed"}
    assert all(spent > 0 for spent in times.values())
