"""The style sheet: text can be read in both colour schemes, and nothing is fetched from elsewhere."""

import itertools
import re
from pathlib import Path

import pytest

import shared.report.site

CSS = Path(shared.report.site.__file__).with_name("style.css").read_text(encoding="utf-8")
ROOTS = re.findall(r":root\s*\{(.*?)\}", CSS, re.DOTALL)
READABLE = 4.5  # WCAG 2.2, AA, text of ordinary size


def scheme(name: str) -> dict[str, str]:
    """The variables of a colour scheme; the dark one overrides some of the light one."""
    light, dark = (dict(re.findall(r"--([\w-]+):\s*([^;]+);", root)) for root in ROOTS)
    return light if name == "light" else light | dark


def rgb(text: str) -> tuple[float, ...]:
    if text.startswith("#"):
        return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))
    return tuple(map(float, text.split()))


def mixed(over: tuple, under: tuple, share: float) -> tuple[float, ...]:
    return tuple(share * a + (1 - share) * b for a, b in zip(over, under, strict=True))


def contrast(one: tuple, other: tuple) -> float:
    """The ratio of two colours by WCAG's formula."""

    def luminance(colour):
        linear = [c / 255 / 12.92 if c <= 10.3 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_formula_itself():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)  # a known near miss


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_can_be_read_on_its_ground(name):
    colours = scheme(name)
    pairs = itertools.product(("ink", "muted", "accent", "good", "fair", "bad"), ("paper", "raised"))
    faint = [(ink, ground) for ink, ground in pairs if contrast(rgb(colours[ink]), rgb(colours[ground])) < READABLE]
    assert not faint


@pytest.mark.parametrize("name", ["light", "dark"])
def test_counts_can_be_read_on_every_shade(name):
    colours, faint = scheme(name), []
    for colour, shade in itertools.product(("accent-rgb", "fewer-rgb"), range(1, 11)):
        ground = mixed(rgb(colours[colour]), rgb(colours["paper"]), float(colours[f"s{shade}"]))
        if contrast(rgb(colours["on-shade" if shade >= 8 else "ink"]), ground) < READABLE:
            faint.append((colour, shade))
    assert not faint


def test_nothing_comes_from_elsewhere():
    assert not re.search(r"@import|@font-face|url\(|https?:", CSS)


def test_focus_is_seen_and_both_schemes_are_there():
    assert ":focus-visible { outline: 3px solid" in CSS
    assert "prefers-color-scheme: dark" in CSS
    assert not re.search(r"outline:\s*(0|none)", CSS)
