"""Label schemes: the classes of an experiment, and the class of each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from merlab.errors import MerlabError
from merlab.registry import callable_as_listing, look_up
from merlab.vocabulary import OBJECTIVE_CLASSES
from merlab.yaml_files import read_yaml

if TYPE_CHECKING:
    import pandas as pd

    from merlab.clips import Clip, ClipTable

# The official MEGC2019 list has 145 clips of CASME II. By the table of 2014, these are the happiness, surprise, disgust
# and repression clips without the first two clips here; the table of 2019 relabeled the other three to surprise.
MEGC2019_OMITTED: frozenset[tuple[str, str]] = frozenset(
    {
        ("sub04", "EP12_01f"),
        ("sub05", "EP09_05f"),
        ("sub24", "EP07_01"),
        ("sub24", "EP07_04f"),
        ("sub24", "EP10_03"),
    }
)


Column = Literal["emotion", "objective_class"]


@dataclass(frozen=True)
class Scheme:
    """A set of classes, and the rule that assigns a class to a clip.

    ``emotions`` maps the annotators' emotion (lower case) to a class; other emotions are outside the scheme. With
    ``column`` objective_class it maps objective classes instead. ``omitted_emotions`` (database, emotion) and
    ``omitted_clips`` (database, subject, clip) are left out by the publication of the scheme. ``published`` maps a
    database, with the version of its table, to its number of clips in each class, in the order of ``classes``; None
    where the numbers are not known.
    """

    name: str
    description: str
    classes: tuple[str, ...]
    emotions: Mapping[str, str]
    omitted_emotions: frozenset[tuple[str, str]] = frozenset()
    omitted_clips: frozenset[tuple[str, str, str]] = frozenset()
    column: Column = "emotion"
    published: Mapping[str, tuple[int, ...] | None] = field(default_factory=dict)

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


_FIVE = ("happiness", "disgust", "repression", "surprise", "others")
_SAMM_FIVE = ("anger", "happiness", "other", "surprise", "contempt")
_CASME_EIGHT = ("tense", "disgust", "repression", "surprise", "happiness", "sadness", "contempt", "fear")
_SMIC_THREE = ("negative", "positive", "surprise")
_CASME3_SEVEN = ("disgust", "surprise", "others", "fear", "anger", "sadness", "happiness")
_MMEW_SEVEN = ("happiness", "anger", "surprise", "disgust", "fear", "sadness", "others")
_DFME_SEVEN = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
_FOUR_DME_FIVE = ("positive", "negative", "surprise", "repression", "others")
_SQUARED_FOUR = ("negative", "others", "surprise", "positive")
_NEGATIVE = ("negative", "disgust", "repression", "anger", "contempt", "fear", "sadness")

AS_LABELED = "as-labeled"
# The keys of published counts: a database, and the version of its table.
_CASME2_2014, _CASME2_2019, _SAMM = "casme2, table of 2014", "casme2, table of 2019", "samm, table v2"
_CASME3 = "casme3, table v2"

SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        Scheme(
            "casme2-5",
            "the five frequent emotions of CASME II: 246 clips by the 2014 coding table, 249 by that of 2019",
            _FIVE,
            {emotion: emotion for emotion in _FIVE},
            published={_CASME2_2014: (32, 63, 27, 25, 99), _CASME2_2019: (32, 63, 27, 28, 99)},
        ),
        Scheme(
            "casme2-5-merged",
            "all 255 clips of CASME II in five classes, fear and sadness merged into others, as in the paper (IV.A)",
            _FIVE,
            {**{emotion: emotion for emotion in _FIVE}, "fear": "others", "sadness": "others"},
            published={_CASME2_2014: (32, 63, 27, 25, 108), _CASME2_2019: (32, 63, 27, 28, 105)},
        ),
        Scheme(
            "casme2-4",
            "all 255 clips of CASME II as positive, negative, surprise and others, repression counted as negative; "
            "papers that report four classes differ in the mapping, and few state it",
            ("positive", "negative", "surprise", "others"),
            {
                "happiness": "positive",
                "surprise": "surprise",
                "others": "others",
                **dict.fromkeys(("disgust", "repression", "fear", "sadness"), "negative"),
            },
            published={_CASME2_2014: (32, 99, 25, 99), _CASME2_2019: (32, 96, 28, 99)},
        ),
        Scheme(
            "megc2019",
            "the three classes of MEGC2019; the official list has 145 clips of CASME II, without fear, sadness, "
            "others, sub04 EP12_01f, sub05 EP09_05f and the clips that the coding table of 2019 relabeled to surprise "
            "(in SAMM, fear and sadness are negative)",
            _SMIC_THREE,
            {
                "positive": "positive",
                "happiness": "positive",
                "surprise": "surprise",
                **dict.fromkeys(_NEGATIVE, "negative"),
            },
            frozenset((database, emotion) for database in ("casme2", "synthetic") for emotion in ("fear", "sadness")),
            frozenset(("casme2", *clip) for clip in MEGC2019_OMITTED),
            published={
                _CASME2_2014: (88, 32, 25),
                _CASME2_2019: (88, 32, 25),
                "smic, HS": (70, 51, 43),
                _SAMM: (92, 26, 15),
            },
        ),
        Scheme(
            "samm-5",
            "the five emotions of SAMM with at least ten clips: 136 clips of 27 subjects",
            _SAMM_FIVE,
            {emotion: emotion for emotion in _SAMM_FIVE},
            published={_SAMM: (57, 26, 26, 15, 12)},
        ),
        Scheme(
            "casme-8",
            "all labels of the first CASME, with tense: 189 clips by its coding table",
            _CASME_EIGHT,
            {emotion: emotion for emotion in _CASME_EIGHT},
            published={"casme, coding table": (68, 45, 39, 20, 7, 6, 2, 2)},
        ),
        Scheme(
            "casme-4",
            "the four labels of the first CASME with at least twenty clips: tense 68, disgust 45, repression 39 and "
            "surprise 20, 172 clips by its coding table",
            _CASME_EIGHT[:4],
            {emotion: emotion for emotion in _CASME_EIGHT[:4]},
            published={"casme, coding table": (68, 45, 39, 20)},
        ),
        Scheme(
            "smic-3",
            "all clips of SMIC as annotated: 164 of HS",
            _SMIC_THREE,
            {emotion: emotion for emotion in _SMIC_THREE},
            published={"smic, HS": (70, 51, 43), "smic, VIS": (24, 28, 19), "smic, NIR": None},
        ),
        Scheme(
            "casme-squared-4",
            "the four labels of CAS(ME)^2 (57 clips) and of part C of CAS(ME)^3 (165 clips), micro-expressions",
            _SQUARED_FOUR,
            {emotion: emotion for emotion in _SQUARED_FOUR},
            published={"casme-squared, code_final": (21, 19, 9, 8), "casme3-c, part C": (99, 20, 30, 16)},
        ),
        Scheme(
            "casme3-4",
            "the micro-expressions of CAS(ME)^3, part A, in four classes: positive, negative, surprise and others",
            ("negative", "positive", "surprise", "others"),
            {
                "happiness": "positive",
                "surprise": "surprise",
                "others": "others",
                **dict.fromkeys(("disgust", "fear", "anger", "sadness"), "negative"),
            },
            published={_CASME3: (457, 55, 187, 161)},
        ),
        Scheme(
            "casme3-7",
            "all seven labels of the micro-expressions of CAS(ME)^3, part A: 860 clips",
            _CASME3_SEVEN,
            {emotion: emotion for emotion in _CASME3_SEVEN},
            published={_CASME3: (250, 187, 161, 86, 64, 57, 55)},
        ),
        Scheme(
            "mmew-7",
            "all seven labels of MMEW: 300 clips",
            _MMEW_SEVEN,
            {emotion: emotion for emotion in _MMEW_SEVEN},
            published={"mmew, table of 2021": (36, 8, 89, 72, 16, 13, 66)},
        ),
        Scheme(
            "mmew-6",
            "the six emotions of MMEW, without others: 234 clips",
            _MMEW_SEVEN[:6],
            {emotion: emotion for emotion in _MMEW_SEVEN[:6]},
            published={"mmew, table of 2021": (36, 8, 89, 72, 16, 13)},
        ),
        Scheme(
            "dfme-7",
            "the seven emotions of DFME: 1856 clips for training, 474 (test A) and 299 (test B) in its challenge",
            _DFME_SEVEN,
            {emotion: emotion for emotion in _DFME_SEVEN},
            published={"dfme, training": None, "dfme, test A": None, "dfme, test B": None},
        ),
        Scheme(
            "4dme-5",
            "the clips of 4DME with one of its five labels; clips with several labels are left out",
            _FOUR_DME_FIVE,
            {emotion: emotion for emotion in _FOUR_DME_FIVE},
            published={"4dme, release": None},
        ),
        Scheme(
            "objective-5",
            "objective classes I to V of CASME II and SAMM, by action units alone (Davison et al. 2018), as in "
            "MEGC2018. The coding table of CASME II of 2014 needs CASME2-ObjectiveClasses.xlsx beside it",
            OBJECTIVE_CLASSES[:5],
            {name: name for name in OBJECTIVE_CLASSES[:5]},
            column="objective_class",
            published={
                _CASME2_2014: (25, 15, 99, 26, 20),
                _CASME2_2019: None,
                _SAMM: (24, 13, 20, 8, 3),
            },
        ),
        Scheme(
            "objective-7",
            "all objective classes of CASME II and SAMM, I to VII, by action units alone (Davison et al. 2018)",
            OBJECTIVE_CLASSES,
            {name: name for name in OBJECTIVE_CLASSES},
            column="objective_class",
            published={
                _CASME2_2014: (25, 15, 99, 26, 20, 1, 69),
                _CASME2_2019: None,
                _SAMM: (24, 13, 20, 8, 3, 7, 84),
            },
        ),
        Scheme(AS_LABELED, "every label of the clips is a class", (), {}),
    )
}


def find_scheme(name: str) -> Scheme:
    """The scheme with this name; raises MerlabError with all names if there is none."""
    return look_up(name, SCHEMES, "label scheme")


def as_scheme(given: str | Path | Mapping[str, str] | Scheme) -> Scheme:
    """A scheme from its name, from a YAML file (see ``read_scheme``), from a mapping label -> class, or from itself."""
    if isinstance(given, Scheme):
        return given
    if isinstance(given, Mapping):
        return own_scheme("your-own", given)
    is_file = str(given).lower().endswith((".yaml", ".yml"))
    return read_scheme(Path(given)) if is_file else find_scheme(str(given))


def read_scheme(path: Path) -> Scheme:
    """The scheme in a YAML file with ``name``, ``labels`` (label -> class), and optional ``description``, ``classes``.

    ``classes`` lists the classes in the order of tables; without it, classes have the order of their first label.
    Raises MerlabError with the file and its fault.
    """
    content = read_yaml(path)
    example = "name: my-classes, labels: {happiness: positive, disgust: negative}"
    if not isinstance(content, dict) or not isinstance(content.get("labels"), dict):
        raise MerlabError(f"{path} has no mapping of labels to classes; write {example}")
    unknown = set(content) - {"name", "labels", "description", "classes"}
    if unknown:
        raise MerlabError(f"{path} has unknown entries {', '.join(sorted(map(str, unknown)))}; write {example}")
    name, description = (content.get(key) or "" for key in ("name", "description"))
    if not isinstance(name, str) or not isinstance(description, str):
        raise MerlabError(f"{path}: name and description are texts; write them in quotes")
    try:
        return own_scheme(name or path.stem, content["labels"], description, content.get("classes"))
    except MerlabError as error:
        raise MerlabError(f"{path}: {error}") from error


def own_scheme(
    name: str, labels: Mapping[str, str], description: str = "", classes: Sequence[str] | None = None
) -> Scheme:
    """A scheme of your own from label -> class; labels are compared in lower case.

    Raises MerlabError for labels or classes that are not text, for fewer than two classes, and if ``classes`` does not
    list exactly the classes of the labels.
    """
    odd = [each for pair in labels.items() for each in pair if not isinstance(each, str) or not each.strip()]
    if odd:
        raise MerlabError(f"scheme {name}: labels and classes are texts, got {odd[0]!r}; write it in quotes")
    emotions = {label.strip().lower(): of.strip() for label, of in labels.items()}
    if len(emotions) < len(labels):
        raise MerlabError(f"scheme {name}: a label occurs twice, in other case or with blanks; keep one of them")
    used = tuple(dict.fromkeys(emotions.values()))
    order = used if classes is None else _order(name, classes)
    if sorted(order) != sorted(used):
        raise MerlabError(
            f"scheme {name}: classes lists {', '.join(order)}, but the labels have the classes {', '.join(used)}; "
            "give each class once"
        )
    if len(used) < 2:
        raise MerlabError(f"scheme {name} has {len(used)} class(es), but at least two are needed; add a class")
    return Scheme(name, description or "your own classes", order, emotions)


def _order(name: str, classes: object) -> tuple[str, ...]:
    """The classes in their order; raises MerlabError for anything but a list of texts."""
    if isinstance(classes, str) or not isinstance(classes, Sequence) or not all(isinstance(of, str) for of in classes):
        raise MerlabError(f"scheme {name}: classes is not a list of texts; write one such as [positive, negative]")
    return tuple(of.strip() for of in classes)


def listing() -> pd.DataFrame:
    """One row per scheme: its name, classes, description, and its published number of clips by table version."""
    import pandas as pd

    rows = [
        {
            "name": scheme.name,
            "classes": list(scheme.classes),
            "title": scheme.description,
            "published": scheme.published_counts(),
        }
        for scheme in SCHEMES.values()
    ]
    return pd.DataFrame(rows).set_index("name")


callable_as_listing(__name__)
