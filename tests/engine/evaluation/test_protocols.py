"""Pairs files, folders, verifiers and reports."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from engine.cli.parser import parse
from engine.errors import BadInputError, OperationCancelledError, PackError
from engine.evaluation import run as run_module
from engine.evaluation.bootstrap import Pairs
from engine.evaluation.open_set import identification, shots
from engine.evaluation.protocols import Embedded, FolderProtocol, deal_people, read_folder, read_pairs
from engine.evaluation.report import html_report, pdf_report, write_report
from engine.evaluation.run import Evaluator
from engine.evaluation.verifiers import (
    VERIFIERS,
    ChiSquare,
    Compared,
    Threshold,
    WeightedL1,
    compare_verifiers,
    one_shot,
)
from engine.learning import Evaluated, Evaluation, from_line, to_line
from engine.matching import learned as learned_module
from engine.matching.distances import distances
from engine.matching.learned import find_verifier
from engine.pipeline import Pipeline
from engine.types import CancelToken, Metric, silent


@pytest.fixture
def images(tmp_path: Path, pictures: Path) -> Path:
    """Eileen with two pictures, Grace with two, in LFW's names; Grace's third shows nobody."""
    place = tmp_path / "images"
    for name in ("Eileen", "Grace"):
        (place / name).mkdir(parents=True)
    for source, target in (
        ("eileen1.jpg", "Eileen/Eileen_0001.jpg"), ("eileen2.png", "Eileen/Eileen_0002.png"),
        ("grace.jpg", "Grace/Grace_0001.jpg"), ("both.jpg", "Grace/Grace_0002.jpg"),
        ("faceless.png", "Grace/Grace_0003.png"),
    ):  # fmt: skip
        shutil.copy(pictures / source, place / target)
    return place


PAIRS = "1\t2\nEileen\t1\t2\nGrace\t1\t2\nEileen\t1\tGrace\t1\nEileen\t2\tGrace\t3\n"


def written(tmp_path: Path, text: str = PAIRS) -> Path:
    file = tmp_path / "pairs.txt"
    file.write_bytes(text.encode())
    return file


@pytest.mark.parametrize("text", [PAIRS, PAIRS.replace("\n", "\r\n"), "\ufeff" + PAIRS, PAIRS.replace("\t", " ")])
def test_that_a_pairs_file_is_read_whatever_its_line_ends(tmp_path: Path, images: Path, text: str) -> None:
    protocol = read_pairs(written(tmp_path, text), images)
    assert protocol.genuine.tolist() == [True, True, False, False]
    assert [path.name for path in protocol.pictures] == [
        "Eileen_0001.jpg", "Eileen_0002.png", "Grace_0001.jpg", "Grace_0002.jpg", "Grace_0003.png",
    ]  # fmt: skip
    assert protocol.people.tolist() == [[0, 0], [1, 1], [0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Line 1"),
        ("ten\n", "Line 1"),
        ("0\t5\n", "announces no pairs"),
        ("1\t3\nEileen\t1\t2\n", "announces 6 pairs and holds 1"),
        ("1\t1\nEileen\t1\t2\nEileen\t1\n", "Line 3"),
        ("1\t1\nEileen\t1\t2\nEileen\tone\tGrace\t1\n", "Line 3"),
        ("1\t1\nEileen\t1\t9\nEileen\t1\tGrace\t1\n", "Line 2.*Eileen_0009"),
        ("1\t1\n../Eileen\t1\t2\nEileen\t1\tGrace\t1\n", "Line 2.*no person's folder"),
    ],
)
def test_that_a_bad_pairs_file_names_the_line(tmp_path: Path, images: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        read_pairs(written(tmp_path, text), images)


def test_that_a_missing_file_or_folder_is_a_sentence(tmp_path: Path, images: Path) -> None:
    with pytest.raises(BadInputError, match="gone"):
        read_pairs(tmp_path / "gone.txt", images)
    with pytest.raises(BadInputError, match="nowhere"):
        read_pairs(written(tmp_path), tmp_path / "nowhere")
    with pytest.raises(BadInputError, match="nowhere"):
        read_folder(tmp_path / "nowhere", CancelToken())
    with pytest.raises(BadInputError, match="two people"):
        read_folder(tmp_path, CancelToken())


@pytest.fixture(scope="module")
def measured(
    tmp_path_factory: pytest.TempPathFactory, pipeline: Pipeline, pictures: Path
) -> tuple[Evaluation, Evaluation]:
    """A pairs file and a folder, evaluated."""
    tmp_path = tmp_path_factory.mktemp("evaluated")
    place = images.__wrapped__(tmp_path, pictures)  # type: ignore[attr-defined]
    evaluator = Evaluator(pipeline, silent, CancelToken())
    return evaluator.pairs(written(tmp_path), place), evaluator.folder(place)


def test_that_real_faces_are_measured_and_a_missing_face_is_counted(measured: tuple[Evaluation, Evaluation]) -> None:
    pairs, folder = measured
    assert (pairs.genuine_pairs, pairs.impostor_pairs, pairs.failures_to_acquire) == (2, 2, 1)
    assert "Grace_0003.png" in pairs.failures[0]
    assert pairs.tar[0].rate.value == 1.0
    assert (folder.people, folder.pictures, folder.genuine_pairs) == (2, 5, 4)
    assert folder.tar[0].rate.value == 0.5, "two of Grace's three genuine pairs have no face"


def test_that_the_json_has_the_promised_keys(measured: tuple[Evaluation, Evaluation]) -> None:
    shown = json.loads(json.dumps(measured[0].as_json()))
    assert list(shown) == [
        "pairs", "accuracy_mean", "accuracy_std", "eer", "tar", "threshold", "failures_to_acquire", "seconds",
        "intervals", "unsupported", "details",
    ]  # fmt: skip
    assert shown["pairs"] == 4
    assert shown["tar"] == {"1e-2": None, "1e-3": None, "1e-4": None}, "two strangers cannot show it"
    assert shown["unsupported"]["1e-3"] == {"false_match_rate_at_most": 1.0, "tar": 1.0}


def test_that_an_evaluation_travels_as_a_line(measured: tuple[Evaluation, Evaluation]) -> None:
    again = from_line(to_line(Evaluated(measured[1])))
    assert isinstance(again, Evaluated)
    assert again.evaluation.as_json() == measured[1].as_json()


def test_that_measuring_can_be_cancelled(tmp_path: Path, images: Path, pipeline: Pipeline) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelledError):
        Evaluator(pipeline, silent, token).folder(images)


# --- reports ------------------------------------------------------------------------------------------------------


def test_that_a_report_says_how_to_repeat_it(tmp_path: Path, measured: tuple[Evaluation, Evaluation]) -> None:
    shown = html_report(replace(measured[0], data="<b>&"))
    for part in (
        "<svg", "Seed", "torch", "Evaluation of dlib ResNet v1", "CC0", "at most", "Cosine distance", "strangers",
        "False match rate (FMR)", "Pictures that could not be used</h2>", "DET curve",
    ):  # fmt: skip
        assert part in shown, part
    assert "<b>&" not in shown
    write_report(measured[0], tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_that_the_command_in_a_report_can_be_typed_as_it_is(measured: tuple[Evaluation, Evaluation]) -> None:
    for found, option in zip(measured, ("--pairs", "--folder"), strict=True):
        program, *words = shlex.split(found.command)
        request = parse(words)
        assert program == "visavis"
        assert (request.pack, request.seed) == (found.pack_id, found.seed)
        assert request.images is None or request.images.is_dir()
        assert getattr(request, option[2:]).exists()


def test_that_a_failure_list_that_was_cut_says_so(measured: tuple[Evaluation, Evaluation]) -> None:
    assert "the first 1 of 900" in html_report(replace(measured[0], failures_to_acquire=900))


def test_that_the_pdf_is_one(tmp_path: Path, measured: tuple[Evaluation, Evaluation]) -> None:
    assert pdf_report(replace(measured[1], data="Zoë — 人")).startswith(b"%PDF-")
    write_report(measured[1], tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 3000


@pytest.mark.parametrize("name", ["report.docx", "nowhere/report.html"])
def test_that_a_report_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, measured: tuple[Evaluation, Evaluation], name: str
) -> None:
    with pytest.raises(BadInputError, match="report"):
        write_report(measured[0], tmp_path / name)
    assert list(tmp_path.iterdir()) == []


# --- verifiers ----------------------------------------------------------------------------------------------------


def pairs_of_features(seed: int = 0, count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Non-negative features of which only the first four tell people apart."""
    random = np.random.default_rng(seed)
    genuine = random.random(count) < 0.5
    first = random.random((count, 16)).astype(np.float32)
    second = random.random((count, 16)).astype(np.float32)
    second[genuine, :4] = np.abs(first[genuine, :4] + random.normal(0, 0.05, (int(genuine.sum()), 4)))
    return first, second, genuine


def compared(first: np.ndarray, second: np.ndarray, genuine: np.ndarray) -> Compared:
    """Every pair is of people of its own."""
    count = len(genuine)
    people = np.column_stack([np.arange(count), np.where(genuine, np.arange(count), np.arange(count, 2 * count))])
    return Compared(first, second, Pairs(genuine, people), np.arange(count) % 5, np.arange(count))


@pytest.mark.parametrize("metric", list(Metric))
def test_that_a_plain_distance_is_that_of_matching(metric: Metric) -> None:
    first, second, _ = pairs_of_features(count=20)
    expected = np.diagonal(distances(first, second, metric))
    np.testing.assert_allclose(Threshold(metric).distances(first, second), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("verifier", [ChiSquare, WeightedL1])
def test_that_weights_are_learned_where_the_difference_is(verifier: type[ChiSquare] | type[WeightedL1]) -> None:
    first, second, genuine = pairs_of_features()
    made = verifier()
    made.fit(first, second, genuine)
    assert made.weight[:4].min() > np.abs(made.weight[4:]).max()


def test_that_the_chi_square_distance_is_its_formula() -> None:
    first, second, genuine = pairs_of_features(count=50)
    made = ChiSquare()
    made.fit(first, second, genuine)
    a, b = first[0].astype(float), second[0].astype(float)
    expected = sum(w * (x - y) ** 2 / (x + y + 1e-6) for w, x, y in zip(made.weight, a, b, strict=True)) + made.bias
    assert made.distances(first, second)[0] == pytest.approx(expected)


def test_that_learned_weights_beat_plain_distances_on_the_same_folds() -> None:
    first, second, genuine = pairs_of_features(1, 1000)
    scores = {score.title: score.accuracy for score in compare_verifiers(VERIFIERS, compared(first, second, genuine))}
    assert len(scores) == len(VERIFIERS)
    assert scores["Weighted chi-square, linear SVM"] > scores["Chi-square"] + 0.02
    assert scores["Weighted L1 (Siamese head)"] > scores["L1"] + 0.02


def test_that_chi_square_refuses_negative_features_and_is_left_out_of_a_comparison() -> None:
    first, second, genuine = pairs_of_features(count=100)
    with pytest.raises(BadInputError, match="not negative"):
        ChiSquare().fit(first - 1, second, genuine)
    with pytest.raises(BadInputError, match="only one kind"):
        WeightedL1().fit(first[genuine], second[genuine], genuine[genuine])
    titles = [one.title for one in compare_verifiers(VERIFIERS, compared(first - 1, second, genuine))]
    assert "Chi-square" not in titles
    assert "Cosine" in titles


def test_that_a_missing_embedding_is_an_error_for_every_verifier() -> None:
    first, second, genuine = pairs_of_features(count=200)
    genuine[0] = True
    lost = first.copy()
    lost[0] = np.nan
    for whole, part in zip(
        compare_verifiers(VERIFIERS, compared(first, second, genuine)),
        compare_verifiers(VERIFIERS, compared(lost, second, genuine)),
        strict=True,
    ):
        assert part.accuracy <= whole.accuracy + 0.02


# --- one-shot and identification ----------------------------------------------------------------------------------


def faces(seed: int = 0, people: int = 12, each: int = 6, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(people), each)
    vectors = random.normal(size=(people, 16))[labels] + random.normal(0, noise, (len(labels), 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def test_that_one_shot_is_nearest_neighbour_and_chance_without_information() -> None:
    embeddings, labels = faces(noise=0.1)
    right, whose = one_shot(embeddings, labels, 5, 1, trials=200, seed=0)
    assert right.all()
    assert set(whose) <= set(labels)
    nothing = np.random.default_rng(0).normal(size=embeddings.shape).astype(np.float32)
    right, _ = one_shot(nothing, labels, 5, 1, trials=2000, seed=0)
    assert right.mean() == pytest.approx(0.2, abs=0.04)
    more, _ = one_shot(*faces(noise=1.2), 5, 5, trials=500, seed=1)
    fewer, _ = one_shot(*faces(noise=1.2), 5, 1, trials=500, seed=1)
    assert more.mean() > fewer.mean()
    with pytest.raises(BadInputError, match="20 people"):
        one_shot(embeddings, labels, 20, 1, trials=1, seed=0)


def test_that_a_thousand_trials_of_ten_people_are_not_a_thousand_people() -> None:
    found = shots(*faces(people=10, each=4, noise=0.01), seed=0)[0]
    assert found.rate.value == 1.0
    assert found.rate.low == pytest.approx(0.05 ** (1 / 10))
    assert found.rate.text == "all of 1,000 trials: at least 74.11% (10 people)"


def test_that_nearest_pictures_agree_with_scikit_learn() -> None:
    embeddings, labels = faces(noise=1.0)
    oracle = KNeighborsClassifier(1, metric="cosine").fit(embeddings[::2], labels[::2])
    apart = distances(embeddings[1::2], embeddings[::2], Metric.COSINE)
    np.testing.assert_array_equal(labels[::2][apart.argmin(axis=1)], oracle.predict(embeddings[1::2]))


def test_that_identification_finds_the_enrolled_and_lets_few_strangers_in() -> None:
    points = identification(*faces(people=40, noise=0.3), seed=0)
    assert [point.level for point in points] == [0.1, 0.01]
    assert points[0].rate.value >= points[1].rate.value > 0.8
    assert identification(*faces(people=1), seed=0) == ()


def test_that_identification_says_where_unknown_pictures_are_too_few() -> None:
    many, few = (identification(*faces(people=people, each=4, noise=0.3), seed=0) for people in (60, 10))
    assert [point.rate.supported for point in many] == [True, True]
    assert [point.rate.supported for point in few] == [True, False]
    assert "none of 20 strangers matched: a false positive identification rate of at most 0.1" in few[1].rate.text


# --- folds of people ----------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40), st.integers(0, 5))
def test_that_each_fold_has_people_of_its_own_and_pairs_of_both_kinds(counts: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    folds = deal_people(labels, seed)
    if sum(count > 1 for count in counts) < 2 or len(counts) < 4:
        assert (folds == -1).all()
        return
    for person in np.unique(labels):
        assert len(np.unique(folds[labels == person])) == 1
    for fold in np.unique(folds):
        _, each = np.unique(labels[folds == fold], return_counts=True)
        assert len(each) >= 2
        assert each.max() >= 2


def test_that_a_folder_is_judged_on_people_that_nothing_was_learned_from(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found, folds = evaluated(pipeline, monkeypatch, tmp_path, *faces(people=24, each=4, noise=0.6))
    for seen, unseen in folds:
        assert not seen & unseen
    assert found.folds == 10
    assert found.accuracy is not None
    assert found.eer_interval is not None
    assert found.accuracy.low <= found.accuracy_mean <= found.accuracy.high
    assert found.eer_interval.low <= found.eer <= found.eer_interval.high
    cosine = found.verifiers[0]
    assert cosine.pairs[0] == found.genuine_pairs
    assert np.isnan(cosine.tar_at_1e3), "so few strangers cannot show it"
    assert "at most" in cosine.tar[1].text
    assert found.verifiers[0].accuracy_interval is not None
    shown = found.as_json()
    assert shown["tar"]["1e-4"] is None
    assert shown["unsupported"]["1e-4"]["false_match_rate_at_most"] == pytest.approx(3 / found.impostor_pairs)
    assert set(shown["intervals"]) == {"accuracy", "eer", "tar_1e-2", "tar_1e-3", "tar_1e-4"}


def evaluated(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, embeddings: np.ndarray, labels: np.ndarray
) -> tuple[Evaluation, list[tuple[set[int], set[int]]]]:
    """A folder of people whose pictures have these embeddings, and whom each fold of a verifier saw and was asked."""
    wide = np.pad(embeddings, ((0, 0), (0, pipeline.embedder.pack.dimension - embeddings.shape[1])))
    pictures = tuple(tmp_path / f"{number}.jpg" for number in range(len(labels)))
    protocol = FolderProtocol(pictures, tuple(labels.tolist()), tuple(map(str, np.unique(labels))))
    monkeypatch.setattr(run_module, "read_folder", lambda *_: protocol)
    monkeypatch.setattr(run_module, "embed_pictures", lambda *_, **__: Embedded(wide, {}))
    folds: list[tuple[set[int], set[int]]] = []
    whole = Compared.out_of_fold

    def noted(self: Compared, build: object) -> np.ndarray:
        for fold in np.unique(self.folds):
            sides = self.pairs.people[self.folds != fold], self.pairs.people[self.folds == fold]
            folds.append((set(sides[0].ravel().tolist()), set(sides[1].ravel().tolist())))
        return whole(self, build)  # type: ignore[arg-type]

    monkeypatch.setattr(Compared, "out_of_fold", noted)
    return Evaluator(pipeline, silent, CancelToken()).folder(tmp_path), folds


def test_that_a_folder_without_faces_is_no_success(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    embeddings, labels = faces(people=6, each=2)
    with pytest.raises(BadInputError, match="two pictures with a face"):
        evaluated(pipeline, monkeypatch, tmp_path, np.full_like(embeddings, np.nan), labels)
    embeddings[labels > 0] = np.nan
    with pytest.raises(BadInputError, match="no two people with a face"):
        evaluated(pipeline, monkeypatch, tmp_path, embeddings, labels)


def test_that_a_verifier_learned_from_almost_nothing_is_not_stored(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(learned_module, "LEAST_STRANGERS", 40)
    found, _ = evaluated(pipeline, monkeypatch, tmp_path, *faces(people=6, each=3))
    assert "It was not stored" in found.notes[0]
    with pytest.raises(PackError):
        find_verifier("weighted_l1", found.pack_id)
    found, _ = evaluated(pipeline, monkeypatch, tmp_path, *faces(people=24, each=4))
    assert "Settings offer it" in found.notes[0]
    assert find_verifier("weighted_l1", found.pack_id).people == 24
    found, _ = evaluated(pipeline, monkeypatch, tmp_path, *faces(people=22, each=4))
    assert "stays as it was learned before, from 24 people" in found.notes[0]
    assert find_verifier("weighted_l1", found.pack_id).people == 24


# --- the command line ---------------------------------------------------------------------------------------------


def test_that_the_command_line_measures_and_says_what_is_wrong(tmp_path: Path, images: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "main.py", "evaluate", "--pairs", str(written(tmp_path)), "--json"]
    done = subprocess.run([*command, "--images", str(images)], cwd=root, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["failures_to_acquire"] == 1
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "--images" in done.stderr
