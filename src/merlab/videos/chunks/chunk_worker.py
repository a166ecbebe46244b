"""What one process does: follow the faces in the chunks of its share, then spot and describe their movements.

What is kept of a chunk (see ``kept_chunk``) is enough for the second step. The first one reads the video once,
forwards, and stores its state every few seconds, so that an interrupted command continues in the middle of a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from merlab.frames import Frames, Image, is_blank, open_frames
from merlab.frames.sizes import OneSize
from merlab.outputs.checkpoints import Pace, read_checkpoint, write_checkpoint
from merlab.spotting.aligned_frames import require_aligned
from merlab.storage import whole_folder
from merlab.videos.chunks.chunk import Chunk
from merlab.videos.chunks.chunk_record import Description
from merlab.videos.chunks.described_chunk import ChunkWriter, Describer, SeenEvent
from merlab.videos.chunks.division import Span
from merlab.videos.chunks.faces_in_frame import FaceViewer, open_viewer
from merlab.videos.chunks.kept_chunk import KeptChunk, KeptTrack, read_kept
from merlab.videos.chunks.lanes import Lanes, open_lanes
from merlab.videos.chunks.plan import Share, VideoPlan
from merlab.videos.chunks.track_pictures import TrackPictures
from merlab.videos.early import import_early
from merlab.videos.options import Options

FRAMES_A_REPORT = 20


def fill_chunks(share: Share) -> Iterator[int]:
    """Process the share, writing one folder per chunk; yields from time to time how many more frames are finished.

    Raises MerlabError for frames that cannot be used.
    """
    plan = share.plan
    finishing = _Finishing(plan)
    described = set()
    for index in share.among(plan.kept_chunks()):
        kept = read_kept(plan.kept_file(index))
        if kept is not None:
            finishing.describe(index, kept)
            described.add(index)
            yield len(range(*kept.facts.owned))
    needed = plan.needed()
    if needed is None or not described.issuperset(share.among(needed)):
        yield from _read_frames(share, described, finishing)


def _read_frames(share: Share, described: set[int], finishing: _Finishing) -> Iterator[int]:
    """Follow the faces in the chunks that are not yet described, and describe each when it is complete."""
    plan, reported, last = share.plan, 0, 0
    spans = (span for span in share.spans() if span.index not in described)
    with open_lanes(threads=share.threads) as lanes:
        if share.threads:
            import_early("scipy.optimize")
        walker = _Walker(plan, spans, finishing, lanes)
        for passed in open_frames(plan.source).walk(lambda number: walker.wants(plan.position(number))):
            last = plan.position(passed.number)
            walker.push(last, passed.image)
            if walker.done - reported >= FRAMES_A_REPORT:
                yield walker.done - reported
                reported = walker.done
        walker.end()
    plan.state_length(last)
    yield walker.done - reported


class _LateDescriber:
    """Loads what describes events for the first one: other videos do not need it."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @cached_property
    def _describer(self) -> Describer:
        from merlab.videos.chunks.describing import EventDescriber

        return EventDescriber(self._options)

    def describe(self, seen: SeenEvent, faces: Frames, folder: Path) -> Description:
        """As EventDescriber."""
        return self._describer.describe(seen, faces, folder)


class _Finishing:
    """Stores what is kept of chunks, and describes them."""

    def __init__(self, plan: VideoPlan) -> None:
        self._plan, options, frames = plan, plan.options, open_frames(plan.source)

        # A method would keep the open video and the network until Python searches for cycles.
        def pictures(track: KeptTrack) -> TrackPictures:
            return TrackPictures(track, frames, plan.number)

        self._writer = ChunkWriter(plan.clock, options.spotting, options.words, _LateDescriber(options), pictures)

    def finish(self, chunk: Chunk) -> None:
        """Store and describe a chunk whose frames were all read."""
        index, kept = chunk.span.index, chunk.kept()
        kept.write(self._plan.kept_file(index))
        self._plan.checkpoint(index).unlink(missing_ok=True)
        self.describe(index, kept)

    def describe(self, index: int, kept: KeptChunk) -> None:
        """Write the folder of a chunk."""
        with whole_folder(self._plan.chunk_folder(index)) as folder:
            self._writer.write(kept, folder)


class _Walker:
    """The chunks of a share that the current frame belongs to: at most two, where they overlap.

    ``done`` counts the received frames that its chunks are responsible for.
    """

    def __init__(self, plan: VideoPlan, spans: Iterator[Span], finishing: _Finishing, lanes: Lanes) -> None:
        self.done = 0
        self._lanes = lanes
        self._plan, self._spans, self._finishing = plan, spans, finishing
        self._next = next(self._spans)
        self._open: list[Chunk] = []
        self._size = OneSize(plan.source)
        self._pace = Pace()

    def wants(self, number: int) -> bool:
        """Whether a chunk of the share needs this frame; numbers ascend without a gap."""
        if number >= self._next.covered.start:
            chunk = self._begun(self._next)
            self._open.append(chunk)
            self.done += len(range(chunk.span.owned.start, min(chunk.next, chunk.span.owned.stop)))
            self._next = next(self._spans)
        return any(chunk.next == number for chunk in self._open)

    def _begun(self, span: Span) -> Chunk:
        """A chunk in the state in which it was interrupted, or a new one."""
        viewer = open_viewer(self._plan.options, self._plan.clock.fps)
        stored = read_checkpoint(self._plan.checkpoint(span.index), self._shared(viewer))
        if isinstance(stored, Chunk) and stored.span == span:
            return stored
        return Chunk(span, viewer, self._plan.clock, self._lanes, self._plan.keys)

    def _shared(self, viewer: FaceViewer) -> dict[str, object]:
        """What a checkpoint leaves out."""
        return {"clock": self._plan.clock, "lanes": self._lanes, **viewer.networks}

    def push(self, number: int, image: Image | None) -> None:
        """Give a frame to its chunks, and finish those that end with it; None where it is damaged or not wanted."""
        if image is not None:
            self._check(number, image)
            # Where faces are looked for, none is found in a blank frame.
            if self._plan.options.aligned and is_blank(image):
                image = None
        for chunk in [chunk for chunk in self._open if chunk.next == number]:
            chunk.push(number, image)
            self.done += number in chunk.span.owned
            if number + 1 == chunk.span.covered.stop:
                self._finish(chunk)
        if self._pace.is_due:
            self._store()

    def _store(self) -> None:
        """Store the state of the unfinished chunks."""
        self._lanes.wait()
        with self._pace.storing():
            for chunk in self._open:
                write_checkpoint(self._plan.checkpoint(chunk.span.index), chunk, self._shared(chunk.viewer))

    def _check(self, number: int, image: Image) -> None:
        if self._plan.options.aligned:
            require_aligned(self._plan.source, image)
        self._size.check(self._plan.number(number), image)

    def end(self) -> None:
        """Finish the chunks that the end of the video cuts short."""
        for chunk in list(self._open):
            self._finish(chunk)

    def _finish(self, chunk: Chunk) -> None:
        self._open.remove(chunk)
        if not chunk.is_empty:
            self._finishing.finish(chunk)
