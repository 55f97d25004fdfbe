"""`visavis liveness`: what the passive networks say of files, and the spoof bench."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from engine.capture.images import read_image
from engine.capture.sources import VideoSource
from engine.cli.learning import listen, pipeline_of, speaker
from engine.errors import BadInputError, ImageError, OperationCancelledError, PackError, shown
from engine.learning import LivenessTrained, Progressed
from engine.liveness.bench import Trials
from engine.liveness.clips import VIDEOS, read_clips
from engine.liveness.learning import Outcome, judge, split, store
from engine.liveness.passive import their_box
from engine.liveness.presentation import TRIAL_S
from engine.liveness.runs import TemporalRun, begin, load_run, runs_folder
from engine.liveness.training import MOST_EPOCHS, train
from engine.liveness_desk import LivenessDesk
from engine.liveness_values import (
    CUE_TITLES,
    Answer,
    BenchReport,
    Cue,
    Policy,
    SpeciesResult,
    TrialSetup,
    WayResult,
)
from engine.packs.pack import DEFAULT_PACK
from engine.pipeline import Pipeline
from engine.settings import Settings
from engine.training.control import Control
from engine.training.holding import held, require_free
from engine.types import Face, Frame, Progress
from engine.wording import counted

DONE, NOT_LIVE = 0, 1
_LOOKS = {
    Answer.LIVE: "looks like a living face",
    Answer.ATTACK: "looks like an attack: a picture of a face",
    Answer.UNSURE: "not sure",
}
_LONGEST_S = 30.0


def liveness(settings: Settings, request: argparse.Namespace) -> int:
    """Carry out `visavis liveness ACTION`."""
    return ACTIONS[request.action](settings, request)


def _check(settings: Settings, request: argparse.Namespace) -> int:
    """Say of files how they look to the passive networks; a file is never live, whatever they say."""
    if not request.files:
        raise BadInputError("Name pictures or videos to look at.")
    desk = LivenessDesk(lambda: Policy.PASSIVE)
    scorer = desk.networks.passive()
    if scorer is None:
        raise PackError(desk.networks.problem)
    pipeline = pipeline_of(settings, DEFAULT_PACK)
    rows = []
    for file in request.files:
        cue = None
        desk.forget()
        for frame, faces in _seen(pipeline, settings, file):
            cues = desk.observe(frame, faces[:1])
            # A film may cut from one face to the next: the one that was looked at longest is told of.
            cue = max((one for one in (cue, *cues[:1]) if one), key=lambda one: one.frames, default=None)
        rows.append((file, cue))
    if request.json:
        print(json.dumps([_row(file, cue) for file, cue in rows], indent=2))
    else:
        for file, cue in rows:
            print(_said(file, cue))
        print("These are files, so none of them counts as live where liveness is required.")
    return DONE if all(cue is not None and cue.answer == "live" for _, cue in rows) else NOT_LIVE


def _row(file: Path, cue: Cue | None) -> dict[str, object]:
    return {"file": str(file), "source_live": False, "cue": None if cue is None else asdict(cue)}


def _said(file: Path, cue: Cue | None) -> str:
    if cue is None:
        return f"{shown(file)}: no face."
    hint = f" {cue.hint}" if cue.hint else ""
    return f"{shown(file)}: {_LOOKS[cue.answer]} (score {cue.score:.2f} over {cue.frames} frames).{hint}"


def _bench(settings: Settings, request: argparse.Namespace) -> int:
    """Print what the trials of this machine allow to be claimed; with a video, make a trial of it first."""
    trials = Trials()
    desk = LivenessDesk(lambda: Policy(settings.liveness), trials=trials)
    if request.video:
        if not request.species:
            raise BadInputError("Say with --species what the video shows.")
        _try(desk, settings, request)
    found = desk.bench()
    if request.json:
        print(json.dumps(asdict(found), indent=2))
    else:
        print(bench_text(found))
    return DONE


def _try(desk: LivenessDesk, settings: Settings, request: argparse.Namespace) -> None:
    setup = TrialSetup(request.species, request.light, request.distance, request.subject)
    desk.begin_trial(setup)
    pipeline = pipeline_of(settings, DEFAULT_PACK)
    for frame, faces in _seen(pipeline, settings, request.video):
        desk.see_trial(frame, faces, desk.observe(frame, faces), None)
        if desk.state is None or desk.state.over:
            return
    raise BadInputError(f"“{shown(request.video)}” is too short for a trial: it takes {TRIAL_S:.0f} seconds of a face.")


def _seen(pipeline: Pipeline, settings: Settings, file: Path) -> Iterator[tuple[Frame, tuple[Face, ...]]]:
    """Frames of a file with their faces, largest first; a picture stands still for two seconds."""
    frames = _frames_of_video(file) if file.suffix.lower() in VIDEOS else _frames_of_picture(file, settings)
    for frame in frames:
        yield (
            frame,
            pipeline.faces([frame], smallest_face_px=settings.smallest_face_px, averaging=False, only="largest")[0],
        )


def _frames_of_picture(file: Path, settings: Settings) -> Iterator[Frame]:
    try:
        frame = read_image(file, max_megapixels=settings.largest_picture_mpx)
    except ImageError as error:
        raise BadInputError(str(error)) from error
    for number in range(10):
        yield replace(frame, time_s=number / 5)


def _frames_of_video(file: Path) -> Iterator[Frame]:
    source = VideoSource(file)
    fps = source.open()
    try:
        for number in range(int(_LONGEST_S * fps)):
            frame = source.read()
            # Ten pictures a second are what a desk's camera and engine manage.
            if frame is not None and number % max(round(fps / 10), 1) == 0:
                yield replace(frame, time_s=number / fps)
    finally:
        source.close()


def bench_text(found: BenchReport) -> str:
    """The spoof bench's report for people."""
    lines = [found.headline]
    for way in found.ways:
        lines += _way(way)
    if found.from_files:
        lines.append(f"Not counted: {counted(found.from_files, 'trial')} with files or virtual cameras.")
    return "\n".join(lines)


def _way(found: WayResult) -> list[str]:
    lines = [f"{found.title}{', as Settings ask' if found.in_force else ''}:"]
    lines += [_species(one) for one in found.attacks]
    if found.bona_fide.presented:
        one = found.bona_fide
        lines.append(
            f"  Living faces: {one.presented} presented, {one.refused} refused, BPCER {one.error.text}{_cues(one)}, "
            f"not accepted {one.accepted.text}."
        )
    if found.untested:
        lines.append(f"  Never tried: {', '.join(found.untested)}.")
    lines += [f"  Missing: {sentence}" for sentence in found.shortfalls]
    if found.cameras:
        lines.append(f"  Cameras: {', '.join(found.cameras)}. Networks: {', '.join(found.models)}.")
    return lines


def _species(one: SpeciesResult) -> str:
    return (
        f"  {one.title}: {one.presented} presented, {one.refused} refused, APCER {one.error.text}{_cues(one)}, "
        f"IAPAR {one.accepted.text}: {one.label}."
    )


def _cues(one: SpeciesResult) -> str:
    """What each way of looking would have said alone, where there was more than one."""
    said = ", ".join(f"{CUE_TITLES[cue.key].lower()} {cue.error.text}" for cue in one.cues)
    return f" (alone: {said})" if said else ""


def _train(settings: Settings, request: argparse.Namespace) -> int:
    """Train a network over time on clips, measure it on held-out groups, and put it to use if it is better."""
    known = load_run(runs_folder() / request.resume) if request.resume else None
    if known is None and request.folder is None:
        raise BadInputError("Name a folder that holds “live” and “spoof”, or a stopped training with --resume.")
    folder = Path(known.folder) if known else request.folder
    control = Control()
    listen(control, commands=request.events)
    desk = LivenessDesk(lambda: Policy.PASSIVE)
    scorer = desk.networks.passive()
    pipeline = pipeline_of(settings, DEFAULT_PACK)

    def face_of(frame: Frame) -> Face | None:
        found = pipeline.detector.detect([frame.pixels], settings.smallest_face_px)[0]
        largest = sorted(found, key=lambda one: -one.box.area)[:1]
        faces = pipeline.align(frame, largest)
        return faces[0] if faces else None

    def score(frame: Frame, face: Face) -> float:
        return scorer.score(frame.pixels, [their_box(face.box)])[0].live if scorer else float("nan")

    say = speaker(request)

    def tell(progress: Progress) -> None:
        say(Progressed(progress.done, progress.total, f"Looking at {progress.text}"))

    def epoch(number: int, loss: float) -> None:
        say(Progressed(number, MOST_EPOCHS, f"Epoch {number}, validation loss {loss:.3f}", "epochs"))

    if known is not None:
        # It takes minutes to read the recordings, and would be in vain.
        require_free(known.place)
    clips = read_clips(folder, face_of, score if scorer else None, tell, control.check)
    if known is not None:
        known.check_clips(clips)
    parts = split(clips, known.seed if known else request.seed)
    run = known or begin(folder, request.kind, request.seed, clips, request.name)
    with held(run.place):
        try:
            network, epochs = train(parts, run.kind, seed=run.seed, place=run.place, check=control.check, report=epoch)
        except OperationCancelledError:
            raise OperationCancelledError(_stopped(run)) from None
        outcome = judge(network, run.kind, parts, epochs)
        if outcome.better:
            store(network, outcome)
    run.finish()
    if request.events:
        say(LivenessTrained(outcome.better, outcome_text(outcome)))
        return DONE
    print(json.dumps(asdict(outcome), indent=2) if request.json else outcome_text(outcome))
    return DONE if outcome.better else NOT_LIVE


def _stopped(run: TemporalRun) -> str:
    return f"Stopped; nothing is lost. Go on with: visavis liveness train --resume {run.place.name}"


def outcome_text(outcome: Outcome) -> str:
    """What a trained network is worth, for people."""
    return "\n".join(
        (
            f"Tested on {outcome.clips} clips of people or recordings that it never saw; {outcome.epochs} epochs.",
            f"  the network: APCER {outcome.apcer.text}, BPCER {outcome.bpcer.text}.",
            f"  the mean of single frames: APCER {outcome.frames_apcer.text}, BPCER {outcome.frames_bpcer.text}.",
            outcome.verdict,
        )
    )


ACTIONS = {"check": _check, "bench": _bench, "train": _train}
