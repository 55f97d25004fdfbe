from itertools import product

import pytest

from engine.liveness.policy import decide
from engine.liveness_values import Answer, Cue, Policy

ANSWERS = (None, Answer.LIVE, Answer.UNSURE, Answer.ATTACK)


def cues_of(**answers: Answer | None) -> list[Cue]:
    return [Cue(key, answer) for key, answer in answers.items() if answer is not None]


@pytest.mark.parametrize("source_live", [True, False])
@pytest.mark.parametrize("policy", Policy)
def test_that_every_row_of_the_truth_table_comes_out(policy: Policy, source_live: bool) -> None:
    for passive, challenge, flash in product(ANSWERS, repeat=3):
        cues = cues_of(passive=passive, challenge=challenge, flash=flash)
        attacked = Answer.ATTACK in (passive, challenge, flash)
        moved = Answer.LIVE in (challenge, flash)
        expected = {
            Policy.OFF: True,
            Policy.PASSIVE: source_live and not attacked and passive is Answer.LIVE,
            Policy.CHALLENGE: source_live and not attacked and passive is Answer.LIVE and moved,
        }[policy]
        decision = decide(policy, cues, source="Webcam", source_live=source_live)
        assert decision.met is expected, (passive, challenge, flash)
        assert decision.reason
        assert decision.policy is policy
        assert decision.cues == tuple(cues)


def test_that_a_file_never_counts_as_live() -> None:
    decision = decide(Policy.PASSIVE, cues_of(passive=Answer.LIVE), source="Video: me.mp4", source_live=False)
    assert not decision.met
    assert "Video: me.mp4" in decision.reason


def test_that_what_is_missing_is_said() -> None:
    decision = decide(Policy.CHALLENGE, cues_of(passive=Answer.LIVE), source="Webcam", source_live=True)
    assert "Check liveness" in decision.reason
