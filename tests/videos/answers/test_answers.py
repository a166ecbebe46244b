"""Recognized videos as answers of challenges: tables that are read back, and replies to questions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from merlab.errors import MerlabError
from merlab.spotting.scoring import read_events, score_spotting
from merlab.videos.answers.facts import EventFacts, VideoFacts, facts_of, notes_on_mixtures, read_facts
from merlab.videos.answers.questions import answer_questions
from merlab.videos.answers.replies import NOT_DETERMINED, UNKNOWN_QUESTION, reply_to
from merlab.videos.answers.tables import answer_table
from merlab.videos.result import read_video_result
from tests.videos.fake_result import write_result

SMILE = EventFacts(40, 48, 56, 0.16, "micro", 9.0, "mouth, left", "happiness", ("lip corner puller", "cheek raiser"))
FROWN = EventFacts(90, 130, 190, 1.0, "macro", 20.0, "eyes and brows", "", ("brow lowerer",))
VIDEO = VideoFacts("SAMM-1", (SMILE, FROWN), ())
EMPTY = VideoFacts("SAMM-2", (), ())


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        # As in the files of MEGC 2025.
        ("What is the coarse expression class?", "positive"),
        ("What is the fine-grained expression class?", "happiness"),
        ("What is the action unit?", "lip corner puller"),
        ("What are the action units?", "lip corner puller, cheek raiser"),
        ("Is the action unit cheek raiser shown on the face?", "yes"),
        ("Is the action unit dimpler shown on the face?", "no"),
        ("Is the action unit tongue show shown on the face?", NOT_DETERMINED),
        (
            "What are the action units present, and based on them, what is the fine-grained expression and the coarse "
            "expression class?",
            "The action units present are: lip corner puller, cheek raiser. Therefore, the fine-grained expression "
            "class is happiness, and the coarse expression class is positive.",
        ),
        # Long videos.
        ("How many expression events appear in this video?", "2"),
        ("How many micro-expression events appear in this video?", "1"),
        ("How many macro-expressions are in the video?", "1"),
        ("Localize every micro-expression event in the video.", "frames 40-56"),
        ("When does a movement occur?", "frames 40-56, frames 90-190"),
        ("What distinct action units appear in this video?", "lip corner puller, cheek raiser, brow lowerer"),
        ("What is the expression type of the 2-th expression event in this video?", "macro-expression"),
        ("What is the expression type of the third expression event?", NOT_DETERMINED),
        ("What color is the wall behind the subject?", UNKNOWN_QUESTION),
        ("", UNKNOWN_QUESTION),
    ],
)
def test_a_question_of_known_form_is_answered_from_the_result(question, answer):
    assert reply_to(question, VIDEO).text == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Locate all micro- and macro-expressions in the video.", "frames 40-56, frames 90-190"),
        ("When do the micro-expressions and the macro-expressions occur?", "frames 40-56, frames 90-190"),
        ("When do micro expressions occur?", "frames 40-56"),
        ("Locate every macroexpression.", "frames 90-190"),
        (
            "How many micro-expressions and how many macro-expressions are there?",
            "1 micro-expression, 1 macro-expression",
        ),
        ("Localize the second expression event.", "frames 90-190"),
        ("When does the second micro-expression start?", NOT_DETERMINED),
        ("When do the 2 expressions occur?", "frames 40-56, frames 90-190"),
        ("What are the action units of the second expression?", "brow lowerer"),
        ("What are the action units of the first macro-expression?", "brow lowerer"),
        ("What are the action units of the third expression?", NOT_DETERMINED),
        ("What is the action unit at frames 95-180?", "brow lowerer"),
        ("What is the coarse expression class of the 2-th expression event in this video?", NOT_DETERMINED),
        ("What action units appear in the 2nd expression event of this video?", "brow lowerer"),
        ("Is the action unit brow lowerer shown in the first expression event?", "no"),
        ("Is the action unit brow lowerer shown in the 2-th expression event?", "yes"),
        ("Is the action unit brow lowerer shown in the third expression event?", NOT_DETERMINED),
    ],
)
def test_a_question_about_one_expression_or_both_kinds_is_answered_for_these(question, answer):
    """The first is a smile, a micro-expression in the frames 40 to 56; the second a frown from 90 to 190."""
    assert reply_to(question, VIDEO).text == answer


def test_an_analysis_reports_what_was_observed():
    text = reply_to("Please analyse the micro-expression shown in this video in detail.", VIDEO).text
    assert text.startswith("The face moves from frame 40 to frame 56 (0.16 s), most at frame 48")
    assert text.endswith("The most likely coarse expression class is positive.")
    at_frames = "In the 2-th expression event of this video (frames 100-180, apex 130): Describe it."
    assert reply_to(at_frames, VIDEO).text.startswith("The face moves from frame 90")
    assert reply_to(at_frames.replace("100-180", "300-310"), VIDEO).status == "not determined"


def test_nothing_is_invented_about_a_video_without_a_movement():
    for question in ("What is the coarse expression class?", "What are the action units?", "Please analyze the clip."):
        assert reply_to(question, EMPTY).status == "not determined"
    assert reply_to("How many micro-expressions are there?", EMPTY).text == "0"
    assert reply_to("Localize every expression.", EMPTY).text == "none"


def test_answers_are_read_back_as_they_were_recognized(tmp_path):
    for name in ("one", "two"):
        write_result(tmp_path / "results" / name, video=f"{name}.mp4", pictures=False, seed=len(name))
    videos = read_facts([tmp_path / "results"])
    assert [video.name for video in videos] == ["one", "two"]
    rows = [row for name in ("one", "two") for row in read_video_result(tmp_path / "results" / name).rows]
    table = answer_table(videos)
    assert table.columns.tolist() == ["vid", "onset", "offset", "emotion"]
    table.to_csv(tmp_path / "answers.csv", index=False)
    scores = score_spotting(tmp_path / "answers.csv", tmp_path / "answers.csv")
    assert (scores.tp, scores.fp, scores.fn) == (len(table), 0, 0)
    assert sorted(read_events(tmp_path / "answers.csv")["onset"]) == sorted(
        row.onset for row in rows if row.duration_s <= 0.5
    )
    types = answer_table(videos, "type")
    assert types.columns.tolist() == ["vid", "pred_onset", "pred_offset", "type"]
    assert set(types["type"]) <= {"me", "mae"}

    withheld = facts_of(read_video_result(tmp_path / "results" / "one"))
    guessed = facts_of(read_video_result(tmp_path / "results" / "one"), most_probable=True)
    assert any(not event.label for event in withheld.events)
    assert all(event.label for event in guessed.events)
    with pytest.raises(MerlabError, match=r"two results are of a video one: \S+one and \S+one; give one of them"):
        read_facts([tmp_path / "results" / "one", tmp_path / "results"])
    with pytest.raises(MerlabError, match="nothing does not exist; give a result of `merlab recognize`"):
        read_facts([tmp_path / "nothing"])
    (tmp_path / "nothing").mkdir()
    with pytest.raises(MerlabError, match="nothing holds no result of `merlab recognize`"):
        read_facts([tmp_path / "nothing"])


def test_results_of_several_folders_of_videos_are_found_below_the_folder_of_all(tmp_path):
    """As ``merlab recognize monday`` and ``merlab recognize clip.mp4`` leave them."""
    for place in ("monday/one", "monday/two", "three", "monday/.working/four"):
        write_result(tmp_path / place, video=f"{Path(place).name}.mp4", pictures=False)
    assert [video.name for video in read_facts([tmp_path])] == ["one", "three", "two"]


def test_results_of_several_versions_or_weights_are_noted(tmp_path):
    for name in ("one", "two", "three"):
        write_result(tmp_path / name, video=f"{name}.mp4", pictures=False)
    videos = read_facts([tmp_path])
    assert notes_on_mixtures(videos) == []
    mixed = [replace(videos[0], merlab="0.0.9"), *videos[1:]]
    (note,) = notes_on_mixtures(mixed)
    assert "several versions of merlab, which may give other answers: 0.0.9 (1 video)" in note
    assert f"{videos[1].merlab} (2 videos)" in note
    (note,) = notes_on_mixtures([*videos[:2], replace(videos[2], weights="mine 01234567")])
    assert "several files of weights" in note
    assert "mine 01234567 (1 video)" in note


def test_a_folder_of_images_keeps_the_dot_in_its_name(tmp_path):
    for name in ("sub1.take1", "sub1.take2", "sub2.MP4"):
        write_result(tmp_path / "results" / name, video=name, pictures=False)
    videos = read_facts([tmp_path / "results"])
    assert [video.name for video in videos] == ["sub1.take1", "sub1.take2", "sub2"]

    path = tmp_path / "questions.jsonl"
    named = ("a/sub1.take2", "sub1.take1.mp4", "sub2")
    asked = [{"video": name, "question": "How many expressions?"} for name in named]
    path.write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    assert dict(answer_questions([path], videos, tmp_path)[0].counts) == {"answered": 3}
    path.write_text(json.dumps({"video": "sub1", "question": "How many expressions?"}), encoding="utf-8")
    with pytest.raises(MerlabError, match="videos without a result: sub1;"):
        answer_questions([path], videos, tmp_path)

    write_result(tmp_path / "sub2", video="sub2", pictures=False)
    with pytest.raises(MerlabError, match="two results are of a video sub2"):
        read_facts([tmp_path / "sub2", tmp_path / "results"])


def test_the_lines_of_a_file_are_kept_and_their_answers_filled_in(tmp_path):
    path = tmp_path / "me_vqa_samm_test_to_answer.jsonl"
    asked = [
        {"video_id": "t_1", "video": "SAMM-1", "question": "What is the coarse expression class?", "answer": ""},
        {"video_id": "t_2", "video": "SAMM-2.mp4", "question": "What is the action unit?"},
        {"video_id": "t_3", "video": "SAMM-2", "question": "Who\u2028is it?", "answer": ""},
    ]
    lines = [json.dumps(each, ensure_ascii=False) for each in asked]
    path.write_text("\r\n".join(lines) + "\n\n", encoding="utf-8")
    (answered,) = answer_questions([path], [VIDEO, EMPTY], tmp_path / "out")
    assert answered.path == tmp_path / "out" / "me_vqa_samm_test_pred.jsonl"
    written = [json.loads(line) for line in answered.path.read_text(encoding="utf-8").split("\n")[:-1]]
    assert written == [
        {**asked[0], "answer": "positive"},
        {**asked[1], "answer": NOT_DETERMINED},
        {**asked[2], "answer": UNKNOWN_QUESTION},
    ]
    assert dict(answered.counts) == {"answered": 1, "not determined": 1, "unknown question": 1}
    assert answered.unknown == ("Who\u2028is it?",)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("", "has no question"),
        ("{\n", "line 1 is not JSON"),
        ('{"video": "SAMM-1"}\n', "line 1 lacks video or question"),
        ('{"video": "x", "question": "Who?"}\n', "asks about videos without a result: x"),
    ],
)
def test_a_fault_of_a_file_is_named(tmp_path, content, named):
    path = tmp_path / "questions.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(MerlabError, match=named):
        answer_questions([path], [VIDEO], tmp_path / "out")


def test_of_several_files_all_are_answered_or_none(tmp_path):
    paths = [tmp_path / name for name in ("a.jsonl", "b/a_to_answer.jsonl", "wrong.jsonl")]
    (tmp_path / "b").mkdir()
    for path, video in zip(paths, ("SAMM-1", "SAMM-1", "x"), strict=True):
        path.write_text(json.dumps({"video": video, "question": "How many expressions?"}), encoding="utf-8")
    with pytest.raises(MerlabError, match=r"replies to \S+a.jsonl and \S+a_to_answer.jsonl would be one file; rename"):
        answer_questions(paths[:2], [VIDEO], tmp_path / "out")
    with pytest.raises(MerlabError, match=r"wrong.jsonl asks about videos without a result: x"):
        answer_questions(paths[1:], [VIDEO], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert len(answer_questions(paths[1:2], [VIDEO], tmp_path / "out")) == 1
