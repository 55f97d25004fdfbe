"""The one door, on real faces."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.capture.images import read_image
from engine.errors import (
    BadInputError,
    DeviceError,
    ImageError,
    NoFaceError,
    OperationCancelledError,
    PackError,
    PackMismatchError,
    UnknownPersonError,
)
from engine.matching.calibration import Calibration
from engine.packs.installed import install, packs_folder
from engine.packs.origins import packs_of_runs
from engine.packs.pack import DEFAULT_PACK
from engine.service import FaceService
from engine.settings import Settings
from engine.types import CancelToken, Frame, Metric, NewTemplate, Person, PixelArray, Progress


@pytest.fixture
def eileen(service: FaceService, pictures: Path) -> Person:
    return service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg"]), date(2026, 1, 2)).person


@pytest.fixture
def grace(service: FaceService, pictures: Path) -> Person:
    return service.enroll("Grace Hopper", service.judge([pictures / "grace.jpg"])).person


def test_that_the_right_person_is_verified_and_the_wrong_one_is_not(
    service: FaceService, eileen: Person, grace: Person, pictures: Path
) -> None:
    right = service.verify(eileen.id, pictures / "eileen2.png")
    wrong = service.verify(grace.id, pictures / "eileen2.png")
    assert right.match
    assert not wrong.match
    assert right.distance <= right.threshold < wrong.distance
    assert right.false_match is not None
    assert right.template_distances == pytest.approx((right.distance,), abs=1e-5)


def test_that_everyone_in_a_picture_is_found_once_and_a_stranger_stays_unknown(
    service: FaceService, eileen: Person, pictures: Path
) -> None:
    answer = service.identify([pictures / "both.jpg"])[0]
    people = [found.person.name if found.person else None for found in answer.identifications]
    assert sorted(people, key=str) == ["Eileen Collins", None]
    service.enroll("Grace Hopper", service.judge([pictures / "grace.jpg"]))
    again = service.identify([pictures / "both.jpg"])[0]
    assert {found.person.name for found in again.identifications if found.person} == {"Eileen Collins", "Grace Hopper"}


def test_that_a_person_is_found_at_most_once_in_a_picture(service: FaceService, eileen: Person, pictures: Path) -> None:
    twice = np.concatenate([read_image(pictures / "eileen1.jpg").pixels] * 2, axis=1)
    answer = service.identify([Frame(twice, "twins")])[0]
    assert len(answer.identifications) == 2
    assert [found.person is not None for found in answer.identifications].count(True) == 1


def test_that_two_pictures_are_compared(service: FaceService, pictures: Path) -> None:
    assert service.compare(pictures / "eileen1.jpg", pictures / "eileen2.png").match
    assert not service.compare(pictures / "eileen1.jpg", pictures / "grace.jpg").match


def test_that_a_folder_with_a_bad_file_does_the_rest(service: FaceService, eileen: Person, pictures: Path) -> None:
    seen: list[str] = []
    progress: list[Progress] = []
    answers = service.identify([pictures], progress.append, each=lambda answer: seen.append(answer.source))
    assert len(answers) == len(seen) == 6
    broken = next(answer for answer in answers if Path(answer.source).name == "broken.jpg")
    assert "damaged" in broken.error
    assert sum(bool(answer.identifications) for answer in answers) == 4
    assert progress[-1] == Progress(6, 6)


def test_that_work_can_be_cancelled(service: FaceService, pictures: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelledError):
        service.identify([pictures], token=token)
    with pytest.raises(OperationCancelledError):
        service.judge([pictures], token=token)


def test_that_pictures_are_judged_with_reasons(
    service: FaceService, eileen: Person, pictures: Path, faceless_file: Path
) -> None:
    twins = Frame(np.concatenate([read_image(pictures / "eileen1.jpg").pixels] * 2, axis=1), "twins")
    files = [pictures / "eileen2.png", twins, pictures / "both.jpg", pictures / "broken.jpg", faceless_file]
    good, twice, both, broken, faceless = service.judge(files, "Somebody Else")
    assert good.acceptable
    assert good.look_alike is not None
    assert good.look_alike.name == "Eileen Collins"
    assert "2 faces" in twice.refusals[0]
    assert both.notes == ("The largest of 2 faces is used.",)
    assert "damaged" in broken.refusals[0]
    assert "No face" in faceless.refusals[0]
    assert service.judge([pictures / "eileen2.png"], "eileen collins")[0].look_alike is None


def test_that_a_copy_of_an_enrolled_picture_is_left_out(service: FaceService, eileen: Person, pictures: Path) -> None:
    result = service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg", pictures / "eileen2.png"]))
    assert result.added == 1
    assert "copy" in result.skipped[0].refusals[0]
    with pytest.raises(BadInputError, match="copy"):
        service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg"]))


def test_that_nothing_good_enrolls_nobody(service: FaceService, pictures: Path, faceless_file: Path) -> None:
    with pytest.raises(BadInputError, match="No face"):
        service.enroll("Nobody", service.judge([faceless_file]))
    assert service.people() == []


def test_that_a_live_frame_names_who_is_in_it(
    service: FaceService, eileen: Person, grace: Person, pictures: Path
) -> None:
    frame = Frame(read_image(pictures / "eileen2.png").pixels, "camera")
    result = service.watch(frame, claimed=grace.id)
    person = result.identifications[0].person
    assert person is not None
    assert person.name == "Eileen Collins"
    assert result.verification is not None
    assert not result.verification.match
    assert set(result.stages_ms) == {"light", "detect", "align", "embed", "match"}


def test_that_a_face_found_live_can_be_enrolled_and_is_averaged(
    service: FaceService, grace: Person, pictures: Path
) -> None:
    frame = Frame(read_image(pictures / "eileen1.jpg").pixels, "camera")
    face = service.watch(frame).identifications[0].face
    assert face.views == 1
    person = service.assign(face, grace.id, "camera")
    assert person.template_count == 2
    stored = service.templates(grace.id)[-1]
    averaged = service.judge([pictures / "eileen1.jpg"])[0].face
    assert averaged is not None
    assert averaged.embedding is not None
    assert float(stored.embeddings[face.pack_id] @ averaged.embedding) > 0.99


def test_that_the_metric_and_strictness_can_be_changed(service: FaceService, eileen: Person, pictures: Path) -> None:
    for metric in ("cosine", "l2", "squared_l2", "l1"):
        service.apply(Settings(metric=metric, precision="fp32"))
        answer = service.verify(eileen.id, pictures / "eileen2.png")
        assert answer.match
        assert answer.metric == metric
    loose = service.verify(eileen.id, pictures / "eileen2.png").threshold
    service.apply(Settings(metric="l1", precision="fp32", false_match_rate=1e-5))
    assert service.verify(eileen.id, pictures / "eileen2.png").threshold < loose


def test_that_a_device_that_is_not_there_changes_nothing(service: FaceService, eileen: Person, pictures: Path) -> None:
    missing = "mps" if torch.cuda.is_available() else "cuda"
    with pytest.raises(DeviceError):
        service.apply(Settings(device=missing))
    assert service.verify(eileen.id, pictures / "eileen2.png").match


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, torch.AcceleratorError])
def test_that_a_gpu_that_gives_out_while_detecting_is_left_for_the_cpu(
    service: FaceService, eileen: Person, pictures: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    before = service.verify(eileen.id, pictures / "eileen2.png")
    networks = service._now.networks
    networks.embedder.device = replace(networks.embedder.device, torch_device=torch.device("meta"), label="Big GPU")

    def fail(*_arguments: object) -> None:
        raise error("gone")

    monkeypatch.setattr(networks.for_files.detector, "detect", fail)
    after = service.verify(eileen.id, pictures / "eileen2.png")
    assert after.distance == pytest.approx(before.distance, abs=1e-3)
    info = service.info()
    assert info.fell_back
    assert info.device_reason.startswith("Big GPU gave out")


def test_that_a_cpu_without_memory_is_a_sentence(
    service: FaceService, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(service._now.networks.for_files.detector, "detect", fail)
    with pytest.raises(PackError, match="not enough memory"):
        service.compare(pictures / "grace.jpg", pictures / "grace.jpg")


def test_that_the_detector_can_be_changed(service: FaceService, eileen: Person, pictures: Path) -> None:
    for detector in ("mmod", "mtcnn", "mtcnn_mmod"):
        service.apply(Settings(file_detector=detector, precision="fp32"))
        assert service.verify(eileen.id, pictures / "eileen2.png").match


def test_that_templates_of_another_pack_are_never_compared(service: FaceService, pictures: Path) -> None:
    vector = np.eye(1, 128, dtype=np.float32)[0]
    person = service._now.gallery.enroll("Old", [NewTemplate(vector, "another-pack", b"x", "old.jpg")])
    with pytest.raises(PackMismatchError, match="“Old”"):
        service.verify(person.id, pictures / "grace.jpg")
    assert service.identify([pictures / "grace.jpg"])[0].identifications[0].candidates == ()


@pytest.mark.parametrize(
    ("picture", "error"), [("broken.jpg", ImageError), ("gone.jpg", ImageError), ("faceless.png", NoFaceError)]
)
def test_that_a_bad_probe_is_a_sentence(
    service: FaceService, eileen: Person, pictures: Path, picture: str, error: type[Exception]
) -> None:
    probe = pictures / picture
    with pytest.raises(error):
        service.verify(eileen.id, probe)
    with pytest.raises(error):
        service.compare(pictures / "grace.jpg", probe)


def test_that_an_unknown_person_is_a_sentence(service: FaceService, pictures: Path) -> None:
    with pytest.raises(UnknownPersonError):
        service.verify(42, pictures / "grace.jpg")
    with pytest.raises(UnknownPersonError, match="“Nobody”"):
        service.person_named("Nobody")


def test_that_crops_are_stored_for_people_to_see(service: FaceService, eileen: Person) -> None:
    crops = service.crops([template.id for template in service.templates(eileen.id)] + [999])
    assert [crop.shape for crop in crops.values()] == [(256, 256, 3)]


def test_that_info_says_what_is_in_use(service: FaceService, eileen: Person) -> None:
    info = service.info()
    assert (info.people, info.templates, info.fell_back) == (1, 1, False)
    assert info.precision == "fp32"
    assert "CC0" in info.pack_licence
    assert info.versions["torch"].startswith("2.13.0")


def test_that_no_embedding_and_no_name_is_logged(
    service: FaceService, pictures: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg"]))
        service.identify([pictures])
    assert "Eileen" not in caplog.text
    assert "array(" not in caplog.text


def test_that_decisions_are_replayed_before_a_limit_is_applied(
    service: FaceService, eileen: Person, grace: Person, pictures: Path
) -> None:
    assert service.replay(1e-3).decisions == 0
    own = service.verify(eileen.id, pictures / "eileen2.png")
    service.compare(pictures / "eileen1.jpg", pictures / "eileen2.png")
    service.identify([pictures / "both.jpg"])
    same = service.replay(Settings().false_match_rate)
    assert same.decisions == 4
    assert same.changed == ()
    service.apply(Settings(metric="l1", precision="fp32"))
    looser = service.replay(1e-2)
    stricter = service.replay(1e-5)
    assert looser.limits.verification > stricter.limits.verification
    assert stricter.limits.people == 2
    assert stricter.limits.own_pairs == 1
    for record in stricter.changed:
        assert record.match
        assert record.distance > stricter.limits.identification or record.people == 0
    assert own.match


def test_that_live_decisions_can_be_replayed_too(service: FaceService, eileen: Person, astronaut: PixelArray) -> None:
    for number in range(3):
        service.watch(Frame(astronaut, "Camera", time_s=10 + number / 20), claimed=eileen.id)
    assert service.replay(1e-3).decisions == 2, "an identification and a verification, once each"
    service.watch(Frame(np.ascontiguousarray(astronaut[:, 4:]), "Camera", time_s=12), claimed=eileen.id)
    assert service.replay(1e-3).decisions == 4, "another picture, more than a second later"


def test_that_limits_say_what_they_mean_for_identification_and_what_the_pairs_can_show(
    service: FaceService, eileen: Person, grace: Person
) -> None:
    usual, rare = service.replay(1e-3).limits, service.replay(1e-6).limits
    assert usual.identification_rate == pytest.approx(2e-3), "two people, each a chance"
    assert usual.identification_rate < usual.identification_bound < 3e-3
    assert usual.supported
    assert usual.identification_supported
    assert rare.supported
    networks = service._now.networks
    whole = networks.strangers.shipped
    few = Calibration.measured({metric: np.linspace(0.05, 1, 3000, dtype=np.float32) for metric in Metric})
    networks.strangers.shipped = few
    networks.strangers._of = None
    try:
        rare = service.replay(1e-6).limits
    finally:
        networks.strangers.shipped = whole
    assert not rare.supported
    assert not rare.identification_supported
    assert rare.bound.upper == pytest.approx(3 / 3000, rel=0.01), "no better than so many pairs can say"


def test_that_a_pack_in_use_is_not_removed_and_one_that_is_leaves_nothing(service: FaceService, eileen: Person) -> None:
    impostors = {metric: np.linspace(0.05, 1, 1000, dtype=np.float32) for metric in Metric}
    about = {"title": "Mine", "licence": "Mine", "calibration": Calibration.measured(impostors).as_json()}
    install(packs_folder(), "mine", "dlib_resnet", DEFAULT_PACK.network(), about)
    service.apply(Settings(precision="fp32", pack="mine"))
    with pytest.raises(PackError, match="in use"):
        service.remove_pack("mine")
    service.apply(Settings(precision="fp32"))
    service.remove_pack("mine")
    assert [pack.id for pack in service.packs()] == [DEFAULT_PACK.id]
    assert all(set(one.embeddings) == {DEFAULT_PACK.id} for one in service.templates(eileen.id))
    for wrong in ("mine", DEFAULT_PACK.id):
        with pytest.raises(PackError):
            service.remove_pack(wrong)


def test_that_another_pack_embeds_the_gallery_again_and_back(
    service: FaceService, eileen: Person, pictures: Path, tmp_path: Path
) -> None:
    own = DEFAULT_PACK.network().state_dict()
    impostors = {metric: np.linspace(0.05, 1, 1000, dtype=np.float32) for metric in Metric}
    network = DEFAULT_PACK.network()
    network.load_state_dict({name: tensor * (1.01 if name == "head.weight" else 1.0) for name, tensor in own.items()})
    about = {"title": "Mine", "licence": "Mine", "calibration": Calibration.measured(impostors).as_json()}
    install(packs_folder(), "mine", "dlib_resnet", network, about)
    before = service.verify(eileen.id, pictures / "eileen2.png").distance
    service.apply(Settings(precision="fp32", pack="mine"))
    assert service.info().pack == "Mine"
    assert [(pack.id, pack.in_use) for pack in service.packs()] == [(DEFAULT_PACK.id, False), ("mine", True)]
    assert all(set(one.embeddings) == {DEFAULT_PACK.id, "mine"} for one in service.templates(eileen.id))
    assert service.verify(eileen.id, pictures / "eileen2.png").distance == pytest.approx(before, abs=0.01)
    service.apply(Settings(precision="fp32"))
    assert service.verify(eileen.id, pictures / "eileen2.png").distance == before
    with pytest.raises(PackError, match="no pack “gone”"):
        service.apply(Settings(precision="fp32", pack="gone"))
    assert service.info().pack == DEFAULT_PACK.title


def test_that_a_pack_is_removed_with_what_it_made_and_can_be_put_back(service: FaceService, eileen: Person) -> None:
    impostors = {metric: np.linspace(0.05, 1, 1000, dtype=np.float32) for metric in Metric}
    about = {
        "title": "Mine", "licence": "Mine", "calibration": Calibration.measured(impostors).as_json(),
        "run": "some run", "begun": "2026-01-02",
    }  # fmt: skip
    install(packs_folder(), "mine", "dlib_resnet", DEFAULT_PACK.network(), about)
    assert packs_of_runs() == {("some run", "2026-01-02"): "mine"}
    service.apply(Settings(precision="fp32", pack="mine"))
    with pytest.raises(PackError, match="“Mine” stays"):
        service.remove_pack("mine")
    service.apply(Settings(precision="fp32"))
    with pytest.raises(PackError, match="stays"):
        service.remove_pack(DEFAULT_PACK.id)
    service.remove_pack("mine")
    assert [pack.id for pack in service.packs()] == [DEFAULT_PACK.id]
    assert all(set(one.embeddings) == {DEFAULT_PACK.id} for one in service.templates(eileen.id))
    service.shelf.restore("mine")
    service.apply(Settings(precision="fp32", pack="mine"))
    assert service.info().pack == "Mine"
    assert all(set(one.embeddings) == {DEFAULT_PACK.id, "mine"} for one in service.templates(eileen.id))


def test_that_a_pack_that_has_vanished_gives_way_to_the_default_and_says_so(tmp_path: Path) -> None:
    made = FaceService(Settings(pack="gone"), tmp_path / "gallery.db")
    assert made.info().pack_id == DEFAULT_PACK.id
    assert "“gone”" in made.info().pack_problem
    made.close()


def test_that_embedding_again_can_be_cancelled_and_changes_nothing(service: FaceService, eileen: Person) -> None:
    impostors = {metric: np.linspace(0.05, 1, 1000, dtype=np.float32) for metric in Metric}
    about = {"title": "Mine", "licence": "Mine", "calibration": Calibration.measured(impostors).as_json()}
    install(packs_folder(), "mine", "dlib_resnet", DEFAULT_PACK.network(), about)
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelledError):
        service.apply(Settings(precision="fp32", pack="mine"), token=token)
    assert service.info().pack_id == DEFAULT_PACK.id
    assert set(service.templates(eileen.id)[0].embeddings) == {DEFAULT_PACK.id}
