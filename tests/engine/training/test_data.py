"""Looking at a folder of people: faces, findings, splits and runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.cli.learning import left_out
from engine.errors import BadInputError, OperationCancelledError, SettingsError
from engine.learning import DataReport, Recipe, Said, from_line, to_line
from engine.matching.calibration import Calibration
from engine.packs.pack import DEFAULT_PACK
from engine.pipeline import Pipeline
from engine.training.batches import Reader
from engine.training.check import check
from engine.training.faces import FolderFaces, Picture, look_at
from engine.training.run import Run, begin, list_runs, load_run, run_info, write_list
from engine.training.split import split_people
from engine.types import CancelToken, ChipFrame, silent


@pytest.fixture
def folder(tmp_path: Path, pictures: Path, hopper_file: Path) -> Path:
    """Eileen with two pictures and a wrong one; Grace with a copy of one, a broken one and one without a face."""
    place = tmp_path / "people"
    for name in ("Eileen", "Grace", ".hidden", "Nobody"):
        (place / name).mkdir(parents=True)
    for source, target in (
        ("eileen1.jpg", "Eileen/1.jpg"), ("eileen2.png", "Eileen/2.png"), ("grace.jpg", "Eileen/3.jpg"),
        ("grace.jpg", "Grace/1.jpg"), ("broken.jpg", "Grace/2.jpg"), ("faceless.png", "Grace/3.png"),
    ):  # fmt: skip
        shutil.copy(pictures / source, place / target)
    grace = Image.open(pictures / "grace.jpg")
    twice = Image.new("RGB", (2 * grace.width, grace.height))
    twice.paste(grace, (0, 0))
    twice.paste(grace, (grace.width, 0))
    twice.save(place / "Grace" / "4.jpg")
    return place


def looked(folder: Path, pipeline: Pipeline, tmp_path: Path) -> FolderFaces:
    return look_at(folder, pipeline, tmp_path / "cache", silent, CancelToken())


def report(faces: FolderFaces) -> DataReport:
    return check(faces, Calibration.load(DEFAULT_PACK.id))


def kinds(found: DataReport) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for one in found.findings:
        names.setdefault(one.kind, set()).add(one.picture or one.person)
    return names


def test_that_every_kind_of_trouble_is_found(folder: Path, pipeline: Pipeline, tmp_path: Path) -> None:
    found = report(looked(folder, pipeline, tmp_path))
    assert (found.people, found.pictures) == (2, 7)
    assert kinds(found) == {
        "unreadable": {"Grace/2.jpg"},
        "no_face": {"Grace/3.png"},
        "several_faces": {"Grace/4.jpg"},
        "duplicate": {"Eileen/3.jpg", "Grace/1.jpg"},
        "near_duplicate": {"Eileen/3.jpg", "Grace/4.jpg"},
        "mislabelled": {"Eileen/3.jpg"},
        "few_pictures": {"Grace"},
    }
    assert all(one.sentence.endswith((".", ")")) or ")" in one.sentence for one in found.findings)
    assert found.usable_people == 1
    unusable = {one.picture for one in found.findings if one.unusable}
    assert unusable == {"Grace/2.jpg", "Grace/3.png"}
    for one in found.findings:
        if one.crop:
            assert Path(one.crop).is_file()
        assert bool(one.other_picture) == bool(one.other_crop), "the other picture is named where it is shown"
        assert one.other_picture in one.sentence
        assert one.kind != "few_pictures" or one.crop, "somebody with too few pictures has a face"
    assert dict(found.faces_of) == {"Eileen": 3, "Grace": 2}


def test_that_what_can_be_learned_from_follows_what_is_left_out(
    folder: Path, pipeline: Pipeline, tmp_path: Path
) -> None:
    found = report(looked(folder, pipeline, tmp_path))
    proposed = {one.picture for one in found.findings if one.unusable or one.suggested}
    assert found.usable(proposed, 2) == (found.usable_people, found.usable_pictures)
    assert found.usable(set(), 2) == (2, 5)
    assert found.usable(set(), 3) == (1, 3)


def test_that_a_near_copy_under_another_name_is_found(
    folder: Path, pipeline: Pipeline, tmp_path: Path, pictures: Path
) -> None:
    Image.open(pictures / "grace.jpg").save(folder / "Eileen" / "3.jpg", quality=60)
    assert kinds(report(looked(folder, pipeline, tmp_path)))["near_duplicate"] == {
        "Eileen/3.jpg",
        "Grace/1.jpg",
        "Grace/4.jpg",
    }


def test_that_only_what_changed_is_looked_at_again(
    folder: Path, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = looked(folder, pipeline, tmp_path)
    seen: list[int] = []
    faces = Pipeline.faces

    def counted(self: Pipeline, frames: list[object], **options: object) -> object:
        seen.append(len(frames))
        return faces(self, frames, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Pipeline, "faces", counted)
    again = looked(folder, pipeline, tmp_path)
    assert seen == []
    assert again.pictures == first.pictures
    np.testing.assert_array_equal(again.embeddings, first.embeddings)
    os.utime(folder / "Eileen" / "1.jpg", (1, 1))
    looked(folder, pipeline, tmp_path)
    assert seen == [1]


def test_that_crops_are_readable_to_their_owner_only(folder: Path, pipeline: Pipeline, tmp_path: Path) -> None:
    faces = looked(folder, pipeline, tmp_path)
    assert stat.S_IMODE(faces.crops.stat().st_mode) == 0o700
    for file in (tmp_path / "cache").rglob("*.*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


@pytest.mark.parametrize("damage", ["index.json", f"embeddings-{DEFAULT_PACK.id}.npz"])
def test_that_a_damaged_cache_is_made_again(folder: Path, pipeline: Pipeline, tmp_path: Path, damage: str) -> None:
    first = looked(folder, pipeline, tmp_path)
    (tmp_path / "cache" / damage).write_bytes(b"no")
    assert looked(folder, pipeline, tmp_path).pictures == first.pictures


def test_that_looking_can_be_cancelled(folder: Path, pipeline: Pipeline, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelledError):
        look_at(folder, pipeline, tmp_path / "cache", silent, token)


@pytest.mark.parametrize("what", ["missing", "empty", "file"])
def test_that_a_folder_that_is_none_is_a_sentence(tmp_path: Path, pipeline: Pipeline, what: str) -> None:
    place = tmp_path / "place"
    if what == "empty":
        place.mkdir()
    elif what == "file":
        place.write_text("no")
    with pytest.raises(BadInputError, match="“place”"):
        looked(place, pipeline, tmp_path)


def test_that_a_thousand_unreadable_files_are_a_thousand_findings(tmp_path: Path, pipeline: Pipeline) -> None:
    for person in ("a", "b"):
        (tmp_path / "people" / person).mkdir(parents=True)
        for number in range(500):
            (tmp_path / "people" / person / f"{number}.jpg").write_bytes(b"no picture")
    found = report(looked(tmp_path / "people", pipeline, tmp_path))
    assert len(kinds(found)["unreadable"]) == 1000
    assert found.usable_people == 0


# --- splits -------------------------------------------------------------------------------------------------------


def test_that_nobody_is_in_two_parts_and_the_seed_decides() -> None:
    pictures = {f"p{number}": 3 for number in range(100)}
    split = split_people(pictures, Recipe(seed=1))
    parts = [set(split.training), set(split.validation), set(split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 100
    assert [len(part) for part in parts] == [60, 15, 25]
    assert split == split_people(pictures, Recipe(seed=1))
    assert split != split_people(pictures, Recipe(seed=2))


def test_that_people_with_too_few_pictures_are_left_out() -> None:
    split = split_people({"a": 1} | {f"p{number}": 4 for number in range(10)}, Recipe())
    assert "a" not in {*split.training, *split.validation, *split.test}


@pytest.mark.parametrize("pictures", [{}, {"a": 9}, {f"p{number}": 1 for number in range(50)}])
def test_that_too_few_people_are_a_sentence(pictures: dict[str, int]) -> None:
    with pytest.raises(BadInputError, match="Add people"):
        split_people(pictures, Recipe())


def test_that_enough_people_are_held_out_for_a_verdict_where_there_are_enough() -> None:
    sizes = {}
    for people in (6, 10, 17, 18, 24, 40):
        split = split_people({f"p{number}": 3 for number in range(people)}, Recipe())
        sizes[people] = len(split.test)
        assert min(len(split.training), len(split.validation)) >= 2
    assert sizes == {6: 2, 10: 2, 17: 4, 18: 6, 24: 6, 40: 10}


def test_that_a_refusal_says_what_could_not_be_used(tmp_path: Path) -> None:
    known = [
        *(Picture(f"a/{n}.jpg", "a", 1, 1, problem="No.", kind="unreadable") for n in range(1000)),
        *(Picture(f"b/{n}.jpg", "b", 1, 1, problem="No.", kind="no_face") for n in range(3)),
        *(Picture(f"c/{n}.jpg", "c", 1, 1, f"c{n}", faces=1) for n in range(3)),
    ]
    faces = FolderFaces(tmp_path, tuple(known), np.zeros((len(known), 1), np.float32), tmp_path)
    sentence = "1 person has at least 2 usable pictures (1,000 could not be read, 3 show no face, 1 is left out); to"
    with pytest.raises(BadInputError, match=re.escape(sentence)):
        begin(tmp_path / "run", faces, Recipe(), ["c/0.jpg"])


@given(st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), min_size=1), max_size=5))
def test_that_a_list_of_pictures_is_read_as_it_was_written(names: list[str]) -> None:
    undecodable = b"no \xff utf-8.jpg".decode("utf-8", "surrogateescape")
    names = [*(name for name in names if name.strip()), "line\u2028end.jpg", undecodable]
    with tempfile.TemporaryDirectory() as folder:
        assert left_out(write_list(Path(folder), names)) == names


# --- runs, recipes, events ----------------------------------------------------------------------------------------


def test_that_a_run_is_kept_whole(begun: Callable[..., Run], textures: FolderFaces) -> None:
    run = begun(epochs=3)
    assert load_run(run.place) == run
    assert len(run.part(run.split.test)) == 8 * len(run.split.test)
    assert list_runs(run.place.parent) == [run]
    assert run_info(run).ended is None
    with pytest.raises(BadInputError, match="already"):
        begun(epochs=3)


def test_that_what_is_no_run_is_a_sentence(tmp_path: Path, begun: Callable[..., Run]) -> None:
    with pytest.raises(BadInputError, match="no training run"):
        load_run(tmp_path)
    run = begun()
    stored = json.loads((run.place / "run.json").read_text())
    (run.place / "run.json").write_text(json.dumps({**stored, "format": 99}))
    with pytest.raises(BadInputError, match="another version"):
        load_run(run.place)
    assert list_runs(run.place.parent) == []


def test_that_a_half_written_event_is_passed_over(begun: Callable[..., Run]) -> None:
    run = begun()
    run.note(Said("One."))
    with (run.place / "events.jsonl").open("a") as file:
        file.write('{"event": "Sa')
    assert list(run.events()) == [Said("One.")]


def test_that_a_report_travels_as_a_line(folder: Path, pipeline: Pipeline, tmp_path: Path) -> None:
    from engine.learning import Checked  # noqa: PLC0415 - only here

    event = Checked(report(looked(folder, pipeline, tmp_path)))
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line) == event
    for wrong in ("", "{", '{"event": "Nothing"}', "[1]"):
        with pytest.raises(BadInputError):
            from_line(wrong)


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"learning_rate": 1e9}, {"loss": "magic"}, {"seed": -1}, {"augment": 3}]
)
def test_that_a_recipe_refuses_what_makes_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        Recipe().with_values(wrong)  # type: ignore[arg-type]


def test_that_variations_are_of_the_frame_and_follow_the_seed(begun: Callable[..., Run]) -> None:
    run = begun()
    crops = run.part(run.split.training)
    frame = ChipFrame(96, 0.25)
    plain, varied = (Reader(crops, frame, augment=augment, seed=1) for augment in (False, True))
    assert plain.read(range(4)).chips.shape == (4, 3, 96, 96)
    assert varied.read(range(4), 1).chips.equal(varied.read(range(4), 1).chips)
    assert not varied.read(range(4), 1).chips.equal(varied.read(range(4), 2).chips)
    assert not varied.read(range(4), 1).chips.equal(plain.read(range(4), 1).chips)


def test_that_a_sample_lets_nobody_count_too_much(begun: Callable[..., Run]) -> None:
    run = begun()
    crops = run.part(run.split.training)
    kept = crops.capped(3, 1000, 0)
    assert max(np.bincount(kept.labels)) == 3
    assert len(crops.capped(8, 10, 0)) == 10
