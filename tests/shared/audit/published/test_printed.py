"""Which whole numbers of clips a printed share can be: against all shares, written out with `decimal`."""

from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext

import pytest

from shared.audit.published.printed import ROUNDED, TRUNCATED, Printed, agree, which, why_not
from shared.paper.schema import Cell, Claim

WAYS = {ROUNDED: (ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_HALF_DOWN), TRUNCATED: (ROUND_DOWN,)}


def written_out(text: str, scale: int, n: int, mode: str) -> list[int]:
    """Every k of which k / n in that scale is written as `text`, in one of the mode's ways to round."""
    step = Decimal(1).scaleb(-len(text.partition(".")[2]))
    with localcontext(prec=60):
        shares = [Decimal(k * scale) / n for k in range(n + 1)]
    return [k for k, share in enumerate(shares) if any(str(share.quantize(step, way)) == text for way in WAYS[mode])]


@pytest.mark.parametrize("mode", [ROUNDED, TRUNCATED])
@pytest.mark.parametrize(
    ("text", "scale"),
    [
        *(("14.62", 100), ("14.63", 100), ("88.40", 100), ("69.0", 100), ("69", 100), ("100", 100), ("0", 100)),
        *(("33.3", 100), ("0.8720", 1), ("0.93", 1), ("0.125", 1), ("0.00", 1), ("1.00", 1)),
    ],
)
def test_counts_are_those_of_which_the_share_is_written_so(text, scale, mode):
    for n in [*range(1, 41), 375, 400, 500, 600, 2400]:  # 40 and 400: half a percent and an eighth lie between two
        assert [*Printed(text, scale).counts(n, mode)] == written_out(text, scale, n, mode), n


def test_whatever_python_prints_is_recognised():
    for n in (7, 40, 80, 160, 800, 2400):
        for k in range(n + 1):
            assert k in Printed(f"{100 * k / n:.2f}", 100).counts(n)


@pytest.mark.parametrize(
    ("text", "n", "mode", "counts"),
    [
        ("88.40", 600, ROUNDED, []),  # 530.4 clips
        ("88.40", 500, ROUNDED, [442]),
        ("14.62", 2400, ROUNDED, [351]),  # 14.625 %, half-way
        ("14.63", 2400, ROUNDED, [351]),
        ("14.62", 2400, TRUNCATED, [351]),
        ("14.63", 2400, TRUNCATED, []),
        ("97.16", 2400, ROUNDED, []),
        ("97.16", 2400, TRUNCATED, [2332]),  # 97.1667 %
        ("12", 600, ROUNDED, [69, 70, 71, 72, 73, 74, 75]),  # 11.5 to 12.5 %
        ("12", 600, TRUNCATED, [72, 73, 74, 75, 76, 77]),
    ],
)
def test_counts_worked_by_hand(text, n, mode, counts):
    assert [*Printed(text, 100).counts(n, mode)] == counts


def test_a_text_tells_something_while_there_are_more_texts_than_clips():
    assert Printed("14.62", 100).tells(9_999)
    assert not Printed("14.62", 100).tells(10_000)
    assert all(Printed(f"{i / 100:.2f}", 100).counts(10_000) for i in range(10_001))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("81.62", 100), ("81.67", 100), False),
        (("81.66", 100), ("81.67", 100), False),
        (("88", 100), ("88.40", 100), True),
        (("88.5", 100), ("88.40", 100), False),
        (("88", 100), ("88.5", 100), True),  # half to even, or cut off
        (("87", 100), ("88.0", 100), False),
        (("88", 100), ("88.9", 100), True),  # cut off
        (("88", 100), ("89.0", 100), False),
        (("12", 100), ("14.62", 100), False),
        (("90.8", 100), ("0.9080", 1), True),
        (("90.9", 100), ("0.9080", 1), False),
        (("69", 100), ("69.0", 100), True),
        (("1290", 1), ("1292", 1), False),
    ],
)
def test_two_texts_of_one_number(one, other, same):
    assert agree(Printed(*one), Printed(*other)) is same
    assert agree(Printed(*other), Printed(*one)) is same


def test_sentences():
    assert why_not(Printed("88.40", 100), 600) == (
        "88.40 % of 600 clips would be 530.4: 530 are 88.333 % and 531 are 88.500 %."
    )
    assert why_not(Printed("97.16", 100), 2400).endswith("Only cut off after 2 decimals would 2,332 be 97.16 %.")
    assert which(Printed("88.40", 100), 500, "test clips") == "442 of 500 test clips"
    assert which(Printed("12", 100), 600) == "69 to 75 of 600"
    half = "351 of 2,400 (exactly 14.625 %, half-way, which Python prints as 14.62)"
    assert which(Printed("14.62", 100), 2400) == half


def test_a_claim_and_the_mean_of_a_cell_are_read():
    claim = Printed.of(Claim("the abstract", "90.8", 100))
    assert (float(claim.value), str(claim)) == (0.908, "90.8 %")
    cell = Cell("1", "a", "a", "test", "map@3", 0.874, "0.874 ± 0.006", 3, sd=0.006)
    assert Printed.of(cell) == Printed("0.874", 1)
