"""Pictures: frames of a clip in every format of images, and folders of released optical flow."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from merlab.clips import ClipTable
from merlab.databases.frame_checks import check_clip
from merlab.databases.ststnet_flow import STSTNET_FLOW
from merlab.frames import read_image
from merlab.inputs import make_input, parse_recipe
from merlab.progress import silent
from tests.fuzz.damage import damaged_bytes
from tests.fuzz.kind import Kind, Reading, SilentChangeError, require
from tests.helpers import make_clip, moved, texture, write_flow_tree

# Formats without a checksum: other bytes are another picture, which nobody can tell from the right one.
WITHOUT_CHECKSUM = (".jpg", ".bmp", ".tiff")


class ImageFrame(Kind):
    """The apex of a clip, of which an input is made.

    Silent: any other picture from a PNG, which has checksums; a picture of another size than the other frames.
    """

    name = "image"

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "frames"
        self.folder.mkdir()
        onset = texture(1, 60, 50)
        images = [
            cv2.cvtColor(each.round().astype(np.uint8), cv2.COLOR_GRAY2BGR) for each in (onset, moved(onset, 2, 1))
        ]
        self.sound = {suffix: cv2.imencode(suffix, images[1])[1].tobytes() for suffix in (".png", *WITHOUT_CHECKSUM)}
        for number in (1, 3):
            cv2.imwrite(str(self.folder / f"img{number}.png"), images[0])
        self.values = {}
        for suffix, content in self.sound.items():
            self._write(suffix, content)
            self.values[suffix] = self.read().value

    def _write(self, suffix: str, content: bytes) -> None:
        for path in self.folder.glob("img2.*"):
            path.unlink()
        self.path = self.folder / f"img2{suffix}"
        self.path.write_bytes(content)

    def damage(self, random: np.random.Generator) -> str:
        """Bytes of the apex in one of the formats; sometimes with the suffix of another one."""
        suffix = list(self.sound)[int(random.integers(len(self.sound)))]
        done, content = damaged_bytes(self.sound[suffix], random)
        self._write(suffix, content)
        return f"{suffix}: {done}"

    def read(self) -> Reading:
        """The picture, and the input that is made of it; the doctor looks at the clip too."""
        clip = make_clip(self.folder)
        finding = check_clip(clip)
        picture = read_image(self.path)
        made = make_input(ClipTable((clip,)), clip, parse_recipe("onset-apex:size=28x28"))
        return Reading((picture.shape, picture.tobytes(), made.tobytes()), (finding.found,) if finding else ())

    def judge(self, reading: Reading) -> str:
        """See the class."""
        right = self.values[self.path.suffix]
        if reading.value == right:
            return "same"
        require(reading.value[0] == right[0], f"{reading.value[0]} pixels instead of {right[0]}")
        require(self.path.suffix in WITHOUT_CHECKSUM, "another picture from a PNG")
        return "said" if reading.said else "plausible"


class FlowFolder(Kind):
    """A tree of released optical flow, with one damaged image or one folder of another name.

    Silent: an image that is not a clip any more, or has other values, without a finding.
    """

    name = "folder of released flow"

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tree"
        write_flow_tree(self.folder)
        self.files = {path: path.read_bytes() for path in sorted(self.folder.rglob("*.png"))}
        self.path = next(iter(self.files))
        self.renamed: tuple[Path, Path] | None = None
        self.sound = self.read()

    @property
    def names(self) -> tuple[str, ...]:
        """An image, a clip, or the folder."""
        return (self.path.name, self.path.stem.strip(), str(self.folder))

    def damage(self, random: np.random.Generator) -> str:
        """Bytes of an image, or a name in the tree."""
        if self.renamed:
            self.renamed[1].rename(self.renamed[0])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(self.files[self.path])
        self.renamed = None
        self.path = list(self.files)[int(random.integers(len(self.files)))]
        if random.integers(3):
            done, content = damaged_bytes(self.files[self.path], random)
            self.path.write_bytes(content)
            return done
        place = [self.path, *self.path.parents][int(random.integers(4))]
        name = (place.name[1:], place.name + "x", "x", place.name.upper(), "3", "sub99", ".hidden")[
            int(random.integers(7))
        ]
        target = place.with_name(name or "y")
        if not target.exists():
            place.rename(target)
            self.renamed = (place, target)
        return f"{place.name} is called {target.name}"

    def read(self) -> Reading:
        """The clips with their class and their input."""
        found = STSTNET_FLOW.examine(self.folder, True, silent)
        recipe = parse_recipe("flow:channels=uvs,size=28x28")
        clips = [(clip.key, clip.emotion, make_input(found.clips, clip, recipe).tobytes()) for clip in found.clips]
        return Reading(set(clips), tuple(f"{each.where}: {each.found}" for each in found.findings))

    def judge(self, reading: Reading) -> str:
        """See the class; another name of a subject or of an image is another clip."""
        if reading.value == self.sound.value:
            return "same"
        if set(reading.said) - set(self.sound.said):
            return "said"
        if self.renamed and len(reading.value) == len(self.sound.value):
            return "plausible"
        lost = {clip[:2] for clip in self.sound.value - reading.value}
        raise SilentChangeError(f"{lost} became {[clip[:2] for clip in reading.value - self.sound.value]}")
