"""Before against after on people that no training has seen, and the guard that decides on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.errors import BadInputError, TrainingError
from engine.evaluation.bootstrap import LEAST_PEOPLE, all_pairs, paired_difference
from engine.evaluation.metrics import cosine_distances, curve
from engine.evaluation.words import acceptance, change
from engine.learning import FINE_TUNE, Comparison
from engine.matching.calibration import Calibration
from engine.matching.distances import distances
from engine.networks.architectures import ARCHITECTURES
from engine.packs.embedder import Embedder
from engine.packs.installed import filled, install
from engine.packs.pack import Pack
from engine.pipeline import unit, views_of_crop
from engine.training.batches import Crops, read_crop
from engine.training.checkpoint import read_checkpoint
from engine.training.run import Run
from engine.training.state import BEST
from engine.training.validation import MOST_OF_ONE
from engine.types import FloatArray, Metric

MOST_IMPOSTORS = 100_000
MOST_CROPS = 5000
_AT_ONCE = 32


def architecture_key(run: Run) -> str:
    """The architecture of a run's network."""
    return "dlib_resnet" if run.recipe.start == FINE_TUNE else run.recipe.start


def trained_pack(run: Run) -> Pack:
    """The best network of a run as a pack that is not stored yet.

    Raises:
        BadInputError: there is no checkpoint, or it is damaged.
    """
    checkpoint = read_checkpoint(run.place, BEST)
    if checkpoint is None:
        raise BadInputError(f"The run “{run.name}” has no finished network yet. Let it train first.")
    key = architecture_key(run)
    architecture = ARCHITECTURES[key]

    class _Unread:
        def read(self) -> bytes:
            return b""

    return Pack(
        id=_pack_id(run), title=f"{architecture.title}, trained {run.begun[:10]}", dimension=architecture.dimension,
        frame=architecture.frame, averaged_paddings=architecture.averaged_paddings or (architecture.frame.padding,),
        licence="Trained here; made from your own pictures", commercial_use=False,
        file=_Unread(), load=lambda _content: filled(key, checkpoint.tensors),
    )  # fmt: skip


def embed_crops(embedder: Embedder, crops: Crops, check: Callable[[], None]) -> FloatArray:
    """Embed crops with test-time averaging, as the gallery is, (N, D) of unit length."""
    done = []
    for start in range(0, len(crops), _AT_ONCE):
        check()
        paths = crops.paths[start : start + _AT_ONCE]
        views = np.stack([views_of_crop(read_crop(path), embedder.pack, averaging=True) for path in paths])
        raw = unit(embedder.embed(views.reshape(-1, *views.shape[2:])))
        done.append(unit(raw.reshape(len(paths), views.shape[1], -1).mean(axis=1)))
    return np.concatenate(done)


def compare(run: Run, before: Embedder, after: Embedder, check: Callable[[], None]) -> Comparison:
    """Judge a trained network against another on the run's held-out people, pair by pair.

    Raises:
        BadInputError: a crop has vanished.
    """
    crops = run.part(run.split.test).capped(MOST_OF_ONE, MOST_CROPS, run.recipe.seed)
    places, pairs = all_pairs(np.array(crops.labels), MOST_IMPOSTORS, run.recipe.seed)

    def apart(embedder: Embedder) -> FloatArray:
        embeddings = embed_crops(embedder, crops, check)
        return cosine_distances(embeddings[places[:, 0]], embeddings[places[:, 1]])

    old, new = apart(before), apart(after)
    difference = paired_difference(old, new, pairs, run.recipe.false_match_rate, seed=run.recipe.seed)
    return Comparison(
        before_title=before.pack.title,
        people=len(crops.people),
        genuine_pairs=int(pairs.genuine.sum()),
        impostor_pairs=int((~pairs.genuine).sum()),
        false_match_rate=run.recipe.false_match_rate,
        before=acceptance(difference.before),
        after=acceptance(difference.after),
        difference=change(difference.change, enough_people=difference.enough_people),
        better_beyond_chance=difference.better_beyond_chance,
        before_det=curve(old, pairs.genuine).points(),
        after_det=curve(new, pairs.genuine).points(),
        enough_people=difference.enough_people,
    )


def promote(run: Run, packs: Path, embedder: Embedder, check: Callable[[], None], *, anyway: bool = False) -> Pack:
    """Store a run's network as a pack, with a calibration from strangers it has not learned from.

    Args:
        run: has ended.
        packs: folder of the user's packs.
        embedder: of `trained_pack`.
        check: raises to stop.
        anyway: even where it is not better beyond chance.

    Raises:
        TrainingError: it is not better beyond chance, and `anyway` was not said.
        PackError: it cannot be stored.
    """
    if not anyway:
        _guard(run.comparison())
    crops = run.part((*run.split.validation, *run.split.test)).capped(MOST_OF_ONE, MOST_CROPS, run.recipe.seed)
    embeddings, labels = embed_crops(embedder, crops, check), np.array(crops.labels)
    places, pairs = all_pairs(labels, 10 * MOST_IMPOSTORS, run.recipe.seed)
    strangers = places[~pairs.genuine]
    impostors = {metric: _apart(embeddings, strangers, metric) for metric in Metric}
    about = {
        "title": embedder.pack.title, "licence": embedder.pack.licence, "run": run.name, "begun": run.begun,
        "recipe": {name: getattr(run.recipe, name) for name in run.recipe.__slots__}, "versions": run.versions,
        "people": [len(run.split.training), len(run.split.validation), len(run.split.test)],
    }  # fmt: skip
    network = embedder.pack.network()
    calibration = Calibration.measured(impostors).as_json()
    return install(packs, embedder.pack.id, architecture_key(run), network, about | {"calibration": calibration})


def _guard(comparison: Comparison | None) -> None:
    """Refuse what is not known to be better.

    Raises:
        TrainingError: it is not.
    """
    if comparison is not None and comparison.better_beyond_chance:
        return
    if comparison is not None and not comparison.enough_people:
        raise TrainingError(
            f"The people held out are too few to tell whether the trained network is better: {comparison.people}, and "
            f"at least {LEAST_PEOPLE} are needed. It was not put to use; you can do so all the same, or add people."
        )
    raise TrainingError(
        "On the people held out, the trained network is not better than the one before beyond what chance "
        "explains. It was not put to use; you can do so all the same."
    )


def _apart(embeddings: FloatArray, places: np.ndarray, metric: Metric) -> FloatArray:
    if metric is Metric.L1:
        summed: FloatArray = np.abs(embeddings[places[:, 0]] - embeddings[places[:, 1]]).sum(axis=1)
        return summed
    everyone = distances(embeddings, embeddings, metric)
    chosen: FloatArray = everyone[places[:, 0], places[:, 1]]
    return chosen


def _pack_id(run: Run) -> str:
    return "trained-" + re.sub(r"[^a-z0-9-]+", "-", run.name.lower())[:60]
