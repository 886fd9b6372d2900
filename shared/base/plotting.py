"""Figures without a screen, in the suite's colours: the same numbers give the same PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shared.base.files import atomic_write

DPI, COLOURS = 100, 32


INK, MUTED, TRAIN, VALIDATION = "#222222", "#767676", "#8c8c8c", "#20639b"


def new_figure(rows: int, columns: int, size: tuple[float, float], layout: str = "constrained", **shared):
    """A figure that draws without a screen and leaves pyplot's state alone."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **shared)


def save_figure(figure, path: Path, colours: int = COLOURS) -> None:
    """Write the PNG with a palette, a third of the size of one with 24 bits a pixel, and without a date or a version in
    it, so that only other numbers change the file."""
    from PIL import Image

    figure.set_dpi(DPI)
    figure.canvas.draw()  # once; savefig would lay it out and draw it twice
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
    picture = picture.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    atomic_write(path, lambda file: picture.save(file, format="png", optimize=True))
