"""``merlab.agree``: how far coders agree."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from merlab.coding.agreement import tables
from merlab.coding.agreement.comparison import compared
from merlab.coding.agreement.models import AgreementScores
from merlab.coding.agreement.raters import read_raters
from merlab.frames import require_rate
from merlab.given import as_path
from merlab.pages import page_environment
from merlab.stamps import in_brackets, meaning_of
from merlab.storage import write_text
from merlab.version import __version__


@dataclass(frozen=True)
class Agreement:
    """The result of ``merlab.agree``; ``scores`` has all numbers."""

    scores: AgreementScores

    @property
    def table(self) -> pd.DataFrame:
        """Kappa, alpha and the ratio of FACS of every pair of coders, one row per kind of value, as text."""
        listed = [tables.pair_table(pair).assign(coders=f"{pair.first}, {pair.second}") for pair in self.scores.pairs]
        return pd.concat(listed, ignore_index=True)[["coders", *tables.COLUMNS, tables.RATIO]]

    def write_page(self, path: Path) -> Path:
        """Write everything as one HTML page that needs no other file, whole or not at all, and return its path."""
        page = (
            page_environment("merlab.coding.agreement")
            .get_template("agreement.html.j2")
            .render(scores=self.scores, tables=tables, meaning_of=meaning_of, version=__version__)
        )
        # The name of a file may contain characters that UTF-8 cannot encode.
        write_text(path, page, "replace")
        return path

    def __repr__(self) -> str:
        headings = [tables.pair_heading(pair) for pair in self.scores.pairs]
        return "\n".join((f"Agreement{in_brackets(self.scores.stamps)}", *headings))

    def _repr_html_(self) -> str:
        return f"<p>Agreement{escape(in_brackets(self.scores.stamps))}</p>{self.table.to_html(index=False)}"


def agree(*sources: Path | str, fps: float | None = None) -> Agreement:
    """How far coders agree on which events there are, on their frames, labels and action units.

    Events of two coders match where their overlap (IoU) is 0.5 or more. Cohen's kappa and Krippendorff's alpha (both
    nominal) are given for the labels and action units of matched events, for the movements that both accepted or
    rejected, and frame by frame for whether there is an event; for action units also the ratio of FACS.

    Args:
        sources: results that were coded (folders with coding.csv), tables of coded events (of `merlab coding export`,
            or with onset and offset in frames), and .eaf files of ELAN; of two coders or more in all.
        fps: frames per second, for .eaf files whose video has no result among the sources, and for milliseconds.

    Returns:
        The agreement of each pair of coders, and of all together.

    Raises:
        MerlabError: for a source that cannot be read or has no events, for an impossible rate, for fewer than
            two coders, and if no two of them coded the same video.

    """
    if fps is not None:
        require_rate(fps)
    return Agreement(compared(read_raters([as_path(source, "each source") for source in sources], fps)))
