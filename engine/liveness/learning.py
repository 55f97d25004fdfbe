"""A temporal network on a user's clips: split by group, judged on groups it never saw, and a guard before its use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import comb, isnan
from pathlib import Path

import numpy as np
import platformdirs
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from engine.clip_values import LEAST_GROUPS
from engine.errors import BadInputError, PackError, TrainingError
from engine.files import write_whole
from engine.liveness.bench import share
from engine.liveness.clips import Clip
from engine.liveness.training import Split, tensors_of
from engine.liveness_values import Share
from engine.networks.temporal import NETWORKS
from engine.wording import counted

BEYOND_CHANCE = 0.05
_LIVE_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trained network is worth, on groups that it never saw.

    Attributes:
        apcer, bpcer: of the network, over test clips.
        frames_apcer, frames_bpcer: of the mean of the per-frame networks' scores; nothing where they are missing.
        chance: how likely so much better is by chance (sign test over the clips that only one of both decides rightly).
        better: whether it may be put to use.
        verdict: that in words.
    """

    kind: str
    epochs: int
    clips: int
    apcer: Share
    bpcer: Share
    frames_apcer: Share
    frames_bpcer: Share
    chance: float
    better: bool
    verdict: str


def split(clips: Sequence[Clip], seed: int = 0) -> Split:
    """Split by group, so that nobody's recording is on two sides; a person's live and spoof clips stay together.

    Raises:
        BadInputError: a label has too few groups.
    """
    for label, live in (("live", True), ("spoof", False)):
        groups = {clip.group for clip in clips if clip.live is live}
        if len(groups) < LEAST_GROUPS:
            raise BadInputError(
                f"“{label}” has usable clips of {counted(len(groups), 'person or recording', 'people or recordings')}; "
                f"{LEAST_GROUPS} are needed. Record "
                "more, each of at least two seconds with a face in sight."
            )
    draw = np.random.default_rng(seed)
    kinds: dict[str, list[str]] = {}
    for group in sorted({clip.group for clip in clips}):
        labels = "".join(sorted({"l" if clip.live else "s" for clip in clips if clip.group == group}))
        kinds.setdefault(labels, []).append(group)
    sides: dict[str, int] = {}
    for names in kinds.values():
        order = [names[place] for place in draw.permutation(len(names))]
        held = max(1, round(len(order) / 5))
        for place, group in enumerate(order):
            sides[group] = 2 if place < held else 1 if place < 2 * held else 0
    parts: tuple[list[Clip], list[Clip], list[Clip]] = ([], [], [])
    for clip in clips:
        parts[sides[clip.group]].append(clip)
    return Split(*parts)


def probabilities(network: nn.Module, clips: Sequence[Clip], kind: str) -> list[float]:
    """Probability of a living face for each clip."""
    with torch.inference_mode():
        found: list[float] = torch.sigmoid(network(tensors_of(clips, kind))).tolist()
    return found


def judge(network: nn.Module, kind: str, parts: Split, epochs: int) -> Outcome:
    """Compare a network with the mean of the per-frame networks' scores, on the test clips."""
    test = parts.test
    own = [score >= _LIVE_FROM for score in probabilities(network, test, kind)]
    truth = [clip.live for clip in test]
    apcer, bpcer = _errors(own, truth)
    known = bool(test) and not any(isnan(clip.per_frame) for clip in [*parts.validation, *test])
    nothing = share(0, 0)
    if not known:
        verdict = "It cannot be compared with the networks that look at single frames, as they are not installed."
        return Outcome(kind, epochs, len(test), apcer, bpcer, nothing, nothing, 1.0, False, f"{verdict} {_KEPT_BACK}")
    limit = _best_limit(parts.validation)
    frames = [clip.per_frame >= limit for clip in test]
    frames_apcer, frames_bpcer = _errors(frames, truth)
    won = sum(a == t != b for a, b, t in zip(own, frames, truth, strict=True))
    lost = sum(b == t != a for a, b, t in zip(own, frames, truth, strict=True))
    chance = sign_test(won, lost)
    better = won > lost and chance <= BEYOND_CHANCE
    verdict = (
        f"It decides {won} test clips rightly that the mean of single frames does not, and the other way round {lost}."
    )
    verdict += " It may be put to use." if better else f" That is not better beyond chance. {_KEPT_BACK}"
    return Outcome(kind, epochs, len(test), apcer, bpcer, frames_apcer, frames_bpcer, chance, better, verdict)


_KEPT_BACK = "It is not put to use."


def sign_test(won: int, lost: int) -> float:
    """How likely at least so many wins are where both are equally good, one-sided."""
    total = won + lost
    return float(sum(comb(total, count) for count in range(won, total + 1)) / 2**total)


def _errors(said: Sequence[bool], truth: Sequence[bool]) -> tuple[Share, Share]:
    pairs = list(zip(said, truth, strict=True))
    attacks = [answer for answer, live in pairs if not live]
    genuine = [answer for answer, live in pairs if live]
    return share(sum(attacks), len(attacks)), share(len(genuine) - sum(genuine), len(genuine))


def _best_limit(clips: Sequence[Clip]) -> float:
    """The limit on the per-frame mean that errs least on the validation clips."""
    scores = sorted({clip.per_frame for clip in clips})
    limits = [0.0, *((a + b) / 2 for a, b in pairwise(scores)), 1.1]
    return min(limits, key=lambda limit: sum((clip.per_frame >= limit) != clip.live for clip in clips))


# --- keeping it -------------------------------------------------------------------------------------------------------


def network_folder() -> Path:
    """Where the network in use is kept."""
    return platformdirs.user_data_path("visavis", appauthor=False) / "liveness"


def _place(folder: Path | None, kind: str) -> Path:
    return (folder or network_folder()) / f"temporal-{kind}.safetensors"


def store(network: nn.Module, outcome: Outcome, folder: Path | None = None) -> Path:
    """Put a network to use, in the place of one of before.

    Raises:
        TrainingError: it is not better than the mean of single frames, or cannot be written.
    """
    if not outcome.better:
        raise TrainingError(outcome.verdict)
    place = _place(folder, outcome.kind)
    content = save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(place.with_suffix(".json"), json.dumps(asdict(outcome), indent=1).encode())
        write_whole(place, content)
    except OSError as error:
        raise TrainingError(f"The network could not be stored: {error.strerror}. Make room and train again.") from error
    for other in NETWORKS:
        if other != outcome.kind:
            _place(folder, other).unlink(missing_ok=True)
    return place


def in_use(folder: Path | None = None) -> tuple[str, nn.Module] | None:
    """The kind and network that were put to use; None where there is none.

    Raises:
        PackError: it is damaged.
    """
    for kind in NETWORKS:
        try:
            return kind, load_network(kind, _place(folder, kind).read_bytes())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise PackError(
                f"The temporal liveness network cannot be read: {error.strerror}. Train it again."
            ) from error
    return None


def load_network(kind: str, content: bytes) -> nn.Module:
    """Build a network from what was stored.

    Raises:
        PackError: it is damaged.
    """
    network = NETWORKS[kind]()
    try:
        network.load_state_dict(load(content))
    except (SafetensorError, RuntimeError) as error:
        raise PackError("The temporal liveness network is damaged. Train it again.") from error
    return network.eval().requires_grad_(requires_grad=False)
