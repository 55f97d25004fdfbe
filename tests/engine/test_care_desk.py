"""'Not this person' and the check-up on real faces, through the one door."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.capture.images import read_image
from engine.care import FindingKind
from engine.errors import BadInputError, GalleryError, OperationCancelledError, UnknownPersonError
from engine.service import FaceService
from engine.settings import Settings
from engine.types import CancelToken, Face, Frame, Person


@pytest.fixture
def eileen(service: FaceService, pictures: Path) -> Person:
    return service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg"]), date(2026, 1, 2)).person


@pytest.fixture
def grace(service: FaceService, pictures: Path) -> Person:
    return service.enroll("Grace Hopper", service.judge([pictures / "grace.jpg"])).person


@pytest.fixture
def face(service: FaceService, pictures: Path) -> Face:
    """Another picture of Eileen Collins, as an impostor would look to a network that knows no better."""
    return service.probe(pictures / "eileen2.png")


def names(service: FaceService, picture: Path) -> list[str | None]:
    found = service.identify([picture])[0].identifications
    return [one.person.name if one.person else None for one in found]


def test_that_not_this_person_works_at_once_and_is_taken_back(
    service: FaceService, eileen: Person, grace: Person, face: Face, pictures: Path
) -> None:
    assert service.verify(eileen.id, pictures / "eileen2.png").match
    service.care.reject(eileen.id, face, "eileen2.png")
    answer = service.verify(eileen.id, pictures / "eileen2.png")
    assert not answer.match
    assert answer.distance <= answer.threshold
    assert answer.rejected_at == pytest.approx(0, abs=1e-3)
    found = service.identify([pictures / "eileen2.png"])[0].identifications[0]
    assert found.person is None
    assert found.candidates[0].rejected_at == pytest.approx(0, abs=1e-3)
    assert found.candidates[1].rejected_at is None
    live = service.watch(Frame(read_image(pictures / "eileen2.png").pixels, "camera"), claimed=eileen.id)
    assert live.verification is not None
    assert not live.verification.match
    assert live.identifications[0].person is None
    (kept,) = service.care.rejections(eileen.id)
    assert [crop.shape for crop in service.care.rejection_crops([kept.id]).values()] == [(256, 256, 3)]
    service.care.forget_rejection(kept.id)
    assert service.verify(eileen.id, pictures / "eileen2.png").match
    service.undo()
    assert not service.verify(eileen.id, pictures / "eileen2.png").match


def test_that_the_effect_is_what_then_happens(
    service: FaceService, eileen: Person, grace: Person, face: Face, pictures: Path
) -> None:
    assert service.care.effect(eileen.id, face).decisions == 0
    service.verify(eileen.id, pictures / "eileen2.png")
    service.verify(grace.id, pictures / "eileen2.png")
    service.identify([pictures / "both.jpg", pictures / "eileen2.png"])
    service.identify([pictures / "eileen2.png"])
    effect = service.care.effect(eileen.id, face)
    assert (effect.name, effect.decisions) == ("Eileen Collins", 5), "the same question counts once"
    assert [(one.record.what, one.now) for one in effect.changed][-1] == ("verification", "")
    assert effect.changed[0].record.what == "identification"
    assert "of this session's 5 decisions would have been different" in effect.sentence
    service.care.reject(eileen.id, face, "eileen2.png")
    identified = sum(one.record.what == "identification" for one in effect.changed)
    found = [*names(service, pictures / "both.jpg"), *names(service, pictures / "eileen2.png")]
    assert 2 - found.count("Eileen Collins") == identified
    assert service.care.effect(grace.id, face).changed == ()
    assert "None of" in service.care.effect(grace.id, face).sentence


def test_that_a_dial_does_not_bring_back_what_was_rejected(
    service: FaceService, eileen: Person, face: Face, pictures: Path
) -> None:
    service.care.reject(eileen.id, face, "eileen2.png")
    service.verify(eileen.id, pictures / "eileen2.png")
    assert service.replay(1e-2).changed == ()


def test_that_a_deleted_persons_decisions_are_forgotten(
    service: FaceService, eileen: Person, grace: Person, pictures: Path
) -> None:
    service.verify(eileen.id, pictures / "eileen2.png")
    service.verify(grace.id, pictures / "eileen2.png")
    service.delete_person(eileen.id)
    assert service.replay(1e-3).decisions == 1


def test_that_the_same_face_is_not_rejected_twice_nor_an_own_picture(
    service: FaceService, eileen: Person, face: Face, pictures: Path
) -> None:
    with pytest.raises(GalleryError, match="Move it"):
        service.care.reject(eileen.id, service.probe(pictures / "eileen1.jpg"), "eileen1.jpg")
    service.care.reject(eileen.id, face, "eileen2.png")
    with pytest.raises(BadInputError, match="already"):
        service.care.reject(eileen.id, face, "eileen2.png")
    with pytest.raises(UnknownPersonError):
        service.care.reject(99, face, "eileen2.png")
    with pytest.raises(UnknownPersonError):
        service.care.effect(99, face)


def test_that_a_rejected_face_enrolled_after_all_matches_again(
    service: FaceService, eileen: Person, face: Face, pictures: Path
) -> None:
    service.care.reject(eileen.id, face, "eileen2.png")
    service.assign(face, eileen.id, "eileen2.png")
    assert service.care.rejections(eileen.id) == []
    assert service.verify(eileen.id, pictures / "eileen2.png").match


@pytest.mark.parametrize("metric", ["l1", "l2"])
def test_that_a_rejection_counts_in_every_metric(
    service: FaceService, eileen: Person, face: Face, pictures: Path, metric: str
) -> None:
    service.care.reject(eileen.id, face, "eileen2.png")
    service.apply(Settings(metric=metric, precision="fp32"))
    assert not service.verify(eileen.id, pictures / "eileen2.png").match


def test_that_nothing_of_a_rejection_is_logged(
    service: FaceService, eileen: Person, face: Face, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        service.care.reject(eileen.id, face, "secret.png")
        service.care.review()
    assert "Eileen" not in caplog.text
    assert "secret" not in caplog.text


def test_that_a_look_alike_says_how_often_that_happens(service: FaceService, eileen: Person, pictures: Path) -> None:
    alike = service.judge([pictures / "eileen2.png"], "Somebody Else")[0].look_alike
    assert alike is not None
    assert alike.false_match is not None
    assert alike.false_match.upper < 1e-3


def test_that_whoever_was_rejected_is_no_longer_warned_of(
    service: FaceService, eileen: Person, face: Face, pictures: Path
) -> None:
    service.care.reject(eileen.id, face, "eileen2.png")
    assert service.judge([pictures / "eileen2.png"], "Her Twin")[0].look_alike is None


def test_that_the_check_up_finds_two_names_and_remembers_the_answer(
    service: FaceService, eileen: Person, grace: Person, pictures: Path
) -> None:
    assert service.care.review().findings == ()
    twin = service.enroll("E. Collins", service.judge([pictures / "eileen2.png"])).person
    (found,) = service.care.review().findings
    assert (found.kind, found.name, found.other_name) == (FindingKind.SAME_PERSON, "Eileen Collins", "E. Collins")
    assert service.care.review() is service.care.review(), "nothing has changed"
    service.care.keep_apart(twin.id, eileen.id)
    assert service.care.review().findings == ()
    service.undo()
    assert len(service.care.review().findings) == 1
    service.merge(twin.id, eileen.id)
    assert service.care.review().findings == ()


def test_that_the_check_up_finds_a_picture_under_a_wrong_name(
    service: FaceService, eileen: Person, grace: Person, pictures: Path
) -> None:
    template = service.assign(service.probe(pictures / "eileen2.png"), grace.id, "wrong.png")
    (found,) = service.care.review().findings
    assert (found.kind, found.name, found.other_name) == (FindingKind.OUTLIER, "Grace Hopper", "Eileen Collins")
    assert found.template_id == service.templates(template.id)[-1].id
    service.care.confirm(found.template_id)
    (other,) = service.care.review().findings
    assert other.kind is not FindingKind.OUTLIER, "if it is right, then the two may be one"
    service.undo()
    service.move_template(found.template_id, eileen.id)
    assert service.care.review().findings == ()


def test_that_the_check_up_can_be_cancelled(service: FaceService, eileen: Person) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelledError):
        service.care.review(token=token)


def test_that_embeddings_of_the_past_are_not_in_any_file(
    service: FaceService, eileen: Person, face: Face, pictures: Path, tmp_path: Path
) -> None:
    service.verify(eileen.id, pictures / "eileen2.png")
    service.care.effect(eileen.id, face)
    assert face.embedding is not None
    needle = np.ascontiguousarray(face.embedding).tobytes()
    assert not any(needle in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
