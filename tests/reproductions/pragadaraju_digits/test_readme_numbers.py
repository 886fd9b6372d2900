"""What README.md and notes.md say in numbers, counted from the results, the transcripts, the corpus and paper.toml."""

import csv
import itertools
import re
from collections import Counter, defaultdict
from functools import cache
from statistics import mean

import pytest

from data_prep.corpora import fsdd
from reproductions.pragadaraju_digits.recognition import NOT_RECOGNIZABLE, STORE, read_transcripts
from shared.paper.loading import load_paper
from shared.report import fold_table
from shared.results import ablations
from shared.results.store import results_folder
from shared.runs.predictions import read_predictions
from shared.runs.units import unit_folders
from tests.committed import committed_diff
from tests.reproductions.texts import written

PAPER = load_paper("pragadaraju_digits")
FOLDER = results_folder("pragadaraju_digits")
CNN, RNN, TEXT = PAPER.models
PROBE = "linear probe"
README = written(PAPER)
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TABLE = "Section 6"
LAST_STEP = (RNN, "paper", "train")


def says(text: str) -> None:
    """The README has this sentence, wherever its lines break."""
    if " ".join(text.split()) not in " ".join(README.split()):
        pytest.fail(f"the results say, and neither README.md nor notes.md does: {text}")


def percent(value: float, decimals: int = 1) -> str:
    return f"{100 * value:.{decimals}f}"


def diff():
    return committed_diff(PAPER.id)


@cache
def accuracy() -> dict[tuple[str, str, str, str], dict[int, float]]:
    """(model, variant, protocol, split) to fold to the mean accuracy over seeds, of finished runs that count."""
    found = defaultdict(lambda: defaultdict(list))
    counted = {run["unit"] for section in diff().sections for run in section.runs}
    for row in diff().runs:
        if row["metric"] == "accuracy" and row["unit"] in counted and row["status"] == "complete":
            place = tuple(row[name] for name in ("model", "variant", "protocol", "split"))
            found[place][row["fold"]].append(row["value"])
    return {place: {fold: mean(values) for fold, values in of.items()} for place, of in found.items()}


def score(model: str, variant: str, protocol: str, split: str = "test") -> float:
    """Mean over folds."""
    return mean(accuracy()[model, variant, protocol, split].values())


def histories(model: str, variant: str, protocol: str, column: str = "test_accuracy") -> list[list[float]]:
    """A column of the history of each run that is complete, epoch by epoch."""
    found = []
    for record, folder in unit_folders(FOLDER / "units"):
        place = tuple(record[name] for name in ("model", "variant", "protocol", "status"))
        if place == (model, variant, protocol, "complete"):
            with (folder / "history.csv").open(encoding="utf-8", newline="") as lines:
                found.append([float(row[column]) for row in csv.DictReader(lines)])
    return found


# ---- was a speaker held out?


def test_the_flattened_rnn_under_both_splits():
    train, test = (PAPER.cell(TABLE, RNN, split, "accuracy") for split in ("train", "test"))
    speakers = list(accuracy()[RNN, "all-steps", "grouped", "test"].values())
    trained = [curve[-1] for curve in histories(RNN, "all-steps", "grouped", "accuracy")]
    at_random = [curve[-1] for curve in histories(RNN, "all-steps", "published", "accuracy")]
    says(
        f"the network has {percent(mean(trained))} % in training and {percent(mean(speakers))} % in the test, on "
        f"average. The test goes from {percent(min(speakers))} to {percent(max(speakers))} % by speaker, with the "
        f"printed {test.printed} among them; at random it is {percent(score(RNN, 'all-steps', 'published'))} %. (In "
        f"training at random it has {percent(mean(at_random))} %. These are the running means of the last epoch, which "
        "all runs have; the trained network's own answers at random are "
        f"{percent(score(RNN, 'all-steps', 'published', 'train'))} % right.)"
    )
    assert min(speakers) < test.value < max(speakers)
    assert min(trained) < train.value < max(trained)
    curves = histories(RNN, "all-steps", "grouped")
    says(
        f"after five epochs the held-out speakers' was {percent(mean(curve[4] for curve in curves))} % on average, "
        f"after all epochs {percent(mean(curve[-1] for curve in curves))} %."
    )
    half = len(curves[0]) // 2
    steps = [abs(b - a) for curve in curves for a, b in zip(curve[half - 1 : -1], curve[half:], strict=True)]
    says(f"moves by {percent(mean(steps))} points from one epoch to the next, in the second half of the training.")


def test_no_speaker_gives_both_numbers():
    found = [one for one in fold_table.fold_rows(diff()) if one.variant == "all-steps"]
    inside = Counter(one.fold for one in found if one.protocol == "grouped" and one.holds)
    assert inside
    assert max(inside.values()) == 1
    says("No one speaker gives both numbers to within what chance does to the clips alone")


def test_the_last_step_does_not_reach_the_printed_training_accuracy():
    runs = [h for protocol in ("published", "grouped") for h in histories(RNN, "paper", protocol, "accuracy")]
    evaluated = [row["value"] for row in diff().runs if (row["model"], row["variant"], row["split"]) == LAST_STEP]
    best = max([curve[-1] for curve in runs] + evaluated)
    says(f"in none of its trainings, under either split: the best has {percent(best)} %.")
    assert best < PAPER.cell(TABLE, RNN, "train", "accuracy").value - 0.15


def test_the_linear_probe_and_who_is_held_out():
    right = {}
    for record, folder in unit_folders(FOLDER / "units"):
        if record["model"] == PROBE and record["protocol"] in ("arithmetic", "grouped"):
            test = read_predictions(folder).on("test")
            right[record["protocol"], record["fold"]] = int((test.y_prob.argmax(1) == test.y_true.argmax(1)).sum())
            assert len(test.clips) == 500
    by_speaker = [right["grouped", fold] for fold in range(len(fsdd.SPEAKERS))]
    theo = by_speaker[fsdd.SPEAKERS.index("theo")]
    says(
        f"the linear probe has {right['arithmetic', 0]} of 500 right at random, and from {min(by_speaker)} to "
        f"{max(by_speaker)} with one speaker held out; with `theo` it has {theo}, the very 88.40 % that the table "
        "prints for the CNN."
    )
    assert PAPER.cell(TABLE, CNN, "test", "accuracy").formatted(theo / 500) == "88.40"


def test_a_speaker_is_500_clips_and_has_some_forty_known_takes_of_a_digit():
    index = fsdd.index()
    assert set(index["group"].value_counts()) == {500}
    train = fsdd.with_protocol(index, "published").query("split == 'train'")
    takes = train.groupby(["group", "label"]).size()
    assert takes.between(30, 47).all()
    assert takes.mean() == 40


def test_what_a_held_out_speaker_costs():
    """ "a quarter or more"; "worse than guessing on lucas"; "the text model loses least"; "far ahead"; "level with"."""
    kept = {
        (model, variant): score(model, variant, "grouped") / score(model, variant, "published")
        for model, variant in ((RNN, "paper"), (RNN, "all-steps"), (PROBE, "probe"), (TEXT, "paper"))
    }
    text = kept.pop((TEXT, "paper"))
    assert all(share < 0.75 for share in kept.values())
    assert text > max(kept.values()) + 0.1
    assert accuracy()[RNN, "paper", "grouped", "test"][fsdd.SPEAKERS.index("lucas")] < 0.1
    longest = fsdd.clips().groupby("speaker")["n_samples"].mean().idxmax()
    assert longest == "lucas"
    assert score(TEXT, "paper", "grouped") > score(RNN, "paper", "grouped") + 0.3
    asked = {"title": "a spectrogram, not the words", "second_variant": "all-steps", "protocol": "grouped"}
    (level,) = (row for row in diff().comparisons if asked.items() <= row.items())
    delta, low, high = (100 * level[name] for name in ("delta", "low", "high"))
    says(
        f"level with the other reading: {delta:.1f} points behind, in an interval from {high:.1f} behind to {-low:.1f}"
    )


def test_what_the_words_tell_of_the_speaker():
    """A text that was not heard before names nobody."""
    heard = defaultdict(Counter)
    with (STORE / "sphinx.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], *row["clip"].split("_")) for row in csv.DictReader(file)]
    for text, _, speaker, take in rows:
        if int(take) >= 10:
            heard[text][speaker] += 1
    asked = [(text, speaker) for text, _, speaker, take in rows if int(take) < 10]
    right = mean(bool(heard[text]) and heard[text].most_common(1)[0][0] == speaker for text, speaker in asked)
    says(f"name the speaker of {percent(right)} % of the clips, where guessing names {percent(1 / 6)} %")


# ---- the arithmetic of the printed accuracies


def test_the_printed_accuracies_in_clips():
    clips = {
        (model, split): PAPER.cell(TABLE, model, split, "accuracy").value * n
        for model in (CNN, RNN)
        for split, n in (("train", 2500), ("test", 500))
    }
    assert all(abs(value - round(value)) < 1e-9 for value in clips.values())
    of = {place: f"{value:,.0f}" for place, value in clips.items()}
    says(f"{of[CNN, 'train']} and {of[CNN, 'test']}, {of[RNN, 'train']} and {of[RNN, 'test']}.")
    cnn = PAPER.cell(TABLE, CNN, "test", "accuracy"), PAPER.cell(TABLE, CNN, "train", "accuracy")
    says(f"But 88.40 % of 600 are {cnn[0].value * 600:.1f} clips, and 98.56 % of 2,400 are {cnn[1].value * 2400:,.2f}.")
    assert f"{100 * 351 / 2400:.3f}" == "14.625"
    assert f"{100 * 351 / 2400:.2f}" == "14.62"
    says("351 of the stated 2,400 are 14.625 %, which Python prints as `14.62`")
    assert (72 / 600, 60 / 500) == (0.12, 0.12)
    assert (414 / 600, 531 / 600) == (0.69, 0.885)


def test_the_splits_of_3000_clips_that_all_four_printed_figures_fit():
    cells = [cell for cell in PAPER.cells() if cell.model != TEXT]
    fitting = []
    for n_test in range(50, 1500):
        n = {"test": n_test, "train": 3000 - n_test}
        shares = [(cell, round(cell.value * n[cell.split]) / n[cell.split]) for cell in cells]
        if all(cell.formatted(share) == cell.printed for cell, share in shares):
            fitting.append(n_test)
    says(f"only those with {', '.join(f'{n:,}' for n in fitting[:-1])} and {fitting[-1]:,} give all four")
    assert len(fitting) == 4


# ---- what was heard


def transcripts(backend):
    """Digit → its clips' transcripts."""
    by_digit = {digit: [] for digit in range(10)}
    with (STORE / f"{backend}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_digit[int(row["clip"][0])].append(row["text"])
    return by_digit


def share(by_digit, digits=range(10)):
    right = sum(text == WORDS[digit] for digit in digits for text in by_digit[digit])
    return f"{100 * right / sum(len(by_digit[digit]) for digit in digits):.1f} %"


def published(split):
    """The share of one side of the published split that is heard as its own digit's word."""
    frame = fsdd.with_protocol(fsdd.index(), "published")
    clips = frame[frame["split"] == split]
    heard = read_transcripts(list(clips["clip"]), list(clips["sha256"]), "sphinx")
    right = sum(text == WORDS[int(label)] for text, label in zip(heard, clips["label"], strict=True))
    return f"{100 * right / len(clips):.1f} %"


def test_the_table_of_what_was_heard():
    free, grammar = transcripts("sphinx"), transcripts("sphinx-digits")
    for digit in range(10):
        frequent = sorted(Counter(free[digit]).items(), key=lambda item: (-item[1], item[0]))[:3]
        heard = ", ".join(f"{word} {count}" for word, count in frequent)
        assert f"| {digit} | {heard} | {share(free, [digit])} | {share(grammar, [digit])} |" in README
    different = {text for texts in free.values() for text in texts}
    assert f"| all | {len(different)} different texts | {share(free)} | {share(grammar)} |" in README
    sides = f"({published('test')} of our test clips, {published('train')} of the training clips)"
    says(f"heard as their own digit's word is {share(free)} {sides}")
    assert not any("little" in heard.split() for texts in free.values() for heard in texts)
    answers = {text for texts in grammar.values() for text in texts}
    assert re.search(rf"eleven answers instead of {len(different)}\b", README)
    assert len(answers) == 11


def test_how_much_was_not_recognised():
    heard = [text for texts in transcripts("sphinx").values() for text in texts]
    none = heard.count(NOT_RECOGNIZABLE)
    says(f"{none} of the 3,000 clips ({percent(none / len(heard))} %) are `Not Recognizable`")


def sweep() -> list[str]:
    """The table of how sure the recogniser must be: a row a variant, the share of clips that it then gives up on."""
    index = fsdd.index()
    lines = []
    for variant in ("paper", *(name for name in PAPER.variants if name.startswith("at-least-"))):
        least = PAPER.settings_for(variant, TEXT)["recogniser_least_probability"]
        heard = read_transcripts(list(index["clip"]), list(index["sha256"]), "sphinx", least)
        none = percent(heard.count(NOT_RECOGNIZABLE) / len(heard))
        sides = [percent(score(TEXT, variant, "published", split)) for split in ("train", "test")]
        lines.append(f"| {100 * least:g} % | {none} % | {sides[0]} % | {sides[1]} % |")
    return lines


def test_how_sure_the_recogniser_must_be():
    lines = sweep()
    assert "\n".join(lines) in README
    printed = [PAPER.cell(TABLE, TEXT, split, "accuracy").printed for split in ("train", "test")]
    assert len(set(printed)) == 1
    train, test = lines[-1].split("|")[3:5]
    says(f"at 30 % they are {train.strip(' %')} and {test.strip()}, where the report prints {printed[0]} % for both")


def test_the_grammar_at_random_and_on_a_speaker_held_out():
    """ "At random that costs accuracy; on a speaker held out it helps with some and hurts with others"."""
    assert score(TEXT, "digits-grammar", "published") < score(TEXT, "paper", "published") - 0.03
    free, grammar = (accuracy()[TEXT, variant, "grouped", "test"] for variant in ("paper", "digits-grammar"))
    gains = [grammar[fold] - free[fold] for fold in free]
    assert min(gains) < -0.03
    assert max(gains) > 0.03


# ---- silent choices


def test_which_silence_moves_the_row():
    """The findings' "31 to 49 points", and the paragraphs below the table."""
    ablation = next(of for of in PAPER.ablations if of.model == RNN)
    rows = {row["variant"]: row for row in ablations.ablation_rows(diff().results, ablation)}
    says_of = {name: row["says"] for name, row in rows.items()}
    assert rows["unit-scale"]["value"] == 0.1
    assert {name for name, word in says_of.items() if word == "up"} == {"all-steps", "relu-cell", "lstm-cell"}
    down = {"unit-scale", "image-scale", "coefficient-axis", "step-pooling", "slow-learning"}
    assert {name for name, word in says_of.items() if word == "down"} == down
    moved = [rows[name]["delta"] for name in ("unit-scale", "coefficient-axis", "all-steps")]
    lowest_moved = min(map(abs, [*moved, rows["lstm-cell"]["delta"]]))
    lowest, highest = (f"{100 * of(abs(delta) for delta in moved):.0f}" for of in (min, max))
    finding = next(of.text for of in PAPER.findings if of.text.startswith("How an MFCC matrix"))
    assert f"each move the RNN's row by {lowest} to {highest} points after {ablation.epochs} epochs" in finding
    small = [rows[name]["delta"] for name in ("relu-cell", "slow-learning", "image-scale")]
    assert max(map(abs, small)) < 0.15 < lowest_moved


def test_rows_of_another_processor_are_held_against_paper_there():
    """Where `paper` is the training whose best epoch is kept, of the same seed."""

    def last(variant: str, epochs: int = 1) -> float:
        return mean(100 * value for value in histories(RNN, variant, "published")[0][-epochs:])

    asked = {"model": RNN, "protocol": "published", "seed": 0}
    records = [record for record, _ in unit_folders(FOLDER / "units") if asked.items() <= record.items()]
    on = {record["variant"]: (record["device"], record["commit"]) for record in records}
    there = "paper+evaluated_epoch=best-on-test"
    same = {"unit-scale", "image-scale", "coefficient-axis", "relu-cell", "step-pooling", "slow-learning"}
    assert {on[variant] for variant in same} == {on[there]}
    assert on[there] not in (on["paper"], on["all-steps"])
    assert on["lstm-cell"][0] == on["paper"][0] != on[there][0]
    slow, image = ((last(name) - last(there), last("paper") - last(name)) for name in ("slow-learning", "image-scale"))
    says(f"against {last(there):.1f} %, `slow-learning` is up by {slow[0]:.1f} points instead of down by {slow[1]:.1f}")
    says(f"and `image-scale` down by {-image[0]:.1f} instead of {image[1]:.1f}")
    says(f"over its last ten it has {last('step-pooling', 10):.1f} % on average, `paper` {last(there, 10):.1f} % there")


def test_the_last_epoch_is_a_draw_of_its_own():
    """From the histories of seed 0, drawn at random, percent after each epoch."""

    def after(variant: str, seed: int = 0) -> list[float]:
        return [100 * value for value in histories(RNN, variant, "published")[seed]]

    def fall(variant: str) -> float:
        return max(before - here for before, here in itertools.pairwise(after(variant)))

    assert max(after("unit-scale")) < 12
    says(f"by {fall('paper'):.0f} points with `paper`, by {fall('step-pooling'):.0f} with `step-pooling`")
    slow, pooled, lstm = after("slow-learning"), after("step-pooling"), after("lstm-cell")
    says(f"had {slow[46]:.1f} % after 47 epochs, {slow[47]:.1f} % after 48 and {slow[49]:.1f} % after 50")
    says(f"`step-pooling` {pooled[48]:.1f} % after 49 and {pooled[49]:.1f} % after 50")
    says(f"with LSTM cells the same network has {lstm[-1]:.1f} %.")
    assert after("paper")[-1] < 100 * PAPER.cell(TABLE, RNN, "test", "accuracy").value < lstm[-1]
    last = [after("paper", seed=seed)[-1] for seed in range(3)]
    says(f"Three seeds of `paper` end {max(last) - min(last):.0f} points apart")
    says(f"ends at {after('paper+evaluated_epoch=best-on-test')[-1]:.1f} % instead of {last[0]:.1f} %")


# ---- features


def test_the_features_paragraph():
    settings = PAPER.settings_for(model=RNN)
    rate, window, hop = (settings[name] for name in ("sample_rate_hz", "n_fft", "hop_length"))
    says(f"is resampled to {rate:,} Hz")
    says(f"{settings['n_mfcc']} mel-frequency cepstral coefficients of windows of {window:,} samples")
    says(f"({1000 * window / rate:.0f} ms) every {hop} samples ({1000 * hop / rate:.0f} ms)")
    samples = [-(-n * rate // fsdd.SAMPLE_RATE_HZ) for n in fsdd.clips()["n_samples"]]
    frames = [1 + n // hop for n in samples]
    says(f"make a matrix of {settings['n_mfcc']} x {min(frames)} to {settings['n_mfcc']} x {max(frames)} values")
    says(f"{settings['image_height']} x {settings['image_width']} pixels")
    says(f"divided by {settings['white_level']} (`unit-scale`)")
