"""Every cell of a table of predictions is right, repaired with a note, or refused with its row."""

from __future__ import annotations

import random

import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.predictions_score import score
from tests.evaluation.invented_predictions import predictions

SOUND = predictions(seeds=2).drop(columns="method")


def written(tmp_path, text, name="p.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gbk", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_and_encodings_are_recognized(tmp_path, encoding, delimiter):
    word = {"gbk": "高兴", "cp1252": "fröhlich"}.get(encoding, "高兴 fröhlich")
    lines = [("truth", "prediction"), (word, word), (word, "b"), ("b", "b"), ("b", "b")]
    text = "\n".join(delimiter.join(line) for line in lines)
    result = score(written(tmp_path, text, encoding=encoding))
    assert result.classes == ("b", word)
    assert result.accuracy == 3 / 4
    assert bool(result.notes) == (encoding in {"gbk", "cp1252"})


@pytest.mark.parametrize("name", ["p.tsv", "p.xlsx", "p.ods", "p.parquet"])
def test_other_formats_of_tables_are_scored_alike(tmp_path, name):
    if name.endswith("tsv"):
        SOUND.to_csv(tmp_path / name, index=False, sep="\t")
    elif name.endswith("parquet"):
        SOUND.to_parquet(tmp_path / name, index=False)
    elif name.endswith("ods"):
        SOUND.to_excel(tmp_path / name, index=False, engine="odf")  # type: ignore[arg-type]
    else:
        SOUND.to_excel(tmp_path / name, index=False)
    assert score(tmp_path / name) == score(SOUND)
    assert score(SOUND).notes == ()


def test_of_several_sheets_the_one_with_the_columns_is_read(tmp_path):
    sheets = {"notes": pd.DataFrame({"truth": ["nothing"]}), "run": MANY[["prediction", "truth"]], "again": MANY}
    for name, written_sheets in (("one", ["notes", "run"]), ("two", ["run", "notes", "again"])):
        with pd.ExcelWriter(tmp_path / f"{name}.xlsx") as book:
            for sheet in written_sheets:
                sheets[sheet].to_excel(book, sheet_name=sheet, index=False)
    assert score(tmp_path / "one.xlsx").n == 20
    with pytest.raises(MerlabError, match=r"two\.xlsx has several sheets with such a table: run, again; save the one"):
        score(tmp_path / "two.xlsx")


def test_a_folder_and_a_file_of_another_kind_are_refused(tmp_path):
    with pytest.raises(MerlabError, match="is a folder.*give a table file in it"):
        score(tmp_path)
    with pytest.raises(MerlabError, match=r"p\.txt is not a table that merlab reads; save it as one of \.csv, "):
        score(written(tmp_path, "truth,prediction\na,a\n", name="p.txt"))
    with pytest.raises(MerlabError, match=r"absent\.csv does not exist; give a table file"):
        score(tmp_path / "absent.csv")


def test_leading_zeros_and_labels_that_look_like_numbers_stay_as_they_are(tmp_path):
    path = written(tmp_path, "subject,clip,truth,prediction\n006,01,00,00\n006,2,10,00\n")
    assert score(path).classes == ("00", "10")
    assert score(path).notes == ()


@pytest.mark.parametrize("column", ["truth", "prediction", "seed", "database", "subject", "clip"])
@pytest.mark.parametrize("value", [None, float("nan"), "", " ", "NaN", "#REF!", "#WERT!", "Err:502", "inf"])
def test_an_empty_or_undefined_cell_is_refused_with_its_row(tmp_path, column, value):
    table = SOUND.astype(object)
    table.loc[4, column] = value
    with pytest.raises(MerlabError, match=f"the table, row 5: {column} is empty or undefined; fill in"):
        score(table)
    table.to_csv(tmp_path / "p.csv", index=False)
    with pytest.raises(MerlabError, match=rf"p.csv, line 6: {column} is empty or undefined"):
        score(tmp_path / "p.csv")


def test_a_declared_class_may_be_called_like_a_missing_value():
    table = pd.DataFrame({"truth": ["None", "a"], "prediction": ["None", "None"]})
    assert score(table, ["None", "a"]).confusion == ((1, 0), (1, 0))
    with pytest.raises(MerlabError, match="row 1: truth is empty or undefined"):
        score(table, ["a", "b"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("truth,prediction\na,b,b\nb,a,a\n", "line 2 has 3, line 3 has 3 cells but the line of column names has 2"),
        ("truth,prediction,subject\na,a,1\nb,b\n", "line 3 has 2 cells but the line of column names has 3"),
        ("truth,prediction\n\na,a\nb\n", "line 4 has 1 cells"),
        ("truth,prediction,truth\na,a,b\n", "has the column truth 2 times"),
        ("truth|prediction\na|a\n", "no column truth and no column prediction.*commas, semicolons or tabs"),
        ('truth,prediction\n"a,a\n', "check the quotes"),
    ],
)
def test_rows_that_do_not_fit_the_column_names_are_refused_never_shifted(tmp_path, text, message):
    with pytest.raises(MerlabError, match=message):
        score(written(tmp_path, text))


def test_case_and_blanks_in_column_names_do_not_matter(tmp_path):
    path = written(tmp_path, "Truth, Prediction ,SEED\na,a,0\na,b,1\n")
    assert score(path).confusion == ((1, 1), (0, 0))
    assert score(path).accuracy == 0.5


def test_labels_as_numpy_and_hdf5_give_them_are_the_same_as_texts():
    """Their text in Python, b'fear', is no label."""
    truth = SOUND["truth"]
    table = SOUND.assign(truth=list(truth.str.encode("utf-8")), prediction=truth)
    assert score(table) == score(SOUND.assign(prediction=truth))
    assert score(table).accuracy == 1


def test_a_label_in_another_encoding_is_refused():
    table = SOUND.assign(truth=[b"fear", "d\u00e9go\u00fbt".encode("latin-1"), *SOUND["truth"][2:]])
    with pytest.raises(MerlabError, match=r"b'd\\xe9go\\xfbt' is a text in another encoding than UTF-8"):
        score(table)


def test_blanks_around_a_label_are_ignored_and_noted():
    table = SOUND.copy()
    table.loc[[0, 7], "prediction"] += " "
    table["truth"] = ["\u00a0" + label if row == 9 else label for row, label in enumerate(table["truth"])]
    result = score(table)
    assert result.model_copy(update={"notes": ()}) == score(SOUND)
    assert result.notes == ("the table, row 1, row 8, row 10: blanks around a text are ignored",)


@pytest.mark.parametrize("row", ["b ,b", "b, b", '"b ",b', "\u3000b,b"])
def test_blanks_around_a_label_of_a_file_are_ignored_and_noted(tmp_path, row):
    result = score(written(tmp_path, f"truth,prediction\na,a\n{row}\n"))
    assert result.classes == ("a", "b")
    assert result.notes == (f"{tmp_path / 'p.csv'}, line 3: blanks around a text are ignored",)


@pytest.mark.parametrize("other", ["Happy", "HAPPY", "hap py", "happ\u200by", "\uff48appy"])
def test_labels_that_differ_by_case_or_blanks_are_refused_with_their_rows(other):
    table = pd.DataFrame({"truth": ["happy", "sad", "sad"], "prediction": ["happy", other, "sad"]})
    with pytest.raises(MerlabError, match=r"'happy' \(row 1\).*differ only by .*or list both as classes"):
        score(table)
    assert score(table, ["happy", other, "sad"]).accuracy == pytest.approx(2 / 3)


def test_labels_that_look_the_same_are_told_apart_in_the_refusal():
    table = pd.DataFrame({"truth": ["gené", "sad"], "prediction": ["gene\u0301", "sad"]})
    with pytest.raises(
        MerlabError, match=r"has 'gene\\u0301' \(row 1\) and 'gené' \(row 1\), which .* codes of letters"
    ):
        score(table)
    table = pd.DataFrame({"truth": ["anger", "sad"], "prediction": ["\u0430nger", "sad"]})
    with pytest.raises(MerlabError, match=r"'anger' \(row 1\) and '\\u0430nger' \(row 1\), which .* codes of letters"):
        score(table)


@pytest.mark.parametrize("numbers", [[0.0, 1.0, 0.0], ["0.", "1.", "0."], ["0.00", "1", "0.0"]])
def test_a_number_with_a_fraction_of_zero_is_the_number_and_noted(tmp_path, numbers):
    table = pd.DataFrame({"truth": [0, 1, 1], "prediction": numbers})
    table.astype(str).to_csv(tmp_path / "p.csv", index=False)
    for given in (table, tmp_path / "p.csv"):
        result = score(given)
        assert result.classes == ("0", "1")
        assert result.confusion == ((1, 0), (1, 1))
        assert "in truth or prediction is read as 0" in result.notes[0]


def test_one_spelling_of_numbers_is_kept_and_classes_decide_otherwise():
    table = pd.DataFrame({"truth": [0.0, 1.0], "prediction": [0.0, 1.0]})
    assert score(table).classes == ("0.0", "1.0")
    assert score(table).notes == ()
    assert score(table, ["0", "1"]).confusion == ((1, 0), (0, 1))
    assert len(score(table, ["0", "1"]).notes) == 2
    assert score(table.astype(int), ["0.0", "1.0"]).confusion == ((1, 0), (0, 1))


def test_beside_two_classes_that_differ_only_by_zeros_or_case_other_labels_are_repaired():
    table = pd.DataFrame({"truth": ["0", "00", "2.0"], "prediction": ["0", "00", "2"]})
    assert score(table, ["0", "00", "2"]).confusion == ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    assert score(pd.DataFrame({"truth": ["a", "A"], "prediction": ["a", "a"]}), ["a", "A"]).accuracy == 0.5


def test_numbers_with_and_without_leading_zeros_can_be_different_codes():
    with pytest.raises(MerlabError, match=r"'01' \(row 1, row 2\) and '1' \(row 2\)"):
        score(pd.DataFrame({"truth": ["01", "1"], "prediction": ["01", "01"]}))


@pytest.mark.parametrize(("column", "value"), [("database", "CASME2"), ("subject", "00"), ("subject", "0")])
def test_two_spellings_of_a_database_or_subject_are_refused(column, value):
    table = SOUND.copy()
    table.loc[0, column] = value
    with pytest.raises(MerlabError, match=f"{column} has .*'{value}' \\(row 1\\)"):
        score(table)


def test_the_same_subject_number_in_two_databases_is_two_subjects():
    table = pd.DataFrame({"database": ["x", "y"], "subject": ["01", "1"], "truth": ["a", "b"]})
    assert score(table.assign(prediction=table["truth"])).accuracy == 1


def test_a_subject_or_seed_read_as_a_fraction_is_repaired():
    table = SOUND.astype(object)
    table["subject"] = table["subject"].astype(int).astype(str)
    sound = score(table)
    table.loc[3, "subject"], table.loc[5, "seed"] = "0.0", "0.0"
    result = score(table)
    assert result.model_copy(update={"notes": ()}) == sound
    assert len(result.notes) == 2


@pytest.mark.parametrize("rows", ["a,1,x,x\na,1.0,x,x", "a,1.0,x,x\na,1,x,x", "7,1,x,x\n7.0,1.00,x,x"])
def test_a_clip_whose_name_is_a_number_with_and_without_a_fraction_is_repeated(tmp_path, rows):
    path = written(tmp_path, f"subject,clip,truth,prediction\n{rows}\nb,1.0,y,y\n")
    with pytest.raises(MerlabError, match=r"line 3: repeats subject [a7] clip 1; every clip counts once"):
        score(path)


def test_a_clip_read_as_a_fraction_in_one_seed_is_one_clip(tmp_path):
    path = written(tmp_path, "subject,clip,seed,truth,prediction\na,1,0,x,x\nb,1,0,y,y\na,1.0,1,x,x\nb,1.0,1,y,x\n")
    result = score(path)
    assert result.confusion == ((2, 0), (1, 1))
    assert result.notes == (f"{path}, line 4, line 5: 1.0 in clip is read as 1",)


@pytest.mark.parametrize(("one", "other"), [("EP1", "ep1"), ("1", "01"), ("001", "1.0"), ("EP1", "EP 1")])
def test_two_spellings_of_a_clip_of_one_subject_are_refused(one, other):
    table = pd.DataFrame({"subject": ["a", "b", "a"], "clip": [one, other, other], "truth": ["x", "y", "x"]})
    with pytest.raises(MerlabError, match=f"clip has .*'{other}' \\(row 3\\).*or give different clips"):
        score(table.assign(prediction=table["truth"]))
    assert score(table.assign(prediction=table["truth"], subject=["a", "b", "c"])).notes == ()


def test_subjects_that_may_be_one_person_are_noted_within_a_database():
    table = pd.DataFrame({"database": ["x", "x", "y"], "subject": ["sub01", "sub1", "Sub1"], "truth": ["a", "b", "b"]})
    (note,) = score(table.assign(prediction=table["truth"])).notes
    assert note == "the table: the subjects sub01 and sub1 may be one person; give every person one name"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda table: table.drop(index=50), r"seeds are of different clips, 1 in all: .* 1 row in seed 0 but 0 in"),
        (lambda table: table.drop(index=50).drop(columns="clip"), "seeds are of different clips"),
        (lambda table: table.drop(index=50)[["seed", "truth", "prediction"]], "seeds are of different clips"),
        (lambda table: pd.concat([table, table.iloc[[4]]]), "row 97: repeats database casme2 subject 000 clip clip4"),
        (lambda table: table.assign(seed=0), "repeats database casme2 subject 000 clip clip0 seed 0"),
    ],
)
def test_seeds_of_different_clips_and_repeated_clips_are_refused(changed, message):
    with pytest.raises(MerlabError, match=message):
        score(changed(SOUND))


def test_a_clip_with_two_truths_is_refused_with_both_rows():
    table = SOUND.copy()
    assert table.loc[50, "truth"] == "surprise"
    table.loc[50, "truth"] = "positive"
    with pytest.raises(MerlabError, match="row 3, row 51: database casme2 subject 000 clip clip2 has different truths"):
        score(table)
    of_one_database = table[table["database"] == "casme2"].drop(columns="database")
    with pytest.raises(MerlabError, match="row 3, row 27: subject 000 clip clip2 has different truths"):
        score(of_one_database)


def test_clips_that_may_be_repeated_and_labels_without_overlap_are_noted():
    table = pd.DataFrame({"clip": ["c", "c"], "truth": ["0", "1"], "prediction": ["happy", "sad"]})
    common, repeated = score(table).notes
    assert "no label in common" in common
    assert "row 2: the name of the clip occurs before" in repeated


@pytest.mark.parametrize("classes", [[], ["a", "a"], ["a", ""], "ab"])
def test_classes_that_are_no_list_of_different_names_are_refused(classes):
    with pytest.raises(MerlabError, match="classes"):
        score(pd.DataFrame({"truth": ["a"], "prediction": ["a"]}), classes)


MANY = pd.DataFrame({"truth": ["happy", "sad"] * 10, "prediction": ["happy", "sad"] * 10})


@pytest.mark.parametrize(
    ("row", "other", "notes"),
    [
        (
            4,
            "hapy",
            ["'happy' (row 1, row 3, row 5 and 7 more) and 'hapy' (row 5), which differ by one letter", "only"],
        ),
        (4, "happyx", ["which differ by one letter", "row 5: truth or prediction has 'happyx' only here"]),
        (4, "hpapy", ["which differ by one letter", "only here"]),
        (4, "anger", ["the table, row 5: truth or prediction has 'anger' only here; check its spelling"]),
        (4, "9" * 5000, ["'9999999999999999999999999999999999999999...' only here"]),
    ],
)
def test_a_label_that_may_be_misspelled_is_counted_as_it_is_and_noted(row, other, notes):
    assert score(MANY).notes == ()
    table = MANY.copy()
    table.loc[row, "prediction"] = other
    result = score(table)
    assert result.accuracy == 19 / 20
    assert len(result.notes) == len(notes)
    assert all(part in note for part, note in zip(notes, result.notes, strict=True))


def test_among_fewer_than_ten_rows_a_label_may_occur_once():
    table = MANY.copy()
    table.loc[4, "prediction"] = "anger"
    assert [len(score(table.iloc[:rows]).notes) for rows in (9, 10)] == [0, 1]


def test_a_misspelled_database_is_noted_and_another_number_is_another_database():
    table = MANY.assign(database=["casme2"] * 10 + ["casme3"] * 10)
    assert score(table).notes == ()
    table.loc[3, "database"] = "casne2"
    assert ["which differ by one letter" in note for note in score(table).notes] == [True]


@pytest.mark.parametrize("column", ["sed", "seeds", "sead", "esed"])
def test_a_column_that_may_be_a_misspelled_one_is_noted(tmp_path, column):
    table = SOUND.rename(columns={"seed": column})[["truth", "prediction", column]]
    table.to_csv(tmp_path / "p.csv", index=False)
    for given, name in ((table, "the table"), (tmp_path / "p.csv", str(tmp_path / "p.csv"))):
        assert score(given).notes == (f"{name}: the column '{column}' is not read; rename it if it is seed",)


def test_a_column_without_a_name_is_noted_unless_it_is_an_index(tmp_path):
    assert score(written(tmp_path, ",truth,prediction\n0,a,a\n1,b,b\n")).notes == ()
    unnamed = written(tmp_path, "truth,prediction,,subject\na,a,0,1\nb,b,0,2\n")
    assert score(unnamed).notes == (f"{unnamed}: column 3 has no name, so it is not read",)


def test_a_cell_beyond_the_last_column_name_of_a_spreadsheet_is_refused_never_shifted(tmp_path):
    pd.DataFrame([["truth", "prediction", None], ["a", "a", None], [None, "b", "b"]]).to_excel(
        tmp_path / "p.xlsx", index=False, header=False
    )
    with pytest.raises(MerlabError, match=r"p\.xlsx: row 3 has 3 cells but the line of column names has 2"):
        score(tmp_path / "p.xlsx")


def test_empty_cells_beyond_the_last_column_name_do_not_matter(tmp_path):
    assert score(written(tmp_path, "truth,prediction,,\na,a,,\nb,b,,\n")).accuracy == 1


@pytest.mark.parametrize("place", [10, 40, -20])
def test_a_damaged_parquet_file_is_refused_with_the_remedy(tmp_path, place):
    MANY.to_parquet(tmp_path / "p.parquet", index=False)
    content = bytearray((tmp_path / "p.parquet").read_bytes())
    content[place : place + 9] = b"\xff" * 9
    (tmp_path / "p.parquet").write_bytes(content)
    with pytest.raises(MerlabError, match=r"p\.parquet cannot be read as Parquet \(.*\); copy it again"):
        score(tmp_path / "p.parquet")


def test_a_part_of_a_score_can_be_dumped():
    assert set(score(MANY).model_dump(include={"n", "notes"})) == {"n"}
    assert score(MANY).model_dump(exclude={"notes", "interval"})["n"] == 20


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with one to four bytes replaced, removed, inserted, or everything after them cut off."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content))
        new = chance.choice([b",", b"\n", b'"', b" ", b"\0", b";", b"\xff", b"0"])
        end = chance.choice([at, at + 1, at + chance.randint(2, 9), len(content)])
        content = content[:at] + chance.choice([b"", new]) + content[end:] or b" "
    return content


@pytest.mark.slow
def test_damaged_tables_are_scored_or_refused_and_never_end_in_another_error(tmp_path):
    """Where a table is scored, each of its rows is counted, as another reader of CSV counts them."""
    chance, scored = random.Random(11), 0
    text = SOUND[["clip", "seed", "truth", "prediction"]].to_csv(index=False).encode()
    for _ in range(300):
        (tmp_path / "p.csv").write_bytes(damaged(text, chance))
        try:
            result = score(tmp_path / "p.csv")
        except MerlabError:
            continue
        scored += 1
        assert result.n == len(pd.read_csv(tmp_path / "p.csv", sep=None, engine="python", encoding_errors="replace"))
    assert scored > 20


def test_a_parquet_file_with_a_damaged_text_is_refused(tmp_path):
    pd.DataFrame({"truth": ["abcd"] * 3, "prediction": ["abcd"] * 3}).to_parquet(
        tmp_path / "p.parquet", compression=None, index=False
    )
    content = (tmp_path / "p.parquet").read_bytes()
    (tmp_path / "p.parquet").write_bytes(content.replace(b"abcd", b"ab\xffd"))
    with pytest.raises(MerlabError, match="p.parquet cannot be read as Parquet"):
        score(tmp_path / "p.parquet")
