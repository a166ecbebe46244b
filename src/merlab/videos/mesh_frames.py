"""The landmarks of the faces on black, in place of the frames of a video: they show movements without the person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from merlab.errors import MerlabError
from merlab.faces.geometry import Points
from merlab.frames import Image
from merlab.videos.chunks.joining import JoinedChunk, Joiner
from merlab.videos.chunks.kept_chunk import read_kept
from merlab.videos.chunks.plan import VideoPlan
from merlab.videos.output.overlay import draw_contours


class MeshFrames:
    """One picture of ``size`` (width, height) px for each frame of the finished chunks.

    A picture is ``scale`` times as large as the frame.
    """

    def __init__(self, plan: VideoPlan, size: tuple[int, int], scale: float = 1.0) -> None:
        self._plan, self._size, self._scale = plan, size, scale

    @property
    def promised(self) -> int:
        """About how many there are."""
        return self._plan.division.promised

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        """Frame number, from 1, and picture (height, width, 3) BGR."""
        width, height = self._size
        for chunk in Joiner().join(self._plan.finished()):
            faces = self._faces(chunk)
            for number in range(*chunk.record.owned):
                picture = np.zeros((height, width, 3), np.uint8)
                for face_id, points in faces[number]:
                    draw_contours(picture, face_id, self._scale * points)
                yield number, picture

    def _faces(self, chunk: JoinedChunk) -> dict[int, list[tuple[int, Points]]]:
        """The number of each face in the video and its outlines, by frame."""
        path = self._plan.kept_file(int(chunk.folder.name))
        kept = read_kept(path)
        if kept is None:
            raise MerlabError(f"{path}, which holds the landmarks, is damaged; run the command again with --again")
        faces = defaultdict(list)
        for track in kept.tracks:
            for number in range(track.first, track.first + len(track)):
                points = track.contour_points(number)
                if points is not None and track.face_id in chunk.names:
                    faces[number].append((chunk.names[track.face_id], points))
        return faces
