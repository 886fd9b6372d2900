"""The report: it hangs together, says what the diff says, is the same twice, and is what is committed."""

import csv
import time
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from shared.paper.loading import list_papers, load_paper
from shared.report import overview
from shared.report.examples import read_examples
from shared.report.files import confusion_file
from shared.report.site import FILES, SITE, drawn_site, page_name, write_site
from shared.report.site.curves import _figure
from shared.report.story import FINDINGS
from shared.report.tables import tables_of
from shared.results import store
from shared.results.diff import diff_paper
from shared.results.store import results_folder, write_runs
from tests.shared.report.document import Document

PAPERS = list_papers()
PAGES = ["index.html", *map(page_name, PAPERS)]
MOST_SECONDS, MOST_BYTES = 20, 10_000_000  # of processor time, and of all files, whatever the number of papers


@pytest.fixture(scope="module")
def drawn(committed):
    return drawn_site(committed, results_folder(SITE))


@pytest.fixture(scope="module")
def site(drawn):
    return {name: content.decode("utf-8") for name, content in drawn.items() if name.endswith(".html")}


@pytest.fixture(scope="module")
def documents(site):
    return {name: Document(text) for name, text in site.items()}


# ---------------------------------------------------------------- what is committed


def test_the_committed_site_is_what_would_be_written(drawn):
    folder = results_folder(SITE)
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == set(drawn)
    for name, content in drawn.items():
        assert (folder / name).read_bytes() == content, f"{name}: run python -m reproductions report"


def test_drawing_takes_little_time_and_room_and_gives_the_same_twice(committed, drawn):
    start = time.process_time()
    assert drawn_site(committed, results_folder(SITE)) == drawn
    assert time.process_time() - start < MOST_SECONDS
    assert sum(map(len, drawn.values())) < MOST_BYTES


# ---------------------------------------------------------------- structure


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_its_frame(site, documents, name):
    page = documents[name]
    assert site[name].startswith("<!doctype html>\n")
    assert page.all("html")[0].attributes["lang"] == "en"
    assert page.all("title")[0].text
    assert len(page.all("main")) == len(page.all("h1")) == 1
    metas = [meta.attributes for meta in page.all("meta")]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
    assert [script.attributes for script in page.all("script")] == [{"src": "page.js", "defer": None}]
    assert not page.all("iframe", "object", "style"), "all style is in the style sheet"
    assert not [a for element in page.elements for a in element.attributes if a.startswith("on") or a == "style"]


@pytest.mark.parametrize("name", PAGES)
def test_headings_are_in_order_and_ids_are_unique(documents, name):
    page = documents[name]
    levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize("name", PAGES)
def test_every_link_picture_and_sound_resolves_within_the_site_or_is_the_paper(committed, documents, drawn, name):
    page = documents[name]
    papers = [address for diff in committed for address in (diff.paper.address, diff.paper.doi_address) if address]
    links = [(e, e.attributes.get("href") or e.attributes.get("src")) for e in page.all("a", "link", "img", "audio")]
    for element, address in links:
        if address == "data:,":  # the empty picture that keeps a browser from asking for an icon
            continue
        if element.tag == "a" and address in papers:
            continue
        file, _, place = address.partition("#")
        target = Path(unquote(file)) if file else Path(name)
        assert element.text.strip() or element.tag != "a", "a link says where it goes"
        if place:
            assert place in documents[target.name].ids, address
        else:
            assert target.as_posix() in drawn, address
    assert all(image.attributes.get("alt") for image in page.all("img"))


@pytest.mark.parametrize("name", PAGES)
def test_every_table_has_headings_a_caption_and_a_frame_that_scrolls(documents, name):
    page = documents[name]
    for table in page.all("table"):
        own = [element for element in page.elements if table in element.inside]
        assert [e.tag for e in own].count("caption") == 1
        assert next(e for e in own if e.tag == "caption").text.strip()
        assert any(e.tag == "th" and e.around("thead") for e in own)
        assert all(e.attributes.get("scope") for e in own if e.tag == "th")
        frame = table.inside[-1].attributes
        assert (frame["class"], frame["tabindex"], frame["role"]) == ("scroll", "0", "group")
        assert frame["aria-label"].startswith("Table: ")


@pytest.mark.parametrize("name", PAGES)
def test_rows_of_a_table_fill_its_columns(documents, name):
    """Spans counted in, every row of a table is as wide as its head."""
    page = documents[name]
    for table in page.all("table"):
        widths, taken = [], {}
        rows = [e for e in page.all("tr") if table in e.inside]
        for index, row in enumerate(rows):
            width = taken.get(index, 0)
            for cell in page.cells[row]:
                columns = int(cell.attributes.get("colspan", 1))
                width += columns
                for below in range(1, int(cell.attributes.get("rowspan", 1))):
                    taken[index + below] = taken.get(index + below, 0) + columns
            widths.append(width)
        assert len(set(widths)) == 1, f"{table.text[:80]}: {widths}"


@pytest.mark.parametrize("name", PAGES)
def test_every_drawing_has_words(documents, name):
    for drawing in documents[name].all("svg"):
        outer = [element.attributes for element in drawing.inside if element.attributes.get("role") == "img"]
        assert len(outer) == 1
        assert len(outer[0]["aria-label"]) > 60, "what is to be seen, not that there is a picture"


@pytest.mark.parametrize("name", PAGES)
def test_a_verdict_is_a_sign_and_a_word(documents, name):
    for badge in documents[name].all("span"):
        if "badge" in (badge.attributes.get("class") or ""):
            sign, _, word = badge.text.partition("\N{NO-BREAK SPACE}")
            assert sign
            assert word.replace(" ", "").isalpha()


@pytest.mark.parametrize("name", PAGES[1:])
def test_a_page_begins_with_what_was_found_and_one_table_and_folds_the_rest(documents, site, name):
    page, paper_id = documents[name], name.removesuffix(".html")
    told = next(p.text for p in page.all("p") if p.attributes.get("class") == "story")
    assert f"**{paper_id}**" in (text := FINDINGS.read_text(encoding="utf-8"))
    assert " ".join(told.split()) in " ".join(text.replace("`", "").split())
    assert site[name].index('class="story"') < site[name].index('class="forest"') < site[name].index('class="contents"')
    tables = [table for table in page.all("table") if table.attributes.get("class") == "paper"]
    open_ones = [table for table in tables if not table.around("details", **{"class": "folded"})]
    assert len(open_ones) <= 2 < len(tables)


def test_a_page_leads_to_its_paper_and_to_what_there_is_of_it_in_the_project(committed, documents):
    for diff in committed:
        page, paper = documents[page_name(diff.paper.id)], diff.paper
        links = [link.attributes["href"] for link in page.all("a")]
        away = [link for link in links if link.startswith("http")]
        assert away == [link for link in (paper.address, paper.doi_address) if link]
        files = [code.attributes["data-file"] for code in page.all("code") if code.attributes.get("class") == "file"]
        assert [Path(file).name for file in files] == ["README.md", "notes.md", "lesson.ipynb", "model.py", "train.py"]
        assert all((paper.path.parents[2] / file).exists() for file in files)
        assert paper.dated in page.all("main")[0].text


def test_the_forest_plot_says_in_words_what_it_shows(committed, documents):
    for diff in committed:
        page = documents[page_name(diff.paper.id)]
        words = next(e.attributes["aria-label"] for e in page.all("div") if e.attributes.get("class") == "forest")
        drawn = [reading for line in overview.lines([diff]) for reading in line.readings]
        assert words.count("published") == len(drawn)
        for _, entry in drawn:
            if entry.value is not None:
                assert f"published {entry.cell.printed}, regenerated {shown(entry.value, entry.cell)}" in words


# ---------------------------------------------------------------- the numbers are the diff's


def test_percent_and_fraction_are_never_in_one_table_of_the_front(committed, documents):
    for diff in committed:
        rows = [cells for heading, _, cells in documents["index.html"].rows if heading == diff.paper.title]
        cells = [row[i] for row in rows if len(row) == 7 for i in (1, 2, 5) if row[i][:1].isdigit()]
        assert len(cells) > 1
        percent = diff.paper.main_column(diff.paper.tables[0]).scale == 100
        assert [cell for cell in cells if (float(cell.split()[0]) > 1) != percent] == []


def shown(value: float, cell, sign: str = "") -> str:
    """A number in the scale and with the decimals that the paper prints, minus signs as they are set."""
    return f"{value * cell.scale:{sign}.{cell.decimals}f}".replace("-", "−")


def test_every_number_of_the_diff_stands_on_the_paper_s_page(committed, documents):
    checked = 0
    for diff in committed:
        rows = [cells for _, _, cells in documents[page_name(diff.paper.id)].rows]
        for section in diff.sections:
            for entry in section.entries.values():
                if entry.value is None:
                    continue
                cell, spread = entry.cell, f" ± {shown(entry.sd, entry.cell)}" if entry.sd is not None else ""
                interval = ""
                if entry.low is not None:
                    interval = f"{shown(entry.low, cell, '+')} to {shown(entry.high, cell, '+')}"
                expected = [
                    *(entry.model, f"{entry.split} {entry.metric}", cell.printed, shown(entry.value, cell) + spread),
                    *(shown(entry.value - cell.value, cell, "+"), interval),
                ]
                found = [row for row in rows if row[: len(expected)] == expected]
                assert any(row[-2].endswith(entry.verdict) for row in found), expected
                checked += 1
    assert checked > 50


def test_the_table_in_the_paper_s_layout_has_the_numbers_of_its_section(committed, documents):
    for diff in committed:
        rows = documents[page_name(diff.paper.id)].rows
        for section in (section for section in diff.sections if section.name == "paper"):
            for table in tables_of(diff.paper, section):
                for row in table.rows:
                    entries = [section.entry(cell) for cell in row.cells if cell]
                    texts = [shown(e.value, e.cell) for e in entries if e.value is not None]
                    lines_of = [cells for _, name, cells in rows if name.startswith(f"{table.label}: ")]
                    found = [[text.split(" ±")[0] for text in cells] for cells in lines_of if "regenerated" in cells]
                    assert not texts or ["regenerated", *texts] in found


def test_the_front_page_has_a_line_a_reading(committed, documents):
    rows = [(heading, cells) for heading, _, cells in documents["index.html"].rows]
    for diff in committed:
        mine = [cells for heading, cells in rows if heading == diff.paper.title and len(cells) > 1]
        there = [entry for line in overview.lines([diff]) for _, entry in line.readings]
        assert len(there) > 1
        assert all(cells[1] == "none" for cells in mine[len(there) :]), "then what the paper has no number for"
        for entry, cells in zip(there, mine, strict=False):
            assert cells[1] == entry.cell.printed
            if entry.value is None:
                assert cells[2] == "not run"
            else:
                assert cells[2].split(" ±")[0] == shown(entry.value, entry.cell)
                assert cells[6] == entry.reason.replace(" -", " −")


def test_a_matrix_has_the_counts_of_its_file(committed, documents):
    checked = 0
    for diff in committed:
        rows = documents[page_name(diff.paper.id)].rows
        for section in diff.sections:
            for model in {row["model"] for row in section.runs}:
                file = confusion_file(results_folder(diff.paper.id), model, section.name)
                if file.exists():
                    with file.open(encoding="utf-8", newline="") as content:
                        counts = list(csv.reader(content))[1:]
                    mine = [cells for _, name, cells in rows if name == f"{model}, regenerated"]
                    starts = [mine[i : i + len(counts)] for i in range(len(mine))]  # corpora differ in their classes
                    assert counts in starts
                    checked += 1
    assert checked > 10


def test_a_clip_has_its_sound_its_image_and_what_the_kept_predictions_say(committed, documents):
    (diff,) = (diff for diff in committed if diff.paper.id == "pragadaraju_digits")
    page, examples = documents["pragadaraju_digits.html"], read_examples(diff.results.folder)
    figures = [e for e in page.all("figure") if any(a.around("figure") and e in a.inside for a in page.all("audio"))]
    assert len(figures) == len(examples) > 10
    kept = {}
    for answer in diff.results.answers:
        record = answer.record
        if (record["variant"], record["protocol"], record["seed"]) == ("paper", "published", 0):
            kept[record["model"]] = answer.predictions.on("test")
    for example in examples:
        image = next(e for e in page.all("img") if e.attributes["src"].endswith(f"/{example.file.name}"))
        figure = image.inside[-1]
        assert figure in figures
        assert len(kept) == 3
        for model, predictions in kept.items():
            row = list(predictions.clips).index(example.clip)
            answer, true = (predictions.classes[of[row].argmax()] for of in (predictions.y_prob, predictions.y_true))
            mark = "✓" if answer == true else "✗"
            assert f"{mark} {model}: {answer}, {predictions.y_prob[row].max():.2f}" in figure.text


def test_matrices_say_which_clips_they_count(site):
    assert "What is taken for what, on the test split" in site["lam_ensemble.html"]
    assert "What is taken for what, on the validation split" in site["shan_tagging.html"]  # what the folds hold out


# ---------------------------------------------------------------- names that somebody else chose, and odd results


NAME, UNIT = "<script>alert(1)", '"><img src=x onerror=alert(2)>'


@pytest.fixture
def odd(tmp_path, write_unit, monkeypatch):
    """A function that draws the page of lam_ensemble from units in ``tmp_path``, its third model named `NAME`."""
    monkeypatch.setattr(store, "results_folder", lambda paper_id: tmp_path / ("" if paper_id != SITE else SITE))
    text = (load_paper("lam_ensemble").path).read_text(encoding="utf-8").replace("Model 3", NAME)
    text = text.replace('unit = "Hz"', f"unit = '{UNIT}'").replace("as the report says", f"{NAME} & {UNIT[2:]}")
    file = tmp_path / "papers" / "lam_ensemble" / "paper.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")

    def draw():
        paper = load_paper("lam_ensemble", tmp_path / "papers")
        write_runs(paper, tmp_path)
        drawn = drawn_site([diff_paper(paper, tmp_path)], tmp_path / SITE)
        return {name: content.decode("utf-8") for name, content in drawn.items()}

    return draw


def test_names_of_models_units_and_variants_are_text(odd, write_unit):
    write_unit(NAME, {"validation": 324, "test": 227})
    for name, text in odd().items():
        if name.endswith(".html"):
            page = Document(text)
            assert len(page.all("script")) == 1, "the page's own"
            assert not page.all("img")
            assert NAME in page.all("main")[0].text
    assert f"{NAME} & {UNIT[2:]}" in page.all("main")[0].text
    assert UNIT in page.all("main")[0].text


NOTHING_OF_ITS_OWN = "No run on the paper's own data (vntm) is in the results. What was run on other data stands below."


def test_another_corpus_is_not_comparable_and_stands_apart(odd, write_unit):
    write_unit("Model 1", {"test": 200}, corpus="vntm-subset", fingerprint="0" * 16)
    page = Document(odd()["lam_ensemble.html"])
    assert "On other corpora: not comparable" in [heading.text for heading in page.all("h2")]
    assert NOTHING_OF_ITS_OWN in [paragraph.text for paragraph in page.all("p")]
    about = [cells for _, _, cells in page.rows if len(cells) == 9 and cells[0] == "Model 1"]
    assert about
    assert all(
        "not comparable" in cells[7] and "corpus vntm-subset, the paper's is vntm" in cells[8] for cells in about
    )


def test_the_grouped_number_stands_beside_with_its_folds(odd, write_unit):
    write_unit("Model 1", {"test": 200})
    for fold, right in enumerate((100, 150)):
        write_unit("Model 1", {"test": right}, protocol="grouped", fold=fold)
    rows = [cells for _, _, cells in Document(odd()["index.html"]).rows if "0.8000" in cells]
    assert rows[0][5] == "0.5000 ± 0.1414 2 folds"


def test_a_history_with_what_is_no_number_is_drawn_without_it(odd, write_unit):
    folder = write_unit("Model 1", {"test": 200})
    (history,) = folder.glob("units/*/history.csv")
    history.write_text(history.read_text("utf-8").replace("1.4,0.4", "nan,0.4"), encoding="utf-8")
    text = odd()["lam_ensemble.html"]
    points = [element.attributes["points"] for element in Document(text).all("polyline")]
    assert len(points) == 4
    assert "nan" not in "".join(points)


def test_writing_again_changes_nothing_and_removes_the_page_of_a_paper_that_is_no_more(odd, write_unit, tmp_path):
    write_unit("Model 1", {"test": 200})
    odd()
    diff = diff_paper(load_paper("lam_ensemble", tmp_path / "papers"), tmp_path)
    (tmp_path / SITE / FILES / "gone").mkdir(parents=True)
    (tmp_path / SITE / "gone.html").touch()
    (tmp_path / SITE / FILES / "gone" / "gone.wav").touch()
    first = {path: path.read_bytes() for path in write_site([diff])}
    assert first == {path: path.read_bytes() for path in write_site([diff])}
    assert {path for path in (tmp_path / SITE).rglob("*") if path.is_file()} == set(first)


def test_curves_of_several_labels_a_clip_are_of_their_binary_accuracy():
    history = {"binary_accuracy": [0.9, 0.95], "loss": [0.3, 0.2], "val_binary_accuracy": [0.91, 0.94]}
    run = history | {"val_loss": [0.25, 0.21], "epoch": [1, 2], "best_epoch": 2, "run": "seed 0"}
    words = str(_figure("CNN", [run]))
    assert "training binary accuracy 0.900 to 0.950, validation binary accuracy 0.910 to 0.940" in words
