"""The controlled vocabularies within an .eaf file, to whose entries annotations refer."""

from __future__ import annotations

from xml.etree.ElementTree import Element


class Vocabularies:
    """The texts of the entries, by vocabulary, by entry and by language; those in other files (.ecv) are not read."""

    def __init__(self, root: Element) -> None:
        self._of_type = {
            each.get("LINGUISTIC_TYPE_ID", ""): each.get("CONTROLLED_VOCABULARY_REF", "")
            for each in root.iterfind("LINGUISTIC_TYPE")
        }
        self._texts = {
            (vocabulary.get("CV_ID", ""), entry.get("CVE_ID", "")): {
                value.get("LANG_REF", ""): (value.text or "").strip() for value in entry.iterfind("CVE_VALUE")
            }
            for vocabulary in root.iterfind("CONTROLLED_VOCABULARY")
            for entry in vocabulary.iterfind("CV_ENTRY_ML")
        }

    def text(self, tier: Element, entry: str) -> str:
        """The text of an entry in the language of a tier, or else in the first; empty where there is none."""
        vocabulary = self._of_type.get(tier.get("LINGUISTIC_TYPE_REF", ""), "")
        texts = self._texts.get((vocabulary, entry), {})
        return texts.get(tier.get("LANG_REF", "")) or next(filter(None, texts.values()), "")
