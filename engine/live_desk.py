"""The live picture, frame after frame: light, faces followed, names kept steady, observers told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Protocol

from engine.decisions import Decider
from engine.detection import Follower
from engine.errors import CameraError
from engine.live_values import (
    Blur,
    Clip,
    LightNote,
    LiveResult,
    Observation,
    TrackedFace,
    TrackObserver,
    Verdict,
    Visit,
)
from engine.pipeline import Pipeline, timed
from engine.quality.light import LOW, LightWatch, lifted
from engine.recording import Recorder, save_snapshot
from engine.settings import Settings
from engine.tracking.naming import Answer
from engine.tracking.track import Track, is_cut, scene_of
from engine.tracking.tracker import Tracker, identities
from engine.tracking.visits import Visits
from engine.types import Detection, Face, Frame, Identification, PixelArray, Verification

ASK_AGAIN_S = 0.3
"""How often the gallery is asked about faces of which nothing new is known: it may have changed."""

LARGEST_PICTURE_FACES = 9
"""The smallest face that is looked for is at least this fraction of the picture's shorter side."""


class Remember(Protocol):
    """Keeps live decisions among this session's."""

    def __call__(
        self, identifications: Sequence[Identification], verification: Verification | None, time_s: float
    ) -> None:
        """Take in what was decided on one frame."""


class LiveDesk:
    """Follows everyone before one camera. Synchronous, as the service."""

    def __init__(
        self,
        pipeline: Callable[[], Pipeline],
        decider: Callable[[], Decider],
        settings: Callable[[], Settings],
        remember: Remember,
    ) -> None:
        """Start with nobody.

        Args:
            pipeline: the one for the camera, as it is now.
            decider: for the gallery and the settings as they are now.
            settings: those in force.
            remember: is told every decision.
        """
        self._pipeline, self._decider, self._settings, self._remember = pipeline, decider, settings, remember
        self._observers: list[TrackObserver] = []
        self._tracker: Tracker | None = None
        # Never given twice: what is known of a face, such as a passed check, must not become another one's.
        self._ids = count(1)
        self._light = LightWatch()
        self._scene: PixelArray | None = None
        self._source = self._pack_id = ""
        self._asked: tuple[object, ...] = ()
        self._asked_s = float("-inf")
        self._found: dict[int, Identification] = {}
        self._versions: dict[int, int] = {}
        self._verified: Verification | None = None
        self._told_last: tuple[TrackedFace, ...] = ()
        self._last: LiveResult | None = None
        self._recorder: Recorder | None = None
        self._visits: Visits | None = None
        self._tell_visit: Callable[[Visit], None] | None = None
        self._observations: dict[int, tuple[Observation, ...]] = {}
        self.embedded = self.followed = self.frames = 0
        """Faces embedded, faces followed and frames looked at since the start."""

    def observe(self, observer: TrackObserver) -> None:
        """Let somebody see every followed face from now on."""
        self._observers.append(observer)

    def tell_visits(self, told: Callable[[Visit], None] | None) -> None:
        """Tell of every visit that ends from now on; None keeps no account of who was there."""
        if told is None or self._visits is None:
            self._visits = Visits(lambda: datetime.now().astimezone()) if told else None
        self._tell_visit = told

    @property
    def source(self) -> str:
        """Which camera is watched; empty before the first frame."""
        return self._source

    def _visited(self, ended: Sequence[Visit]) -> None:
        for visit in ended:
            if self._tell_visit is not None:
                self._tell_visit(visit)

    def forget(self) -> None:
        """Forget everyone who is followed: the camera was stopped, or is another one."""
        if self._visits is not None:
            self._visited(self._visits.end())
        if self._tracker is not None:
            self._tracker.reset()
            self._tell_forgotten(self._tracker)
        self._tracker, self._light = None, LightWatch()
        self._found, self._versions, self._asked, self._verified = {}, {}, (), None
        self._told_last, self._scene, self._last = (), None, None

    # --- clips and snapshots ------------------------------------------------------------------------------------

    def record(self, path: Path, blur: Blur) -> None:
        """Record what is watched from now on; a clip under way is saved first.

        Raises:
            CameraError: nothing can be written there.
        """
        self.stop_recording()
        self._recorder = Recorder(path, blur)

    def stop_recording(self) -> Clip:
        """Save the clip under way, and return what was saved: no second where there is none.

        Raises:
            CameraError: it cannot be saved; nothing is left behind.
        """
        recorder, self._recorder = self._recorder, None
        return recorder.finish() if recorder is not None and recorder.begun else Clip(0.0)

    def snapshot(self, path: Path, blur: Blur) -> None:
        """Save the frame that was watched last.

        Raises:
            CameraError: there is none, or it cannot be written.
        """
        if self._last is None:
            raise CameraError("There is no picture yet. Start the camera first.")
        seen = self._last.frame.pixels
        smallest_px = self._settings().smallest_face_px
        found = [] if blur is Blur.NOBODY else self._pipeline().detector.detect([seen], smallest_px)[0]
        save_snapshot(path, self._last, blur, [one.box for one in found])

    def _recorded(self, result: LiveResult) -> LiveResult:
        """Take a frame into the clip under way."""
        self._last = result
        if self._recorder is None:
            return result
        try:
            self._recorder.add(result)
        except CameraError as error:
            self._recorder.abandon()
            self._recorder = None
            return replace(result, record_problem=str(error))
        return replace(result, recorded_s=self._recorder.seconds)

    # --- frames -------------------------------------------------------------------------------------------------

    def watch(self, frame: Frame, claimed: int | None = None) -> LiveResult:
        """Follow and identify everyone in a live frame, and verify the largest face where an identity is claimed.

        Frames of one camera come in the order of their times. A frame that is not later than the one before, or comes
        from elsewhere, begins anew.

        Raises:
            UnknownPersonError: the claimed person is no longer there.
        """
        stages_ms: dict[str, float] = {}
        tracker = self._following(frame)
        with timed(stages_ms, "light"):
            skip, sentence, mean = self._light.judge(frame.pixels)
            dim = mean < LOW and not skip
            seen = lifted(frame.pixels, mean) if dim else frame.pixels
        light = LightNote(skip, dim, sentence)
        if skip:
            # A single dark frame between bright ones must not make the marks blink.
            still_there = self._told_last if tracker.coasting(frame.time_s) else ()
            return self._recorded(LiveResult(frame, still_there, None, stages_ms, light, detected=False))
        self.frames += 1
        scene, before = scene_of(frame.pixels), self._scene
        self._scene = scene
        if is_cut(before, scene):
            tracker.cut()
        with timed(stages_ms, "detect"):
            detections, searched = self._detect(tracker, frame, seen)
        with timed(stages_ms, "align"):
            faces = self._pipeline().align(frame, detections)
        stages_ms["embed"] = 0.0

        def embed(wanted: Sequence[Face]) -> list[Face]:
            with timed(stages_ms, "embed"):
                averaging = self._settings().averaging == "always"
                self.embedded += len(wanted)
                return list(self._pipeline().embedded([frame], [wanted], averaging=averaging)[0])

        tracker.update(faces, embed, searched=searched)
        self._tell_forgotten(tracker)
        shown = tracker.shown()
        self.followed += len(shown)
        with timed(stages_ms, "match"):
            answers = self._decide(shown, claimed, frame.time_s)
        tracked = tuple(self._told(track, answer, frame) for track, answer in zip(shown, answers, strict=True))
        self._told_last = tracked
        if self._visits is not None:
            self._visited(self._visits.see(tracked, frame.time_s))
        return self._recorded(LiveResult(frame, tracked, self._verified, stages_ms, light, searched))

    def _following(self, frame: Frame) -> Tracker:
        """The tracker for a frame; another source or network begins anew."""
        decider = self._decider()
        if self._tracker is None or (frame.source, decider.pack_id) != (self._source, self._pack_id):
            self.forget()
            self._source, self._pack_id = frame.source, decider.pack_id
            self._tracker = Tracker(decider.break_limit, self._ids)
        return self._tracker

    def _detect(self, tracker: Tracker, frame: Frame, seen: PixelArray) -> tuple[list[Detection], bool]:
        """The faces of a frame, and whether all of it was searched."""
        detector = self._pipeline().detector
        if not tracker.begin(frame.time_s) and isinstance(detector, Follower):
            followed = detector.follow(seen, tracker.expected)
            found = [detection for detection in followed if detection is not None]
            if len(found) == len(followed) and not tracker.collided([one.box for one in found]):
                return found, False
        # A large picture is searched for large faces, so that the answer takes no longer.
        smallest_px = max(self._settings().smallest_face_px, min(frame.size) / LARGEST_PICTURE_FACES)
        return detector.detect([seen], smallest_px)[0], True

    # --- names --------------------------------------------------------------------------------------------------

    def _decide(self, shown: Sequence[Track], claimed: int | None, time_s: float) -> list[Answer]:
        decider = self._decider()
        question = decider, claimed, tuple((track.id, track.version) for track in shown)
        fresh = question != self._asked or not 0 <= time_s - self._asked_s < ASK_AGAIN_S
        if fresh:
            self._ask(decider, shown, claimed, time_s)
            self._asked, self._asked_s = question, time_s
        looser, answers = decider.unsure_limit, []
        for track in shown:
            found = self._found[track.id]
            others = {one.person.person_id for id_, one in self._found.items() if id_ != track.id and one.person}
            new_look = self._versions.get(track.id) != track.version
            self._versions[track.id] = track.version
            look = track.looks.best(time_s)
            answers.append(track.naming.decide(found, looser, look, others, time_s, new_look=new_look))
        return answers

    def _ask(self, decider: Decider, shown: Sequence[Track], claimed: int | None, time_s: float) -> None:
        """Ask the gallery about the fused embeddings."""
        probes = identities(shown, time_s)
        identifications = decider.identify(list(probes.values()))
        self._found = dict(zip(probes, identifications, strict=True))
        self._verified = None
        if claimed is not None and shown:
            self._verified = decider.verify(probes[shown[0].id], decider.gallery.person(claimed))
        self._remember(identifications, self._verified, time_s)

    def _told(self, track: Track, answer: Answer, frame: Frame) -> TrackedFace:
        identification = self._found[track.id]
        person = answer.person if answer.verdict is Verdict.MATCH else None
        return TrackedFace(
            track_id=track.id,
            box=track.motion.box,
            speed_px_s=track.motion.speed,
            face=track.face,
            identification=replace(identification, person=person),
            verdict=answer.verdict,
            likely=answer.likely,
            hint=answer.hint,
            looks=track.looks.total,
            frames=track.frames,
            observations=self._observed(track, frame),
        )

    # --- observers ----------------------------------------------------------------------------------------------

    def _observed(self, track: Track, frame: Frame) -> tuple[Observation, ...]:
        if track.last_s == frame.time_s:
            said = (observer.see(track.id, frame, track.face) for observer in self._observers)
            self._observations[track.id] = tuple(one for one in said if one is not None)
        return self._observations.get(track.id, ())

    def _tell_forgotten(self, tracker: Tracker) -> None:
        gone, tracker.forgotten = tracker.forgotten, []
        for id_ in gone:
            self._versions.pop(id_, None)
            self._observations.pop(id_, None)
            for observer in self._observers:
                observer.forget(id_)
