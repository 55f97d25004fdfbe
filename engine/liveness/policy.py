"""What a match needs: the policy, and why it is not met."""

from __future__ import annotations

from collections.abc import Sequence

from engine.liveness_values import CUE_TITLES, Answer, Cue, LivenessDecision, Policy


def decide(policy: Policy, cues: Sequence[Cue], *, source: str, source_live: bool) -> LivenessDecision:
    """Say whether a face may count as present.

    Every cue that is required must say "live", and no cue that was looked at may say "attack". The flash stands in for
    the movement where somebody cannot or will not move.

    Args:
        policy: in force.
        cues: of this face, at most one of each key.
        source: what gave the frames, for people.
        source_live: whether that was a camera.
    """

    def answered(met: bool, reason: str) -> LivenessDecision:
        return LivenessDecision(policy, met, tuple(cues), source, source_live, reason)

    if policy is Policy.OFF:
        return answered(True, "Liveness was not asked for.")
    if not source_live:
        return answered(False, f"Liveness is required, and “{source}” is not a camera before a person.")
    by_key = {cue.key: cue for cue in cues}
    for cue in cues:
        if cue.answer is Answer.ATTACK:
            return answered(False, f"{CUE_TITLES[cue.key]} says that this is a picture of a face. {cue.hint}".strip())
    required = [by_key.get("passive", Cue("passive", Answer.UNSURE, hint="It has not been looked at yet."))]
    if policy is Policy.CHALLENGE:
        asked = [by_key[key] for key in ("challenge", "flash") if key in by_key]
        passed = [cue for cue in asked if cue.answer is Answer.LIVE]
        nothing = Cue("challenge", Answer.UNSURE, hint="Press “Check liveness”.")
        required += passed[:1] or asked[:1] or [nothing]
    for cue in required:
        if cue.answer is not Answer.LIVE:
            return answered(False, f"{CUE_TITLES[cue.key]} does not show a living face yet. {cue.hint}".strip())
    return answered(True, "All that is required says that this is a living face.")


def answer_of(policy: Policy, cues: Sequence[Cue]) -> Answer:
    """What a policy answers about the face before a camera.

    Args:
        policy: by which it is judged.
        cues: of this face, at most one of each key.
    """
    if decide(policy, cues, source="", source_live=True).met:
        return Answer.LIVE
    return Answer.ATTACK if any(cue.answer is Answer.ATTACK for cue in cues) else Answer.UNSURE
