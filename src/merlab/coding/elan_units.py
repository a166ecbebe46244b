"""Action units on a tier below one of movements, in the .eaf files of other programs."""

from __future__ import annotations

import re
from collections import defaultdict

from merlab.coding.elan_tiers import tier_kind
from merlab.elan.reading import ElanDocument, ElanTier
from merlab.errors import MerlabError
from merlab.table_files.action_units import has_only_units, require_units

# Numbers on a dependent tier may also be a rating, so its name must say what they are.
UNITS_NAME = re.compile(r"(?<![^\W_])(?:AUs?|action[ _-]?units?|FACS)(?![^\W_])", re.IGNORECASE)
REMEDY = "action units are read from one tier below that of the movements, with AU in its name"


def unit_tier(document: ElanDocument, tier: ElanTier) -> ElanTier | None:
    """The tier of another program below one of movements whose name says that it has action units, and which has some.

    None without one, as where there are only comments on action units, and where there are several, such as one for
    each side.
    """
    if tier_kind(tier.name):
        return None
    named = [child for child in document.children(tier) if UNITS_NAME.search(child.name) and _has_units(child)]
    return named[0] if len(named) == 1 else None


def _has_units(tier: ElanTier) -> bool:
    return any(has_only_units(each.value) for each in tier.annotations)


def units_below(document: ElanDocument, tier: ElanTier) -> dict[str, str]:
    """The action units on ``unit_tier``, by the id of the annotation that they are about: ``6+12``.

    Raises MerlabError for a text that is not action units, and for one that is about no annotation.
    """
    below = unit_tier(document, tier)
    units: dict[str, list[str]] = defaultdict(list)
    for annotation in below.annotations if below else ():
        where = f"{document.path}, tier {below.name if below else ''}, annotation {annotation.name}"
        owner = next((each.name for each in tier.annotations if each.owns(annotation)), None)
        if owner is None:
            raise MerlabError(f"{where} is not within an annotation of tier {tier.name}; correct its times in ELAN")
        try:
            require_units(annotation.value)
        except MerlabError as error:
            raise MerlabError(f"{where}: {error}; a tier without AU in its name is not read") from error
        units[owner].append(annotation.value)
    return {owner: "+".join(filter(None, texts)) for owner, texts in units.items()}
