"""The training loop against a bare torch loop of the same network, and data loading against the decode limit."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import torch
from common import ROOT, session

from engine.capture.images import decode_jpeg
from engine.learning import Event, Recipe, Stepped
from engine.networks.architectures import ARCHITECTURES
from engine.training.batches import Batch, Reader
from engine.training.losses import LOSSES
from engine.training.run import Run
from engine.training.samplers import PeopleSampler
from engine.training.session import start_network

PEOPLE, PICTURES = 16, 4
RECIPE = Recipe().with_values(
    {"loss": "cosface", "freeze": "none", "epochs": 6, "least_pictures": 12, "patience": 1000, "learning_rate": 1e-6}
)


def main() -> None:
    """Print both ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    events: list[Event] = []
    # Everything is measured in one run, the bare loop before and after: a shared machine drifts.
    with tempfile.TemporaryDirectory() as folder:
        training = session(Path(folder), events.append)
        run = training.begin(options.shared / "data" / "lfw", RECIPE, None)
        batches, loading = read_ahead(run)
        bare = [bare_loop(run, batches, training.device.bf16) for _ in range(2)]
        training.train(run)
        bare += [bare_loop(run, batches, training.device.bf16) for _ in range(2)]
    loop = [event.pictures_per_s for event in events if isinstance(event, Stepped)]
    ours, theirs = statistics.median(loop), statistics.median(bare)
    print(f"training loop {ours:.0f} pictures/s, bare torch loop {theirs:.0f} pictures/s: {ours / theirs:.2f}")
    limit = decode_limit(run)
    print(f"data loading {loading:.0f} pictures/s, decoding alone {limit:.0f} pictures/s: {loading / limit:.2f}")


def read_ahead(run: Run) -> tuple[list[Batch], float]:
    """Read an epoch's batches, varied, and return them with how many pictures a second that was."""
    crops = run.part(run.split.training)
    reader = Reader(crops, ARCHITECTURES["dlib_resnet"].frame, augment=True, seed=1)
    sampler = PeopleSampler(crops.labels, PEOPLE, PICTURES, 1)
    list(reader.batches(list(sampler)[:2], 0))
    start = perf_counter()
    batches = [batch for _ in range(4) for batch in reader.batches(sampler, 0)]
    return batches[:8], len(batches) * PEOPLE * PICTURES / (perf_counter() - start)


def bare_loop(run: Run, batches: list[Batch], bf16: bool) -> float:
    """Forward, backward, clip, step, on chips that are in memory already; pictures a second."""
    network = start_network(RECIPE).train().to(memory_format=torch.channels_last)
    loss = LOSSES[RECIPE.loss](128, len(run.split.training))
    optimiser = torch.optim.AdamW([*network.parameters(), *loss.parameters()], lr=1e-6)
    seen, start = 0, 0.0
    for number, batch in enumerate((*batches, *batches, *batches)):
        if number == 2:
            start = perf_counter()
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            embeddings = network(batch.chips.float())
        loss(embeddings.float(), batch.labels).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        seen += len(batch.labels) if number >= 2 else 0
    return seen / (perf_counter() - start)


def decode_limit(run: Run) -> float:
    """Decode the same crops with as many threads, and do nothing with them; pictures a second."""
    contents = [path.read_bytes() for path in run.part(run.split.training).paths]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(decode_jpeg, contents[:64]))
        start = perf_counter()
        list(threads.map(decode_jpeg, contents))
    return len(contents) / (perf_counter() - start)


if __name__ == "__main__":
    main()
