"""Pairs files, folders, verifiers and reports."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from engine.errors import BadInputError, OperationCancelledError
from engine.evaluation.protocols import read_folder, read_pairs
from engine.evaluation.report import html_report, pdf_report, write_report
from engine.evaluation.run import Evaluator, identification
from engine.evaluation.verifiers import VERIFIERS, ChiSquare, Threshold, WeightedL1, compare_verifiers, one_shot
from engine.learning import Evaluated, Evaluation, from_line, to_line
from engine.matching.distances import distances
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
        "details",
    ]  # fmt: skip
    assert shown["pairs"] == 4
    assert {"1e-2", "1e-3"} <= set(shown["tar"])


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
    for part in ("<svg", "visavis evaluate --pairs pairs.txt", "Seed", "torch", "dlib ResNet v1", "CC0", "at most"):
        assert part in shown, part
    assert "<b>&" not in shown
    write_report(measured[0], tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")


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
    scores = {
        score.title: score.accuracy
        for score in compare_verifiers(VERIFIERS, first, second, genuine, np.arange(1000) % 10)
    }
    assert len(scores) == len(VERIFIERS)
    assert scores["Weighted chi-square, linear SVM"] > scores["Chi-square"] + 0.02
    assert scores["Weighted L1 (Siamese head)"] > scores["L1"] + 0.02


def test_that_chi_square_refuses_negative_features_and_is_left_out_of_a_comparison() -> None:
    first, second, genuine = pairs_of_features(count=100)
    with pytest.raises(BadInputError, match="not negative"):
        ChiSquare().fit(first - 1, second, genuine)
    with pytest.raises(BadInputError, match="only one kind"):
        WeightedL1().fit(first[genuine], second[genuine], genuine[genuine])
    titles = [one.title for one in compare_verifiers(VERIFIERS, first - 1, second, genuine, np.arange(100) % 5)]
    assert "Chi-square" not in titles
    assert "Cosine" in titles


def test_that_a_missing_embedding_is_an_error_for_every_verifier() -> None:
    first, second, genuine = pairs_of_features(count=200)
    genuine[0] = True
    lost = first.copy()
    lost[0] = np.nan
    folds = np.arange(200) % 5
    for whole, part in zip(
        compare_verifiers(VERIFIERS, first, second, genuine, folds),
        compare_verifiers(VERIFIERS, lost, second, genuine, folds),
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
    assert one_shot(embeddings, labels, 5, 1, trials=200, seed=0) == (200, 200)
    nothing = np.random.default_rng(0).normal(size=embeddings.shape).astype(np.float32)
    right, trials = one_shot(nothing, labels, 5, 1, trials=2000, seed=0)
    assert right / trials == pytest.approx(0.2, abs=0.04)
    more, _ = one_shot(*faces(noise=1.2), 5, 5, trials=500, seed=1)
    fewer, _ = one_shot(*faces(noise=1.2), 5, 1, trials=500, seed=1)
    assert more > fewer
    with pytest.raises(BadInputError, match="20 people"):
        one_shot(embeddings, labels, 20, 1, trials=1, seed=0)


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


# --- the command line ---------------------------------------------------------------------------------------------


def test_that_the_command_line_measures_and_says_what_is_wrong(tmp_path: Path, images: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "main.py", "evaluate", "--pairs", str(written(tmp_path)), "--json"]
    done = subprocess.run([*command, "--images", str(images)], cwd=root, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["failures_to_acquire"] == 1
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "--images" in done.stderr
