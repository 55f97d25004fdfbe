"""Fusion and 1:N decisions against brute force."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import inf
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import PackError
from engine.matching import index as index_module
from engine.matching import people_index
from engine.matching.axes import Axes
from engine.matching.codes import Codes, Scores
from engine.matching.distances import distances
from engine.matching.fusion import fuse
from engine.matching.identification import match_faces
from engine.matching.people_index import PeopleIndex
from engine.types import FloatArray, Metric


@dataclass
class Templates:
    matrix: FloatArray
    person_ids: NDArray[np.int64]

    @property
    def template_ids(self) -> NDArray[np.int64]:
        return np.arange(len(self.matrix))

    @property
    def lineage(self) -> object:
        return self

    @property
    def names(self) -> dict[int, str]:
        return {int(person): f"Person {person}" for person in self.person_ids}


def _templates(seed: int, count: int, people: int) -> Templates:
    drawn = np.random.default_rng(seed)
    matrix = drawn.normal(size=(count, 8)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return Templates(matrix, drawn.integers(1, people + 1, count))


def test_that_fusion_is_each_persons_mean_of_unit_length() -> None:
    templates = _templates(0, 30, 7)
    fused, people = fuse(templates.matrix, templates.person_ids)
    assert people.tolist() == sorted(set(templates.person_ids.tolist()))
    for row, person in zip(fused, people, strict=True):
        mean = templates.matrix[templates.person_ids == person].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(row, mean / np.linalg.norm(mean), rtol=1e-4, atol=1e-5)


def test_that_one_template_is_fused_to_itself() -> None:
    one = _templates(1, 1, 1)
    np.testing.assert_allclose(fuse(one.matrix, one.person_ids)[0], one.matrix, atol=1e-6)


def test_that_templates_that_cancel_out_are_refused() -> None:
    apart = Templates(np.array([[1, 0], [-1, 0]], np.float32), np.array([5, 5]))
    with pytest.raises(PackError):
        match_faces(np.ones((1, 2), np.float32), apart, Metric.COSINE, 0.1)


def test_that_no_templates_mean_nobody() -> None:
    empty = Templates(np.empty((0, 8), np.float32), np.empty(0, np.int64))
    match = match_faces(np.ones((2, 8), np.float32), empty, Metric.L2, 1.0)
    assert [one.person for one in match] == [None, None]
    assert [one.candidates for one in match] == [(), ()]


@given(st.integers(0, 5_000), st.integers(1, 4), st.integers(1, 4), st.floats(0.05, 0.9))
def test_that_the_assignment_is_the_best_there_is(seed: int, faces: int, people: int, share: float) -> None:
    templates = _templates(seed, 9, people)
    probes = np.random.default_rng(seed + 1).normal(size=(faces, 8)).astype(np.float32)
    means, ids = fuse(templates.matrix, templates.person_ids)
    fused = distances(probes, means, Metric.L2)
    threshold = float(np.quantile(fused, share))
    found = [one.person for one in match_faces(probes, templates, Metric.L2, threshold)]

    given_out = [person.person_id for person in found if person]
    assert len(given_out) == len(set(given_out)), "nobody is found twice"
    cost = sum(person.distance if person else threshold for person in found)
    best = np.inf
    for choice in product([*range(len(ids)), None], repeat=faces):
        chosen = [column for column in choice if column is not None]
        if len(chosen) == len(set(chosen)):
            costs = [threshold if column is None else fused[face, column] for face, column in enumerate(choice)]
            if all(column is None or fused[face, column] <= threshold for face, column in enumerate(choice)):
                best = min(best, float(np.sum(costs)))
    assert cost == pytest.approx(best, rel=1e-5)


def test_that_candidates_are_ranked_and_the_margin_is_to_the_second() -> None:
    templates = _templates(3, 40, 10)
    probe = np.random.default_rng(4).normal(size=(1, 8)).astype(np.float32)
    match = match_faces(probe, templates, Metric.COSINE, 2.0, top=4)[0]
    apart = [candidate.distance for candidate in match.candidates]
    assert len(apart) == 4
    assert apart == sorted(apart)
    assert match.margin == pytest.approx(apart[1] - apart[0])
    assert match.person == match.candidates[0]


def test_that_a_face_beyond_the_threshold_is_unknown() -> None:
    templates = _templates(3, 40, 10)
    probe = np.random.default_rng(4).normal(size=(1, 8)).astype(np.float32)
    nearest = match_faces(probe, templates, Metric.COSINE, 2.0)[0].candidates[0].distance
    assert match_faces(probe, templates, Metric.COSINE, nearest)[0].person is not None
    assert match_faces(probe, templates, Metric.COSINE, float(np.nextafter(np.float32(nearest), 0)))[0].person is None


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 5_000),
    people=st.integers(1, 60),
    faces=st.integers(1, 4),
    share=st.floats(0, 1),
    metric=st.sampled_from(list(Metric)),
)
def test_that_the_index_changes_no_decision(seed: int, people: int, faces: int, share: float, metric: Metric) -> None:
    templates = _templates(seed, 90, people)
    probes = np.random.default_rng(seed + 1).normal(size=(faces, 8)).astype(np.float32)
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    means, ids = fuse(templates.matrix, templates.person_ids)
    apart = distances(probes, means, metric)
    threshold = float(np.quantile(apart, share)) + 1e-5
    for row, match in zip(apart, match_faces(probes, templates, metric, threshold), strict=True):
        nearest = np.argsort(row, kind="stable")[:5]
        assert [candidate.person_id for candidate in match.candidates] == ids[nearest].tolist()
        np.testing.assert_allclose([one.distance for one in match.candidates], row[nearest], atol=2e-6)
        if len(row) > 1:
            assert match.margin == pytest.approx(row[nearest[1]] - row[nearest[0]], abs=4e-6)
        assert match.person is None or row[ids == match.person.person_id] <= threshold
    if faces == 1:
        assert (match.person is not None) == bool((apart <= threshold).any())


def test_that_an_index_that_is_kept_decides_as_a_new_one() -> None:
    probes = _templates(8, 3, 1).matrix
    kept = PeopleIndex()
    for seed in (1, 2, 1):
        templates = _templates(seed, 40, 10)
        again = match_faces(probes, templates, Metric.L2, 0.8, index=kept)
        assert again == match_faces(probes, templates, Metric.L2, 0.8)
        assert len(kept) == len(set(templates.person_ids.tolist()))


class OnGpu(Codes):
    """A GPU's codes, kept by the processor; with a memory that is full.

    Attributes:
        asked: the types of the devices that codes were wanted on.
        gives_out: which step there is no room for.
        room: how often rows can be added by the processor.
    """

    asked: ClassVar[list[str]]
    gives_out: ClassVar[str]
    room: ClassVar[float]

    def __init__(self, axes: Axes, device: torch.device) -> None:
        super().__init__(axes)
        self.on_gpu = device.type == "cuda"
        self.asked.append(device.type)

    def append(self, vectors: FloatArray) -> None:
        self.fail_at("append")
        if not self.on_gpu:
            OnGpu.room -= 1
            if OnGpu.room < 0:
                raise MemoryError
        super().append(vectors)

    def scores(self, probes: FloatArray) -> list[Scores]:
        self.fail_at("scores")
        return super().scores(probes)

    def fail_at(self, step: str) -> None:
        if self.on_gpu and step == self.gives_out:
            raise torch.OutOfMemoryError("full")


@pytest.fixture
def on_gpu(monkeypatch: pytest.MonkeyPatch) -> type[OnGpu]:
    OnGpu.asked, OnGpu.gives_out, OnGpu.room = [], "", inf
    monkeypatch.setattr(index_module, "Codes", OnGpu)
    monkeypatch.setattr(index_module, "_SMALL", 0)
    return OnGpu


@pytest.mark.parametrize("gives_out", ["append", "scores"])
def test_that_a_gpu_that_gives_out_is_left_for_the_processor(on_gpu: type[OnGpu], gives_out: str) -> None:
    on_gpu.gives_out = gives_out
    probes, templates = _templates(8, 3, 1).matrix, _templates(1, 40, 10)
    kept = PeopleIndex(torch.device("cuda"))
    found = match_faces(probes, templates, Metric.L2, 0.8, index=kept)
    assert on_gpu.asked == ["cuda", "cpu"]
    assert found == match_faces(probes, templates, Metric.L2, 0.8)
    more = _templates(2, 50, 12)
    assert match_faces(probes, more, Metric.L2, 0.8, index=kept) == match_faces(probes, more, Metric.L2, 0.8)
    assert on_gpu.asked.count("cuda") == 1


@pytest.mark.parametrize("gives_out", ["append", "scores"])
def test_that_nobody_is_searched_among_half_of_the_people_where_the_processor_gives_out_too(
    on_gpu: type[OnGpu], monkeypatch: pytest.MonkeyPatch, gives_out: str
) -> None:
    monkeypatch.setattr(people_index, "_PEOPLE_AT_ONCE", 4)
    on_gpu.gives_out, on_gpu.room = gives_out, 1
    probes, templates = _templates(8, 3, 1).matrix, _templates(1, 40, 10)
    kept = PeopleIndex(torch.device("cuda"))
    with pytest.raises(MemoryError):
        match_faces(probes, templates, Metric.L2, 0.8, index=kept)
    assert len(kept) == 0
    on_gpu.room = inf
    on_gpu.asked.clear()
    found = match_faces(probes, templates, Metric.L2, 0.8, index=kept)
    assert len(kept) == 10
    assert found == match_faces(probes, templates, Metric.L2, 0.8)
    assert "cuda" not in on_gpu.asked, "the device that gave out is not asked again"
