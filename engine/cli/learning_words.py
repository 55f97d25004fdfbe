"""Events and findings of learning as lines for people."""

from __future__ import annotations

from pathlib import Path

from engine.evaluation.report import verifier_text
from engine.learning import BenchResult, Evaluation, Event, Progressed, RunEnded, RunStarted, Said, Stepped, Validated

TELL_EVERY = 20
"""Of so many steps of preparatory work one is told."""


def event_text(event: Event) -> str:
    """An event as a line for people; empty where it is for the window only."""
    match event:
        case Progressed(done, total, text, ""):
            said = f"{text} ({done:,} of {total:,})" if done % TELL_EVERY == 0 else ""
        case Progressed(done, total, text, unit):
            said = f"{text} ({done:,} of {total:,} {unit})"
        case Said(sentence):
            said = sentence
        case RunStarted():
            said = (
                f"Run {Path(event.run).name} on {event.device}: {event.people[0]} people with {event.pictures[0]} "
                f"pictures to learn from, {event.people[1]} to validate, {event.people[2]} held out; "
                f"{event.trained_parameters:,} of {event.parameters:,} parameters learn."
            )
        case Stepped():
            said = (
                f"step {event.step:,} of {event.steps:,}, epoch {event.epoch}: loss {event.loss:.4f}, rate "
                f"{event.learning_rate:.1e}, {event.pictures_per_s:.0f} pictures/s, {event.seconds_left:.0f} s left"
            )
        case Validated():
            said = f"epoch {event.epoch}: TAR {event.tar:.2%}, EER {event.eer:.2%}" + (" (best)" if event.best else "")
        case RunEnded():
            said = "\n".join(filter(None, (event.reason, _comparison_text(event))))
        case BenchResult():
            said = f"{event.loss}: TAR {event.tar.text} after {event.steps:,} steps"
        case _:
            said = ""
    return said


def _comparison_text(event: RunEnded) -> str:
    if event.comparison is None:
        return ""
    judged = event.comparison
    verdict = "better beyond chance" if judged.better_beyond_chance else "not better beyond chance"
    if not judged.enough_people:
        verdict = "too few people to tell"
    return (
        f"On {judged.people} people held out, TAR at FMR {judged.false_match_rate:g}: before {judged.before.text}, "
        f"after {judged.after.text}; change {judged.difference.text}: {verdict}."
    )


def evaluation_text(result: Evaluation) -> str:
    """An evaluation in a few lines."""
    pairs = f"{result.genuine_pairs:,} genuine and {result.impostor_pairs:,} impostor pairs of {result.people:,} people"
    accuracy = result.accuracy.text if result.accuracy else "unknown"
    if result.folds:
        accuracy += f", standard deviation {result.accuracy_std:.2%} over {result.folds} folds"
    eer = result.eer_interval.text if result.eer_interval else f"{result.eer:.2%}"
    lines = [
        f"{result.pack_title} on {result.data}: {pairs}, {result.failures_to_acquire} failures to acquire.",
        f"accuracy {accuracy}; EER {eer}",
        *(f"TAR at FMR {point.level:g}: {point.rate.text}" for point in result.tar),
        *(f"DIR at FPIR {point.level:g}: {point.rate.text}" for point in result.identification),
        *(f"{one.ways}-way {one.shots}-shot: {one.rate.text}" for one in result.one_shot),
        *(f"{one.title}: {verifier_text(one)}" for one in result.verifiers),
        *result.notes,
    ]
    return "\n".join(lines)
