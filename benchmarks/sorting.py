"""Sorting photographs: grouping LFW's faces by person against DBSCAN, HDBSCAN and others; its scale; its throughput.

People are halved. Whatever has a parameter to choose gets the one with the best pairwise F on the first half, and is
scored on the second, where most people have one picture; faces are the most central ones, embedded once. Pairwise
precision, recall and F are over pairs of faces; BCubed F (Bagga and Baldwin 1998) over faces; purity over the faces
that are in a group of two or more.

Throughput is the whole job, files to stored faces, against a bare loop over the same pipeline that stores nothing.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from common import ROOT, file_pipeline
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering

from engine.capture.folders import find_pictures
from engine.capture.images import read_image
from engine.matching.calibration import Calibration
from engine.packs.pack import DEFAULT_PACK
from engine.service import FaceService
from engine.settings import Settings
from engine.sorting.clustering import Limits, cluster
from engine.sorting.walk import PICTURES_AT_ONCE
from engine.training.faces import look_at
from engine.types import CancelToken, Metric

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Method = Callable[[Floats], Labels]
MOST_FOR_A_MATRIX = 4000
"""Average linkage in scikit-learn keeps all distances."""
CALIBRATION = Calibration.load(DEFAULT_PACK.id)
STRICT = Settings().false_match_rate


class Scores(NamedTuple):
    """How well a grouping agrees with who the people are."""

    precision: float
    recall: float
    f: float
    bcubed_f: float
    purity: float
    groups: int


def main() -> None:
    """Print every side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--faces", type=Path, help="a folder to keep LFW's faces in between runs")
    parser.add_argument("--pictures", type=int, default=400, help="for the throughput; 0 leaves it out")
    options = parser.parse_args()
    lfw = options.shared / "data" / "lfw"
    with tempfile.TemporaryDirectory() as folder:
        embeddings, whose = lfw_faces(lfw, options.faces or Path(folder))
    scale(embeddings, whose)
    compare(embeddings, whose)
    if options.pictures:
        throughput(lfw, options.pictures)


def lfw_faces(lfw: Path, cache: Path) -> tuple[Floats, Labels]:
    """Unit embeddings of LFW's faces, and whose each is."""
    token = CancelToken()
    found = look_at(lfw, file_pipeline(), cache, lambda _progress: None, token)
    there = np.isfinite(found.embeddings).all(axis=1)
    names = np.array([picture.person for picture in found.pictures])[there]
    return found.embeddings[there], np.unique(names, return_inverse=True)[1].astype(np.int64)


# --- grouping -----------------------------------------------------------------------------------------------------


def compare(embeddings: Floats, whose: Labels) -> None:
    """Tune every method on one half of the people, and score it on the other."""
    people = np.random.default_rng(0).permutation(whose.max() + 1)
    first = np.isin(whose, people[::2])
    tuned = {name: best(methods, embeddings[first], whose[first]) for name, methods in grids().items()}
    for title, rows in collections(whose, np.flatnonzero(~first)):
        singles = int((np.bincount(np.unique(whose[rows], return_inverse=True)[1]) == 1).sum())
        print(f"{title}: {len(rows):,} faces of {len(np.unique(whose[rows])):,} people, {singles:,} with one picture")
        for name, (parameter, method) in tuned.items():
            if name.startswith("average linkage") and len(rows) > MOST_FOR_A_MATRIX:
                continue
            start = perf_counter()
            found = score(whose[rows], method(embeddings[rows]))
            print(
                f"  {name} ({parameter}): precision {found.precision:.4f}, recall {found.recall:.4f}, "
                f"F {found.f:.4f}, BCubed F {found.bcubed_f:.4f}, purity {found.purity:.4f}, "
                f"{found.groups:,} groups, {perf_counter() - start:.1f} s",
                flush=True,
            )


def collections(whose: Labels, rows: Labels) -> Iterable[tuple[str, Labels]]:
    """The second half of LFW, and smaller collections drawn from it."""
    counts = np.bincount(whose, minlength=whose.max() + 1)
    rng = np.random.default_rng(1)
    yield "half of LFW", rows
    several = rng.permutation([p for p in np.unique(whose[rows]) if counts[p] >= 8])
    alone = rng.permutation([p for p in np.unique(whose[rows]) if counts[p] == 1])
    for count in (20, 80):
        theirs = [rng.permutation(np.flatnonzero(whose == person))[:40] for person in several[:count]]
        others = [np.flatnonzero(whose == person) for person in alone[: 10 * count]]
        yield f"{count} people of eight pictures or more, {10 * count} strangers", np.concatenate(theirs + others)
    yield "2,000 faces at random", rng.permutation(rows)[:2000]


def grids() -> dict[str, list[tuple[str, Method]]]:
    """Every method with the parameters that it may choose from."""

    def limit(rate: float) -> float:
        return CALIBRATION.threshold(Metric.COSINE, rate)

    def ours(faces: Floats) -> Labels:
        return cluster(faces, range(len(faces)), Limits.of(CALIBRATION, STRICT))

    return {
        "Visavis": [(f"false match rate {STRICT:g}", ours)],
        "DBSCAN, best eps": [(f"eps {eps:g}", dbscan(eps)) for eps in (0.03, 0.035, 0.04, 0.045, 0.05, 0.06, 0.07)],
        "DBSCAN, eps of the 1:1 limit": [(f"eps {limit(STRICT):.3f}", dbscan(limit(STRICT)))],
        "HDBSCAN": [(f"min_cluster_size {size}", hdbscan(size)) for size in (2, 3, 5)],
        "Chinese Whispers": [(f"rate {rate:g}", whispers(limit(rate))) for rate in (1e-3, 3e-4, 1e-4, 3e-5, 1e-5)],
        "average linkage, one limit": [
            (f"rate {rate:g}", average(limit(rate))) for rate in (5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4)
        ],
    }


def best(methods: Sequence[tuple[str, Method]], faces: Floats, whose: Labels) -> tuple[str, Method]:
    """The parameter with the best pairwise F."""
    if len(methods) == 1:
        return methods[0]
    few = np.random.default_rng(2).permutation(len(faces))[:MOST_FOR_A_MATRIX]
    return max(methods, key=lambda one: score(whose[few], one[1](faces[few])).f)


def dbscan(eps: float) -> Method:
    """DBSCAN on cosine distances with min_samples 2; noise is a group of its own each."""
    return lambda faces: _alone(DBSCAN(eps=eps, min_samples=2, metric="cosine").fit_predict(faces))


def hdbscan(size: int) -> Method:
    """HDBSCAN on unit vectors, where the Euclidean distance orders as the cosine does."""
    return lambda faces: _alone(HDBSCAN(min_cluster_size=size, min_samples=1, copy=True).fit_predict(faces))


def average(limit: float) -> Method:
    """Average linkage with one limit for all."""
    return lambda faces: AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=limit
    ).fit_predict(faces)


def whispers(limit: float, rounds: int = 20) -> Method:
    """Chinese Whispers (Biemann 2006) on the graph of near faces, weighted by similarity."""

    def method(faces: Floats) -> Labels:
        graph = _near(faces, limit)
        labels, rng = np.arange(len(faces)), np.random.default_rng(0)
        for _ in range(rounds):
            for face in rng.permutation(np.flatnonzero(np.diff(graph.indptr))):
                start, stop = graph.indptr[face], graph.indptr[face + 1]
                others, places = np.unique(labels[graph.indices[start:stop]], return_inverse=True)
                labels[face] = others[np.argmax(np.bincount(places, graph.data[start:stop]))]
        return np.unique(labels, return_inverse=True)[1]

    return method


def _near(faces: Floats, limit: float) -> csr_matrix:
    rows, columns, weights = [], [], []
    for start in range(0, len(faces), 2048):
        alike = faces[start : start + 2048] @ faces.T
        one, other = np.nonzero(alike >= 1 - limit)
        rows.append(one + start)
        columns.append(other)
        weights.append(alike[one, other])
    graph = coo_matrix((np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))))
    graph.setdiag(0)
    made = graph.tocsr()
    made.eliminate_zeros()
    return made


def _alone(labels: Labels) -> Labels:
    noise = labels < 0
    made = labels.copy()
    made[noise] = labels.max(initial=-1) + 1 + np.arange(noise.sum())
    return made


def score(whose: Labels, labels: Labels) -> Scores:
    """Compare a grouping with who the people are."""
    table = csr_matrix((np.ones(len(whose)), (np.unique(whose, return_inverse=True)[1], labels)))
    groups, people = (np.asarray(table.sum(axis=axis)).ravel() for axis in (0, 1))

    def pairs(counts: npt.NDArray[np.float64]) -> float:
        return float((counts * (counts - 1) / 2).sum())

    right, put, wanted = pairs(table.data), pairs(groups), pairs(people)
    precision, recall = right / max(put, 1), right / max(wanted, 1)
    cells = table.tocoo()
    b_precision = (cells.data**2 / groups[cells.col]).sum() / len(whose)
    b_recall = (cells.data**2 / people[cells.row]).sum() / len(whose)
    several = groups > 1
    largest = table.max(axis=0).toarray().ravel()
    return Scores(
        precision,
        recall,
        2 * precision * recall / max(precision + recall, 1e-9),
        2 * b_precision * b_recall / (b_precision + b_recall),
        float(largest[several].sum() / max(groups[several].sum(), 1)),
        int(several.sum()),
    )


# --- scale --------------------------------------------------------------------------------------------------------


def scale(embeddings: Floats, whose: Labels) -> None:
    """Time and memory for 20,000 faces: many people, and a household whose four members are in most pictures."""
    rng = np.random.default_rng(3)
    limits = Limits.of(CALIBRATION, STRICT)
    counts = np.bincount(whose)
    family = [rng.choice(np.flatnonzero(whose == person), 4500) for person in np.argsort(-counts)[:4]]
    rows = {
        "many people": np.concatenate([np.arange(len(whose)), rng.choice(len(whose), 20_000 - len(whose))]),
        "a household": np.concatenate([*family, rng.choice(np.flatnonzero(counts[whose] < 3), 2000, replace=False)]),
    }
    for title, chosen in rows.items():
        faces = embeddings[chosen] + rng.normal(size=(len(chosen), embeddings.shape[1])).astype(np.float32) * 0.008
        faces /= np.linalg.norm(faces, axis=1, keepdims=True)
        start, used = perf_counter(), process_time()
        labels = cluster(faces, range(len(faces)), limits)
        used = process_time() - used
        seconds, peak_mb = perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found = score(whose[chosen], labels)
        start = perf_counter()
        linked = connected_components(_near(faces, limits.pair), directed=False)[1]
        other = perf_counter() - start
        print(
            f"20,000 faces, {title}: {seconds:.1f} s ({used:.1f} s of the processor), F {found.f:.4f}, "
            f"the process's peak {peak_mb:.0f} MB; single linkage (DBSCAN) at the limit of pairs: {other:.1f} s, "
            f"F {score(whose[chosen], linked).f:.4f}",
            flush=True,
        )


# --- throughput ---------------------------------------------------------------------------------------------------


def throughput(lfw: Path, count: int) -> None:
    """The job against a bare loop over the pipeline, in turns."""
    pictures = [*find_pictures([lfw], CancelToken())][:: max(1, 13_000 // count)][:count]
    with tempfile.TemporaryDirectory() as folder:
        album = Path(folder) / "album"
        album.mkdir()
        for picture in pictures:
            (album / picture.name).write_bytes(picture.read_bytes())
        pipeline, smallest = file_pipeline(), Settings().smallest_face_px
        service = FaceService(Settings(), Path(folder) / "gallery.db")

        def bare(half: Sequence[Path]) -> None:
            for start in range(0, len(half), PICTURES_AT_ONCE):
                frames = [read_image(one) for one in half[start : start + PICTURES_AT_ONCE]]
                pipeline.faces(frames, smallest_face_px=smallest, averaging=True)

        files = sorted(album.iterdir())
        bare(files[:PICTURES_AT_ONCE])
        step = service.sorting.begin(album)
        job_s = bare_s = 0.0
        while not step.finished:
            before, start = step.done, perf_counter()
            step = service.sorting.go_on(step.sorting_id, 2.0)
            job_s += perf_counter() - start
            start = perf_counter()
            bare(files[before : step.done])
            bare_s += perf_counter() - start
        start = perf_counter()
        result = service.sorting.arrange(step.sorting_id)
        arrange_s = perf_counter() - start
        start = perf_counter()
        again = service.sorting.begin(album)
        again_s = perf_counter() - start
        service.close()
        size_mb = (Path(folder) / "gallery.db").stat().st_size / 2**20
    faces = result.sorting.faces
    print(
        f"{count:,} pictures, {faces:,} faces: {count / job_s:.1f} pictures/s; bare loop {count / bare_s:.1f}; ratio "
        f"{bare_s / job_s:.2f}. Grouping {arrange_s:.2f} s; listing a finished folder again "
        f"{again_s:.2f} s ({again.done:,} known); {size_mb / faces * 1024:.1f} KB a face"
    )


if __name__ == "__main__":
    main()
