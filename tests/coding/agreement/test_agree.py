"""Two and three coders with known matches, labels, units and boundaries."""

from __future__ import annotations

import re
import tracemalloc
import unicodedata

import numpy as np
import pandas as pd
import pympi
import pytest

from merlab.coding.agreement.agree import agree
from merlab.coding.agreement.tables import together_table
from merlab.coding.codable_result import read_codable
from merlab.coding.decisions import Coding, Decision
from merlab.coding.exporting import export_coding
from merlab.coding.file import read_coding, write_coding
from merlab.coding.importing import import_coding
from merlab.errors import MerlabError
from merlab.json_files import write_json
from merlab.videos.result import EVENTS, FRAMES, METADATA
from tests.coding.results import about, coded_in, material_in
from tests.pages import Page
from tests.videos.fake_result import stored_metadata

# Onset, apex, offset, label, action units of ten events of two coders: kappa of the labels is that of 4, 1, 2, 3 (both
# joy; only the first; only the second; neither), onsets differ by 0 to 4 frames.
LABELS = [("joy", "joy")] * 4 + [("joy", "fear")] + [("fear", "joy")] * 2 + [("fear", "fear")] * 3


def table(path, rows, header="video,face_id,onset,apex,offset,label,action_units,coder,fps,video_frames"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest.mark.parametrize("written", ["joy\u200b", "Joy", "\uff4a\uff4f\uff59", "very  joy", "very joy\u200b"])
def test_labels_that_look_the_same_are_the_same(tmp_path, written):
    """Signs that cannot be seen come with texts that are copied from a page or a document."""
    plain = "very joy" if "very" in written else "joy"
    header = "video,onset,offset,label"
    one, other = (
        table(tmp_path / f"{number}.csv", [("a.mp4", 1, 9, label), ("a.mp4", 20, 29, "sad")], header)
        for number, label in enumerate((plain, written))
    )
    assert agree(one, other).scores.pairs[0].labels.kappa == 1


def test_an_emotion_beside_another_label_is_noted(tmp_path):
    header = "video,onset,offset,label,emotion"
    one, other = (
        table(tmp_path / f"{emotion}.csv", [("a.mp4", 1, 9, "joy", emotion), ("a.mp4", 20, 29, "sad", "NA")], header)
        for emotion in ("fear", "Joy ")
    )
    assert agree(one, other).scores.notes == (
        f"{one}, line 2: the label is read, and not the emotion",
        f"{other}, line 2: blanks around a text are ignored",
    )


def coder(path, number, *, shift=0, video="a.mp4", extra=()):
    rows = [
        (
            video,
            0,
            100 * k + shift * (k % 5),
            100 * k + 20,
            100 * k + 40,
            pair[number],
            "12+6" if k < 5 else "4",
            number,
            200,
            2000,
        )
        for k, pair in enumerate(LABELS, start=1)
    ]
    return table(path, [*rows, *extra])


@pytest.fixture
def two(tmp_path):
    extra = [("a.mp4", 0, 1500, "", 1540, "joy", "", 1, 200, 2000)]
    return coder(tmp_path / "a.csv", 0), coder(tmp_path / "b.csv", 1, shift=1, extra=extra)


def known(pair):
    differences = pair.onset, pair.apex, pair.offset
    assert None not in differences
    return differences


def test_matches_kappa_and_alpha_of_known_codings(two):
    (pair,) = agree(*two).scores.pairs
    assert (pair.events, pair.matched) == ((10, 11), 10)
    assert pair.f1 == pytest.approx(20 / 21)
    # (4 + 3) / 10 agree; by chance .5 * .6 + .5 * .4.
    assert (pair.labels.n, pair.labels.agreement) == (10, 0.7)
    assert pair.labels.kappa == pytest.approx(0.4)
    # Krippendorff: 1 - (n - 1) o_01 / (n_0 n_1) with n = 20, o_01 = 3, 11 joy and 9 fear.
    assert pair.labels.alpha == pytest.approx(1 - 19 * 3 / (11 * 9))
    assert pair.action_units.agreement == pair.action_units.ratio == 1
    assert set(pair.by_unit) == {4, 6, 12}
    assert pair.movements.n == 0
    assert pair.labels.ratio is None


def test_the_ratio_of_facs_is_that_of_matched_events_with_action_units_of_both(tmp_path):
    """12+6 and 12, 4 and 4+7, and two that one coder alone has: 2 x 2 / (3 + 3); sides are not compared."""
    header = "video,onset,offset,action_units,coder"
    units = {"A": ("12+6", "R4", "1", "15"), "B": ("L12", "4+7", "", "")}
    sources = [
        table(
            tmp_path / f"{who}.csv",
            [
                ("v", 100 * place, 100 * place + 20 + 50 * (place == 4 and who == "B"), text, who)
                for place, text in enumerate(texts, start=1)
            ],
            header,
        )
        for who, texts in units.items()
    ]
    agreement = agree(*sources)
    (pair,) = agreement.scores.pairs
    assert (pair.matched, pair.action_units.n) == (3, 8)
    assert pair.action_units.ratio == pytest.approx(4 / 6)
    ratios = {number: each.ratio for number, each in pair.by_unit.items()}
    assert ratios == {4: 1, 6: 0, 7: 0, 12: 1}
    shown = agreement.table.set_index("agreement on")["FACS ratio"]
    assert (shown["action units of matched events"], shown["AU12 lip corner puller"]) == (".667", "1.000")
    assert shown["label of matched events"] == "–"


def test_boundaries_in_frames_and_milliseconds(two):
    (pair,) = agree(*two).scores.pairs
    # Onsets of the second coder are 1, 2, 3, 4, 0, 1, 2, 3, 4, 0 frames later, at 200 frames per second.
    onset, apex, offset = known(pair)
    assert (onset.n, onset.lower_frames, onset.median_frames, onset.upper_frames) == (10, 1, 2, 3)
    assert (onset.lower_ms, onset.median_ms, onset.upper_ms) == (5, 10, 15)
    assert (apex.median_frames, offset.median_size_frames) == (0, 0)


def test_milliseconds_of_a_video_whose_rate_varies_are_those_of_its_clock(tmp_path):
    material = coded_in(tmp_path / "one")
    frames = pd.read_csv(tmp_path / "one" / FRAMES)
    frames["time_s"] = np.where(frames["frame"] > 100, 4 * frames["time_s"] - 3, frames["time_s"])
    frames.to_csv(tmp_path / "one" / FRAMES, index=False)
    event = material.events[0]
    first, second = (
        about(event, "move", coder, onset=event.onset + shift, apex=None) for coder, shift in (("AB", 1), ("CD", 4))
    )
    write_coding(tmp_path / "one", Coding((first, second)))
    (pair,) = agree(tmp_path / "one").scores.pairs
    onset, offset = pair.onset, pair.offset
    assert event.onset > 100
    assert onset is not None
    assert offset is not None
    # At 100 frames per second before frame 100 and at 25 after it.
    assert (onset.median_frames, onset.median_ms, offset.median_ms) == (3, 120, 0)


def test_synthetic_recordings_are_marked_in_every_output(tmp_path):
    sources = [coder(tmp_path / f"{name}.csv", name, video="SYNTHETIC_sub01.mp4") for name in (0, 1)]
    agreement = agree(*sources)
    assert agreement.scores.stamps == ("SYNTHETIC",)
    assert repr(agreement).startswith("Agreement [SYNTHETIC]\n")
    assert "Agreement [SYNTHETIC]" in agreement._repr_html_()
    source = agreement.write_page(tmp_path / "agreement.html").read_text(encoding="utf-8")
    assert "The faces are synthetic: a program generated them." in Page(source).text
    captions = re.findall(r"<figcaption>.*?</figcaption>", source, re.DOTALL)
    assert len(captions) == source.count("<table")
    assert all('<span class="stamp">SYNTHETIC</span>' in caption for caption in captions)


def test_recordings_of_people_have_no_mark(two, tmp_path):
    agreement = agree(*two)
    assert agreement.scores.stamps == ()
    assert "SYNTHETIC" not in agreement.write_page(tmp_path / "agreement.html").read_text(encoding="utf-8")


def test_frame_by_frame(two):
    (pair,) = agree(*two).scores.pairs
    # Both: 10 x 41 frames without the 20 by which onsets are later; the event of the second coder alone has 41.
    both, first, second = 390, 20, 41
    neither = 2000 - both - first - second
    chance = ((both + first) * (both + second) + (neither + first) * (neither + second)) / 2000**2
    assert pair.frames is not None
    assert pair.frames.n == 2000
    assert pair.frames.agreement == (both + neither) / 2000
    assert pair.frames.kappa == pytest.approx(((both + neither) / 2000 - chance) / (1 - chance))
    marked = 2 * both + first + second
    assert pair.frames.alpha == pytest.approx(1 - 3999 * (first + second) / (marked * (4000 - marked)))


def test_frames_whose_images_are_missing_are_not_counted(tmp_path):
    """Images 150 to 160 of 1200 are missing; one coder marks all there are, the other 140 to 170."""
    folder = material_in(tmp_path / "one").folder
    frames = pd.read_csv(folder / FRAMES)
    frames[~frames["frame"].between(150, 160)].to_csv(folder / FRAMES, index=False)
    marked = {"AB": (1, 1200), "CD": (140, 170)}
    write_coding(
        folder, Coding(tuple(Decision("", 0, "add", on, None, off, coder=c) for c, (on, off) in marked.items()))
    )
    (pair,) = agree(folder).scores.pairs
    assert pair.frames is not None
    assert (pair.frames.n, pair.frames.agreement) == (1189, 20 / 1189)


def test_decisions_in_coding_csv_alone_are_compared(tmp_path):
    events = coded_in(tmp_path / "one").events
    second = [about(events[0], "accept", "CD"), about(events[1], "accept", "CD"), about(events[2], "reject", "CD")]
    before = read_coding(read_codable(tmp_path / "one")).decisions
    write_coding(tmp_path / "one", Coding((*before, *second)))
    (tmp_path / "one" / "coding.csv").rename(tmp_path / "coding.csv")
    (pair,) = agree(tmp_path / "coding.csv").scores.pairs
    # AB accepts the first, rejects the second and moves the third.
    assert pair.movements.n == 3
    assert pair.movements.agreement == pytest.approx(1 / 3)


def test_movements_are_compared_where_rejections_are_and_not_in_tables_of_accepted_ones(tmp_path):
    """AB and CD decide alike about two of four movements: agreement .5, kappa 0. An export has no rejections."""
    folder = tmp_path / "out"
    events = material_in(folder).events
    verdicts = {"AB": "accept accept reject reject", "CD": "accept reject accept reject"}
    write_coding(
        folder,
        Coding(
            tuple(
                about(event, word, who)
                for who, words in verdicts.items()
                for event, word in zip(events, words.split(), strict=True)
            )
        ),
    )
    for suffix in ("csv", "eaf"):
        for who in verdicts:
            export_coding([folder], tmp_path / f"{who}.{suffix}", coder=who)
    (of_result,) = agree(folder).scores.pairs
    (of_eaf,) = agree(tmp_path / "AB.eaf", tmp_path / "CD.eaf", fps=100).scores.pairs
    for pair in (of_result, of_eaf):
        assert (pair.movements.n, pair.movements.agreement, pair.movements.kappa) == (4, 0.5, 0)
    (of_tables,) = agree(tmp_path / "AB.csv", tmp_path / "CD.csv").scores.pairs
    assert (of_tables.events, of_tables.matched) == ((2, 2), 1)
    assert (of_tables.movements.n, of_tables.movements.agreement) == (0, None)


def test_a_table_of_decisions_that_states_the_number_of_frames_is_not_taken_for_an_export(tmp_path):
    """Two coders who accept the same two movements agree on them; an export, also without a column, states nothing."""
    header = "video,event,onset,offset,decision,coder,video_frames"
    rows = [("v", "e0001", 10, 20, "accept"), ("v", "e0002", 50, 60, "accept")]

    def movements(more="", cell=()):
        sources = [
            table(tmp_path / f"{who}.csv", [(*row, who, 100, *cell) for row in rows], header + more) for who in "AB"
        ]
        (pair,) = agree(*sources).scores.pairs
        return pair.movements.n, pair.movements.agreement

    assert movements() == (2, 1)
    assert movements(",aligned", ["no"]) == movements(",clip", ["v_e0001"]) == (0, None)


def test_movements_of_the_same_name_in_results_of_other_settings_are_not_taken_for_one(tmp_path):
    first = material_in(tmp_path / "one")
    write_coding(tmp_path / "one", Coding((about(first.events[0], "accept"), about(first.events[1], "accept"))))
    rows = pd.read_csv(tmp_path / "one" / EVENTS)
    # A higher threshold leaves the first movement out, so that its name is that of the next.
    second = material_in(tmp_path / "two")
    rows.iloc[1:].assign(event=rows["event"][:-1].to_numpy()).to_csv(tmp_path / "two" / EVENTS, index=False)
    second = read_codable(tmp_path / "two")
    assert (second.events[0].event, second.events[0].onset) == ("e0001", first.events[1].onset)
    write_coding(tmp_path / "two", Coding((about(second.events[0], "reject", "CD"),)))
    (pair,) = agree(tmp_path / "one", tmp_path / "two").scores.pairs
    assert (pair.movements.n, pair.movements.agreement) == (1, 0)


def test_a_name_in_a_table_is_that_of_the_movement_in_its_frames_whatever_the_order_of_the_results(tmp_path):
    """The second result names the first movement as the first result names nothing near it."""
    first, second = material_in(tmp_path / "one"), material_in(tmp_path / "two")
    rows = pd.read_csv(second.folder / EVENTS)
    rows.iloc[1:].assign(event=rows["event"][:-1].to_numpy()).to_csv(second.folder / EVENTS, index=False)
    second = read_codable(second.folder)
    write_coding(first.folder, Coding((about(first.events[0], "accept"), about(first.events[1], "accept"))))
    write_coding(second.folder, Coding((about(second.events[0], "accept", "CD"),)))
    own = [("interview.mp4", each.event, each.face_id, each.onset, each.offset, "EF") for each in first.events[:2]]
    header = "video,event,face_id,onset,offset,coder,decision"
    third = table(tmp_path / "ef.csv", [(*own[0], "accept"), (*own[1], "reject")], header)
    for results in ((first.folder, second.folder), (second.folder, first.folder)):
        pairs = {frozenset((each.first, each.second)): each.movements for each in agree(*results, third).scores.pairs}
        shared = {coder: pairs[frozenset((coder, "EF"))] for coder in ("AB", "CD")}
        assert {coder: (each.n, each.agreement) for coder, each in shared.items()} == {"AB": (2, 0.5), "CD": (1, 0.0)}


@pytest.mark.parametrize(("face", "later", "shared"), [(0, 0, 1), (1, 0, 0), (0, 100, 0)])
def test_a_name_in_a_table_is_no_movement_of_another_face_or_in_other_frames(tmp_path, face, later, shared):
    first = material_in(tmp_path / "one").events[0]
    write_coding(tmp_path / "one", Coding((about(first, "accept"),)))
    row = ("interview.mp4", first.event, face, first.onset + later, first.offset + later, "EF", "reject")
    other = table(tmp_path / "ef.csv", [row], "video,event,face_id,onset,offset,coder,decision")
    assert agree(tmp_path / "one", other).scores.pairs[0].movements.n == shared


def test_three_coders_are_compared_in_pairs_and_together(two, tmp_path):
    third = coder(tmp_path / "c.csv", 0, shift=2)
    third.write_text(third.read_text().replace(",0,200,2000", ",C,200,2000"))
    scores = agree(*two, third).scores
    assert [(pair.first, pair.second) for pair in scores.pairs] == [("0", "1"), ("0", "C"), ("1", "C")]
    assert (scores.together.events, scores.together.shared) == (11, 10)
    assert scores.together.labels.kappa is None
    assert scores.together.labels.agreement == 0.7
    assert together_table(scores).to_numpy().tolist()[0][:4] == ["label of matched events", "10", ".700", "–"]


def test_a_result_and_the_file_of_another_coder(tmp_path):
    material = coded_in(tmp_path / "out")
    events = material.events
    write_coding(
        tmp_path / "out",
        Coding((*(about(event, "accept", label="joy") for event in events[:3]), about(events[3], "reject"))),
    )
    other = coded_in(tmp_path / "other", "EF")
    export_coding([other.folder], tmp_path / "theirs.eaf")
    (of_file,) = agree(tmp_path / "out", tmp_path / "theirs.eaf").scores.pairs
    assert (of_file.first, of_file.second, of_file.events, of_file.matched) == ("AB", "EF", (3, 3), 2)
    scores = agree(tmp_path / "out", other.folder).scores
    (of_results,) = scores.pairs
    assert f"{other.folder}: EF has not decided about 1 movement" in scores.notes
    onset, _, _ = known(of_results)
    assert (of_results.matched, onset.median_frames, onset.median_ms) == (2, 1, 10)
    # e0001, e0002, e0003 are decided by both; the other coder rejects e0002.
    for pair in (of_results, of_file):
        assert pair.movements.n == 3
        assert pair.movements.agreement == pytest.approx(2 / 3)


def test_two_passes_of_one_coder_are_kept_apart(tmp_path):
    for name in ("one", "two"):
        coded_in(tmp_path / name)
    (pair,) = agree(tmp_path / "one", tmp_path / "two").scores.pairs
    assert (pair.first, pair.second) == ("AB in one", "AB in two")


def test_sources_of_the_same_name_are_named_with_their_folders(tmp_path):
    for day in ("day1", "day2"):
        coded_in(tmp_path / day / "interview")
    folders = [tmp_path / day / "interview" for day in ("day1", "day2")]
    (pair,) = agree(*folders).scores.pairs
    assert (pair.first, pair.second) == tuple(f"AB in {folder}" for folder in folders)
    assert pair.f1 == 1


def test_one_coder_of_several_videos_is_one_coder(tmp_path):
    sources = []
    for name, initials in (("a.mp4", "AB"), ("b.mp4", "AB"), ("a.mp4", "EF"), ("b.mp4", "EF")):
        sources.append(coded_in(tmp_path / f"{initials}-{name}", initials, video=name).folder)
    (pair,) = agree(*sources).scores.pairs
    assert (pair.first, pair.second, pair.videos, pair.events) == ("AB", "EF", 2, (6, 6))


def test_what_cannot_be_compared_is_named(tmp_path, two):
    alone, plain = coded_in(tmp_path / "alone").folder, material_in(tmp_path / "plain").folder
    export_coding([alone], tmp_path / "coded.eaf")
    unnamed = table(tmp_path / "unnamed.csv", [(100, 140, "CD")], header="onset,offset,coder")
    for sources, named in [
        ((two[0],), "agreement needs two coders"),
        ((two[0], two[0]), "given twice"),
        ((alone, plain), "plain has no decisions"),
        ((alone, two[0]), "no video was coded by two coders"),
        ((alone, unnamed), "CD: no name in a column video"),
        ((two[0], tmp_path / "none.csv"), "does not exist"),
        ((tmp_path / "coded.eaf",), "or --fps"),
    ]:
        with pytest.raises(MerlabError, match=named):
            agree(*sources)


def test_the_page_is_whole_and_escapes_names(tmp_path, two):
    two[1].write_text(two[1].read_text().replace(",1,200,2000", ",<b>,200,2000"))
    source = agree(*two).write_page(tmp_path / "agreement.html").read_text(encoding="utf-8")
    page = Page(source)
    assert page.open == []
    assert "Agreement of 0, <b>" in page.text
    assert "label of matched events 10 .700 .400 .424" in page.text
    assert "onset, ms 10 5.0 10.0 15.0 10.0" in page.text


HEADER = "video,onset,offset,coder,decision"


def test_a_video_in_which_a_coder_rejected_everything_counts(tmp_path):
    first = table(tmp_path / "a.csv", [("v", 10, 20, "A", ""), ("w", 10, 20, "A", ""), ("w", 30, 40, "A", "")], HEADER)
    second = table(
        tmp_path / "b.csv",
        [("v", 10, 20, "B", "accept"), ("w", 10, 20, "B", "Reject"), ("w", 30, 40, "B", "reject")],
        HEADER,
    )
    (pair,) = agree(first, second).scores.pairs
    assert (pair.events, pair.matched, pair.videos) == ((3, 1), 1, 2)
    assert pair.f1 == 2 * 1 / (3 + 1)


def test_a_video_that_only_one_coder_has_is_noted_and_not_counted(tmp_path):
    first = table(tmp_path / "a.csv", [("v", 10, 20, "A", ""), ("W", 10, 20, "A", "")], HEADER)
    second = table(tmp_path / "b.csv", [("v", 10, 20, "B", ""), ("w", 10, 20, "B", "")], HEADER)
    scores = agree(first, second).scores
    assert scores.notes == ("only A has coded W: it is not compared", "only B has coded w: it is not compared")
    assert (scores.pairs[0].videos, scores.pairs[0].events) == (1, (1, 1))
    assert (scores.together.events, scores.together.shared) == (1, 1)


def test_a_rate_that_no_table_states_may_be_given(tmp_path):
    sources = [table(tmp_path / f"{coder}.csv", [("", 10 + k, 40, coder, "")], HEADER) for k, coder in enumerate("AB")]
    (known, unknown) = (agree(*sources, fps=fps).scores.pairs[0].onset for fps in (200, None))
    assert known is not None
    assert unknown is not None
    assert (known.median_frames, known.median_ms) == (1, 5)
    assert (unknown.median_frames, unknown.median_ms) == (1, None)


def test_a_video_without_a_name_that_only_one_coder_has_is_noted(tmp_path):
    first = table(tmp_path / "a.csv", [("v", 10, 20, "A", "")], HEADER)
    second = table(tmp_path / "b.csv", [("", 10, 20, "B", "")], HEADER)
    third = table(tmp_path / "c.csv", [("v", 10, 20, "C", "")], HEADER)
    assert agree(first, second, third).scores.notes == (
        "only B has coded a video without a name: it is not compared; write the name of the video into a column video",
    )


def test_initials_that_may_be_of_one_coder_are_noted(tmp_path):
    sources = [table(tmp_path / f"{k}.csv", [("v", 10, 20, coder, "")], HEADER) for k, coder in enumerate(["AB", "ab"])]
    (note,) = agree(*sources).scores.notes
    assert note.startswith(
        "'AB', 'ab' differ only by blanks, case, zeros or codes of letters, and count as different coders"
    )


def test_coders_and_labels_that_look_the_same_are_told_apart_by_the_codes_of_their_letters(tmp_path):
    """The first letters are Latin, and Cyrillic: U+0430."""
    coded = enumerate([("anna", "anger"), ("\u0430nna", "\u0430nger")])
    sources = [
        table(tmp_path / f"{k}.csv", [("v", 10, 20, *each)], "video,onset,offset,coder,label") for k, each in coded
    ]
    coders, labels = agree(*sources).scores.notes
    assert coders.startswith(r"'anna', '\u0430nna' differ only by")
    assert labels.startswith(r"'anger', '\u0430nger' differ only by")


def test_a_column_that_is_not_read_is_noted(tmp_path):
    first = table(tmp_path / "a.csv", [("v", 10, 20, "A", "joy")], "video,onset,offset,coder,lable")
    second = table(tmp_path / "b.csv", [("v", 10, 20, "B", "joy")], "video,onset,offset,coder,label")
    (note,) = agree(first, second).scores.notes
    assert note == f"{first}: the column 'lable' is not read; rename it if it is label"


def test_movements_of_the_kind_other_are_noted_because_scores_of_spotting_leave_them_out(tmp_path):
    rows = [("v", 10, 20, "micro"), ("v", 30, 40, "other"), ("v", 50, 90, "macro")]
    first, second = (table(tmp_path / f"{name}.csv", rows, "video,onset,offset,kind") for name in "ab")
    scores = agree(first, second).scores
    assert [pair.matched for pair in scores.pairs] == [3]
    assert scores.notes == tuple(
        f"{path}: 1 event of the kind other counted as well; score-spotting leaves such events out"
        for path in (first, second)
    )


def test_a_coder_whose_numbers_may_be_milliseconds_is_noted(tmp_path):
    """Two coders see the same movements of 0.2 s and 1 s at 200 frames per second; the second writes milliseconds."""
    header, seconds = "video,onset,offset,coder,fps", [(1, 1.2), (2, 3), (4, 4.2), (9, 9.2)]

    def coded(name, per_second, times=seconds):
        rows = [("v", round(onset * per_second), round(offset * per_second), name, 200) for onset, offset in times]
        return table(tmp_path / f"{name}.csv", rows, header)

    assert agree(coded("A", 200), coded("B", 200)).scores.notes == ()
    (apart,) = agree(coded("A", 200), coded("B", 1000)).scores.notes
    assert apart.startswith(
        "no event of A shares a frame with one of B; check that both count frames, not milliseconds"
    )
    (long,) = agree(coded("A", 200, [(2, 3)]), coded("B", 1000, [(0.4, 1.4)])).scores.notes
    assert long.startswith("B: half of the events last 5.0 s or longer, and movements of a face up to 4.2 s")


LENGTHS = "video,onset,offset,coder,fps,video_frames"


def test_what_is_known_of_a_video_does_not_depend_on_the_order_of_the_sources(tmp_path):
    first = table(tmp_path / "a.csv", [("v", 10, 109, "A", 50, 100)], LENGTHS)
    second = table(tmp_path / "b.csv", [("v", 11, 109, "B", "", "")], LENGTHS)
    for sources in ((first, second), (second, first)):
        (pair,) = agree(*sources).scores.pairs
        assert pair.frames is not None
        assert pair.frames.n == 100
        assert pair.onset is not None
        assert pair.onset.median_size_frames == 1


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (("v", 10, 20, "B", 0, 100), r"b.csv, line 2: 0 is not a frame rate"),
        (("v", 10, 20, "B", -5, 100), r"b.csv, line 2: -5 is not a frame rate"),
        (("v", 10, 20, "B", 60, 100), r"b.csv, line 2: fps of the video v is 60, and 50 in a row before"),
        (("v", 10, 20, "B", 50, 200), r"line 2: video_frames of the video v is 200, and 100 in a row before"),
        (("v", 11, 110, "B", 50, 100), r"are in frames 10 to 110, but it has 100 frames; correct video_frames"),
        (("v", 200, 399, "B", 50, 100), r"events of the video v are in frames 10 to 399, but it has 100 frames"),
    ],
)
def test_impossible_and_contradicting_facts_of_a_video_are_refused(tmp_path, row, named):
    first = table(tmp_path / "a.csv", [("v", 10, 20, "A", 50, 100)], LENGTHS)
    with pytest.raises(MerlabError, match=named):
        agree(first, table(tmp_path / "b.csv", [row], LENGTHS))


def test_an_event_that_a_coder_has_twice_is_refused(tmp_path):
    first = table(tmp_path / "a.csv", [("v", 10, 20, "A"), ("v", 10, 20, "A"), ("v", 10, 20, "B")], HEADER[:-9])
    with pytest.raises(MerlabError, match=r"a.csv, line 3: the event occurs twice; keep one row of it"):
        agree(first)


@pytest.mark.parametrize("frames", [(0, 10), (1195, 1201), (5000, 5010)])
def test_events_in_frames_that_a_result_does_not_have_are_refused(tmp_path, frames):
    """Also where they are few frames: a video of 1200 frames cannot have frame 1201 of an image or frame 0."""
    material = material_in(tmp_path / "one")
    write_coding(material.folder, Coding((about(material.events[0], "reject"),)))
    other = table(tmp_path / "b.csv", [("interview.mp4", *frames, "CD")], HEADER[:-9])
    with pytest.raises(MerlabError, match=r"of CD in .* frames .*, but its result has frames 1 to 1200; correct"):
        agree(tmp_path / "one", other)


def test_a_face_that_no_result_has_is_noted(tmp_path):
    folder = coded_in(tmp_path / "one").folder
    other = table(tmp_path / "b.csv", [("interview.mp4", 7, 138, "", 166, "", "", "CD", 100, 1200)])
    assert "CD has events of face 7 of interview.mp4; its result has 0, 1; check the column face_id" in (
        agree(folder, other).scores.notes
    )


def test_faces_that_are_compared_together_are_noted(tmp_path):
    folder = coded_in(tmp_path / "one").folder
    other = table(tmp_path / "b.csv", [("interview.mp4", 138, 166, "CD")], HEADER[:-9])
    notes = "".join(agree(folder, other).scores.notes)
    assert "CD states no face in interview.mp4, which has several: the events of all faces are compared" in notes
    rows = [
        ("interview.mp4", "", 138, 166, "CD"),
        ("b.mp4", 0, 1, 9, "CD"),
        ("b.mp4", "", 1, 9, "CD"),
        ("b.mp4", 1, 1, 9, "CD"),
    ]
    both = table(tmp_path / "c.csv", rows, "video,face_id,onset,offset,coder")
    assert "b.mp4, which has several" not in "".join(agree(folder, both).scores.notes)
    alone = coded_in(tmp_path / "two", faces=1).folder
    assert "several" not in "".join(agree(alone, other).scores.notes)


def test_faces_that_may_be_numbered_otherwise_are_noted(tmp_path):
    header, frames = "video,face_id,onset,offset,coder", [(10, 20), (30, 45), (60, 70)]
    first = table(tmp_path / "a.csv", [("v", 0, *each, "A") for each in frames], header)
    second = table(tmp_path / "b.csv", [("v", 1, *each, "B") for each in frames[:2]], header)
    (note,) = agree(first, second).scores.notes
    assert note.startswith("no event of A matches one of B on the same face, but 2 would on others; check that both")
    third = table(tmp_path / "c.csv", [("v", face, *each, "C") for face, each in enumerate(frames)], header)
    assert agree(first, third).scores.notes == ()


def test_a_table_without_rows_is_named(tmp_path, two):
    """It does not state whose it is, so it is no coder who saw nothing."""
    none = table(tmp_path / "none.csv", [])
    assert f"{none} has no row, so no coder of it is known" in agree(*two, none).scores.notes
    with pytest.raises(MerlabError, match=r"found: 0; .*none.csv has no row, so no coder of it is known. Give another"):
        agree(two[0], none)


def test_a_rate_that_is_rounded_is_the_same_rate(tmp_path, eaf):
    """29.97 is 30000 / 1001 frames per second."""
    exact = table(tmp_path / "a.csv", [("v", 10, 20, "A", 29.97003, 100)], LENGTHS)
    (pair,) = agree(exact, table(tmp_path / "b.csv", [("v", 13, 22, "B", 29.97, 100)], LENGTHS)).scores.pairs
    assert pair.onset is not None
    assert pair.onset.median_ms == pytest.approx(3 * 1001 / 30, abs=1e-3)
    with pytest.raises(MerlabError, match="fps of the video v is 29.9, and 29.97003 in a row before"):
        agree(exact, table(tmp_path / "b.csv", [("v", 13, 22, "B", 29.9, 100)], LENGTHS))
    coded = table(
        tmp_path / "c.csv", [("interview.mp4", 0, 42, 50, "CD", 29.97003)], "video,face_id,onset,offset,coder,fps"
    )
    assert agree(coded, eaf, fps=29.97).scores.pairs[0].matched == 1


def test_results_of_two_files_of_one_name_and_length_are_compared_with_a_note(tmp_path):
    """Recordings of two people may have the same name and length; aligned faces of one video are another file too."""
    coded_in(tmp_path / "day1")
    other = coded_in(tmp_path / "day2", coder="CD").folder
    assert not [note for note in agree(tmp_path / "day1", other).scores.notes if "bytes" in note]
    metadata = stored_metadata(other)
    metadata["asked"]["bytes"] += 1
    write_json(other / METADATA, metadata)
    (note,) = [note for note in agree(tmp_path / "day1", other).scores.notes if "bytes" in note]
    assert "day2 is about a file interview.mp4 of " in note
    assert note.endswith("if they are two videos, compare their codings apart")


def test_results_of_different_videos_of_one_name_are_not_compared(tmp_path):
    coded_in(tmp_path / "day1")
    coded_in(tmp_path / "day2", coder="CD", seconds=20)
    with pytest.raises(
        MerlabError, match="day2 is about a video interview.mp4 of 2000 frames at 100 per second, and a "
    ):
        agree(tmp_path / "day1", tmp_path / "day2")


def test_a_table_of_another_length_than_the_result_is_refused(tmp_path):
    coded_in(tmp_path / "one")
    other = table(tmp_path / "b.csv", [("interview.mp4", 10, 20, "CD", 100, 2000)], LENGTHS)
    with pytest.raises(MerlabError, match=r"video_frames of the video interview.mp4 is 2000, and 1200 in its result"):
        agree(tmp_path / "one", other)


def test_a_result_is_not_compared_with_itself(tmp_path):
    coded_in(tmp_path / "one")
    with pytest.raises(MerlabError, match="one of the sources is given twice"):
        agree(tmp_path / "one", tmp_path / "one" / ".." / "one")


def test_a_word_that_is_no_decision_is_refused(tmp_path):
    first = table(tmp_path / "a.csv", [("v", 10, 20, "A", "")], HEADER)
    second = table(tmp_path / "b.csv", [("v", 10, 20, "B", "rejected")], HEADER)
    with pytest.raises(MerlabError, match="line 2: 'rejected' is not a decision"):
        agree(first, second)


@pytest.fixture
def eaf(tmp_path):
    material = coded_in(tmp_path / "out")
    export_coding([material.folder], tmp_path / "coded.eaf")
    return tmp_path / "coded.eaf"


def test_a_rate_that_contradicts_a_table_of_the_same_video_is_refused(tmp_path, eaf):
    coded = table(
        tmp_path / "coded.csv", [("interview.mp4", 0, 138, 166, "CD", 100)], "video,face_id,onset,offset,coder,fps"
    )
    (pair,) = agree(coded, eaf, fps=100).scores.pairs
    assert pair.matched == 1
    with pytest.raises(MerlabError, match=r"--fps 50 contradicts the table of the video interview.mp4, .* 100"):
        agree(coded, eaf, fps=50)


@pytest.mark.parametrize(
    ("tiers", "videos", "remedy"),
    [
        (
            ("brows", "mouth"),
            ("interview.mp4",),
            "one or more with `merlab coding import RESULT .*own.eaf --tier NAME`",
        ),
        (("brows",), ("left.mp4", "right.mp4"), "with `merlab coding import RESULT .*own.eaf --media NAME`"),
    ],
)
def test_an_eaf_about_which_more_must_be_stated_is_to_be_imported(tmp_path, tiers, videos, remedy):
    coded_in(tmp_path / "one")
    own = pympi.Elan.Eaf()
    for tier in tiers:
        own.add_tier(tier)
        own.add_annotation(tier, 1000, 1300, "4")
    for video in videos:
        own.add_linked_file(video, mimetype="video/mp4")
    own.to_file(str(tmp_path / "own.eaf"))
    with pytest.raises(MerlabError, match=remedy):
        agree(tmp_path / "one", tmp_path / "own.eaf")


def smile_in(path, coder, *videos):
    """A document of one annotation, linked to these videos."""
    document = pympi.Elan.Eaf()
    document.add_tier("smiles", ann=coder)
    document.add_annotation("smiles", 1000, 1300, "joy")
    for video in videos:
        document.add_linked_file(video, mimetype="video/mp4")
    document.to_file(str(path))
    return path


def test_documents_linked_to_different_videos_are_not_taken_for_one(tmp_path):
    sources = [
        smile_in(tmp_path / f"{coder}-{video}.eaf", coder, f"{video}.mp4") for coder in "AB" for video in ("v", "w")
    ]
    (pair,) = agree(*sources, fps=100).scores.pairs
    assert (pair.first, pair.second, pair.videos, pair.events, pair.matched) == ("A", "B", 2, (2, 2), 2)
    with pytest.raises(MerlabError, match=r"no video was coded by two coders \(A: 'v.mp4'; B: 'w.mp4'\)"):
        agree(sources[0], sources[3], fps=100)


@pytest.mark.parametrize("others", [(), ("sound.wav",), ("v.mp4", "side.mp4")])
def test_a_document_with_no_video_or_several_is_about_that_of_the_other_whatever_their_order(tmp_path, others):
    first, second = smile_in(tmp_path / "a.eaf", "A", "v.mp4"), smile_in(tmp_path / "b.eaf", "B", *others)
    for sources in ((first, second), (second, first)):
        (pair,) = agree(*sources, fps=100).scores.pairs
        assert pair.matched == 1


def test_a_text_of_an_eaf_that_is_no_action_unit_is_named(tmp_path, eaf):
    eaf.write_text(eaf.read_text().replace("6+L12", "6+L12x"))
    wrong = r"tier AB face 0 movements, annotation a\d+ \('joy'\): 'L12x' is not an action unit"
    for read in (lambda: agree(eaf, fps=100), lambda: import_coding(tmp_path / "out", eaf, again=True)):
        with pytest.raises(MerlabError, match=wrong):
            read()


def test_a_tier_that_is_not_read_is_noted(tmp_path, eaf):
    own = pympi.Elan.Eaf(str(eaf))
    own.add_tier("smiles")
    own.add_annotation("smiles", 1370, 1650, "12")
    own.to_file(str(tmp_path / "own.eaf"))
    other = coded_in(tmp_path / "other", "CD").folder
    assert (
        f"{tmp_path / 'own.eaf'}: tiers that were not read: smiles" in agree(other, tmp_path / "own.eaf").scores.notes
    )
    assert not [note for note in agree(other, eaf).scores.notes if "not read" in note]


def test_the_clock_of_an_eaf_without_a_result_is_as_long_as_its_coding(tmp_path, eaf):
    other = coded_in(tmp_path / "other", "CD")
    export_coding([other.folder], tmp_path / "other.eaf")
    tracemalloc.start()
    (pair,) = agree(eaf, tmp_path / "other.eaf", fps=1000).scores.pairs
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (pair.matched, most < 20e6) == (3, True)


@pytest.mark.parametrize(
    ("column", "cell", "fault"),
    [
        ("action_units", "smile", "'smile' is not an action unit; write numbers of FACS such as [^;]*"),
        ("apex", "3.5", "apex is '3.5', not a whole number; correct the cell"),
        ("apex", "3.000", "apex is '3.000', not clear; it may be 3 or 3000: write whole numbers without a point"),
        ("apex", "9", "apex 9 is not between onset 1 and offset 5; correct the cell"),
        ("fps", "fast", "fps is 'fast', not a number; write one with a decimal point"),
        ("fps", "0", "0 is not a frame rate: [^;]*; give the frames per second of the camera"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line_and_one_remedy(tmp_path, column, cell, fault):
    wrong = table(tmp_path / "coded.csv", [("a.mp4", 1, 5, "AB", cell)], f"video,onset,offset,coder,{column}")
    with pytest.raises(MerlabError, match=f"coded.csv, line 2: {fault}$"):
        agree(wrong)


def test_a_name_with_marks_is_one_name_however_a_system_writes_it(tmp_path):
    apart, together = (unicodedata.normalize(form, "müller.mp4") for form in ("NFD", "NFC"))
    material = coded_in(tmp_path / "out", video=apart)
    coded = table(tmp_path / "coded.csv", [(together, 0, 138, 166, "CD")], "video,face_id,onset,offset,coder")
    (pair,) = agree(material.folder, coded).scores.pairs
    assert (pair.videos, pair.matched) == (1, 1)
    assert import_coding(material.folder, coded).coders == ("CD",)


def test_a_source_that_is_no_path_is_named():
    with pytest.raises(MerlabError, match="each source must be a path, .*got 3"):
        agree("a.csv", 3)  # type: ignore[arg-type]
