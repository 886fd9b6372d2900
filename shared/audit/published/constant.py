"""What a predictor scores that gives every clip the same answer, from the stated counts or the known labels alone."""

from __future__ import annotations

import math

from shared.audit.finding import NOTE, AuditFinding, listed
from shared.audit.published.printed import MODES, Printed
from shared.audit.published.shares import stated_n
from shared.metrics.intervals import wilson_interval
from shared.paper.schema import Cell, Claim, Paper
from shared.results.exact import THRESHOLD, constant_scores, curve_gains, label_rates, mean_entropy, nothing_heard

CONSTANT = "constant predictor"
LEARNED = "beyond hearing nothing"
LOSSES = ("binary_crossentropy", "loss")


def audit_constant(paper: Paper) -> tuple[list[AuditFinding], list[str]]:
    """The constant predictor's scores beside the printed ones; nothing where neither counts nor labels are known."""
    if paper.corpus.drawn is not None:
        return [*_drawn(paper), *_learned(paper)], []
    if not paper.corpus.counts:
        return [], []
    return (_single(paper) if paper.corpus.labels == "single" else _multi(paper)), []


def _printed(paper: Paper, metrics: tuple[str, ...]) -> list[tuple[str, Cell | Claim]]:
    """Every printed number of these metrics with its place, those of the tables first."""
    tables = {table.id: table.label for table in paper.tables}
    cells = [(tables[cell.table], cell) for cell in paper.cells() if cell.metric in metrics]
    return cells + [(claim.place, claim) for claim in paper.claims if claim.metric in metrics]


# ---- one label a clip


def _single(paper: Paper) -> list[AuditFinding]:
    """Always the most frequent class; printed accuracies whose 95 % interval holds that are named."""
    most, size = max(paper.corpus.counts.values()), paper.corpus.size
    arithmetic = f"The most frequent class has {most:,} of {size:,} clips, so answering it always scores "
    arithmetic += f"{most / size:.4f}."
    close, texts, unknown = {}, [], False
    for place, source in _printed(paper, ("accuracy",)):
        n = stated_n(paper, source) if isinstance(source, Cell) else paper.corpus.n.get(source.split)
        value = Printed.of(source)
        if not n or "±" in source.printed:
            unknown = True
            continue
        low, high = wilson_interval(min(1.0, float(value.value)) * n, n)
        if low <= most / size:
            close.setdefault(f"{value} ({source.model}, {source.split})", []).append(place)
            texts.append(f"{value} of {n:,} clips has the 95 % interval {low:.4f} to {high:.4f}.")
    follows = "Printed accuracies are to be read beside that." if unknown else "Every printed accuracy is above."
    if close:
        follows = f"{listed(close)} cannot be told from a model that has learned nothing."
    arithmetic = " ".join([arithmetic, *dict.fromkeys(texts)])
    place = listed(dict.fromkeys(place for places in close.values() for place in places)) or "the stated counts"
    return [AuditFinding(CONSTANT, NOTE, place, ", ".join(close), arithmetic, follows)]


# ---- several labels a clip, and the labels are known


def _drawn(paper: Paper) -> list[AuditFinding]:
    """Printed scores that are those of answering the labels' shares, rounded or cut off."""
    drawn, classes = paper.corpus.drawn, paper.corpus.classes
    rates = label_rates(drawn, classes)
    threshold = paper.settings_for().get("metric_threshold", THRESHOLD)
    scores, tracks = constant_scores(rates, threshold), sum(pair[2] for pair in drawn.pairs)
    answer = "none of them" if max(rates) <= threshold else "those above the threshold"
    head = f"Drawn a label first, then one of the {tracks:,} tracks that has it, a sample has {sum(rates):.4f} of "
    head += f"{len(classes)} labels: always answering {answer} has binary accuracy {scores['binary_accuracy']:.5f}, "
    head += f"each label's share a cross-entropy of {scores['binary_crossentropy']:.5f}."
    same, other = {}, {}
    for metrics, name in ((("binary_accuracy",), "binary_accuracy"), (LOSSES, "binary_crossentropy")):
        for place, source in _printed(paper, metrics):
            printed = Printed.of(source)
            low, high = min(printed.limits(m)[0] for m in MODES), max(printed.limits(m)[1] for m in MODES)
            (same if low <= scores[name] <= high else other).setdefault(str(printed), []).append(place)
    place = listed(dict.fromkeys(place for found in (same, other) for places in found.values() for place in places))
    follows = []
    if same:
        verb = "is one of" if len(same) == 1 else "are"
        follows.append(f"{listed(same)} {verb} these, rounded or cut off: no audio is needed.")
    if other:
        follows.append(f"{listed(other)} {'is' if len(other) == 1 else 'are'} not.")
    texts = ", ".join([*same, *other])
    return [
        AuditFinding(CONSTANT, NOTE, place or "the labels", texts, head, " ".join(follows) or "Nothing is printed.")
    ]


def _learned(paper: Paper) -> list[AuditFinding]:
    """What a published curve has beyond a network that hears nothing and is trained with the same weights."""
    rates, findings = label_rates(paper.corpus.drawn, paper.corpus.classes), []
    alike, deaf = constant_scores(rates), nothing_heard(paper)
    loss, accuracy = deaf["binary_crossentropy"], deaf["binary_accuracy"]
    cost = loss - alike["binary_crossentropy"]
    for curve in paper.curves:
        gains, texts = curve_gains(curve, deaf), []
        for metric, name in (("binary_crossentropy", "val_loss"), ("binary_accuracy", "val_binary_accuracy")):
            if metric in gains:
                first, last = gains[metric][0], gains[metric][-1]
                printed, what = curve.printed[name], name.removeprefix("val_").replace("_", " ")
                texts.append(
                    f"validation {what} {printed[0]} after the first epoch and {printed[-1]} after the last, "
                    f"{first:.5f} and {last:.5f} better than that"
                )
        if not texts:
            continue
        head = f"A network that hears nothing ends at cross-entropy {loss:.5f} and binary accuracy {accuracy:.5f}"
        head += f", {cost:.5f} above the labels' shares, since class weights move its answers" if cost > 0 else ""
        arithmetic = f"{head}. {curve.place[:1].upper()}{curve.place[1:]}: {'; '.join(texts)}."
        follows = "That is what was learned from hearing."
        findings.append(AuditFinding(LEARNED, NOTE, f"{curve.figure}, {curve.model}", "", arithmetic, follows))
    return findings


# ---- several labels a clip, of which only the counts are known


def labels_a_clip(accuracy: Printed, n_classes: int) -> tuple[float, float]:
    """The mean labels a clip at which answering none has this binary accuracy: C (1 − a), lowest and highest."""
    low, high = accuracy.limits()
    return float(n_classes * (1 - high)), float(n_classes * (1 - low))


def base_rates(paper: Paper, labels: float | None = None) -> list[float]:
    """Each label's share of the clips: as counted, or in the same proportions with so many labels a clip."""
    counts = list(paper.corpus.counts.values())
    factor = 1 / paper.corpus.size if labels is None else labels / sum(counts)
    return [min(1.0, count * factor) for count in counts]


def _multi(paper: Paper) -> list[AuditFinding]:
    """Each label answered as most clips have it for binary accuracy, its base rate for cross-entropy."""
    size, n_classes, rates = paper.corpus.size, len(paper.corpus.classes), base_rates(paper)
    total = sum(paper.corpus.counts.values())
    constant = 1 - math.fsum(min(p, 1 - p) for p in rates) / n_classes
    answer = "none of them" if max(rates) <= 0.5 else "each as most clips have it"
    head = f"{total:,} labels on {size:,} clips are {total / size:.2f} of {n_classes} a clip: always answering "
    head += f"{answer} has binary accuracy {constant:.4f}, each label's base rate a cross-entropy of "
    head += f"{mean_entropy(rates):.4f}."
    losses = {(s.model, s.split): Printed.of(s) for _, s in reversed(_printed(paper, LOSSES))}
    findings = []
    for place, source in _printed(paper, ("binary_accuracy",)):
        printed, loss = Printed.of(source), losses.get((source.model, source.split))
        texts = f"{printed}, loss {loss}" if loss else str(printed)
        where = f"{place}, {source.model}, {source.split}"
        arithmetic, follows = _against(paper, printed, loss, constant)
        findings.append(AuditFinding(CONSTANT, NOTE, where, texts, f"{head} {arithmetic}".strip(), follows))
    if findings:
        return findings
    return [AuditFinding(CONSTANT, NOTE, "the stated counts", "", head, "Printed scores are to be read beside these.")]


def _against(paper: Paper, accuracy: Printed, loss: Printed | None, constant: float) -> tuple[str, str]:
    """What a printed binary accuracy, and the loss beside it, say next to a constant predictor."""
    n_classes = len(paper.corpus.classes)
    if float(accuracy.limits()[0]) > constant:
        return "", f"{accuracy} is above that; by how much decides what it is worth."
    follows = f"{accuracy} needs no learning: a network that answers every clip alike prints it, too."
    low, high = labels_a_clip(accuracy, n_classes)
    if max(base_rates(paper) + base_rates(paper, high)) > 0.5:
        return "", follows
    arithmetic = f"{accuracy} is what answering none of them has at {low:.2f} to {high:.2f} labels a clip"
    if loss is None:
        return f"{arithmetic}.", follows
    least, most = mean_entropy(base_rates(paper, low)), mean_entropy(base_rates(paper, high))
    even = mean_entropy([high / n_classes])  # the most that so many labels a clip can cost
    arithmetic += f"; base rates in the counts' proportions then cost {least:.3f} to {most:.3f}, even ones {even:.3f}."
    loss_low, loss_high = map(float, loss.limits())
    if loss_high < least:
        return arithmetic, f"The loss {loss} is below that: something was learned, though {accuracy} does not show it."
    if loss_low > even:
        return arithmetic, f"The loss {loss} is above that: worse than answering every clip alike."
    return arithmetic, f"{accuracy} and {loss} together are those of a network that answers every clip alike."
