"""The motion score as a curve in ELAN: a time series beside events.eaf, and the file that tells ELAN its columns.

ELAN reads a time series from text, and how to draw it from a file that ends in ``_tsconf.xml``. As its reader of text
does: times in seconds with a point are times of the video, ``NaN`` is a gap of the curve, and a line that begins with
``#`` is left out. Addresses of files in ``_tsconf.xml`` are not percent-encoded.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from merlab.elan.writing import file_address, printable
from merlab.sinks import CsvSink
from merlab.storage import whole_file
from merlab.videos.metadata import FollowedFace
from merlab.videos.output.overlay import COLORS
from merlab.videos.result import CURVES, ELAN_CURVES, VideoResult

PROVIDER = "mpi.eudico.client.annotator.timeseries.csv.CSVServiceProvider"
THRESHOLD_COLOR = "128,128,128"
# Above the highest score.
HEADROOM = 1.05


def write_elan_curves(result: VideoResult, home: Path) -> list[str]:
    """Write one time series per face, in curves/, and events_tsconf.xml, and return their names.

    ``home`` is the folder that the result is moved to.
    """
    root = ElementTree.Element("timeseries", {"date": result.metadata.made.at, "version": "1.0"})
    names = []
    for face in result.metadata.faces:
        name = f"{CURVES}/face-{face.face_id}.csv"
        top = _write_series(result, face.face_id, result.folder / name)
        names.append(name)
        root.append(_source(home / name, face, top))
    ElementTree.indent(root)
    with whole_file(result.files.elan_curves) as aside:
        ElementTree.ElementTree(root).write(aside, encoding="utf-8", xml_declaration=True)
    return [*names, ELAN_CURVES]


def _write_series(result: VideoResult, face_id: int, path: Path) -> float:
    """Write time in the video (s), score and threshold of a face, and return the highest of them."""
    frames = result.scores_of(face_id)
    seconds = result.metadata.video.slowed * frames["time_s"].to_numpy(np.float64)
    score, threshold = (frames[name].to_numpy(np.float64) for name in ("score", "threshold"))
    path.parent.mkdir(exist_ok=True)
    with CsvSink(path, ("#seconds", "score", "threshold")) as sink:
        for row in zip(seconds.tolist(), score.tolist(), threshold.tolist(), strict=True):
            sink.write((f"{row[0]:.3f}", *("NaN" if np.isnan(value) else f"{value:.3f}" for value in row[1:])))
    return float(np.nanmax([1.0, *score, *threshold]))


def _source(path: Path, face: FollowedFace, top: float) -> ElementTree.Element:
    """What ELAN needs to know of a time series: where it is, its column of times, and its two curves."""
    url = printable(file_address(path))
    source = ElementTree.Element(
        "tracksource", {"sample-type": "Discontinuous Rate", "source-url": url, "time-column": "0"}
    )
    ElementTree.SubElement(source, "property", {"key": "provider", "value": PROVIDER})
    blue, green, red = COLORS[face.face_id % len(COLORS)]
    for column, (name, color) in enumerate([("score", f"{red},{green},{blue}"), ("threshold", THRESHOLD_COLOR)], 1):
        track = ElementTree.SubElement(source, "track", {"derivative": "0", "name": f"face {face.face_id} {name}"})
        ElementTree.SubElement(track, "property", {"key": "detect-range", "value": "false"})
        position = ElementTree.SubElement(track, "sample-position")
        ElementTree.SubElement(position, "pos", {"col": str(column), "row": "0"})
        ElementTree.SubElement(track, "description").text = "motion score of merlab"
        ElementTree.SubElement(track, "units").text = "noise"
        ElementTree.SubElement(track, "range", {"min": "0.0", "max": f"{HEADROOM * top:.1f}"})
        ElementTree.SubElement(track, "color").text = color
    return source
