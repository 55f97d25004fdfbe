"""Checks on demand, the spoof bench, clips and snapshots, clips to train on."""

from __future__ import annotations

from pathlib import Path

from engine.clip_values import ClipSetup
from engine.live_values import Blur
from engine.liveness_values import Trial, TrialSetup
from engine.types import Frame
from gui.engine_client.job import Job
from gui.engine_client.part import Part


class Live(Part):
    """The part of the client that belongs to the live picture."""

    def begin_challenge(self) -> Job:
        """Job of CheckState."""
        return self.submit(lambda service, _job: service.liveness.begin_challenge())

    def begin_flash(self) -> Job:
        """Job of FlashPlan."""
        return self.submit(lambda service, _job: service.liveness.begin_flash())

    def end_check(self) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.liveness.end_check())

    def begin_trial(self, setup: TrialSetup) -> Job:
        """Job of CheckState."""
        return self.submit(lambda service, _job: service.liveness.begin_trial(setup))

    def take_back_trial(self) -> Job:
        """Job of the Trial that was taken back; of None where there is none."""
        return self.submit(lambda service, _job: service.liveness.take_back_trial())

    def keep_trial(self, trial: Trial) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.liveness.keep_trial(trial))

    def use_temporal(self) -> Job:
        """Job of None: a network over time was put to use, or is to be looked for again."""
        return self.submit(lambda service, _job: service.liveness.networks.look_again())

    def bench(self) -> Job:
        """Job of BenchReport."""
        return self.submit(lambda service, _job: service.liveness.bench())

    def record(self, path: Path, blur: Blur) -> Job:
        """Job of None: a clip of the live picture has begun."""
        return self.submit(lambda service, _job: service.live.record(path, blur))

    def stop_recording(self) -> Job:
        """Job of Clip."""
        return self.submit(lambda service, _job: service.live.stop_recording())

    def leave_live(self) -> Job:
        """Job of None: nobody is followed any more, and no check counts for whoever comes next."""
        return self.submit(lambda service, _job: service.leave())

    def snapshot(self, path: Path, blur: Blur) -> Job:
        """Job of None: the live picture was saved."""
        return self.submit(lambda service, _job: service.live.snapshot(path, blur))

    def count_clips(self, folder: Path) -> Job:
        """Job of ClipCount."""
        return self.submit(lambda service, _job: service.clips.count(folder))

    def begin_clip(self, setup: ClipSetup) -> Job:
        """Job of ClipState."""
        return self.submit(lambda service, _job: service.clips.begin(setup))

    def see_clip(self, frame: Frame) -> Job:
        """Job of ClipState; of None where nothing is recorded."""
        return self.submit(lambda service, _job: service.clips.see(frame))

    def cancel_clip(self) -> Job:
        """Job of None: nothing is left of the clip under way."""
        return self.submit(lambda service, _job: service.clips.cancel())

    def discard_clip(self, clip: Path) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.clips.discard(clip))
