"""The score of a file of weights on a database that it was not trained on."""

from __future__ import annotations

from pathlib import Path

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.evaluation.same_people import with_people_of
from merlab.evaluation.seen_inputs import require_unseen_inputs
from merlab.evaluation.study import Clips, SchemeGiven, as_table
from merlab.given import as_jobs, as_path
from merlab.models.card import CardScore
from merlab.models.crops import ON_SCORED, corrected, is_corrected
from merlab.models.held_out_scores import held_out_score
from merlab.models.labeled_examples import examples_of
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.progress import Progress, shown_progress
from merlab.schemes import Scheme, as_scheme


def score_on(
    clips: Clips,
    weights: Recognizer | Path | str | None = None,
    *,
    scheme: SchemeGiven | None = None,
    cache: Path | str | None = None,
    jobs: int | None = None,
    progress: Progress | bool = True,
) -> CardScore:
    """Score a recognizer on clips; nothing is fitted on their labels.

    A recipe with crop=corrected fits the correction of each database on its clips, without labels, and the score states
    it.

    Args:
        clips: the clips (``merlab.load``), of one database or several.
        weights: a recognizer, or a file of ``merlab pretrain``; unless given, the recognizer that ships with merlab.
        scheme: how labels become the classes of the recognizer: a name that ``merlab.schemes()`` lists, a YAML file or
            a mapping; unless given, the scheme of its card.
        cache: the folder for inputs; None: the user's cache.
        jobs: threads that compute inputs; None: one per core.
        progress: True shows it on standard error, False does not, a function is called with it.

    Raises:
        MerlabError: for a database or clips that the recognizer was trained on, a scheme with other classes, and clips
            that the recipe or the scheme does not cover.

    """
    as_jobs(jobs)
    recognizer = weights if isinstance(weights, Recognizer) else load_recognizer(weights)
    table = as_table(clips)
    _require_other_databases(recognizer, {clip.database for clip in table})
    with shown_progress(progress) as show:
        of_classes = _scheme(recognizer, scheme, table)
        folder = None if cache is None else as_path(cache, "cache")
        examples = examples_of(table, of_classes, recognizer.recipe, folder, jobs, show)
    crop = ON_SCORED if is_corrected(recognizer.recipe) else None
    title = ", ".join(source.name for source in table.sources) or "your own clips"
    card = recognizer.card
    require_unseen_inputs(card.name, card.training_inputs, examples.inputs, examples.keys, title)
    return held_out_score(title, recognizer, corrected(examples, recognizer.recipe), crop)


def _require_other_databases(recognizer: Recognizer, scored: set[str]) -> None:
    seen = recognizer.card.trained_on.people
    if trained := with_people_of(seen, scored):
        raise MerlabError(
            f"{recognizer.card.name} was trained on {', '.join(trained)}, so a score on "
            f"{', '.join(with_people_of(scored, seen))} would be too high; "
            "its score on subjects that were held out is on its card (`merlab weights FILE`)"
        )


def _scheme(recognizer: Recognizer, given: SchemeGiven | None, table: ClipTable) -> Scheme:
    card = recognizer.card
    try:
        scheme = as_scheme(card.scheme if given is None else given).of(table)
    except MerlabError as error:
        if given is not None:
            raise
        raise MerlabError(
            f"{card.name} has a label scheme of its own, {card.scheme}; pass the same scheme (--scheme)"
        ) from error
    if scheme.classes != card.classes:
        raise MerlabError(
            f"scheme {scheme.name} has the classes {', '.join(scheme.classes)}, but those of {card.name} are "
            f"{', '.join(card.classes)}; pass a scheme with these classes in this order"
        )
    return scheme
