import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from scipy.stats import beta

from engine.errors import BadInputError
from engine.liveness.bench import FORMAT, Trials, label_of, report, share
from engine.liveness.presentation import GIVE_UP_S, TRIAL_S, Presentation
from engine.liveness_values import (
    BONA_FIDE,
    SPECIES,
    Answer,
    CheckPhase,
    Cue,
    Policy,
    Trial,
    TrialSetup,
    Way,
    WayResult,
)

TRIAL = Trial("matt_print", Answer.ATTACK, "", 0.1, None, "Webcam", True, "abc", "2026-01-01T00:00:00+00:00")


def trials(species: str, answer: Answer | None, count: int, **changed: object) -> list[Trial]:
    return [replace(TRIAL, species=species, answer=answer, **changed) for _ in range(count)]  # type: ignore[arg-type]


def attacks(species: str, count: int, answer: Answer = Answer.ATTACK, **changed: object) -> list[Trial]:
    """Under two lights, from two distances."""
    made = trials(species, answer, count, **changed)
    places = (("Lamp", "Near"), ("Dim", "Far"))
    return [replace(one, light=places[n % 2][0], distance=places[n % 2][1]) for n, one in enumerate(made)]


def living(count: int, **changed: object) -> list[Trial]:
    """Faces that are let in."""
    return trials(BONA_FIDE, Answer.LIVE, count, **changed)


def by_the_look(kept: list[Trial]) -> WayResult:
    """What trials by the look alone come to."""
    (found,) = report(kept).ways
    return found


@pytest.mark.parametrize(
    ("errors", "total", "percent"),
    [(0, 50, 5.8), (1, 50, 9.1), (2, 100, 6.2), (3, 100, 7.6), (0, 42, 6.9), (0, 14, 19.3)],
)
def test_that_bounds_are_those_of_clopper_and_pearson(errors: int, total: int, percent: float) -> None:
    assert 100 * share(errors, total).bound == pytest.approx(percent, abs=0.06)
    assert share(errors, total).bound == pytest.approx(beta.ppf(0.95, errors + 1, total - errors))


@pytest.mark.parametrize(
    ("errors", "total", "refused", "living", "varied", "label"),
    [
        (0, 0, 0, 59, True, "not measured"),
        (0, 41, 0, 59, True, "not measured"),
        (0, 42, 0, 59, True, "Class-3-like (at most 7 %)"),
        (1, 42, 0, 59, True, "Class-2-like (at most 20 %)"),
        (0, 42, 0, 59, False, "not measured"),
        (4, 42, 0, 59, True, "convenience only"),
        (4, 42, 0, 0, False, "convenience only"),
        (42, 42, 59, 59, True, "convenience only"),
        (0, 42, 0, 0, True, "not measured"),
        (0, 42, 0, 28, True, "not measured"),
        (0, 42, 0, 29, True, "Class-3-like (at most 7 %)"),
        (0, 42, 1, 3, True, "not measured"),
        (0, 42, 1, 59, True, "Class-3-like (at most 7 %)"),
        (0, 42, 2, 59, True, "refuses too many living faces (2 of 59; at most 10.3%)"),
        (0, 42, 3, 3, True, "refuses too many living faces (3 of 3; at most 100.0%)"),
        (0, 42, 60, 60, False, "refuses too many living faces (60 of 60; at most 100.0%)"),
        (0, 99, 24, 400, True, "refuses too many living faces (24 of 400; at most 8.3%)"),
        (0, 99, 20, 400, True, "Class-3-like (at most 7 %)"),
    ],
)
def test_that_a_label_is_earned(
    errors: int, total: int, refused: int, living: int, label: str, *, varied: bool
) -> None:
    assert label_of(share(errors, total), share(refused, living), varied=varied) == label


def test_that_a_bench_that_refuses_everybody_has_no_label() -> None:
    tried = attacks("matt_print", 60) + trials(BONA_FIDE, Answer.ATTACK, 60)
    found = report(tried, Policy.PASSIVE)
    assert found.label == "refuses too many living faces (60 of 60; at most 100.0%)"
    assert found.headline.startswith(f"R{found.label[1:]}. Worst species: Matt print")
    assert report(attacks("matt_print", 60) + living(60)).label == "Class-3-like (at most 7 %)"


@pytest.mark.parametrize("missing", [{"light": "Lamp"}, {"distance": ""}])
def test_that_one_light_or_one_distance_earns_no_label(missing: dict[str, str]) -> None:
    tried = [replace(one, **missing) for one in attacks("matt_print", 60)] + living(60)  # type: ignore[arg-type]
    found = report(tried)
    assert found.label == "not measured"
    assert any("at least 2 lights and 2 distances" in one for one in found.ways[0].shortfalls)
    other = replace(TRIAL, answer=None, refused="Blurred.", light="Dim", distance="Far")
    assert report([*tried, other]).label == "not measured", "what was refused was not tried"


def test_that_the_worst_species_is_the_headline_and_none_are_averaged() -> None:
    good = attacks("matt_print", 60) + living(59)
    bad = trials("phone_video", Answer.ATTACK, 40) + trials("phone_video", Answer.LIVE, 20)
    found = report(good + bad)
    assert "Video on a phone" in found.headline
    assert found.label == "convenience only"
    (way,) = found.ways
    assert [one.species for one in way.attacks] == ["phone_video", "matt_print"]
    assert way.attacks[0].error.errors == 20
    assert way.attacks[1].label.startswith("Class-3-like")


def test_that_what_was_never_tried_is_said() -> None:
    assert set(by_the_look([]).untested) == set(SPECIES.values())
    assert "no attack was tried" in report([]).headline
    tried = trials("matt_print", Answer.ATTACK, 42)
    found = by_the_look(tried)
    assert "Matt print" not in found.untested
    assert "6 of 7 species were never tried" in report(tried).headline
    assert any("lights" in sentence for sentence in found.shortfalls)


def test_that_trials_from_files_count_nowhere() -> None:
    found = report(trials("matt_print", Answer.ATTACK, 60, source_live=False))
    assert found.from_files == 60
    assert found.label == "not measured"
    assert not found.ways[0].attacks


def test_that_abstaining_is_right_for_an_attack_and_an_error_for_a_living_face() -> None:
    found = by_the_look(trials("matt_print", Answer.UNSURE, 5) + trials(BONA_FIDE, Answer.UNSURE, 5))
    assert found.attacks[0].error.errors == 0
    assert found.bona_fide.error.errors == 5


def test_that_only_a_match_that_passes_is_an_accepted_impostor() -> None:
    let_in = trials("gloss_print", Answer.LIVE, 1, matched=True)
    kept_out = trials("gloss_print", Answer.LIVE, 1, matched=False) + trials(
        "gloss_print", Answer.ATTACK, 1, matched=True
    )
    unclaimed = trials("gloss_print", Answer.LIVE, 1)
    result = by_the_look(let_in + kept_out + unclaimed).attacks[0]
    assert (result.accepted.errors, result.accepted.total) == (1, 3)
    assert (result.error.errors, result.error.total) == (3, 4)


def test_that_what_was_refused_for_quality_is_listed_apart() -> None:
    tried = trials("matt_print", None, 3, refused="Blurred.") + trials("matt_print", Answer.ATTACK, 2)
    result = by_the_look(tried).attacks[0]
    assert (result.presented, result.refused, result.error.total) == (5, 3, 2)


def test_that_trials_are_kept_and_can_be_taken_back(tmp_path: Path) -> None:
    kept = Trials(tmp_path / "new" / "trials.json")
    assert kept.all() == []
    assert kept.take_back() is None
    kept.add(TRIAL)
    kept.add(replace(TRIAL, answer=None, refused="Blurred."))
    assert Trials(tmp_path / "new" / "trials.json").all()[1].answer is None
    assert kept.take_back() == replace(TRIAL, answer=None, refused="Blurred.")
    assert kept.all() == [TRIAL]


@pytest.mark.parametrize(
    "content", ["", "{", "[{}]", '[{"species": "x"}]', "[1]", "{}", "null", f'{{"format": {FORMAT + 1}, "trials": []}}']
)
def test_that_a_damaged_file_of_trials_is_never_written_over(tmp_path: Path, content: str) -> None:
    file = tmp_path / "trials.json"
    file.write_text(content)
    with pytest.raises(BadInputError, match="cannot be read"):
        Trials(file).add(TRIAL)
    assert file.read_text() == content


def test_that_trials_from_before_there_were_checks_count_as_judged_by_the_look(tmp_path: Path) -> None:
    file = tmp_path / "trials.json"
    old = [asdict(replace(TRIAL, subject="Anna")), asdict(replace(TRIAL, answer=None, refused="Blurred."))]
    for row in old:
        del row["way"], row["cues"]
    file.write_text(json.dumps(old))
    first, second = Trials(file).all()
    assert (first.way, first.cues) == (Way.PASSIVE, (Cue("passive", Answer.ATTACK, 0.1),))
    assert (second.way, second.cues) == (Way.PASSIVE, ())
    assert Trials(file).forget_subject("Anna") == 1
    checked = replace(TRIAL, way=Way.CHALLENGE, cues=(Cue("passive", Answer.LIVE), Cue("challenge", Answer.ATTACK)))
    Trials(file).add(checked)
    kept = Trials(file).all()
    assert kept[1:] == [second, checked]
    assert replace(kept[0], subject="Anna") == first


def by(way: Way, species: str, count: int, answer: Answer = Answer.ATTACK) -> list[Trial]:
    return attacks(species, count, answer, way=way)


def test_that_trials_of_two_policies_are_never_in_one_rate() -> None:
    tried = by(Way.PASSIVE, "matt_print", 3, Answer.LIVE) + by(Way.CHALLENGE, "matt_print", 5)
    for policy in Policy:
        found = {way.way: way for way in report(tried, policy).ways}
        assert [(one.error.errors, one.error.total) for one in found[Way.PASSIVE].attacks] == [(3, 3)]
        assert [(one.error.errors, one.error.total) for one in found[Way.CHALLENGE].attacks] == [(0, 5)]


def test_that_the_headline_is_about_the_policy_in_force() -> None:
    tried = by(Way.PASSIVE, "matt_print", 42) + by(Way.CHALLENGE, "phone_video", 42, Answer.LIVE) + living(42)
    passive, challenge, off = (report(tried, one) for one in (Policy.PASSIVE, Policy.CHALLENGE, Policy.OFF))
    assert passive.label.startswith("Class-3-like")
    assert "Matt print" in passive.headline
    assert challenge.label == "convenience only"
    assert "Video on a phone, taken for a living face by look and movements 42 of 42" in challenge.headline
    assert "Look and colours, which Settings accept too: no attack was tried." in challenge.headline
    assert [way.way for way in challenge.ways if way.in_force] == [Way.CHALLENGE, Way.FLASH]
    assert off.headline.startswith("Settings ask for no liveness: nothing keeps an attack out. By the look alone: Cl")
    assert not any(way.in_force for way in off.ways)
    nothing = report(tried[:42], Policy.CHALLENGE)
    assert "judged by what Settings ask for (look and movements, or look and colours)" in nothing.headline
    assert nothing.label == "not measured"


def test_that_where_a_policy_can_be_met_in_two_ways_the_worse_one_counts() -> None:
    tried = by(Way.CHALLENGE, "matt_print", 42) + by(Way.FLASH, "matt_print", 42, Answer.LIVE)
    found = report(tried, Policy.CHALLENGE)
    assert found.label == "convenience only"
    assert "by look and colours 42 of 42" in found.headline


def test_that_each_way_of_looking_is_counted_for_itself() -> None:
    fooled, kept_out = Cue("passive", Answer.LIVE), Cue("challenge", Answer.UNSURE)
    tried = trials("matt_print", Answer.UNSURE, 2, way=Way.CHALLENGE, cues=(fooled, kept_out))
    tried += trials("matt_print", Answer.LIVE, 1, way=Way.CHALLENGE, cues=(fooled, Cue("challenge", Answer.LIVE)))
    tried += trials("matt_print", None, 1, way=Way.CHALLENGE, refused="Blurred.")
    tried += trials(BONA_FIDE, Answer.UNSURE, 1, way=Way.CHALLENGE, cues=(fooled, kept_out))
    way = next(one for one in report(tried, Policy.CHALLENGE).ways if one.attacks)
    (attack,) = way.attacks
    assert (attack.error.errors, attack.error.total, attack.refused) == (1, 3, 1)
    assert [(one.key, one.error.errors, one.error.total) for one in attack.cues] == [
        ("passive", 3, 3), ("challenge", 1, 3),
    ]  # fmt: skip
    assert [(one.key, one.error.errors) for one in way.bona_fide.cues] == [("passive", 0), ("challenge", 1)]
    assert by_the_look(trials("matt_print", Answer.LIVE, 1, cues=(fooled,))).attacks[0].cues == ()


def present(cues: list[Cue | None], reason: str = "", step_s: float = 0.25) -> Presentation:
    run = Presentation(TrialSetup("matt_print", "lamp", "near"), "abc")
    for number, cue in enumerate(cues):
        reasons = (reason,) if reason else ()
        run.see(number * step_s, [cue] if cue else [], reasons, matched=number == 3, source="Webcam", source_live=True)
    return run


def test_that_a_presentation_ends_with_the_answer_it_has_then() -> None:
    run = present([None, None] + [Cue("passive", Answer.ATTACK, 0.1, frames) for frames in range(1, 18)])
    assert run.state.phase is CheckPhase.PASSED
    trial = run.trial()
    assert trial.answer is Answer.ATTACK
    assert trial.matched is True
    assert (trial.species, trial.light, trial.distance) == ("matt_print", "lamp", "near")
    assert "Answer: attack" in run.state.prompt


def test_that_a_presentation_without_a_face_is_refused() -> None:
    run = present([None] * int(GIVE_UP_S / 0.25 + 1))
    assert run.state.phase is CheckPhase.PASSED
    assert run.trial().answer is None
    assert run.trial().refused == "No face was found."


def test_that_a_presentation_of_poor_quality_is_refused_with_its_reason() -> None:
    run = present([Cue("passive", Answer.LIVE, 0.9, 16)] * int(TRIAL_S / 0.25 + 1), "The face is blurred.")
    assert run.trial().refused == "The face is blurred."
    assert run.trial().answer is None
