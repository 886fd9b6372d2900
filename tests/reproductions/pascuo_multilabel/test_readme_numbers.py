"""Every number in the README's own sentences: computed here, or held against the label pairs and the results."""

import csv
import re
from statistics import mean

import numpy as np
import pytest

from reproductions.pascuo_multilabel.mfcc import PsfSettings
from shared.metrics.intervals import paired_interval
from shared.metrics.scores import per_clip
from shared.paper.loading import load_paper
from shared.results.exact import constant_scores, curve_gains, exact_rows, label_rates, nothing_heard
from shared.results.runs_table import RUNS, read_runs
from shared.results.store import results_folder
from shared.runs.predictions import read_predictions
from tests.reproductions.texts import written

PAPER = load_paper("pascuo_multilabel")
SETTINGS = PAPER.settings_for()
PAIRS, CLASSES = PAPER.corpus.drawn.pairs, PAPER.corpus.classes
TRACKS = sum(n for *_, n in PAIRS)
(CURVE,) = PAPER.curves
LENGTH = SETTINGS["sample_samples"]
README = written(PAPER)
BLOCKS = r"<!-- begin:([\w-]+) -->.*?<!-- end:\1 -->|```.*?```|!\[.*?\)"
PROSE = " ".join(re.sub(BLOCKS, " ", README, flags=re.DOTALL).split())
# Numbers that no result could change: names, and what a sentence defines.
NAMES = ("F1", "no coefficient has mean 0", "mean 0 and standard deviation 1")


def errors() -> dict[str, float]:
    """Standard errors of the constant predictor's two scores on the paper's validation samples, from all pairs."""
    has = np.array([[name in pair[:2] for name in CLASSES] for pair in PAIRS], float)
    tracks = np.array([n for *_, n in PAIRS], float)
    counts = np.array([sum(pair[:2].count(name) * pair[2] for pair in PAIRS) for name in CLASSES], float)
    chance = (has / (tracks @ has) * (counts / counts.sum())).sum(axis=1) * tracks
    rates = np.array(label_rates(PAPER.corpus.drawn, CLASSES))
    values = {"binary_crossentropy": -(has * np.log(rates) + (1 - has) * np.log(1 - rates)).mean(axis=1)}
    values["binary_accuracy"] = 1 - has.mean(axis=1)
    n, found = exact_rows(PAPER)[0]["n"], {}
    for metric, scores in values.items():
        assert chance @ scores == pytest.approx(constant_scores(rates)[metric])
        found[metric] = float(np.sqrt(chance @ (scores - chance @ scores) ** 2 / n))
    return found


def curves() -> dict[tuple[str, str, str], list[dict[str, float]]]:
    """The rows of the results' curves by corpus, variant and split."""
    found: dict[tuple[str, str, str], list[dict[str, float]]] = {}
    with (results_folder(PAPER.id) / "curve_figure-3.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = row.pop("corpus").removeprefix("library_labels-"), row.pop("variant"), row.pop("protocol")
            found.setdefault(place, []).append({name: float(value) for name, value in row.items()})
    return found


def of_the_text() -> list[str]:
    printed = {cell.metric: cell.printed for cell in PAPER.table("Section 5").rows[0].cells}
    loss, accuracy = printed["binary_crossentropy"], printed["binary_accuracy"]
    claims = {claim.quantity.partition(" ")[0]: claim.printed for claim in PAPER.claims}
    assert claims["days,"] == "4"
    frames, coefficients = PAPER.models["CNN"].input_shape
    return [
        f"{accuracy} and {loss} can be had without hearing anything",
        f"samples of {LENGTH:,} values, {frames} x {coefficients} MFCCs",
        f"of {len(CLASSES)} genres a track",
        f'Validation loss "around {loss}" and binary accuracy {accuracy} "almost directly',
        f'"between almost zero and {claims["highest"]}"',
        f"Where {accuracy} and {loss} come from",
        'speaks of "almost four days"',
    ]


def of_the_labels() -> list[str]:
    values, logged = {row["metric"]: row["value"] for row in exact_rows(PAPER)}, CURVE.printed["val_binary_accuracy"][0]
    accuracy = values["binary_accuracy"]
    assert f"{values['binary_crossentropy']:.2f}" == "0.21"
    assert str(accuracy)[:4] == logged[:4] == "0.93"
    assert f"{float(logged):.2f}" == "0.94"
    assert PAPER.corpus.drawn.samples == 40 * TRACKS
    return [
        f"how many of the {TRACKS:,} tracks have which of {len(PAIRS)} pairs",
        "So 0.21 is the labels' own number rounded, and 0.93 is it cut off: "
        f"{accuracy:.5f} would round to {accuracy:.2f}, and so would {logged} in the log.",
        "stand on both sides of the split, forty of each on average",
    ]


def of_the_training() -> list[str]:
    deaf, error = nothing_heard(PAPER), errors()
    gains, n = curve_gains(CURVE, deaf), exact_rows(PAPER)[0]["n"]
    losses, accuracies = gains["binary_crossentropy"], gains["binary_accuracy"]
    cost = (
        deaf["binary_crossentropy"] - constant_scores(label_rates(PAPER.corpus.drawn, CLASSES))["binary_crossentropy"]
    )
    assert 0.8 < losses[0] / cost < 1.25  # "about as much as the weights cost"
    assert losses[0] > 10 * error["binary_crossentropy"]
    assert accuracies[0] > 5 * error["binary_accuracy"]
    return [
        f"to a cross-entropy of {deaf['binary_crossentropy']:.5f}, which would print "
        f"{deaf['binary_crossentropy']:.2f}.",
        f"the log is {losses[0]:.4f} better after the first epoch and {losses[-1]:.4f} after the last: "
        f"{losses[-1] - losses[0]:.4f} came in the {CURVE.epochs - 1} epochs after the first.",
        f"cancel to the {float(CURVE.printed['val_loss'][0]):.2f} of the labels' shares",
        f"In binary accuracy it is {accuracies[0]:.5f} after the first epoch. On {n:,} validation samples that is more",
        f"scores are {error['binary_crossentropy']:.4f} and {error['binary_accuracy']:.5f}",
    ]


def of_the_frames() -> list[str]:
    full, half = PsfSettings(sample_rate_hz=44100), PsfSettings(sample_rate_hz=22050)
    frames = (full.n_frames(LENGTH), half.n_frames(LENGTH), full.n_frames(2 * LENGTH))
    assert frames == (9, 19, 19)
    return [
        "## 44.1 kHz and 19 frames The report prints a sample rate of 44.1 kHz. Its code cuts out 4,410 values a "
        "channel, which of one channel are 9 frames at that rate; its network wants 19, and what is not 19 x 13 is",
        "Two readings make 19 frames of it",
        f"the files were at 22,050 Hz, and a sample lasts {LENGTH / 22050:g} s",
        "the files were stereo at 44.1 kHz, as the report's mp3 files will have been, and a sample lasts "
        f"{LENGTH / 44100:g} s",
        "twice as many values, 19 frames",
    ]


def of_the_set_up() -> list[str]:
    corrected = PAPER.settings_for("corrected")
    assert SETTINGS["made_samples"] == PAPER.corpus.drawn.samples / 10
    assert SETTINGS["metric_threshold"] == 0.5
    return [
        f"These are of the {SETTINGS['kept_predictions']:,} validation samples whose predictions are kept",
        "F1 is at threshold 0.5 and at the run's own thresholds, which are 0.5 but",
        "thresholds from 0.05 to 0.5",
        "less than 0.5, and rightly so",
        f"on {corrected['tuning_fraction']:.0%}".replace("%", " %")
        + " of the training samples that it does not learn from",
        "binary accuracy at 0.5 and cross-entropy are worse",
        "the share of the power that is the genres' is the dial: nothing, 1 %, 10 %, all",
        f"its tracks that are shorter than {SETTINGS['shortest_seconds']:g} s are left out",
    ]


def of_the_runs() -> list[str]:
    less, right, idle = {}, {}, {}
    for (dial, variant, protocol), rows in curves().items():
        last = rows[-1]
        assert len(rows) == CURVE.epochs
        assert variant in ("", "paper")
        less[dial, protocol] = 100 * (1 - last["loss"] / last["nothing_heard_loss"])
        right[dial, protocol] = last["binary_accuracy"]
        idle[dial, protocol] = last["constant_binary_accuracy"]
    little, some, everything = (less[dial, "grouped"] for dial in ("little", "some", "all"))
    published = less["published", "published"]
    assert little < published < some
    assert all(abs(of) < 0.15 for (dial, _), of in less.items() if dial == "none")  # "within 0.1 %"
    gain = [100 * (1 - row["loss"] / row["nothing_heard_loss"]) for row in curves()["published", "", "published"]]
    assert gain[0] > 0.75 * published  # "most of its gain after one epoch"
    nothing = curves()["little", "paper", "grouped"][0]["nothing_heard_loss"]
    each = []
    for unit in (results_folder(PAPER.id) / "units").glob("cnn.paper.grouped.*.library_labels-little-*"):
        with (unit / "history.csv").open(encoding="utf-8", newline="") as file:
            each.append([100 * (1 - float(row["val_loss"]) / nothing) for row in csv.DictReader(file)])
    heard, *others = sorted(each, key=lambda of_run: -of_run[-1])
    assert [abs(of_run[-1]) < 0.2 for of_run in others] == [True] * 4  # "within 0.2 % of it in the other four"
    assert heard[0] < 0
    assert heard[9] > 0.75 * heard[-1]  # "after ten"
    assert SETTINGS["made_samples"] * 10 == PAPER.corpus.drawn.samples
    real = [100 * (1 - row["loss"] / row["nothing_heard_loss"]) for row in curves()["mixtures", "paper", "grouped"]]
    (unit,) = (results_folder(PAPER.id) / "units").glob("cnn.paper.grouped.*.mixtures-*")
    with (unit / "history.csv").open(encoding="utf-8", newline="") as file:
        trained = [float(row["loss"]) for row in csv.DictReader(file)]
    return [
        f"the loss is {real[0]:.1f} % below that of hearing nothing after the first epoch and {-real[-1]:.1f} % "
        f"above it after the last, while in training it falls from {trained[0]:.2f} to {trained[-1]:.2f}",
        "nothing, 1 %, 10 % or all of a sound's power",
        f"the loss ends {little:.1f} % below that of hearing nothing where 1 % of the power says something "
        f"({heard[-1]:.1f} % in one of five trainings, within 0.2 % of it in the other four), "
        f"{some:.1f} % where 10 % does, and {everything:.1f} % where all of it does. "
        f"The published curve ends {published:.1f} % below.",
        "between what 1 % and what 10 % of the power tell it",
        "says, within 0.1 %",
        f"{right['little', 'grouped']:.4f} with 1 % (naming nothing has {idle['little', 'grouped']:.4f}), "
        f"{right['some', 'grouped']:.4f} with 10 %. The published {right['published', 'published']:.4f} is",
        f"are a little easier: {less['some', 'published']:.1f} instead of {some:.1f} % with a tenth of the power",
    ]


def of_the_channels() -> list[str]:
    found: dict[str, dict[str, list[float]]] = {"two-channels": {}, "paper": {}}
    asked = {"model": "CNN", "protocol": "grouped", "corpus": "library_labels-some", "status": "complete"}
    for row in read_runs(results_folder(PAPER.id) / RUNS):
        if asked.items() <= row.items():
            found[row["variant"]].setdefault(row["metric"], []).append(float(row["value"]))
    second, first = ([mean(of[name]) for name in ("binary_crossentropy", "binary_accuracy")] for of in found.values())
    assert [len(of["binary_accuracy"]) for of in found.values()] == [1, 5]
    low, high = zip(*(apart(metric) for metric in ("binary_crossentropy", "binary_accuracy")), strict=True)
    assert high[1] < 0
    return [
        f"a cross-entropy of {second[0]:.4f} and a binary accuracy of {second[1]:.4f} (one training), the first "
        f"{first[0]:.4f} and {first[1]:.4f} (five)",
        f"by less than the clips tell ({low[0]:+.4f} to {high[0]:+.4f}); the binary accuracy is lower by "
        f"{-high[1]:.4f} to {-low[1]:.4f} with two channels",
    ]


def of_the_readings() -> list[str]:
    with (results_folder(PAPER.id) / "readings_cnn_library_labels-some.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    values, reading = [float(row["value"]) for row in rows], {row["variant"]: row["value"] for row in rows}
    assert len({row["devices"] for row in rows}) == 1
    assert {row["seeds"] for row in rows} == {"0"}
    assert len(rows) == 10
    assert reading["best-epoch"] == reading["paper"]
    with (results_folder(PAPER.id) / "effects_cnn_library_labels-some.csv").open(encoding="utf-8", newline="") as file:
        effects = {row["setting"]: row for row in csv.DictReader(file) if row["delta"]}
    below = {name: -float(row["delta"]) for name, row in effects.items() if float(row["high"]) < 0}
    assert [*below] == ["learning_rate", "channels", "lifter", "scaling"]
    assert sum(float(row["low"]) <= 0 <= float(row["high"]) for row in effects.values()) == 5
    assert max(values) - min(values) < 0.0033  # "a third of a point"
    asked = {"model": "Constant predictor", "protocol": "published", "corpus": "library_labels-some"}
    asked["metric"] = "binary_accuracy"
    printed = PAPER.cell("Section 5", "CNN", "validation", "binary_accuracy")
    (idle,) = (row["value"] for row in read_runs(results_folder(PAPER.id) / RUNS) if asked.items() <= row.items())
    return [
        f"Naming nothing has {float(idle):.4f} there, and the ten readings have {min(values):.4f} to {max(values):.4f}",
        f"the lower learning rate (by {below['learning_rate']:.4f}), two channels (by {below['channels']:.4f}), "
        f"no lifter (by {below['lifter']:.4f}) and each coefficient scaled by itself (by {below['scaling']:.4f})",
        f"and the {printed.printed} that it prints is the labels' own",
    ]


def apart(metric: str) -> tuple[float, float]:
    """The limits of what `two-channels` has more than the mean of the seeds of `paper`, tracks taken together."""
    place = "grouped.fold0.seed{}.float32.library_labels-some-05d3b77a"
    kept = [("two-channels", 0), *(("paper", seed) for seed in range(5))]
    units = [results_folder(PAPER.id) / "units" / f"cnn.{name}.{place.format(seed)}" for name, seed in kept]
    second, *first = (read_predictions(unit).on("validation") for unit in units)
    names = np.unique(second.clips)  # another sample rate, and so in another order
    scores = [per_clip(metric, one.y_true, one.y_prob)[np.argsort(one.clips)] for one in (second, *first)]
    assert all(np.array_equal(np.sort(one.clips), names) for one in first)
    return paired_interval(np.mean(scores[1:], axis=0), scores[0], [name.rsplit(".", 1)[0] for name in names])


HELD = [*of_the_text(), *of_the_labels(), *of_the_training(), *of_the_frames(), *of_the_set_up(), *of_the_runs()]
HELD += [*of_the_channels(), *of_the_readings()]


@pytest.mark.parametrize("text", HELD)
def test_the_readme_says(text):
    assert text in PROSE


def test_no_other_sentence_of_the_readme_has_a_number():
    rest = PROSE
    for text in sorted([*HELD, *NAMES], key=len, reverse=True):
        rest = rest.replace(text, " ")
    rest = re.sub(r"`[^`]*`", " ", rest)
    found = [rest[max(0, match.start() - 40) : match.end() + 40] for match in re.finditer(r"\d[\d.,]*", rest)]
    assert found == []
