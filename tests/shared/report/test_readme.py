"""Marked blocks: filled, idempotent, and refused when they cannot be."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.paper.loading import load_paper
from shared.paper.schema import Protocol
from shared.report.readme import ReadmeError, paper_blocks, render_blocks, suite_blocks
from shared.results.diff import compare, diff_paper
from shared.results.reading import Results
from shared.results.store import write_runs

FILE, NO_RESULTS = Path("README.md"), Path("nowhere")
TEXT = "# Title\n\n<!-- begin:a -->\nold\n<!-- end:a -->\n\nbetween\n\n<!-- begin:b -->\n<!-- end:b -->\nend\n"


@pytest.fixture(scope="module")
def paper(lam):
    return lam


def test_no_tag_of_a_text_becomes_one_of_the_page():
    body = "| <script>x</script> | a<br>b | `<id>` | 1 < 2 | <!-- end:a --> |"
    text = render_blocks("<!-- begin:a -->\n<!-- end:a -->", {"a": lambda: body}, Path("README.md"))
    assert text.splitlines()[1] == "| &lt;script>x&lt;/script> | a<br>b | `<id>` | 1 < 2 | &lt;!-- end:a --> |"


def test_blocks_are_filled_and_the_rest_is_kept():
    filled = render_blocks(TEXT, {"a": lambda: "new\n", "b": lambda: "| x |"}, FILE)
    assert filled == TEXT.replace("old", "new").replace("<!-- begin:b -->", "<!-- begin:b -->\n| x |")


def test_the_document_is_named_as_far_as_it_is_known(paper):
    def block(**known):
        known = dict.fromkeys(("address", "doi", "licence"), "") | known
        return paper_blocks(compare(Results(replace(paper, **known), NO_RESULTS)))["publication"]()

    assert block() == ""
    assert block(licence="CC BY 4.0") == "The document: licence CC BY 4.0."
    assert block(address="https://example.org/a.pdf", doi="10.1234/a") == (
        f"The document: [{paper.dated}](https://example.org/a.pdf); DOI [10.1234/a](https://doi.org/10.1234/a)."
    )


def test_rendering_twice_changes_nothing(tmp_path):
    (tmp_path / "curves_paper.png").touch()
    paper = load_paper("pragadaraju_digits")  # it has all kinds of blocks
    blocks = paper_blocks(compare(Results(paper, tmp_path)))
    text = "\n".join(f"<!-- begin:{name} -->\n<!-- end:{name} -->" for name in blocks)
    once = render_blocks(text, blocks, FILE)
    assert render_blocks(once, blocks, FILE) == once
    assert len(once) > len(text)


def test_only_what_is_asked_for_is_made():
    def fail():
        raise AssertionError("not asked for")

    assert render_blocks("no markers", {"a": fail}, FILE) == "no markers"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- begin:x -->\n<!-- end:x -->", "README.md: no block is called 'x'; the known are: a"),
        ("<!-- begin:a -->\n", "README.md: the markers begin:a and end:a do not pair up"),
        ("<!-- end:a -->\n<!-- begin:a -->\n", "do not pair up"),
    ],
)
def test_markers_that_cannot_be_filled_are_refused(text, message):
    with pytest.raises(ReadmeError, match=message):
        render_blocks(text, {"a": lambda: ""}, FILE)


def test_settings_say_where_they_come_from(paper):
    text = paper_blocks(compare(Results(paper, NO_RESULTS)))["settings"]()
    assert "| `batch_size` | all | 32 | images | paper, IV-B |" in text
    assert "| `image_width` | all | 1292 | pixels | arithmetic |" in text
    assert all(f"| `{name}` |" in text for name in paper.settings)


def test_models_have_their_shapes_and_counts(paper):
    text = paper_blocks(compare(Results(paper, NO_RESULTS)))["models"]()
    assert "7,762,021 parameters" in text
    assert "| Conv 5x5 @ 16, ReLU, max-pool 2x2 | 62 x 644 x 16 |" in text


def test_the_top_has_a_row_a_paper_with_its_verdicts(paper, write_unit):
    folder = write_unit("Model 3", {"test": 227})
    write_runs(paper, folder)
    row = suite_blocks([diff_paper(paper, folder)])["papers"]().splitlines()[-1]
    assert row.startswith("| [lam_ensemble](reproductions/lam_ensemble/README.md) | music genre")
    assert row.endswith(" | 3 | 2 not run, 1 undetermined |")


def test_variants_that_were_not_run_are_named_with_their_command(paper):
    text = paper_blocks(compare(Results(paper, NO_RESULTS)))["tables"]()
    last = text.splitlines()[-1]
    assert last.startswith("Variants that were not run yet: `paper-intended`, `paper-none`")
    assert last.endswith("`python -m reproductions run lam_ensemble --variant NAME`.")


def test_the_nearest_reading_has_its_table_and_the_others_are_counted(paper, write_unit):
    write_unit("Model 3", {"test": 227})
    write_unit("Model 3", {"test": 100}, protocol="grouped")
    folder = write_unit("Model 3", {"test": 10}, variant="paper-none")
    write_runs(paper, folder)
    text = paper_blocks(diff_paper(paper, folder))["tables"]()
    assert text.count("**Table IV, variant") == 1
    assert "| regenerated |" in text
    assert "0.9080" in text
    assert "2 more variants, splits and corpora: `python -m reproductions diff lam_ensemble`" in text


def test_figures_of_one_variant_and_protocol(paper, tmp_path):
    for name in ("confusion_prod_paper.png", "confusion_prod_paper_grouped.png", "curves_paper.png"):
        (tmp_path / name).touch()
    blocks = paper_blocks(compare(Results(paper, tmp_path)))
    shown = [link.rpartition("/")[2] for link in blocks["figures-paper"]().splitlines()]
    assert shown == ["curves_paper.png)", "confusion_prod_paper.png)"]
    assert blocks["figures-paper_grouped"]().count("png") == 1
    assert blocks["figures-paper-none"]() == "Not run yet."


def test_protocols_stand_side_by_side(paper, write_unit):
    write_unit("Model 3", {"validation": 300, "test": 225})
    write_unit("Model 3", {"validation": 300, "test": 150}, protocol="grouped")
    folder = write_unit("Model 3", {"validation": 300, "test": 200}, protocol="grouped", fold=1)
    write_runs(paper, folder)
    block = paper_blocks(diff_paper(paper, folder))["protocols"]()
    assert block.splitlines()[-1] == "| Model 3 | `paper` | 0.9000 | 0.6000 | 0.7000 ± 0.1414 (2 folds) |"


def test_other_corpora_stand_among_the_protocols_and_are_named(paper, write_unit):
    for seed, right in enumerate((200, 210)):
        write_unit("Model 3", {"test": right}, corpus="vntm-subset", seed=seed)
    folder = write_unit("Model 3", {"test": 150}, corpus="vntm-subset", protocol="grouped")
    write_runs(paper, folder)
    block = paper_blocks(diff_paper(paper, folder))["protocols"]().splitlines()
    assert block[0].startswith("| corpus | model | variant | published split, test accuracy |")
    assert block[-1] == "| vntm-subset | Model 3 | `paper` | 0.8200 ± 0.0283 | 0.6000 |  |"


def test_a_partial_run_stands_among_the_protocols_and_says_so_until_a_finished_one_is_there(paper, write_unit):
    folder = write_unit("Model 3", {"validation": 300, "test": 225}, status="partial")
    write_runs(paper, folder)
    block = paper_blocks(diff_paper(paper, folder))["protocols"]()
    assert block.splitlines()[-1] == "| Model 3 | `paper` | 0.9000 (partial: 3 epochs) | not run |  |"
    write_unit("Model 3", {"validation": 300, "test": 200}, seed=1)
    write_runs(paper, folder)
    block = paper_blocks(diff_paper(paper, folder))["protocols"]()
    assert block.splitlines()[-1] == "| Model 3 | `paper` | 0.8000 | not run |  |"


def test_another_protocol_has_a_column_of_its_own(paper, write_unit):
    folder = write_unit("Model 3", {"validation": 300, "test": 225}, protocol="official")
    write_runs(paper, folder)
    block = paper_blocks(diff_paper(paper, folder))["protocols"]()
    assert "| published split, test accuracy | official | grouped, fold 0 |" in block.splitlines()[0]
    assert block.splitlines()[-1] == "| Model 3 | `paper` | not run | 0.9000 | not run |  |"


def test_named_folds_stand_side_by_side(paper, write_unit):
    write_unit("Model 3", {"validation": 300, "test": 150}, protocol="grouped", fold=0)
    folder = write_unit("Model 3", {"validation": 300, "test": 200}, protocol="grouped", fold=2)
    write_runs(paper, folder)
    diff = diff_paper(paper, folder)
    with pytest.raises(ReadmeError, match=r"the block 'folds' needs the folds' names, corpus.protocols.grouped.folds"):
        paper_blocks(diff)["folds"]()
    grouped = Protocol("grouped", folds=("anna", "ben", "cora"))
    named = replace(paper, corpus=replace(paper.corpus, protocols={"grouped": grouped}))
    block = paper_blocks(replace(diff, results=replace(diff.results, paper=named)))["folds"]()
    assert block.splitlines()[0] == "| model | variant | anna | ben | cora | mean ± sd over folds |"
    assert block.splitlines()[-1] == "| Model 3 | `paper` | 0.6000 | not run | 0.8000 | 2 of 3 folds |"
    write_unit("Model 3", {"validation": 300, "test": 175}, protocol="grouped", fold=1)
    write_runs(paper, folder)
    diff = diff_paper(paper, folder)
    block = paper_blocks(replace(diff, results=replace(diff.results, paper=named)))["folds"]()
    assert block.splitlines()[-1] == "| Model 3 | `paper` | 0.6000 | 0.7000 | 0.8000 | 0.7000 ± 0.1000 |"
