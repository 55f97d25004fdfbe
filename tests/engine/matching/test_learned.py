"""Verifiers that were learned: stored, found, and chosen for verification."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadInputError, PackError
from engine.evaluation.bootstrap import Pairs
from engine.evaluation.verifiers import Compared, learn_verifiers
from engine.matching.learned import LearnedVerifier, chi_square_parts, find_verifier
from engine.packs.pack import DEFAULT_PACK
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Metric


def pairs(count: int = 600, dimension: int = 16) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signed unit vectors of which the first four components tell people apart."""
    random = np.random.default_rng(0)
    genuine = np.arange(count) % 2 == 0
    first, second = random.normal(size=(2, count, dimension))
    second[genuine, :4] = first[genuine, :4] + random.normal(0, 0.1, (count // 2, 4))
    scaled = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (first, second)]
    return scaled[0].astype(np.float32), scaled[1].astype(np.float32), genuine


def learned(dimension: int = 16, pack_id: str = "pack") -> list[LearnedVerifier]:
    first, second, genuine = pairs(dimension=dimension)
    count = np.arange(len(genuine))
    people = Pairs(genuine, np.column_stack([count, np.where(genuine, count, count + len(count))]))
    return learn_verifiers(pack_id, Compared(first, second, people, count % 10, count))


def test_that_only_what_fits_the_embeddings_is_learned() -> None:
    assert [one.kind for one in learned()] == ["weighted_l1"], "chi-square needs features that are not negative"


def test_that_a_learned_verifier_separates_and_its_limit_has_the_rate() -> None:
    (made,) = learned()
    first, second, genuine = pairs()
    apart = made.distances(first, second)
    assert ((apart >= 0) & (apart <= 1)).all()
    assert apart[genuine].mean() < apart[~genuine].mean()
    limit = made.threshold(0.1, templates=1)
    assert (apart[~genuine] <= limit).mean() == pytest.approx(0.1, abs=0.05)
    assert made.threshold(0.1, templates=4) < limit
    assert made.false_match_rate(limit, 1).rate == pytest.approx(0.1, rel=0.1)


def test_that_it_is_found_again_whole(tmp_path: Path) -> None:
    (made,) = learned()
    made.save(tmp_path)
    assert find_verifier("weighted_l1", "pack", tmp_path) == made
    with pytest.raises(PackError, match="Evaluate a folder"):
        find_verifier("weighted_l1", "other", tmp_path)
    (tmp_path / "pack" / "weighted_l1.json").write_text("{")
    with pytest.raises(PackError, match="damaged"):
        find_verifier("weighted_l1", "pack", tmp_path)


def test_that_negative_features_are_refused() -> None:
    with pytest.raises(BadInputError, match="not negative"):
        chi_square_parts(np.full((1, 2), -1, np.float32), np.ones((1, 2), np.float32))


def test_that_a_verifier_can_be_chosen_and_says_which_it_is(service: FaceService, pictures: Path) -> None:
    person = service.enroll("Eileen", service.judge([pictures / "eileen1.jpg"])).person
    with pytest.raises(PackError, match="has not been learned"):
        service.apply(Settings(precision="fp32", verifier="weighted_l1"))
    assert service.verify(person.id, pictures / "eileen2.png").verifier == ""
    (made,) = learned(128, DEFAULT_PACK.id)
    made.save()
    service.apply(Settings(precision="fp32", verifier="weighted_l1", false_match_rate=1e-2))
    found = service.verify(person.id, pictures / "eileen2.png")
    assert found.verifier == "Weighted L1 (Siamese head)"
    assert 0 < found.distance < 1
    assert found.threshold == made.threshold(1e-2, 1)
    assert found.metric is Metric.COSINE
    assert found.distance < service.verify(person.id, pictures / "grace.jpg").distance
    compared = service.compare(pictures / "eileen1.jpg", pictures / "eileen2.png")
    assert compared.verifier == found.verifier
    assert compared.distance == pytest.approx(found.distance, abs=1e-5)
    assert compared.threshold == found.threshold
    replayed = service.replay(1e-5)
    assert all(record.verifier == found.verifier for record in replayed.changed if record.distance > 0.1)
    # Decisions of a verifier that is no longer in use cannot be made again.
    service.apply(Settings(precision="fp32"))
    assert all(not record.verifier for record in service.replay(1e-2).changed)


def test_that_a_verifier_that_has_gone_does_not_keep_the_engine_from_starting(tmp_path: Path) -> None:
    made = FaceService(Settings(verifier="weighted_l1"), tmp_path / "gallery.db")
    assert "has not been learned" in made.info().pack_problem
    made.close()


def test_that_a_limit_rarer_than_its_pairs_is_stricter() -> None:
    (made,) = learned()
    limits = [made.threshold(rate, 1) for rate in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)]
    assert limits == sorted(set(limits), reverse=True)
    assert limits[-1] > 0
