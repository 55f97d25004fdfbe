"""Fine-tuning the default network on LFW's people: TAR at FMR 1e-3 on people held out, before and after.

The same people, start and time for each loss; paired bootstrap over people; and what the guard says.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from common import ROOT, session

from engine.learning import Event, Recipe, RunEnded, Validated
from engine.options import Value

RECIPES: dict[str, dict[str, Value]] = {
    "triplet": {"learning_rate": 2e-6, "miner": "semi_hard", "people_per_batch": 32, "pictures_per_person": 2},
    "cosface": {"learning_rate": 3e-5, "people_per_batch": 32, "pictures_per_person": 2},
    "softmax": {"learning_rate": 2e-6, "people_per_batch": 32, "pictures_per_person": 2},
}
"""Learning rates were chosen on the validation people; larger ones forget more than they learn."""


def main() -> None:
    """Print both sides for each loss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--minutes", type=float, default=2.0, help="for each loss")
    options = parser.parse_args()
    common = {"freeze": "none", "epochs": 10_000, "minutes": options.minutes, "test_share": 0.4, "patience": 1000}
    with tempfile.TemporaryDirectory() as folder:
        for loss, own in RECIPES.items():
            recipe = Recipe().with_values({**common, **own, "loss": loss})
            training = session(Path(folder), told)
            run = training.begin(options.shared / "data" / "lfw", recipe, None)
            show(loss, training.train(run))


def told(event: Event) -> None:
    """Print how validation goes."""
    if isinstance(event, Validated):
        print(f"  epoch {event.epoch}: validation TAR {event.tar:.2%}", flush=True)


def show(loss: str, ended: RunEnded) -> None:
    """Print the verdict."""
    judged = ended.comparison
    if judged is None:
        raise TypeError("one process judges")
    guard = "lets it through" if judged.better_beyond_chance else "refuses it"
    print(
        f"{loss}, {ended.seconds:.0f} s: {judged.people} people held out, before {judged.before.text}, after "
        f"{judged.after.text}, change {judged.difference.text}; the guard {guard}",
        flush=True,
    )


if __name__ == "__main__":
    main()
