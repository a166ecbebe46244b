"""A label scheme: the classes of an experiment, and the class of each label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from merlab.errors import MerlabError
from merlab.given import naming_fields
from merlab.registry import look_up
from merlab.spelling import as_label

if TYPE_CHECKING:
    from merlab.clips import Clip, ClipTable

# The scheme whose classes are the labels of the clips.
AS_LABELED = "as-labeled"
LabelColumn = Literal["emotion", "objective_class"]


@naming_fields(
    "; labels of your own are a dictionary, of which a Scheme is made: "
    '{"name": "valence", "labels": {"happiness": "positive", "disgust": "negative"}}'
)
@dataclass(frozen=True)
class Scheme:
    """A set of classes, and the rule that assigns a class to a clip.

    For labels of your own, pass a dictionary as the scheme, of which a Scheme is made: ``{"name": "valence", "labels":
    {"happiness": "positive", "disgust": "negative"}}``.

    ``name`` and ``description`` (one sentence) are for lists and reports. ``emotions`` maps the annotators' emotion
    (lower case) to a class; other emotions are outside the scheme. With ``column`` objective_class it maps objective
    classes instead. ``omitted_emotions`` (database, emotion) and ``omitted_clips`` (database, subject, clip) are left
    out by the publication of the scheme. ``published`` maps a database, with the version of its table, to its number of
    clips in each class, in the order of ``classes``; None where the numbers are not known.
    """

    name: str
    description: str
    classes: tuple[str, ...]
    emotions: Mapping[str, str]
    omitted_emotions: frozenset[tuple[str, str]] = frozenset()
    omitted_clips: frozenset[tuple[str, str, str]] = frozenset()
    column: LabelColumn = "emotion"
    published: Mapping[str, tuple[int, ...] | None] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Scheme {self.name}: {', '.join(self.classes) or self.description}"

    def __post_init__(self) -> None:
        if not self._is_of_texts():
            raise MerlabError(
                f"scheme {self.name}: give texts: a name, a description, a list of classes, and a mapping from label "
                f"to class, got {self.description!r}, {self.classes!r} and {self.emotions!r}"
            )
        try:
            look_up(self.column, dict.fromkeys(get_args(LabelColumn)), "column")
            self._require_omissions()
        except MerlabError as error:
            raise MerlabError(f"scheme {self.name}: {error}") from error
        if self.column == "emotion":
            # As those of clips.
            emotions = {as_label(label): of for label, of in self.emotions.items()}
            if len(emotions) < len(self.emotions):
                raise MerlabError(
                    f"scheme {self.name}: a label occurs twice, in other case or with blanks; keep one of them"
                )
            object.__setattr__(self, "emotions", emotions)
        used = dict.fromkeys(self.emotions.values())
        if sorted(self.classes) != sorted(used):
            raise MerlabError(
                f"scheme {self.name}: classes lists {', '.join(self.classes)}, but the labels have the classes "
                f"{', '.join(used)}; give each class once"
            )

    def _is_of_texts(self) -> bool:
        listed = isinstance(self.classes, Sequence) and not isinstance(self.classes, str)
        if not (listed and isinstance(self.emotions, Mapping)):
            return False
        labels = (*self.emotions, *self.emotions.values())
        return all(isinstance(each, str) for each in (self.name, self.description, *self.classes, *labels))

    def _require_omissions(self) -> None:
        """Raise MerlabError for omissions that no clip could have, such as a label without its database."""
        for name, parts in (("omitted_emotions", "database, emotion"), ("omitted_clips", "database, subject, clip")):
            given = getattr(self, name)
            listed = isinstance(given, Iterable) and not isinstance(given, str)
            if not (listed and all(_is_texts(each, 1 + parts.count(",")) for each in given)):
                raise MerlabError(f"{name} must be a set of ({parts}), got {given!r}")
        emotions = frozenset((database, as_label(emotion)) for database, emotion in self.omitted_emotions)
        object.__setattr__(self, "omitted_emotions", emotions)
        object.__setattr__(self, "omitted_clips", frozenset(map(tuple, self.omitted_clips)))

    def of(self, table: ClipTable) -> Scheme:
        """The scheme for these clips: the same scheme, but for ``as-labeled`` one class per label of the clips."""
        if self.name != AS_LABELED:
            return self
        found = tuple(sorted({clip.emotion for clip in table if clip.emotion}))
        return replace(self, classes=found, emotions={label: label for label in found})

    def label(self, clip: Clip) -> str | None:
        """The class of a clip; None if the scheme leaves the clip out."""
        if (clip.database, clip.emotion) in self.omitted_emotions:
            return None
        if (clip.database, clip.subject, clip.name) in self.omitted_clips:
            return None
        return self.emotions.get(self.text_of(clip))

    def text_of(self, clip: Clip) -> str:
        """What the scheme reads of a clip: its emotion or its objective class; empty if unknown."""
        return clip.emotion if self.column == "emotion" else clip.objective_class

    def reason(self, clip: Clip) -> str:
        """Why the scheme leaves a clip out: its database and emotion, and whether the clip itself is omitted."""
        if self.column == "objective_class":
            return f"{clip.database} objective class {clip.objective_class or 'unknown'}"
        by_name = clip.emotion in self.emotions and (clip.database, clip.emotion) not in self.omitted_emotions
        return f"{clip.database} {clip.emotion or 'unlabeled'}" + (" (omitted by name)" if by_name else "")

    def published_counts(self) -> list[str]:
        """One line per database and version of its table: ``casme2, table of 2014: 246 (happiness 32, ...)``."""
        return [
            f"{data}: not known"
            if counts is None
            else f"{data}: {sum(counts)} ("
            + ", ".join(f"{name} {count}" for name, count in zip(self.classes, counts, strict=True))
            + ")"
            for data, counts in self.published.items()
        ]


def _is_texts(given: object, count: int) -> bool:
    """Whether something is a tuple or a list of this many texts."""
    return isinstance(given, tuple | list) and len(given) == count and all(isinstance(each, str) for each in given)
