"""What the folder of a result holds, to compare two of them."""

from __future__ import annotations

import json
from pathlib import Path

from merlab.json_models import DIGEST
from merlab.videos.result import ELAN, ELAN_CURVES, METADATA, REPORT
from tests.helpers import files_in


def content(folder: Path) -> dict[str, object]:
    """Every file of a result, without when and where it was made; the report and the ELAN file contain both."""
    contents: dict[str, object] = {**files_in(folder)}
    for dated in (ELAN, ELAN_CURVES, REPORT):
        contents.pop(dated, None)
    metadata = json.loads((folder / METADATA).read_bytes())
    metadata.pop("made")
    metadata.pop(DIGEST)
    return contents | {METADATA: metadata}
