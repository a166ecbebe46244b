"""Decisions from files of other programs; .eaf files in the shapes that ELAN and other programs write."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pympi
import pytest

from merlab.coding.agreement.agree import agree
from merlab.coding.codable_result import read_codable
from merlab.coding.decisions import Coding, Decision
from merlab.coding.elan_import import ElanChoice, chosen_medium
from merlab.coding.exporting import export_coding
from merlab.coding.file import read_coding, write_coding
from merlab.coding.found_events import FoundEvent, decisions_about
from merlab.coding.importing import import_coding
from merlab.elan.reading import ElanDocument, Medium, read_elan
from merlab.elan.writing import Links, Tier, annotation_of, write_document
from merlab.errors import MerlabError
from merlab.outputs.result_folder import CODING
from merlab.spotting.scoring.read_intervals import ReadingOptions, event_cells
from merlab.spotting.written_text import is_machine_text
from merlab.videos.result import FRAMES
from tests.coding.results import TIME, about, coded_in, every_kind, material_in, renamed

VIDEO = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/study/interview.mp4" MIME_TYPE="video/mp4" {}/>'
# As ELAN 6 saves: two media (the video started 250 ms into the time line of the sound), a linked file of a curve,
# languages, a vocabulary, an annotation without times, a dependent tier.
ELAN_6 = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-05-04T10:20:30+02:00" FORMAT="3.0" VERSION="3.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
  <LICENSE LICENSE_URL=""/>
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/study/sound.wav" MIME_TYPE="audio/x-wav"/>
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/study/interview.mp4" MIME_TYPE="video/mp4"
        RELATIVE_MEDIA_URL="./interview.mp4" TIME_ORIGIN="250"/>
    <LINKED_FILE_DESCRIPTOR LINK_URL="file:///C:/study/score.csv" MIME_TYPE="unknown" RELATIVE_LINK_URL="./score.csv"/>
    <PROPERTY NAME="URN">urn:nl-mpi-tools-elan-eaf:1f</PROPERTY>
    <PROPERTY NAME="lastUsedAnnotationId">4</PROPERTY>
  </HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1120"/>
    <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1400"/>
    <TIME_SLOT TIME_SLOT_ID="ts3"/>
    <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="8001"/>
    <TIME_SLOT TIME_SLOT_ID="ts5" TIME_VALUE="8333"/>
  </TIME_ORDER>
  <TIER ANNOTATOR="EF" DEFAULT_LOCALE="en" LINGUISTIC_TYPE_REF="default-lt" PARTICIPANT="face 0" TIER_ID="expressions">
    <ANNOTATION>
      <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" CVE_REF="cveid1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
        <ANNOTATION_VALUE>smile</ANNOTATION_VALUE>
      </ALIGNABLE_ANNOTATION>
    </ANNOTATION>
    <ANNOTATION>
      <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts4" TIME_SLOT_REF2="ts5">
        <ANNOTATION_VALUE>AU4+L10</ANNOTATION_VALUE>
      </ALIGNABLE_ANNOTATION>
    </ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="notes" PARENT_REF="expressions" TIER_ID="doubts">
    <ANNOTATION>
      <REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1"><ANNOTATION_VALUE>?</ANNOTATION_VALUE></REF_ANNOTATION>
    </ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="words" >
    {words}
  </TIER>
  <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>
  <LOCALE LANGUAGE_CODE="en"/>
  <LANGUAGE LANG_DEF="http://cdb.iso.org/lg/CDB-00138502-001" LANG_ID="und" LANG_LABEL="undetermined (und)"/>
  <CONTROLLED_VOCABULARY CV_ID="labels"><DESCRIPTION LANG_REF="und"/></CONTROLLED_VOCABULARY>
</ANNOTATION_DOCUMENT>
"""
UNALIGNED = (
    '<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">'
    "<ANNOTATION_VALUE>yes</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
)
# The least that is an annotation document; times as other programs write them.
PLAIN = """<ANNOTATION_DOCUMENT>
<HEADER>{media}</HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="{begin}"/>
<TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="{end}"/></TIME_ORDER>
<TIER TIER_ID="{tier}"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="a" TIME_SLOT_REF2="b">
<ANNOTATION_VALUE>smile</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>
"""


def eaf(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def plain(path, *, media="", begin=1370, end=1650, tier="face 0"):
    return eaf(path, PLAIN.format(media=media, begin=begin, end=end, tier=tier))


@pytest.mark.parametrize("fps", [30.0, 100.0, 200.0])
def test_a_file_of_ours_comes_back_as_it_was(tmp_path, fps):
    material = coded_in(tmp_path / "out", fps=fps)
    before = read_coding(material)
    export_coding([material.folder], tmp_path / "coded.eaf")
    assert import_coding(material.folder, tmp_path / "coded.eaf").changed == 0
    assert read_coding(material) == before
    other = material_in(tmp_path / "other", fps=fps)
    import_coding(other.folder, tmp_path / "coded.eaf")
    assert [each.decision for each in read_coding(other).decisions] == ["accept", "reject", "move", "add"]


@pytest.mark.parametrize("fps", [200.0, 400.0, 500.0])
def test_a_movement_of_one_frame_comes_back_from_elan_as_one_frame(tmp_path, fps):
    """ELAN has no annotation of 0 ms, so it is one of 1 ms."""
    material = material_in(tmp_path / "out", fps=fps)
    apex = material.events[0].apex
    moved = Coding((about(material.events[0], "move", onset=apex, offset=apex),))
    write_coding(material.folder, moved)
    export_coding([material.folder], tmp_path / "coded.eaf")
    import_coding(material.folder, tmp_path / "coded.eaf")
    assert read_coding(material) == moved
    scored = event_cells(tmp_path / "coded.eaf", "", ReadingOptions(fps=fps, tier="AB face 0 movements")).cells
    assert scored[["onset", "offset"]].to_numpy().tolist() == [[str(apex), str(apex)]]


def test_a_file_that_elan_6_saved_with_two_media_and_an_offset(tmp_path):
    material = material_in(tmp_path / "out")
    report = import_coding(material.folder, eaf(tmp_path / "theirs.eaf", ELAN_6.format(words="")))
    assert (report.coders, report.decisions) == (("EF",), 2)
    first, second = read_coding(material).decisions
    # 1120 ms on the time line are 1370 ms of the video, frame 138 at 100 frames per second, where e0001 begins.
    assert (first.event, first.decision, first.onset, first.offset, first.label) == (
        "e0001",
        "accept",
        138,
        166,
        "smile",
    )
    # 8251 and 8583 ms are within frames 826 and 859.
    assert (second.decision, second.onset, second.offset, second.action_units) == ("add", 826, 859, "4+L10")


def test_several_tiers_of_another_program_need_a_choice(tmp_path):
    material, file = material_in(tmp_path / "out"), eaf(tmp_path / "theirs.eaf", ELAN_6.format(words=UNALIGNED))
    with pytest.raises(MerlabError, match=r"Tiers of coders are expressions, words; .* --tier"):
        import_coding(material.folder, file)
    with pytest.raises(MerlabError, match="annotation a4 .* has no time"):
        import_coding(material.folder, file, choice=ElanChoice(("words",), face_id=0))
    report = import_coding(material.folder, file, choice=ElanChoice(("expressions",)))
    assert report.decisions == 2
    assert report.notes == (f"{file}: tiers that were not read: doubts, words",)


@pytest.mark.parametrize(
    ("choice", "option"), [(ElanChoice(("words",)), "--tier"), (ElanChoice(media="a.mp4"), "--media")]
)
def test_a_choice_in_a_document_of_elan_is_refused_for_a_table(tmp_path, choice, option):
    material, file = material_in(tmp_path / "out"), tmp_path / "theirs.csv"
    file.write_text("onset,offset\n700,710\n")
    with pytest.raises(MerlabError, match=f"theirs.csv is a table; {option} chooses in an .eaf file, leave it out"):
        import_coding(material.folder, file, coder="EF", choice=choice)
    assert import_coding(material.folder, file, coder="EF", choice=ElanChoice(face_id=0)).decisions == 1


@pytest.mark.parametrize("end", [1370, 1200])
def test_an_annotation_that_does_not_end_after_it_begins_is_refused_by_name(tmp_path, end):
    material, file = material_in(tmp_path / "out"), plain(tmp_path / "theirs.eaf", end=end)
    message = f"theirs.eaf, tier face 0, annotation a1 .'smile'. begins at 1370 ms and ends at {end} ms; correct it"
    with pytest.raises(MerlabError, match=message):
        import_coding(material.folder, file)


def test_two_links_that_may_be_the_video_are_refused(tmp_path):
    folder = material_in(tmp_path / "out", faces=1).folder
    twice = plain(tmp_path / "twice.eaf", media="".join(VIDEO.format(f'TIME_ORIGIN="{ms}"') for ms in (0, 250)))
    with pytest.raises(MerlabError, match=r"linked to interview.mp4 with the offsets 0 and 250 ms; remove the other"):
        import_coding(folder, twice)
    same = plain(tmp_path / "same.eaf", media=2 * VIDEO.format(""))
    assert import_coding(folder, same).notes == ()
    left = Medium("left.mp4", 0), Medium("right.mp4", 0)
    document = ElanDocument(tmp_path / "two.eaf", left, ())
    with pytest.raises(MerlabError, match=r"two.eaf is linked to left.mp4 and right.mp4; give the one that was coded"):
        chosen_medium(document, ("right.mp4", "left.mp4"), None)


def test_a_sound_is_not_the_linked_video(tmp_path):
    sound, video = Medium("talk.wav", 0), Medium("talk.mp4", 250)
    document = ElanDocument(tmp_path / "a.eaf", (sound, video), ())
    assert chosen_medium(document, (), None) == (video, [])
    assert chosen_medium(document, ("other.mp4",), None)[0] == video
    with pytest.raises(MerlabError, match=r"is linked to a.mp4, b.mp4; give the file that shows the video with --m"):
        chosen_medium(ElanDocument(tmp_path / "b.eaf", (sound, Medium("a.mp4", 0), Medium("b.mp4", 0)), ()), (), None)


REMEDY = "action units are read from one tier below that of the movements, with AU in its name"
# A tier within another has times of its own where its annotations may leave gaps ("included in").
INCLUDED = """<TIER TIER_ID="units" PARENT_REF="face 0"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="a" TIME_SLOT_REF2="b"><ANNOTATION_VALUE>12</ANNOTATION_VALUE>
</ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"""


def test_a_tier_within_another_is_read_if_it_is_chosen_and_named_if_it_is_not(tmp_path):
    material = material_in(tmp_path / "out")
    text = PLAIN.format(media=VIDEO.format(""), begin=1370, end=1650, tier="face 0")
    file = eaf(tmp_path / "own.eaf", text.replace("</ANNOTATION_DOCUMENT>", INCLUDED))
    report = import_coding(material.folder, file)
    assert report.notes == (f"{file}: tiers that were not read: units; {REMEDY}",)
    assert [each.label for each in read_coding(material).decisions] == ["smile"]
    import_coding(material.folder, file, coder="CD", choice=ElanChoice(("units",), face_id=0))
    (decision,) = read_coding(material).of("CD").decisions
    assert (decision.event, decision.action_units) == ("e0001", "12")


# As ELAN saves a tier of the stereotype "Symbolic Association", and one that belongs to it.
ASSOCIATED = """<TIER TIER_ID="units" PARENT_REF="face 0"><ANNOTATION>
<REF_ANNOTATION ANNOTATION_ID="a2" ANNOTATION_REF="a1"><ANNOTATION_VALUE>6+12</ANNOTATION_VALUE></REF_ANNOTATION>
</ANNOTATION></TIER><TIER TIER_ID="sure" PARENT_REF="units"><ANNOTATION>
<REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a2"><ANNOTATION_VALUE>no</ANNOTATION_VALUE></REF_ANNOTATION>
</ANNOTATION></TIER><TIER TIER_ID="empty" PARENT_REF="face 0"/></ANNOTATION_DOCUMENT>"""


@pytest.mark.parametrize("tier", ["face 0", "AB face 0 movements"])
def test_tiers_that_belong_to_one_that_is_read_are_named_where_their_texts_are_not_read(tmp_path, tier):
    material = material_in(tmp_path / "out")
    text = PLAIN.format(media=VIDEO.format(""), begin=1370, end=1650, tier=tier)
    file = eaf(tmp_path / "own.eaf", text.replace("</ANNOTATION_DOCUMENT>", ASSOCIATED.replace("face 0", tier)))
    noted = f"{file}: tiers that were not read: units, sure; {REMEDY}"
    assert import_coding(material.folder, file, coder="AB").notes == (noted,)
    other = plain(tmp_path / "other.eaf", media=VIDEO.format(""))
    assert noted in agree(material.folder, file, other).scores.notes


@pytest.mark.parametrize("below", [INCLUDED, ASSOCIATED])
@pytest.mark.parametrize("name", ["AU codes", "facial_AUs", "Action Units", "FACS"])
def test_action_units_are_read_from_a_tier_below_whose_name_says_so(tmp_path, below, name):
    material = material_in(tmp_path / "out")
    text = PLAIN.format(media=VIDEO.format(""), begin=1370, end=1650, tier="face 0")
    file = eaf(tmp_path / "own.eaf", text.replace("</ANNOTATION_DOCUMENT>", below.replace("units", name)))
    notes = import_coding(material.folder, file, coder="AB").notes
    assert notes == ((f"{file}: tiers that were not read: sure",) if below is ASSOCIATED else ())
    (decision,) = read_coding(material).decisions
    assert (decision.label, decision.action_units) == ("smile", "12" if below is INCLUDED else "6+12")


@pytest.mark.parametrize(
    ("find", "put", "named"),
    [
        ("6+12", "6+99", "tier AU, annotation a2: FACS has no action unit 99; correct the number in '6.99'; a tier wi"),
        (
            '<REF_ANNOTATION ANNOTATION_ID="a2"',
            '<REF_ANNOTATION ANNOTATION_ID="a0" ANNOTATION_REF="a1"><ANNOTATION_VALUE>mouth</ANNOTATION_VALUE>'
            '</REF_ANNOTATION></ANNOTATION><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a2"',
            "tier AU, annotation a0: 'mouth' is not an action unit",
        ),
        ("smile", "4", "annotation a1 .'4'. has action units, and others, 6.12, on a tier below it; keep one"),
        ("smile", "4+47", "annotation a1 .'4.47'. has action units, and others"),
        (
            'REF="a1"',
            'REF="a9"',
            "tier AU, annotation a2 is not within an annotation of tier face 0; correct its times",
        ),
    ],
)
def test_action_units_below_that_are_not_clear_are_refused(tmp_path, find, put, named):
    text = PLAIN.format(media=VIDEO.format(""), begin=1370, end=1650, tier="face 0")
    text = text.replace("</ANNOTATION_DOCUMENT>", ASSOCIATED.replace("units", "AU")).replace(find, put)
    with pytest.raises(MerlabError, match=named):
        import_coding(material_in(tmp_path / "out").folder, eaf(tmp_path / "own.eaf", text))


def test_a_tier_of_comments_on_action_units_is_named_and_not_read(tmp_path):
    """Alone, and beside one of action units, which is read."""
    text = PLAIN.format(media=VIDEO.format(""), begin=1370, end=1650, tier="face 0")
    units, comments = (
        ASSOCIATED[: ASSOCIATED.index("</TIER>") + len("</TIER>")].replace("units", name) for name in ("AU", "AU notes")
    )
    comments = comments.replace("6+12", "more on the left")
    for below, read in ((comments, ""), (comments + units, "6+12")):
        material = material_in(tmp_path / f"out{read}")
        file = eaf(tmp_path / "own.eaf", text.replace("</ANNOTATION_DOCUMENT>", f"{below}</ANNOTATION_DOCUMENT>"))
        report = import_coding(material.folder, file, coder="AB")
        assert report.notes == (f"{file}: tiers that were not read: AU notes",)
        assert read_coding(material).decisions[0].action_units == read


def test_two_tiers_of_action_units_are_named_and_not_read(tmp_path):
    """They may be those of two sides, or of two coders."""
    material = material_in(tmp_path / "out")
    text = PLAIN.format(media=VIDEO.format(""), begin=1370, end=1650, tier="face 0")
    right = ASSOCIATED[: ASSOCIATED.index("</TIER>") + len("</TIER>")].replace("units", "AU right")
    below = ASSOCIATED.replace("units", "AU left").replace("</ANNOTATION_DOCUMENT>", f"{right}</ANNOTATION_DOCUMENT>")
    file = eaf(tmp_path / "own.eaf", text.replace("</ANNOTATION_DOCUMENT>", below))
    report = import_coding(material.folder, file, coder="AB")
    assert report.notes == (f"{file}: tiers that were not read: AU left, sure, AU right; {REMEDY}",)
    assert read_coding(material).decisions[0].action_units == ""


def test_a_number_that_facs_does_not_have_is_not_taken_for_a_unit_or_a_label(tmp_path):
    file = plain(tmp_path / "own.eaf", media=VIDEO.format(""))
    file.write_text(file.read_text().replace("smile", "12+99"))
    with pytest.raises(
        MerlabError, match=r"tier face 0, annotation a1 .*: FACS has no action unit 99; correct the num"
    ):
        import_coding(material_in(tmp_path / "out").folder, file)


def test_numbers_that_may_be_ratings_are_refused_with_what_can_be_done(tmp_path):
    file = plain(tmp_path / "own.eaf", media=VIDEO.format(""))
    file.write_text(file.read_text().replace("smile", "75"))
    with pytest.raises(MerlabError, match="no action unit 75; .*: if they are ratings or classes, choose another tier"):
        import_coding(material_in(tmp_path / "out").folder, file)
    file.write_text(file.read_text().replace(">75<", ">rating 75<"))
    material = material_in(tmp_path / "other")
    import_coding(material.folder, file, coder="AB")
    assert [each.label for each in read_coding(material).decisions] == ["rating 75"]


# An entry of a vocabulary in two languages, as EAF 2.8 and later have it.
VOCABULARY = """<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="type" CONTROLLED_VOCABULARY_REF="labels"/>
<CONTROLLED_VOCABULARY CV_ID="labels"><CV_ENTRY_ML CVE_ID="c1"><CVE_VALUE LANG_REF="deu">Freude</CVE_VALUE>
<CVE_VALUE LANG_REF="eng">{}</CVE_VALUE></CV_ENTRY_ML></CONTROLLED_VOCABULARY></ANNOTATION_DOCUMENT>"""


@pytest.mark.parametrize(
    ("english", "language", "label"), [("joy", "eng", "joy"), ("joy", "und", "Freude"), ("", "eng", "Freude")]
)
def test_the_text_of_an_annotation_without_one_is_that_of_its_entry(tmp_path, english, language, label):
    material, file = material_in(tmp_path / "out"), plain(tmp_path / "own.eaf", media=VIDEO.format(""))
    text = (
        file.read_text()
        .replace("smile", "")
        .replace("<TIER ", f'<TIER LINGUISTIC_TYPE_REF="type" LANG_REF="{language}" ')
    )
    text = text.replace("<ALIGNABLE_ANNOTATION ", '<ALIGNABLE_ANNOTATION CVE_REF="c1" ')
    eaf(file, text.replace("</ANNOTATION_DOCUMENT>", VOCABULARY.format(english)))
    assert import_coding(material.folder, file).notes == ()
    assert read_coding(material).decisions[0].label == label


def test_an_entry_that_the_file_lacks_is_noted(tmp_path):
    """The vocabulary may be in another file (.ecv)."""
    material, file = material_in(tmp_path / "out"), plain(tmp_path / "own.eaf", media=VIDEO.format(""))
    text = file.read_text().replace("smile", "")
    eaf(file, text.replace("<ALIGNABLE_ANNOTATION ", '<ALIGNABLE_ANNOTATION CVE_REF="c1" '))
    (note,) = import_coding(material.folder, file).notes
    assert note.startswith(
        f"{file}: without a text, 1 annotation of tier face 0: the file lacks the entry of the contr"
    )
    scored = event_cells(file, "the table", ReadingOptions(fps=100))
    assert scored.notes == (note,)


@pytest.mark.parametrize("value", ["1" + "0" * 15, "1" + "0" * 400])
def test_a_time_that_no_video_has_is_refused(tmp_path, value):
    material = material_in(tmp_path / "out")
    origin = VIDEO.format(f'TIME_ORIGIN="{value}"')
    for number, options in enumerate(({"end": value}, {"media": origin})):
        with pytest.raises(MerlabError, match=r"own\d.eaf has a time of 10{15,19}\.\.\. ms, which no video has"):
            import_coding(material.folder, plain(tmp_path / f"own{number}.eaf", **options))


def test_the_linked_video_is_found_or_stated(tmp_path):
    folder = material_in(tmp_path / "out").folder
    other = VIDEO.format("").replace("interview", "other")
    report = import_coding(folder, plain(tmp_path / "renamed.eaf", media=other), coder="A")
    assert "which is taken for interview.mp4" in report.notes[0]
    two = plain(tmp_path / "two.eaf", media=other + other.replace("other", "third"))
    with pytest.raises(MerlabError, match="linked to other.mp4, third.mp4, not to interview.mp4; .* --media"):
        import_coding(folder, two)
    import_coding(folder, two, coder="B", choice=ElanChoice(media="third.mp4"))
    assert "linked to no video" in import_coding(folder, plain(tmp_path / "none.eaf"), coder="C").notes[0]


@pytest.mark.parametrize(
    ("linked", "video"),
    [
        ("interview%20two.mp4", "interview two.mp4"),
        ("interview%20two.mp4", "interview%20two.mp4"),
        ("interview%2520two.mp4", "interview%20two.mp4"),
        ("interview two.mp4", "interview two.mp4"),
    ],
)
def test_a_name_with_a_percent_sign_may_be_an_address_or_the_name_itself(tmp_path, linked, video):
    media = [VIDEO.format("").replace("interview.mp4", name) for name in ("other.mp4", linked)]
    medium, notes = chosen_medium(read_elan(plain(tmp_path / "a.eaf", media="".join(media))), (video,), None)
    assert (medium.name, notes) == (video, [])


def test_the_face_is_found_or_stated(tmp_path):
    folder, file = material_in(tmp_path / "out").folder, plain(tmp_path / "a.eaf", tier="smiles")
    with pytest.raises(MerlabError, match="faces 0, 1; give one with --face"):
        import_coding(folder, file)
    import_coding(folder, file, choice=ElanChoice(face_id=1))
    assert read_coding(read_codable(folder)).decisions[0].face_id == 1
    of_tier, alone = material_in(tmp_path / "of tier").folder, material_in(tmp_path / "alone", faces=1).folder
    import_coding(of_tier, plain(tmp_path / "b.eaf", tier="face 1"), choice=ElanChoice(face_id=0))
    import_coding(alone, file)
    assert [read_coding(read_codable(each)).decisions[0].face_id for each in (of_tier, alone)] == [1, 0]


ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>'
FOREIGN = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><ANNOTATION_DOCUMENT/>'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (ENTITY, "document type definition"),
        (FOREIGN, "document type definition"),
        ("not XML", "not an annotation document"),
        ("<html/>", "not an annotation document"),
        (PLAIN.format(media="", begin="soon", end=9, tier="face 0"), "is damaged"),
        (PLAIN.format(media="", begin=1, end=9, tier="face 0").replace('ID="b"', 'ID="c"'), "'b' is missing"),
        (PLAIN.format(media="", begin=1, end=99000, tier="face 0"), "ends at 12000 ms"),
        (ELAN_6.format(words="").replace('"milliseconds"', '"PAL-frames"'), "PAL-frames"),
    ],
)
def test_hostile_and_damaged_files_are_refused_and_nothing_is_written(tmp_path, text, named):
    folder = material_in(tmp_path / "out").folder
    with pytest.raises(MerlabError, match=named):
        import_coding(folder, eaf(tmp_path / "bad.eaf", text))
    assert not (folder / CODING).exists()


def test_coders_are_kept_apart(tmp_path):
    material = coded_in(tmp_path / "out")
    import_coding(material.folder, plain(tmp_path / "theirs.eaf"), coder="EF")
    coding = read_coding(material)
    assert coding.of("AB") == every_kind(material)
    assert [each.event for each in coding.of("EF").decisions] == ["e0001"]
    write_coding(material.folder, Coding((*coding.decisions, *renamed(coding.of("AB"), "CD").decisions)))
    with pytest.raises(MerlabError, match=r"several coders \(AB, CD, EF\)"):
        import_coding(material_in(tmp_path / "other").folder, material.folder / CODING, coder="X")


def test_decisions_are_not_lost_in_silence(tmp_path):
    material = coded_in(tmp_path / "out")
    before = (material.folder / CODING).read_bytes()
    file = plain(tmp_path / "theirs.eaf")
    with pytest.raises(MerlabError, match="4 decisions of AB would be lost.*--coder.*--again"):
        import_coding(material.folder, file, coder="AB")
    assert (material.folder / CODING).read_bytes() == before
    import_coding(material.folder, file, coder="AB", again=True)
    assert len(read_coding(material).decisions) == 1


def test_a_table_of_any_program(tmp_path):
    material = material_in(tmp_path / "out", faces=1)
    first = material.events[0]
    table = tmp_path / "mine.csv"
    table.write_text(
        f"Video,Onset,Apex,Offset,Emotion,AU\ninterview.mp4,{first.onset},/,{first.offset + 2},joy,\n"
        "interview.mp4,5,7,9,#WERT!,#NV\nother.mp4,1,2,3,,\n"
    )
    report = import_coding(material.folder, table, coder="GH")
    assert report.notes == (
        f"{table}: the column 'AU' is not read; rename it if it is action_units",
        f"{table}: rows of other.mp4 are left out",
    )
    own, moved = read_coding(material).decisions
    assert (own.decision, own.onset, own.apex, own.offset) == ("add", 5, 7, 9)
    assert (own.label, own.action_units) == ("", "")
    assert moved == about(first, "move", "GH", apex=None, offset=first.offset + 2, label="joy", time=moved.time)


@pytest.mark.parametrize(
    ("header", "row", "noted"),
    [
        ("onset,offset,kind,sure", "138,166,macro,yes", "columns that are not read: kind, sure"),
        ("onset,offset,label,emotion", "138,166,joy,fear", "line 2: the label is read, and not the emotion"),
        # Frame 138 of 100 frames per second is shown at 1.37 s.
        (
            "onset,offset,onset_s,offset_s",
            "138,166,4.567,5.5",
            "give other frames per second than are stated (30 for int",
        ),
    ],
)
def test_cells_that_are_not_used_or_contradict_others_are_noted(tmp_path, header, row, noted):
    folder, table = material_in(tmp_path / "out", faces=1).folder, tmp_path / "mine.csv"
    table.write_text(f"{header}\n{row}\n")
    (note,) = import_coding(folder, table, coder="AB").notes
    assert noted in note


def test_seconds_of_a_recording_whose_rate_varies_contradict_no_frames(tmp_path):
    """Of what is exported; its second half has half as many frames per second as the first."""
    material = coded_in(tmp_path / "out")
    path = material.folder / FRAMES
    table = pd.read_csv(path)
    table["time_s"] += (table["time_s"] - 6).clip(lower=0)
    table.to_csv(path, index=False)
    export_coding([material.folder], tmp_path / "coded.csv", coder="AB")
    assert import_coding(material.folder, tmp_path / "coded.csv", again=True).notes == ()


@pytest.mark.parametrize(("fps", "is_refused"), [("100", False), ("99.9", False), ("", False), ("25", True)])
def test_frames_of_another_rate_than_that_of_the_result_are_refused(tmp_path, fps, is_refused):
    """As of a copy of the video that was made for the coder."""
    folder, table = material_in(tmp_path / "out", faces=1).folder, tmp_path / "mine.csv"
    table.write_text(f"onset,offset,fps\n138,166,{fps}\n")
    if is_refused:
        with pytest.raises(
            MerlabError, match="line 2: fps is 25, and the result has 100 frames per second; write the n"
        ):
            import_coding(folder, table, coder="AB")
    else:
        assert import_coding(folder, table, coder="AB").notes == ()


def test_a_row_without_a_video_beside_rows_with_one_is_refused(tmp_path):
    """A spreadsheet program keeps the text of merged cells in the first one only."""
    folder, table = material_in(tmp_path / "out", faces=1).folder, tmp_path / "mine.csv"
    table.write_text("video,onset,offset,coder\ninterview.mp4,5,9,A\n,20,30,A\n,40,50,B\n")
    for read in (lambda: import_coding(folder, table), lambda: agree(table)):
        with pytest.raises(MerlabError, match=r"line 3, line 4: the video is empty, but other rows have one"):
            read()
    table.write_text("video,onset,offset,coder\n,5,9,A\n,20,30,B\n")
    assert agree(table).scores.pairs[0].matched == 0


def test_an_emotion_is_the_label_of_a_row_without_one(tmp_path):
    material = material_in(tmp_path / "out", faces=1)
    table = tmp_path / "mine.csv"
    table.write_text("onset,offset,label,emotion\n5,9,smile,joy\n20,30,NA,fear\n40,50,,\n")
    import_coding(material.folder, table, coder="GH")
    assert [each.label for each in read_coding(material).decisions] == ["smile", "fear", ""]


def test_a_table_of_events_without_decisions_states_movements_whose_label_comes_before_an_emotion(tmp_path):
    """As events.csv of merlab does; an apex may be the first frame."""
    folder, table = material_in(tmp_path / "out", faces=1).folder, tmp_path / "mine.csv"
    table.write_text("event,onset,apex,offset,label,emotion\n7,5,5,9,lip corner,joy\n")
    import_coding(folder, table, coder="GH")
    (own,) = read_coding(read_codable(folder)).decisions
    assert (own.event, own.decision, own.onset, own.apex, own.offset, own.label) == ("", "add", 5, 5, 9, "lip corner")


@pytest.mark.parametrize(
    ("header", "row", "meant"),
    [
        ("onset,offset,lable", "138,166,joy", "label"),
        ("onset,offset,AUs", "138,166,12", "action_units"),
        ("event,face_id,decision,coment", "e0001,0,reject,blink", "comment"),
        ("event,face_id,decision,onset,offset,coment", "e0001,0,reject,,,blink", "comment"),
    ],
)
def test_a_column_that_is_not_read_is_noted(tmp_path, header, row, meant):
    folder = material_in(tmp_path / "out", faces=1).folder
    (tmp_path / "mine.csv").write_text(f"{header}\n{row}\n")
    (note,) = import_coding(folder, tmp_path / "mine.csv", coder="AB").notes
    assert note.endswith(f"the column '{header.rpartition(',')[2]}' is not read; rename it if it is {meant}")


@pytest.mark.parametrize(
    ("rows", "noted"),
    [
        # Movements of 0.05 s at 100 frames per second, each 0.5 s long if these are milliseconds: only places tell.
        ("500,550\n600,650\n", ("no event shares a frame with a movement that was found",)),
        # At 1 s, 5 s long.
        ("200,700\n", ("half of the events last 5.0 s or longer, and movements of a face up to 4.2 s",)),
        ("1,400\n", ()),
        ("500,550\n450,460\n", ()),
    ],
)
def test_numbers_that_may_be_milliseconds_are_noted(tmp_path, rows, noted):
    folder = material_in(tmp_path / "out", faces=1).folder
    (tmp_path / "mine.csv").write_text(f"onset,offset\n{rows}")
    notes = import_coding(folder, tmp_path / "mine.csv", coder="AB").notes
    assert all("(first frame: 1)" in note for note in notes if "no event shares" in note)
    assert len(notes) == len(noted)
    assert all(text in note and "not milliseconds" in note for text, note in zip(noted, notes, strict=True))


def test_a_time_behind_the_last_frame_is_named_as_a_time(tmp_path):
    folder = material_in(tmp_path / "out", faces=1).folder
    (tmp_path / "mine.csv").write_text("onset,offset\n1380,1660\n")
    with pytest.raises(MerlabError, match=r"no frame 1380 \(it has 1 to 1200\).*the number of a frame, not a time"):
        import_coding(folder, tmp_path / "mine.csv", coder="AB")


def test_coded_events_and_coding_of_another_folder_come_back(tmp_path):
    material = coded_in(tmp_path / "out")
    export_coding([material.folder], tmp_path / "coded.csv")
    other = material_in(tmp_path / "other")
    import_coding(other.folder, tmp_path / "coded.csv")
    movements = [each for each in read_coding(material).decisions if each.is_movement]
    assert [each.decision for each in movements] == ["accept", "move", "add"]
    assert [replace(each, time=TIME) for each in read_coding(other).decisions] == movements
    import_coding(other.folder, material.folder / CODING)
    assert read_coding(other) == read_coding(material)


def test_decisions_about_movements_of_the_result_need_no_frames(tmp_path):
    material = material_in(tmp_path / "out", faces=1)
    first = material.events[0]
    (tmp_path / "mine.csv").write_text(f"event,face_id,decision\n{first.event},{first.face_id},accept\n")
    import_coding(material.folder, tmp_path / "mine.csv", coder="GH")
    (decision,) = read_coding(material).decisions
    assert decision == about(first, "accept", "GH", time=decision.time)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("onset,offset\n", "holds no decisions"),
        ("onset,offset\n9,5\n", "line 2: onset 9 is after offset 5"),
        ("onset,offset\n5,x\n", "line 2: offset is 'x'"),
        ("onset,offset,video\n5,9,b.mp4\n", "no row of the video interview.mp4"),
        ("onset,offset,event,decision\n5,9,,add\n", "no column face_id"),
        ("start,stop\n5,9\n", "no column onset"),
        ("apex\n150\n", "an event needs the first and the last frame of the movement, its apex alone is not enough"),
        ("onset,offset\n1.000,1.100\n", "line 2: onset is '1.000', not clear; it may be 1 or 1000"),
        ("onset,offset,decision\n138,166,no\n", "line 2: 'no' is not a decision; write one of accept, reject"),
        ("onset,offset,decision\n5,9,reject\n", "no movement in frames 5 to 9 that could be rejected"),
        ("onset,offset\n138,166\n138,166\n", "two events are about e0001, one of them in frames 138 to 166"),
        ("onset,offset\n138,166\n139,165\n", "two events are about e0001"),
        ("onset,apex,offset\n138,190,166\n", "line 2: apex 190 is not between onset 138 and offset 166"),
        ("onset,offset,action_units\n138,166,1/2\n", "line 2: '1/2' is not an action unit"),
        ("onset,offset,action_units\n138,166,12 6\n", "line 2: '12 6' is not an action unit"),
    ],
)
def test_a_table_with_a_mistake_is_refused(tmp_path, text, named):
    folder = material_in(tmp_path / "out", faces=1).folder
    (tmp_path / "mine.csv").write_text(text)
    with pytest.raises(MerlabError, match=rf"mine\.csv.*{named}"):
        import_coding(folder, tmp_path / "mine.csv")
    assert not (folder / CODING).exists()


def test_no_tier_of_merlab_recognize_is_read_as_what_a_coder_saw(tmp_path):
    folder, file = material_in(tmp_path / "out").folder, tmp_path / "events.eaf"
    named = (
        "face 0 events [SYNTHETIC]",
        "face 0 apexes",
        "face 0 weak candidates [SYNTHETIC]",
        "face 1 weak candidates (2)",
    )
    seen = [Tier(name, [annotation_of(5010, 5310, "weak: brow")]) for name in named]
    links = Links(tmp_path, tmp_path / "interview.mp4")
    write_document(file, seen, links, author="merlab", date="2026-11-28T00:00:00+00:00")
    with pytest.raises(MerlabError, match=r"no annotations of a coder .*; code on a tier of your own, and save"):
        import_coding(folder, file, coder="AB")
    write_document(
        file, [*seen, *(Tier(name, seen[0].annotations) for name in ("mine", "hers"))], links, author="", date=""
    )
    with pytest.raises(MerlabError, match="which tier holds the movements. Tiers of coders are mine, hers; give one"):
        import_coding(folder, file, coder="AB")


@pytest.fixture
def with_own_tier(tmp_path):
    """The file of a result that AB and CD have coded, with a tier on which EF has coded in ELAN."""
    material = coded_in(tmp_path / "out")
    both = Coding((*every_kind(material).decisions, *renamed(every_kind(material), "CD").decisions))
    write_coding(material.folder, both)
    export_coding([material.folder], tmp_path / "coded.eaf")
    own = pympi.Elan.Eaf(str(tmp_path / "coded.eaf"))
    own.add_tier("face 0 smiles")
    own.add_annotation("face 0 smiles", 1370, 1650, "12")
    own.to_file(str(tmp_path / "own.eaf"))
    return material


def test_decisions_of_other_coders_are_not_those_of_a_coder_with_a_tier_of_her_own(tmp_path, with_own_tier):
    report = import_coding(with_own_tier.folder, tmp_path / "own.eaf", coder="EF")
    assert (report.coders, report.decisions, report.changed) == (("EF",), 1, 1)
    (decision,) = read_coding(with_own_tier).of("EF").decisions
    assert (decision.event, decision.decision, decision.action_units) == ("e0001", "accept", "12")


def test_of_several_coders_in_a_file_one_is_chosen_by_initials(tmp_path, with_own_tier):
    report = import_coding(with_own_tier.folder, tmp_path / "own.eaf", coder="CD")
    assert (report.coders, report.decisions, report.changed) == (("CD",), 4, 0)
    # ELAN shows the tiers of each coder; those of merlab itself are not read either.
    *_, unread = report.notes[0].partition("not read: ")
    of_ab = {f"AB face {face} {kind}" for face in (0, 1) for kind in ("movements", "apexes")}
    assert {*of_ab, "AB face 0 movements (2)", "AB face 1 rejected", "face 0 smiles"} <= set(unread.split(", "))
    assert "CD" not in unread


@pytest.mark.parametrize("named", [True, False])
def test_an_apex_and_a_coder_are_those_of_the_tiers(tmp_path, named):
    """A program may save the tiers without their annotators; the names hold the coder too."""
    material = material_in(tmp_path / "out")
    first, second = material.events[0], material.events[2]
    coder = "AB" if named else ""
    moved = about(first, "move", coder, apex=first.onset + 3)
    write_coding(material.folder, Coding((moved, about(second, "move", coder, apex=second.offset, label="joy"))))
    export_coding([material.folder], tmp_path / "coded.eaf")
    text = (tmp_path / "coded.eaf").read_text(encoding="utf-8")
    (tmp_path / "bare.eaf").write_text(re.sub(r' ANNOTATOR="[^"]*"', "", text), encoding="utf-8")
    for file in ("coded.eaf", "bare.eaf"):
        assert import_coding(material.folder, tmp_path / file).changed == 0


def test_an_apex_that_a_coder_removed_in_elan_is_unknown(tmp_path):
    """The movement stays in its frames, but is not accepted with the apex of the machine."""
    material = material_in(tmp_path / "out")
    first, third = material.events[0], material.events[2]
    write_coding(material.folder, Coding((about(first, "accept"), about(third, "accept"))))
    export_coding([material.folder], tmp_path / "coded.eaf")
    own = pympi.Elan.Eaf(str(tmp_path / "coded.eaf"))
    begin, end, _ = own.get_annotation_data_for_tier("AB face 0 apexes")[0]
    own.remove_annotation("AB face 0 apexes", (begin + end) // 2)
    own.to_file(str(tmp_path / "own.eaf"))
    assert import_coding(material.folder, tmp_path / "own.eaf", again=True).changed == 1
    decided = read_coding(material).decisions
    assert [(each.event, each.decision, each.apex) for each in decided] == [
        (first.event, "move", None),
        (third.event, "accept", third.apex),
    ]
    # What was decided then is the same after another way there and back.
    export_coding([material.folder], tmp_path / "again.eaf")
    assert import_coding(material.folder, tmp_path / "again.eaf").changed == 0


def test_a_file_without_the_tier_of_apexes_leaves_them_as_they_were_found(tmp_path):
    material = material_in(tmp_path / "out")
    write_coding(material.folder, Coding((about(material.events[0], "accept"),)))
    export_coding([material.folder], tmp_path / "coded.eaf")
    own = pympi.Elan.Eaf(str(tmp_path / "coded.eaf"))
    own.remove_tier("AB face 0 apexes")
    own.to_file(str(tmp_path / "own.eaf"))
    assert import_coding(material.folder, tmp_path / "own.eaf").changed == 0


def test_texts_of_the_machine_on_a_copied_tier_are_no_labels(tmp_path):
    material = material_in(tmp_path / "out")
    export_coding([material.folder], tmp_path / "coded.eaf")
    own = pympi.Elan.Eaf(str(tmp_path / "coded.eaf"))
    (copied, *_) = [each for each in own.get_tier_names() if each.startswith("face 0 events")]
    own.add_tier(f"{copied}-cp", ann="EF")
    for (begin, end, text), label in zip(own.get_annotation_data_for_tier(copied), (None, "smile"), strict=True):
        own.add_annotation(f"{copied}-cp", begin, end, label or text)
    own.to_file(str(tmp_path / "own.eaf"))
    report = import_coding(material.folder, tmp_path / "own.eaf")
    assert report.notes[-1] == f"{tmp_path / 'own.eaf'}: 1 text of merlab left out: no label of a coder"
    decided = read_coding(material).decisions
    assert [(each.event, each.decision, each.label) for each in decided] == [
        ("e0001", "accept", ""),
        ("e0003", "accept", "smile"),
    ]
    # Two coders who copied the same tier do not agree on labels that neither gave.
    own.rename_tier(f"{copied}-cp", "GH")
    own.to_file(str(tmp_path / "other.eaf"))
    scores = agree(tmp_path / "own.eaf", tmp_path / "other.eaf", fps=100).scores
    assert (scores.pairs[0].matched, scores.pairs[0].labels.n) == (2, 1)
    assert f"{tmp_path / 'own.eaf'}: 1 text of merlab left out: no label of a coder" in scores.notes


@pytest.mark.parametrize(
    "text",
    [
        "surprise 0.71; eyes and brows",
        "no class (probability too low; head moves more than the face); cheeks, right",
        "macro: happiness below 0.01; mouth, left",
        "other: chin",
        "weak, score 3.1; nose",
    ],
)
def test_texts_of_merlab_are_known(text):
    assert is_machine_text(text)
    assert not any(map(is_machine_text, (f"{text}?", "nose", "smile; nose", "smile 1; nose", "other", "")))


def test_a_rejection_in_a_table_of_another_program_rejects_the_movement_in_these_frames(tmp_path):
    material = material_in(tmp_path / "out", faces=1)
    first = material.events[0]
    (tmp_path / "mine.csv").write_text(
        f"onset,offset,decision,coder\n{first.onset + 1},{first.offset},Reject,AB\n5,9,add,AB\n"
    )
    import_coding(material.folder, tmp_path / "mine.csv")
    own, rejected = read_coding(material).decisions
    assert (own.event, own.decision) == ("", "add")
    assert (rejected.event, rejected.decision, rejected.onset) == (first.event, "reject", first.onset)


def test_a_movement_that_one_event_names_is_not_taken_for_another_event_too(tmp_path):
    material = material_in(tmp_path / "out")
    event = material.events[0]
    named = FoundEvent(0, event.onset, event.apex, event.offset, event=event.event)
    drawn = FoundEvent(0, event.onset + 1, None, event.offset)
    decided = decisions_about(material, [named, drawn], TIME, tmp_path / "a.eaf").decisions
    assert [(each.decision, each.event) for each in decided] == [("accept", event.event), ("add", "")]


def test_a_coder_may_find_a_movement_where_the_result_has_none(tmp_path):
    material = replace(material_in(tmp_path / "out"), events=())
    (decision,) = decisions_about(material, [FoundEvent(0, 138, None, 166)], TIME, tmp_path / "a.eaf").decisions
    assert (decision.decision, decision.onset, decision.offset) == ("add", 138, 166)


@pytest.mark.parametrize(("coder", "decided"), [(None, "add"), ("AB", "add"), ("CD", "move")])
def test_an_event_is_a_coder_s_own_if_it_was_hers_before_and_not_another_coder_s(tmp_path, coder, decided):
    material = material_in(tmp_path / "out")
    first = material.events[0]
    own = Decision("", 0, "add", first.onset + 2, None, first.offset + 2, coder="AB")
    write_coding(material.folder, Coding((own,)))
    who = "AB" if coder is None else ""
    table = f"face_id,onset,offset,coder\n0,{own.onset},{own.offset},{who}\n"
    (tmp_path / "mine.csv").write_text(table)
    import_coding(material.folder, tmp_path / "mine.csv", coder=coder)
    assert [each.decision for each in read_coding(material).of(coder or "AB").decisions] == [decided]
