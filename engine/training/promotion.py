"""Before against after on people that no training has seen, and the guard that decides on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadInputError, TrainingError
from engine.evaluation.bootstrap import LEAST_PEOPLE, all_pairs, paired_difference
from engine.evaluation.metrics import cosine_distances, curve
from engine.evaluation.strangers import measured, stranger_pairs
from engine.evaluation.words import acceptance, change
from engine.learning import FINE_TUNE, RECIPE_OPTIONS, Comparison
from engine.matching.calibration import Calibration
from engine.matching.learned import HEAD_TITLE, LearnedVerifier, keep
from engine.networks.architectures import ARCHITECTURES, Architecture
from engine.packs.embedder import Embedder
from engine.packs.installed import described, install, list_packs
from engine.packs.pack import Pack
from engine.packs.weights import filled
from engine.pipeline import unit, views_of_crop
from engine.training.batches import Crops, read_crop
from engine.training.checkpoint import Checkpoint, digest_of, read_checkpoint
from engine.training.run import Run
from engine.training.state import BEST
from engine.training.validation import MOST_OF_ONE
from engine.types import FloatArray, Metric

MOST_IMPOSTORS = 100_000
MOST_CROPS = 5000
AT_ONCE = 32
"""After so many crops `check` is asked."""


def architecture_key(run: Run) -> str:
    """The architecture of a run's network."""
    return "dlib_resnet" if run.recipe.start == FINE_TUNE else run.recipe.start


def trained_pack(run: Run) -> Pack:
    """The best network of a run as a pack that is not stored yet.

    Raises:
        BadInputError: there is no checkpoint, or it is damaged.
    """
    checkpoint = best_of(run)
    key = architecture_key(run)
    architecture = ARCHITECTURES[key]

    class _Unread:
        def read(self) -> bytes:
            return b""

    return Pack(
        id=_pack_id(run.name, checkpoint.sha256), title=_title(run, architecture), dimension=architecture.dimension,
        frame=architecture.frame, averaged_paddings=architecture.averaged_paddings or (architecture.frame.padding,),
        licence="Trained here; made from your own pictures", commercial_use=False,
        file=_Unread(), load=lambda _content: filled(key, checkpoint.tensors),
    )  # fmt: skip


def best_of(run: Run) -> Checkpoint:
    """The best network of a run.

    Raises:
        BadInputError: there is none yet, or it is damaged.
    """
    checkpoint = read_checkpoint(run.place, BEST)
    if checkpoint is None:
        raise BadInputError(f"The run “{run.name}” has no finished network yet. Let it train first.")
    return checkpoint


def _title(run: Run, architecture: Architecture) -> str:
    """Tells packs apart that were trained on one day."""
    loss = dict(RECIPE_OPTIONS["loss"].choices)[run.recipe.loss]
    return f"{architecture.title}, {loss}, trained {run.begun[:16].replace('T', ' ')}"


def embed_crops(embedder: Embedder, crops: Crops, check: Callable[[], None]) -> FloatArray:
    """Embed crops with test-time averaging, as the gallery is, (N, D) of unit length."""
    done = []
    for start in range(0, len(crops), AT_ONCE):
        check()
        paths = crops.paths[start : start + AT_ONCE]
        views = np.stack([views_of_crop(read_crop(path), embedder.pack, averaging=True) for path in paths])
        raw = unit(embedder.embed(views.reshape(-1, *views.shape[2:])))
        done.append(unit(raw.reshape(len(paths), views.shape[1], -1).mean(axis=1)))
    return np.concatenate(done)


def judged_crops(run: Run) -> Crops:
    """The held-out people's crops that a network is judged on."""
    return run.part(run.split.test).capped(MOST_OF_ONE, MOST_CROPS, run.recipe.seed)


def compare(run: Run, before: Embedder, after: Embedder, check: Callable[[], None]) -> Comparison:
    """Judge a trained network against another on the run's held-out people, pair by pair.

    Raises:
        BadInputError: a crop has vanished.
    """
    crops = judged_crops(run)
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
    embeddings = embed_crops(embedder, crops, check)
    strangers = stranger_pairs(np.array(crops.labels), run.recipe.seed)
    head = best_of(run).state.get("head")
    about = {
        "title": embedder.pack.title, "licence": embedder.pack.licence, "run": run.name, "begun": run.begun,
        "recipe": {name: getattr(run.recipe, name) for name in run.recipe.__slots__}, "versions": run.versions,
        "people": [len(run.split.training), len(run.split.validation), len(run.split.test)], "head": head,
    }  # fmt: skip
    network = embedder.pack.network()
    calibration = measured(embeddings, strangers).as_json()
    pack = install(packs, embedder.pack.id, architecture_key(run), network, about | {"calibration": calibration})
    if head is not None:
        keep(_verifier_of(head, pack.id, embeddings[strangers], len(run.split.training)))
    return pack


def _verifier_of(head: Mapping[str, Any], pack_id: str, strangers: FloatArray, people: int) -> LearnedVerifier:
    """The head that a network was trained with, as a verifier.

    Args:
        head: "weight" and "bias" of the logit of being two people.
        pack_id: of the network.
        strangers: (M, 2, D) embeddings of pairs that it has not learned from.
        people: it has learned from.
    """
    made = LearnedVerifier("weighted_l1", HEAD_TITLE, pack_id, tuple(head["weight"]), head["bias"], "", people)
    sums = made.sums(strangers[:, 0], strangers[:, 1]).astype(np.float32)
    return replace(made, calibration=Calibration.measured({Metric.COSINE: sums}).as_json())


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


def stored_pack(place: Path, packs: Path) -> str:
    """Id of the pack that was made of a run's best network; empty where there is none.

    Of a run that was deleted the latest pack that was made of one of that name.
    """
    if digest := digest_of(place, BEST):
        pack_id = _pack_id(place.name, digest)
        return pack_id if any(pack_id == pack.id for pack in list_packs(packs)) else ""
    made = [(about.get("begun", ""), pack_id) for pack_id, about in described(packs) if about.get("run") == place.name]
    return max(made)[1] if made else ""


def _pack_id(run: str, digest: str) -> str:
    """A name that differs with the weights: runs can be deleted and their names used again."""
    return f"trained-{re.sub(r'[^a-z0-9-]+', '-', run.lower())[:60]}-{digest[:8]}"
