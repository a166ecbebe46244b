"""The label schemes that merlab knows: those of publications, and the labels of the clips as they are."""

from __future__ import annotations

from merlab.schemes.scheme import AS_LABELED, Scheme
from merlab.vocabulary import OBJECTIVE_CLASSES

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
