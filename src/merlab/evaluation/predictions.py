"""The predictions store: one row per clip and seed, in Parquet; every metric, table and figure is computed from it."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from merlab.errors import MerlabError, cannot_read, first_line
from merlab.spelling import first_of
from merlab.storage import whole_file

if TYPE_CHECKING:
    from merlab.clips import Clip

RUN_FILE, PREDICTIONS_FILE, METRICS_FILE = "run.json", "predictions.parquet", "metrics.json"
CLIP_COLUMNS = ("database", "subject", "clip")
KEY_COLUMNS = ("run", "method", *CLIP_COLUMNS, "fold", "seed")
LABEL_COLUMNS = ("truth", "prediction")
PROBABILITY_PREFIX = "p_"
# The digest of a table is in the metadata of its file, under this key.
DIGEST = b"merlab-digest"
AGAIN = "remove the file and run the command that wrote it again"
ORDER = ["method", "seed", *CLIP_COLUMNS]
# Such names of folds give different file names by themselves, also where a file system ignores case.
PLAIN_FOLD = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?")
LONGEST_STEM = 80


def clip_keys(clips: Iterable[Clip]) -> pd.DataFrame:
    """database, subject and clip of each clip, in this order."""
    return pd.DataFrame([(clip.database, clip.subject, clip.name) for clip in clips], columns=list(CLIP_COLUMNS))


def predictions_table(
    rows: pd.DataFrame, truth: Sequence[str], probabilities: NDArray[np.float64], classes: Sequence[str]
) -> pd.DataFrame:
    """Add truth, prediction (arg-max) and one probability column per class to key rows (run .. seed).

    ``probabilities`` is (rows, classes). Raises MerlabError when a probability is not finite.
    """
    if not np.isfinite(probabilities).all():
        raise MerlabError(
            "a method returned probabilities that are not finite; lower its learning rate or check its input"
        )
    table = rows.copy()
    table["truth"] = list(truth)
    table["prediction"] = [classes[position] for position in probabilities.argmax(axis=1)]
    for position, label in enumerate(classes):
        table[PROBABILITY_PREFIX + label] = probabilities[:, position]
    return table


def probabilities_in(table: pd.DataFrame, classes: Sequence[str]) -> NDArray[np.float64] | None:
    """The probabilities (rows, classes) of a predictions table; None if it has none."""
    columns = [PROBABILITY_PREFIX + label for label in classes]
    return table[columns].to_numpy() if set(columns) <= set(table) else None


@dataclass(frozen=True)
class PredictionStore:
    """Predictions of a run folder: one file for each (method, fold, seed) as it is finished, one table at the end.

    A file appears whole or not at all, so a run that was killed at any moment finds exactly what is done.
    """

    folder: Path

    def fold_path(self, key: str, fold: str, seed: int) -> Path:
        """The file of one (method, fold, seed); ``key`` is the run key of the method's settings.

        Different folds have different files, also where a file system ignores the case of letters.
        """
        return self.folder / "parts" / key / f"{_stem(fold)}-seed{seed}.parquet"

    def unfinished_path(self, key: str, fold: str, seed: int) -> Path:
        """The file of a training of one (method, fold, seed) that is not finished."""
        return self.fold_path(key, fold, seed).with_suffix(".training")

    def stored_path(self, key: str, fold: str, seed: int, folds: Sequence[str]) -> Path:
        """The same, or the file under the name of an earlier merlab, if it exists and can be of no other fold.

        ``folds`` are all folds of the run.
        """
        path, stem = self.fold_path(key, fold, seed), _earlier_stem(fold)
        earlier = path.with_name(f"{stem}-seed{seed}.parquet")
        shared = Counter(_earlier_stem(each).casefold() for each in folds)[stem.casefold()] > 1
        return path if shared or path.exists() or not earlier.exists() else earlier

    def write_fold(self, key: str, fold: str, seed: int, table: pd.DataFrame) -> None:
        """Store the predictions of one (method, fold, seed)."""
        write_predictions(self.fold_path(key, fold, seed), table)

    def write_all(self, table: pd.DataFrame) -> None:
        """Store the predictions of the whole run."""
        write_predictions(self.folder / PREDICTIONS_FILE, table)


def joined(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One table in a fixed order, whatever the order of the tables."""
    return pd.concat(tables, ignore_index=True).sort_values(ORDER, ignore_index=True)


def _stem(fold: str) -> str:
    """A file name for a fold; a digest makes it unique where replaced characters or case could give it to another."""
    if PLAIN_FOLD.fullmatch(fold) and len(fold) <= LONGEST_STEM:
        return _earlier_stem(fold)
    readable = re.sub(r"[^\w.+-]", "_", fold, flags=re.ASCII)[:LONGEST_STEM]
    return f"{readable}~{hashlib.sha256(fold.encode()).hexdigest()[:12]}"


def _earlier_stem(fold: str) -> str:
    return fold.replace("/", "_")


def write_predictions(path: Path, table: pd.DataFrame) -> None:
    """Write predictions as Parquet with a digest of their content, whole or not at all."""
    content = pa.Table.from_pandas(table, preserve_index=False)
    sealed = content.replace_schema_metadata({**(content.schema.metadata or {}), DIGEST: _digest(table)})
    # Arrow reads a path with a colon as an address of a file system.
    with whole_file(path) as aside, aside.open("wb") as file:
        pq.write_table(sealed, file)


def read_predictions(path: Path, sealed: bool = False) -> pd.DataFrame:
    """Predictions of a Parquet file; raises MerlabError when it is missing, damaged, or no such file.

    A file of an earlier merlab, which has no digest, is read with a warning. If the run is ``sealed``, all its files
    have one, and a file without is refused.
    """
    return read_each([path], sealed)[path]


def read_each(paths: Sequence[Path], sealed: bool = False) -> dict[Path, pd.DataFrame]:
    """The predictions of each file, as ``read_predictions``, with one warning for all files without a digest."""
    read = {path: _read(path) for path in paths}
    _note_unsealed([path for path, (_, has_digest) in read.items() if not has_digest], sealed)
    return {path: table for path, (table, _) in read.items()}


def _read(path: Path) -> tuple[pd.DataFrame, bool]:
    """The predictions in a file, and whether they were compared with a digest."""
    if not path.is_file():
        raise MerlabError(f"{path} does not exist; run `merlab evaluate` again")
    try:
        content = pq.ParquetFile(pa.BufferReader(path.read_bytes())).read()
        digest = (content.schema.metadata or {}).get(DIGEST)
        table = content.to_pandas()
        damaged = digest not in {None, _digest(table)}
    except PermissionError as error:
        raise MerlabError(cannot_read(path, error, AGAIN)) from error
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, pa.ArrowException) as error:
        raise MerlabError(f"{path} cannot be read as Parquet: {first_line(error)}; {AGAIN}") from error
    if damaged:
        raise MerlabError(f"{path} is damaged: its content differs from the digest that was stored with it; {AGAIN}")
    return table, digest is not None


def _note_unsealed(paths: Sequence[Path], sealed: bool) -> None:
    if paths:
        named = first_of(map(str, paths), 1)
        if sealed:
            raise MerlabError(
                f"{named} has no digest, but merlab wrote the predictions of this run with one, so another "
                f"program has changed it; {AGAIN}"
            )
        warnings.warn(
            f"{named}: written before merlab stored digests of predictions, so that damage cannot be noticed",
            stacklevel=4,
        )


def _digest(table: pd.DataFrame) -> bytes:
    """The SHA-256 of names and values, hexadecimal; the same whatever type a library reads texts as."""
    content = json.dumps([[str(name), column.tolist()] for name, column in table.items()])
    return hashlib.sha256(content.encode()).hexdigest().encode()
