"""The three modes on what is real and at hand, in a minute; skipped where it is not."""

import keras
import numpy as np
import pytest

import data_prep
from data_prep import CorpusError
from reproductions.commands.run import run_paper
from reproductions.verma_genres.features import inputs_for, rows_for
from reproductions.verma_genres.model import ANN, CNN_1D, CNN_2D, STRIDE, build_cnn_1d
from shared.base.places import results_root
from shared.paper.loading import load_paper
from shared.results import store
from shared.results.derived import WINDOWS
from shared.runs.predictions import read_predictions
from shared.runs.units import unit_folders
from shared.training import fitting

SAME_ANSWERS = 0.95  # another processor rounds otherwise, and thirty epochs magnify it


@pytest.fixture
def there(tmp_path, monkeypatch):
    """Skips without the corpus that the test names; cache and results go to tmp_path."""

    def located(corpus):
        try:
            data_prep.corpus(corpus).locate()
        except CorpusError:
            pytest.skip(f"AUDIO_REPRODUCTIONS_DATA does not name a folder with {corpus}: no real data to run on")
        monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("AUDIO_REPRODUCTIONS_RESULTS", str(tmp_path / "results"))

    before, committed = keras.config.dtype_policy(), results_root()
    yield located, committed / "verma_genres"
    keras.config.set_dtype_policy(before)


def units(folder):
    return {record["key"]: (record, unit) for record, unit in unit_folders(folder / "units")}


def test_mode_1_answers_as_the_committed_run(there):
    located, committed = there
    located("gtzan_features_30s")
    run_paper("verma_genres", models=[ANN], corpus="gtzan_features_30s", report=False)
    ((key, (record, unit)),) = units(store.results_folder("verma_genres")).items()
    assert (record["status"], record["epochs"]) == ("complete", 30)
    ours, theirs = read_predictions(unit), read_predictions(units(committed)[key][1])
    assert (ours.clips == theirs.clips).all()
    assert (ours.y_prob.argmax(1) == theirs.y_prob.argmax(1)).mean() >= SAME_ANSWERS


def test_the_first_layer_s_variance_is_less_than_what_keras_s_momentum_leaves_of_the_1(there):
    """So a running variance that began at 1 is wrong at the end, as README.md says; a window of each track."""
    located, _ = there
    located("gtzan-excerpts")
    module = data_prep.corpus("gtzan-excerpts")
    index = module.index()
    settings = load_paper("verma_genres").settings_for(model=CNN_1D)
    rows = rows_for(CNN_1D, module, index, settings).drop_duplicates("track")
    windows = inputs_for(CNN_1D, module, rows, settings, "f" * 16)[range(len(rows))]
    keras.utils.set_random_seed(0)
    first = build_cnn_1d().get_layer("convolution_1")
    values = keras.ops.relu(keras.ops.conv(windows[..., None], first.kernel, strides=STRIDE, padding="valid"))
    n_steps = -(-len(index) * 14 * 4 // 5 // settings["batch_size"]) * settings["epochs"]
    assert np.asarray(values).var(axis=(0, 1)).max() < settings["norm_momentum"] ** n_steps


def test_modes_2_and_3_answer_for_windows_of_real_tracks(there, monkeypatch):
    """Four of each genre, untrained: `tests/data_prep` reads all of them, and test_train.py trains these networks."""
    located, _ = there
    located("gtzan-subset")
    module = data_prep.corpus("gtzan-subset")
    index = module.index()
    few = index[index.groupby("label").cumcount() < 4].reset_index(drop=True)
    few.attrs = index.attrs
    monkeypatch.setattr(module, "index", lambda: few)
    names = ("loss", "accuracy", "test_loss", "test_accuracy", "seconds")
    epoch = fitting.History([{"epoch": 1} | dict.fromkeys(names, 1.0)], best_epoch=1)
    monkeypatch.setattr(fitting, "fit", lambda *arguments, **options: epoch)
    run_paper("verma_genres", models=[CNN_1D, CNN_2D], corpus="gtzan-subset", epochs=1, report=False)
    found = {record["model"]: (record, unit) for record, unit in units(store.results_folder("verma_genres")).values()}
    for model, n_windows in ((CNN_1D, 29), (CNN_2D, 10)):
        record, unit = found[model]
        predictions = read_predictions(unit).on("test")
        assert len({clip.rpartition(".")[0] for clip in predictions.clips}) > 4  # of 12 tracks, at random
        assert abs(len(predictions.clips) - 12 * n_windows / 5) <= 3  # one window in five, a genre at a time
        assert (record["status"], record["clips_are"]) == ("partial", WINDOWS)
        assert "jazz.00054.wav" in (unit / "skipped.csv").read_text()
