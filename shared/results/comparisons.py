"""What one choice brings: the comparisons that a paper.toml lists, of trainings on the same clips.

The score is the paper's headline's, of the predictions that are kept, in every fold and with every seed that both have;
`shared.results.paired` has the interval of the difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from shared.paper.schema import Cell
from shared.results.paired import paired
from shared.results.reading import Results
from shared.runs.units import ResultsError

PLACE = ("protocol", "corpus", "fingerprint", "precision")  # what two trainings must share,
RUN = ("fold", "seed")  # and what is taken together, in this order


def comparison_rows(results: Results, counted: Sequence[dict]) -> list[dict]:
    """A row a comparison, protocol, corpus and precision that has runs of both sides.

    Parameters
    ----------
    counted : sequence of dict
        A row of runs.csv for each run that counts.

    Returns
    -------
    list of dict
        title, the places, variant and model of both sides, split, metric, n clips, folds, seeds, both scores, delta
        (second - first) and its interval ``low`` to ``high``, and ``status``: partial if a run is.
    """
    paper, cell = results.paper, results.paper.headline_cell
    if not paper.comparisons or cell is None:
        return []
    runs = _runs(results, counted, cell)
    rows = []
    for comparison in paper.comparisons:
        first, second = runs[comparison.first], runs[comparison.second]
        shared = sorted(first.keys() & second.keys())
        for place in dict.fromkeys(of[: len(PLACE)] for of in shared):
            both = [of for of in shared if of[: len(PLACE)] == place]
            sides = [{of[len(PLACE) :]: side[of][1] for of in both} for side in (first, second)]
            row = {"title": comparison.title, **dict(zip(PLACE, place, strict=True))}
            row |= dict(zip(("first_variant", "first_model"), comparison.first, strict=True))
            row |= dict(zip(("second_variant", "second_model"), comparison.second, strict=True))
            row |= {"split": cell.split, "metric": cell.metric}
            try:
                row |= paired(*sides, cell.metric, paper.corpus.clusters.get(row["corpus"]))
            except ResultsError as error:
                names = " and ".join(f"{model}, {variant}" for variant, model in (comparison.first, comparison.second))
                raise ResultsError(f"the comparison '{comparison.title}' of {names}: {error}") from None
            row |= {"folds": len({fold for *_, fold, _ in both}), "seeds": len({seed for *_, seed in both})}
            partial = any(side[of][0] != "complete" for side in (first, second) for of in both)
            rows.append(row | {"status": "partial" if partial else "complete"})
    return rows


def _runs(results: Results, counted: Sequence[dict], cell: Cell) -> dict[tuple[str, str], dict[tuple, tuple]]:
    """(variant, model) to place and run to status and predictions on the cell's split, of the runs that count."""
    names = ("variant", "model", *PLACE, *RUN)
    kept = {tuple(answer.record[name] for name in names): answer for answer in results.answers}
    wanted = {side for comparison in results.paper.comparisons for side in (comparison.first, comparison.second)}
    runs: dict[tuple[str, str], dict[tuple, tuple]] = defaultdict(dict)
    for row in counted:
        variant, model, *place = (row[name] for name in names)
        if (variant, model) not in wanted:
            continue
        predictions = kept[variant, model, *place].predictions.on(cell.split)
        if len(predictions.clips):
            runs[variant, model][tuple(place)] = (row["status"], predictions)
    return runs
