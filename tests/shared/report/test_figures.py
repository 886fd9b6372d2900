"""Pictures: they are PNGs of a sensible size, and the same numbers give the same bytes."""

import io

import numpy as np
import pytest
from PIL import Image

from shared.report.figures import draw_confusion, draw_learning_curves

MATRIX = np.array([[9, 1, 0], [2, 7, 1], [0, 0, 0]])
RUN = {
    "run": "seed 0 float32",
    "epoch": [1.0, 2.0, 3.0],
    "accuracy": [0.3, 0.6, 0.9],
    "val_accuracy": [0.3, 0.7, 0.6],
    "loss": [1.5, 1.0, 0.2],
    "val_loss": [1.4, 1.0, 1.1],
    "best_epoch": 2,
}


def confusion(path, matrix=MATRIX):
    draw_confusion(path, [("published", MATRIX), ("regenerated", matrix)], ["a", "b", "c"], "Model, test")
    return path.read_bytes()


def curves(path, runs=(RUN,)):
    draw_learning_curves(path, {"Model 1": list(runs), "Model 2": [RUN]}, "variant paper")
    return path.read_bytes()


@pytest.mark.parametrize("draw", [confusion, curves])
def test_the_same_numbers_give_the_same_bytes(draw, tmp_path):
    first = draw(tmp_path / "a" / "1.png")
    assert draw(tmp_path / "a" / "2.png") == first
    image = Image.open(io.BytesIO(first))
    assert image.format == "PNG"
    assert not set(image.info) & {"Software", "Creation Time", "date"}


def test_other_numbers_give_another_picture(tmp_path):
    assert confusion(tmp_path / "1.png") != confusion(tmp_path / "2.png", MATRIX + 1)
    assert curves(tmp_path / "1.png") != curves(
        tmp_path / "2.png", [RUN, RUN | {"run": "seed 1 float32", "loss": [2.0, 1.0, 0.5]}]
    )


def test_a_long_title_is_not_cut_off(tmp_path):
    path = tmp_path / "1.png"
    draw_confusion(path, [("regenerated", MATRIX)], ["a", "b", "c"], "1-NN probe, test · protocol grouped · " * 3)
    pixels = np.asarray(Image.open(path).convert("L"))
    assert pixels[:60, [0, 1, -2, -1]].min() == 255, "the margins beside the title are empty"


@pytest.mark.parametrize("draw", [confusion, curves])
def test_a_picture_is_not_too_wide_not_too_heavy_and_on_white(draw, tmp_path):
    content = draw(tmp_path / "1.png")
    image = Image.open(io.BytesIO(content))
    assert 400 < image.width < 1400
    assert image.height < image.width
    assert len(content) < 25_000
    assert image.mode == "P"
    assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255), "the palette keeps the background as it is"


def test_no_text_of_learning_curves_is_cut_off(tmp_path):
    runs = [RUN | {"run": f"seed {seed} fold 0 float32"} for seed in range(3)]
    for number in (1, 3):
        draw_learning_curves(tmp_path / "1.png", {f"Model {i}": runs for i in range(number)}, "Learning curves")
        pixels = np.asarray(Image.open(tmp_path / "1.png").convert("L"))
        edges = (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:])
        assert min(edge.min() for edge in edges) == 255


def test_curves_of_binary_accuracy(tmp_path):
    binary = {name.replace("accuracy", "binary_accuracy"): values for name, values in RUN.items()}
    draw_learning_curves(tmp_path / "1.png", {"CNN": [binary]}, "variant paper")
    assert Image.open(io.BytesIO((tmp_path / "1.png").read_bytes())).format == "PNG"
