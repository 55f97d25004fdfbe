"""Sorting a folder of real photographs: what is found, what is remembered, what can be done and undone."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import BadInputError, GalleryError, InvalidNameError, OperationCancelledError
from engine.gallery.sorting_store import SortingStore
from engine.service import FaceService
from engine.sorting_desk import SortingDesk
from engine.sorting_values import ALONE, GroupKind, Sorted
from engine.types import CancelToken, Face, Frame

from .conftest import EILEEN, GRACE, group, look_through

ROOT = Path(__file__).parents[3]


def shape(result: Sorted) -> list[tuple[str, str, int]]:
    return [(one.kind.value, one.name, one.count) for one in result.groups]


def faces_of(desk: SortingDesk, result: Sorted, group_id: int) -> dict[str, int]:
    """Face by picture."""
    return {face.picture: face.id for face in desk.faces(result.sorting.id, group_id)}


def test_that_places_are_read_again_only_after_something_was_written(
    desk: SortingDesk, found: Sorted, open_service: Callable[[], FaceService], monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, number, read = open_service().sorting, found.sorting.id, SortingStore.places
    looks: list[int] = []

    def looked(store: SortingStore, sorting_id: int) -> object:
        looks.append(sorting_id)
        return read(store, sorting_id)

    desk.show(number)
    monkeypatch.setattr(SortingStore, "places", looked)
    for one in found.groups:
        desk.faces(number, one.id)
    assert looks == []
    here = desk.ignore(number, [group(found, GRACE).id])
    assert len(looks) == 1
    there = elsewhere.show(number)
    assert there.groups == here.groups
    person = group(there, EILEEN).id
    (first, *_) = elsewhere.faces(number, person)
    elsewhere.split(number, [first.id])
    assert len(desk.faces(number, person)) == EILEEN - 1, "another window has split it"
    assert desk.show(number).groups == elsewhere.show(number).groups


# --- looking ------------------------------------------------------------------------------------------------------


def test_that_every_face_is_found_and_people_are_told_apart(desk: SortingDesk, found: Sorted) -> None:
    assert (found.sorting.done, found.sorting.total, found.sorting.faces) == (6, 6, EILEEN + GRACE)
    assert found.sorting.complete
    assert shape(found) == [("cluster", "Person 1", EILEEN), ("cluster", "Person 2", GRACE)]
    assert set(faces_of(desk, found, group(found, EILEEN).id)) == {"both.jpg", "eileen1.jpg", "eileen2.png"}
    assert set(faces_of(desk, found, group(found, GRACE).id)) == {"both.jpg", "grace.jpg"}


def test_that_unreadable_pictures_are_passed_over_and_listed(found: Sorted) -> None:
    ((path, sentence),) = found.problems
    assert path == "broken.jpg"
    assert "broken.jpg" in sentence
    assert found.sorting.unreadable == 1


def test_that_all_groups_together_have_the_faces_that_each_has(desk: SortingDesk, found: Sorted) -> None:
    faces = desk.all_faces(found.sorting.id)
    assert faces == {one.id: desk.faces(found.sorting.id, one.id) for one in found.groups}


def test_that_crops_of_faces_are_kept(desk: SortingDesk, found: Sorted) -> None:
    one = group(found, EILEEN)
    crop = desk.crops([one.cover_id, 999_999])[one.cover_id]
    assert crop.shape == (256, 256, 3)
    assert crop.std() > 20


def test_that_someone_enrolled_is_proposed(
    service: FaceService, desk: SortingDesk, found: Sorted, pictures: Path, tmp_path: Path
) -> None:
    service.enroll("Grace Hopper", service.judge([pictures / "grace.jpg"]))
    folder = tmp_path / "more"
    shutil.copytree(pictures, folder)
    result = look_through(desk, folder)
    assert shape(result) == [("known", "Grace Hopper", GRACE), ("cluster", "Person 1", EILEEN)]


class Counted:
    """Looks at pictures, and remembers how many."""

    def __init__(self, desk: SortingDesk) -> None:
        self._find = desk.find
        self.sources: list[str] = []
        desk.find = self

    def __call__(self, frames: Sequence[Frame]) -> Sequence[Sequence[Face]]:
        self.sources += [Path(frame.source).name for frame in frames]
        return self._find(frames)


def test_that_nothing_is_looked_at_twice(desk: SortingDesk, found: Sorted, pictures: Path) -> None:
    counted = Counted(desk)
    assert shape(look_through(desk, pictures)) == shape(found)
    assert counted.sources == []


def test_that_only_new_and_changed_pictures_are_looked_at_again(
    service: FaceService, desk: SortingDesk, pictures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("eileen1.jpg", "grace.jpg", "faceless.png"):
        shutil.copy(pictures / name, folder / name)
    look_through(desk, folder)
    shutil.copy(pictures / "eileen2.png", folder / "new.png")
    shutil.copy(pictures / "both.jpg", folder / "grace.jpg")
    os.utime(folder / "grace.jpg", ns=(1, 1))
    (folder / "faceless.png").unlink()
    counted = Counted(desk)
    result = look_through(desk, folder)
    assert sorted(counted.sources) == ["grace.jpg", "new.png"]
    assert (result.sorting.done, result.sorting.faces) == (3, 4)


def test_that_a_cancelled_look_keeps_what_was_found(desk: SortingDesk, small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        shutil.copy(small / "grace.jpg", folder / f"{number:02}.jpg")
    step = desk.begin(folder)
    step = desk.go_on(step.sorting_id, 0)
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelledError):
        desk.go_on(step.sorting_id, 60, token)
    partly = desk.arrange(step.sorting_id)
    assert partly.sorting.done == step.done == 16
    assert not partly.sorting.complete
    assert shape(partly) == [("cluster", "Person 1", 16)]
    assert shape(look_through(desk, folder)) == [("cluster", "Person 1", 40)]


LOOKER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from engine.service import FaceService
from engine.settings import Settings
desk = FaceService(Settings(precision="fp32", file_detector="mtcnn", averaging="never"), Path({gallery!r})).sorting
step = desk.begin(Path({folder!r}))
while not step.finished:
    step = desk.go_on(step.sorting_id, 0)
    print(step.done, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_that_a_killed_look_goes_on_without_losing_or_doubling(
    small: Path, tmp_path: Path, open_service: Callable[[], FaceService]
) -> None:
    folder, gallery = tmp_path / "album", tmp_path / "gallery.db"
    folder.mkdir()
    for number in range(64):
        shutil.copy(small / ("both.jpg" if number % 4 == 0 else "grace.jpg"), folder / f"{number:02}.jpg")
    script = LOOKER.format(root=str(ROOT), gallery=str(gallery), folder=str(folder))
    looker = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert looker.stdout is not None
    acknowledged = int(looker.stdout.readline())
    looker.kill()
    rest = looker.communicate(timeout=10)[0].split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    assert acknowledged < 64
    desk = open_service().sorting
    kept = desk.sortings()[0].done
    assert acknowledged <= kept < 64, "what was acknowledged is there"
    counted = Counted(desk)
    result = look_through(desk, folder)
    assert len(counted.sources) == 64 - kept, "nothing is done twice"
    assert (result.sorting.done, result.sorting.faces) == (64, 64 + 16)
    with sqlite3.connect(gallery) as connection:
        doubles = connection.execute("select path from sorting_pictures group by path having count(*) > 1").fetchall()
    connection.close()
    assert doubles == []


def test_that_a_folder_that_is_not_there_or_empty_is_said(desk: SortingDesk, tmp_path: Path) -> None:
    before = len(desk.sortings())
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "nowhere", tmp_path / "empty"):
        with pytest.raises(BadInputError, match=folder.name):
            desk.begin(folder)
    assert len(desk.sortings()) == before


def test_that_after_a_change_of_packs_faces_are_embedded_again(
    desk: SortingDesk, found: Sorted, pictures: Path, tmp_path: Path
) -> None:
    before = desk.gallery.sorting.layout(found.sorting.id).embeddings
    turned = {int(id_): np.roll(one, 5) for id_, one in zip(*_embeddings(desk, found), strict=True)}
    desk.gallery.sorting.embed_again(found.sorting.id, "another-pack", turned)
    result = look_through(desk, pictures)
    after = desk.gallery.sorting.layout(found.sorting.id).embeddings
    assert (before * after).sum(axis=1).min() > 0.99, "from the stored crops, nearly the same"
    assert shape(result) == shape(found)


def _embeddings(desk: SortingDesk, found: Sorted) -> tuple[Sequence[int], Sequence[np.ndarray]]:
    layout = desk.gallery.sorting.layout(found.sorting.id)
    return layout.face_ids.tolist(), list(layout.embeddings)


# --- deciding -----------------------------------------------------------------------------------------------------


def test_that_a_group_becomes_a_person_and_is_taken_back(
    service: FaceService, desk: SortingDesk, found: Sorted
) -> None:
    result = desk.confirm(found.sorting.id, [group(found, EILEEN).id], name="Eileen Collins")
    assert shape(result) == [("cluster", "Person 2", GRACE), ("confirmed", "Eileen Collins", EILEEN)]
    person = service.person_named("Eileen Collins")
    assert 1 <= person.template_count <= EILEEN
    assert result.sorting.decided == EILEEN
    assert shape(desk.undo(found.sorting.id)) == shape(found)
    assert service.people() == []
    with pytest.raises(GalleryError, match="nothing to undo"):
        desk.undo(found.sorting.id)


def test_that_at_most_six_templates_are_enrolled(desk: SortingDesk, pictures: Path, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    picture = Image.open(pictures / "grace.jpg").crop((40, 40, 480, 560))
    for number in range(10):
        picture.rotate(number * 2 - 9).resize((300 - 3 * number, 360)).save(folder / f"{number}.jpg")
    result = look_through(desk, folder)
    result = desk.confirm(result.sorting.id, [result.groups[0].id], name="Grace")
    assert group(result, 10, GroupKind.CONFIRMED).name == "Grace"
    assert desk.gallery.find("Grace").template_count == 6


def test_that_confirming_one_proposes_the_name_for_others_who_look_like_them(desk: SortingDesk, found: Sorted) -> None:
    eileen = group(found, EILEEN)
    one = faces_of(desk, found, eileen.id)["eileen1.jpg"]
    apart = desk.split(found.sorting.id, [one])
    result = desk.confirm(found.sorting.id, face_ids=[one], name="Eileen Collins")
    assert ("known", "Eileen Collins", EILEEN - 1) in shape(result)
    result = desk.confirm(found.sorting.id, [group(result, EILEEN - 1, GroupKind.KNOWN).id])
    assert ("confirmed", "Eileen Collins", EILEEN) in shape(result)
    assert shape(desk.undo(found.sorting.id)) != shape(apart)
    assert shape(desk.undo(found.sorting.id)) == shape(apart)


def test_that_several_proposed_groups_are_confirmed_at_once(
    service: FaceService, desk: SortingDesk, pictures: Path, tmp_path: Path
) -> None:
    for name, file in (("Grace Hopper", "grace.jpg"), ("Eileen Collins", "eileen1.jpg")):
        service.enroll(name, service.judge([pictures / file]))
    folder = tmp_path / "album"
    shutil.copytree(pictures, folder)
    result = look_through(desk, folder)
    assert [one.kind for one in result.groups] == [GroupKind.KNOWN] * 2
    done = desk.confirm(result.sorting.id, [one.id for one in result.groups])
    assert shape(done) == [("confirmed", "Eileen Collins", EILEEN), ("confirmed", "Grace Hopper", GRACE)]
    assert service.person_named("Eileen Collins").template_count >= 2
    assert shape(desk.undo(result.sorting.id)) == shape(result)
    assert service.person_named("Eileen Collins").template_count == 1


def test_that_nothing_changes_when_a_name_cannot_be_given(
    service: FaceService, desk: SortingDesk, found: Sorted
) -> None:
    with pytest.raises(InvalidNameError):
        desk.confirm(found.sorting.id, [group(found, GRACE).id], name="\u202egrace")
    with pytest.raises(BadInputError, match="Give the group a name"):
        desk.confirm(found.sorting.id, [group(found, GRACE).id])
    assert shape(desk.show(found.sorting.id)) == shape(found)
    assert service.people() == []


def _reject(desk: SortingDesk, found: Sorted) -> Sorted:
    faces = faces_of(desk, found, group(found, EILEEN).id)
    return desk.reject(found.sorting.id, face_ids=[faces["both.jpg"]])


def _split(desk: SortingDesk, found: Sorted) -> Sorted:
    faces = faces_of(desk, found, group(found, EILEEN).id)
    return desk.split(found.sorting.id, [faces["both.jpg"], faces["eileen1.jpg"]])


def _merge(desk: SortingDesk, found: Sorted) -> Sorted:
    return desk.merge(found.sorting.id, [one.id for one in found.groups])


def _move(desk: SortingDesk, found: Sorted) -> Sorted:
    faces = faces_of(desk, found, group(found, EILEEN).id)
    return desk.move(found.sorting.id, group(found, GRACE).id, face_ids=[faces["both.jpg"]])


def _ignore(desk: SortingDesk, found: Sorted) -> Sorted:
    return desk.ignore(found.sorting.id, [group(found, GRACE).id])


ACTIONS = [
    (_reject, [("cluster", "Person 1", 2), ("cluster", "Person 2", 2), ("alone", "A face on its own", 1)]),
    (_split, [("cluster", "Person 2", 2), ("cluster", "Person 3", 2), ("cluster", "Person 1", 1)]),
    (_merge, [("cluster", "Person 1", 5)]),
    (_move, [("cluster", "Person 2", 3), ("cluster", "Person 1", 2)]),
    (_ignore, [("cluster", "Person 1", 3), ("ignored", "Ignored", 2)]),
]


@pytest.mark.parametrize(("act", "wanted"), ACTIONS)
def test_that_an_action_does_what_it_says_and_can_be_undone(
    desk: SortingDesk,
    found: Sorted,
    act: Callable[[SortingDesk, Sorted], Sorted],
    wanted: list[tuple[str, str, int]],
) -> None:
    done = act(desk, found)
    assert shape(done) == wanted
    assert done.undo_text
    undone = desk.undo(found.sorting.id)
    assert shape(undone) == shape(found)
    assert undone.redo_text == done.undo_text
    assert shape(desk.redo(found.sorting.id)) == shape(done)
    assert shape(desk.undo(found.sorting.id)) == shape(found)
    for one in found.groups:
        assert faces_of(desk, found, one.id) == faces_of(desk, desk.show(found.sorting.id), one.id)


@pytest.mark.parametrize(("act", "wanted"), ACTIONS)
def test_that_what_somebody_decided_stays_when_new_pictures_come(
    desk: SortingDesk,
    pictures: Path,
    tmp_path: Path,
    act: Callable[[SortingDesk, Sorted], Sorted],
    wanted: list[tuple[str, str, int]],
) -> None:
    folder = tmp_path / "album"
    shutil.copytree(pictures, folder)
    first = look_through(desk, folder)
    act(desk, first)
    layout = desk.gallery.sorting.layout(first.sorting.id)
    settled = {int(id_): one for id_, one in zip(layout.face_ids, layout.placed, strict=True) if one.settled}
    assert settled
    shutil.copy(pictures / "grace.jpg", folder / "late.jpg")
    look_through(desk, folder)
    layout = desk.gallery.sorting.layout(first.sorting.id)
    now = dict(zip(layout.face_ids.tolist(), layout.placed, strict=True))
    assert {id_: now[id_] for id_ in settled} == settled
    late = next(id_ for id_, one in now.items() if id_ not in {int(i) for i in settled} and id_ == max(now))
    assert now[late].group_id != next(iter(settled.values())).group_id or act in (_merge, _move)


def test_that_a_refused_name_is_not_proposed_again(
    service: FaceService, desk: SortingDesk, pictures: Path, tmp_path: Path
) -> None:
    service.enroll("Not Her", service.judge([pictures / "grace.jpg"]))
    folder = tmp_path / "album"
    shutil.copytree(pictures, folder)
    result = look_through(desk, folder)
    result = desk.reject(result.sorting.id, [group(result, GRACE, GroupKind.KNOWN).id])
    assert group(result, GRACE).name.startswith("Person")
    shutil.copy(pictures / "eileen1.jpg", folder / "late.jpg")
    result = look_through(desk, folder)
    assert not [one for one in result.groups if one.kind is GroupKind.KNOWN]


def test_that_two_known_people_are_not_merged(
    service: FaceService, desk: SortingDesk, pictures: Path, found: Sorted
) -> None:
    for name, count in (("Eileen", EILEEN), ("Grace", GRACE)):
        found = desk.confirm(found.sorting.id, [group(found, count).id], name=name)
    with pytest.raises(BadInputError, match="different names"):
        desk.merge(found.sorting.id, [one.id for one in found.groups])
    with pytest.raises(BadInputError, match="two or more"):
        desk.merge(found.sorting.id, [ALONE, found.groups[0].id])


def test_that_an_undo_over_somebody_elses_change_is_refused(
    desk: SortingDesk, found: Sorted, open_service: Callable[[], FaceService]
) -> None:
    _ignore(desk, found)
    other = open_service().sorting
    elsewhere = other.show(found.sorting.id)
    other.move(found.sorting.id, group(elsewhere, EILEEN).id, [group(elsewhere, GRACE, GroupKind.IGNORED).id])
    with pytest.raises(GalleryError, match="changed elsewhere"):
        desk.undo(found.sorting.id)


# --- people and privacy -------------------------------------------------------------------------------------------


def _pieces(content: bytes) -> list[bytes]:
    """Some of them lie within one page of the file each."""
    return [content[start : start + 32] for start in range(0, min(len(content), 512), 32)]


def _is_in(folder: Path, content: bytes) -> bool:
    files = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    return any(piece in file for piece in _pieces(content) for file in files)


def test_that_a_deleted_sorting_is_gone_from_the_disk(desk: SortingDesk, found: Sorted, tmp_path: Path) -> None:
    one = desk.gallery.sorting.found([found.groups[0].cover_id])[0].face
    kept = (one.embedding.tobytes(), one.crop_jpeg[-512:], b"eileen1.jpg")
    assert all(_is_in(tmp_path, content) for content in kept)
    desk.delete(found.sorting.id)
    assert not any(_is_in(tmp_path, content) for content in kept)
    with pytest.raises(BadInputError, match="has been deleted"):
        desk.show(found.sorting.id)


def test_that_a_deleted_persons_faces_are_gone_from_sortings_too(
    service: FaceService, desk: SortingDesk, found: Sorted, tmp_path: Path
) -> None:
    done = desk.confirm(found.sorting.id, [group(found, EILEEN).id], name="Eileen Collins")
    faces = desk.faces(found.sorting.id, group(done, EILEEN, GroupKind.CONFIRMED).id)
    kept = [one.face.embedding.tobytes() for one in desk.gallery.sorting.found([face.id for face in faces])]
    assert all(_is_in(tmp_path, content) for content in kept)
    service.delete_person(service.person_named("Eileen Collins").id)
    assert not any(_is_in(tmp_path, content) for content in kept)
    assert shape(desk.show(found.sorting.id)) == [("cluster", "Person 2", GRACE)]


def test_that_groups_follow_people_who_are_merged_and_renamed(
    service: FaceService, desk: SortingDesk, found: Sorted, pictures: Path
) -> None:
    service.enroll("Somebody", service.judge([pictures / "grace.jpg"]))
    desk.confirm(found.sorting.id, [group(found, EILEEN).id], name="Eileen")
    service.merge(service.person_named("Eileen").id, service.person_named("Somebody").id)
    assert ("confirmed", "Somebody", EILEEN) in shape(desk.show(found.sorting.id))
    service.rename(service.person_named("Somebody").id, "Colonel")
    assert ("confirmed", "Colonel", EILEEN) in shape(desk.show(found.sorting.id))


def test_that_a_person_undone_in_the_gallery_is_unknown_again(
    service: FaceService, desk: SortingDesk, found: Sorted
) -> None:
    desk.confirm(found.sorting.id, [group(found, EILEEN).id], name="Eileen")
    service.undo()
    assert ("cluster", "Person 3", EILEEN) in shape(desk.show(found.sorting.id))


@pytest.fixture
def known(service: FaceService, desk: SortingDesk, pictures: Path, tmp_path: Path) -> Sorted:
    """Eileen Collins's faces, proposed to be her because one of them is enrolled."""
    service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg"]))
    folder = tmp_path / "hers"
    folder.mkdir()
    for name in ("eileen2.png", "both.jpg"):
        shutil.copy(pictures / name, folder / name)
    return look_through(desk, folder)


def test_that_a_face_refused_in_a_sorting_is_kept_as_not_the_person(
    service: FaceService, desk: SortingDesk, known: Sorted
) -> None:
    person = service.person_named("Eileen Collins")
    proposed = group(known, 2, GroupKind.KNOWN)
    face = faces_of(desk, known, proposed.id)["eileen2.png"]
    desk.reject(known.sorting.id, face_ids=[face])
    (kept,) = service.care.rejections(person.id)
    assert kept.source.endswith("eileen2.png")
    desk.undo(known.sorting.id)
    assert service.care.rejections(person.id) == []
    desk.redo(known.sorting.id)
    assert len(service.care.rejections(person.id)) == 1


def test_that_a_refused_name_keeps_the_groups_faces_as_not_the_person(
    service: FaceService, desk: SortingDesk, known: Sorted
) -> None:
    person = service.person_named("Eileen Collins")
    result = desk.reject(known.sorting.id, [group(known, 2, GroupKind.KNOWN).id])
    assert group(result, 2, GroupKind.CLUSTER)
    (kept,) = service.care.rejections(person.id)
    assert kept.source.endswith("eileen2.png"), "the other face is the one that is enrolled"
    assert shape(desk.undo(known.sorting.id)) == shape(known)
    assert service.care.rejections(person.id) == []


def test_that_a_face_enrolled_as_the_person_is_not_refused_in_a_sorting(
    service: FaceService, desk: SortingDesk, found: Sorted
) -> None:
    done = desk.confirm(found.sorting.id, [group(found, GRACE).id], name="Grace Hopper")
    confirmed = group(done, GRACE, GroupKind.CONFIRMED)
    with pytest.raises(GalleryError, match="enrolled as one of “Grace Hopper”"):
        desk.reject(done.sorting.id, face_ids=list(faces_of(desk, done, confirmed.id).values()))
    assert shape(desk.show(done.sorting.id)) == shape(done)
    assert service.care.rejections(service.person_named("Grace Hopper").id) == []


def test_that_a_confirmation_taken_back_can_be_done_again(
    service: FaceService, desk: SortingDesk, found: Sorted
) -> None:
    done = desk.confirm(found.sorting.id, [group(found, GRACE).id], name="Grace Hopper")
    desk.undo(found.sorting.id)
    assert service.people() == []
    assert shape(desk.redo(found.sorting.id)) == shape(done)
    assert service.person_named("Grace Hopper").template_count >= 1
    with pytest.raises(GalleryError, match="nothing to do again"):
        desk.redo(found.sorting.id)
