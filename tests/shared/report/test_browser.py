"""The report in a browser, opened as files: nothing missing, nothing complains, a phone and a keyboard are enough."""

import pytest

from shared.paper.loading import list_papers
from shared.report.site import SITE, page_name
from shared.results.store import results_folder
from tests.shared.report.browser import NAMES, Browser, find_chromium

PAGES = ["index.html", *map(page_name, list_papers())]
PHONE = 375
TAB = 9
FOCUSED = "(e => e === document.body ? null : [...document.querySelectorAll('*')].indexOf(e))(document.activeElement)"
REACHED = "a[href], button, summary, [tabindex='0']"
CAN_BE = f'[...document.querySelectorAll("{REACHED}")].filter(e => e.checkVisibility()).length'
OUTLINE = "getComputedStyle(document.activeElement).outlineStyle"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = find_chromium()
    if program is None:
        pytest.skip(f"no Chromium here (looked for {', '.join(NAMES)}): the report was not opened in a browser")
    browser = Browser(program, tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


def address(name: str) -> str:
    return (results_folder(SITE) / name).resolve().as_uri()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_from_its_file_whole_and_without_a_complaint(browser, name):
    browser.open(address(name))
    assert browser.complaints() == []
    assert all(asked.startswith(("file:", "data:")) for asked in browser.requested())
    assert browser.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length") == 0
    assert browser.evaluate("getComputedStyle(document.body).maxWidth") != "none", "the style sheet is there"


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_only_tables_scroll_sideways(browser, name):
    browser.open(address(name), width=PHONE, height=700)
    assert browser.evaluate("document.documentElement.scrollWidth") <= PHONE
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert browser.evaluate("document.documentElement.scrollWidth") <= PHONE


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_the_names_of_rows_stay_where_a_table_is_scrolled(browser, name):
    browser.open(address(name), width=PHONE, height=700)
    checked, gone = browser.evaluate("""(() => {
        document.querySelectorAll("details").forEach((d) => { d.open = true; });
        const left = (e) => (e.querySelector(":scope > span") ?? e).getBoundingClientRect().left;
        let checked = 0, gone = [];
        for (const frame of document.querySelectorAll(".scroll")) {
            if (frame.scrollWidth < frame.clientWidth + 30) continue;
            checked += 1;
            frame.scrollLeft = 1000;
            const names = [...frame.querySelectorAll("tbody tr:first-child > th:first-child")];
            if (names.some((e) => Math.abs(left(e) - left(frame)) > 2)) gone.push(frame.ariaLabel);
        }
        return [checked, gone];
    })()""")
    assert checked
    assert gone == []


def test_a_keyboard_reaches_everything_and_the_focus_is_seen(browser):
    browser.open(address(PAGES[0]))
    expected = browser.evaluate(CAN_BE)
    reached = []
    for _ in range(expected):
        browser.press("Tab", TAB)
        reached.append(browser.evaluate(FOCUSED))
        assert browser.evaluate(OUTLINE) != "none"
    assert None not in reached
    assert len(set(reached)) == expected > 10
    assert reached == sorted(reached), "in the order of the page"


def test_the_ground_is_dark_where_the_reader_prefers_it(browser):
    grounds = []
    for dark in (False, True):
        browser.open(address(PAGES[0]), dark=dark)
        grounds.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(253, 253, 251)", "rgb(21, 24, 27)"]


def test_a_table_is_sorted_by_the_heading_that_is_pressed(browser):
    browser.open(address("pragadaraju_digits.html"))
    column = (
        "[...document.querySelectorAll('#cost table.sortable tbody tr')].map(row => Number(row.cells[4].innerText))"
    )
    as_drawn = browser.evaluate(f"document.querySelector('#cost').closest('details').open = true, {column}")
    press = "document.querySelectorAll('#cost table.sortable thead button')[4].click()"
    assert browser.evaluate(f"{press}, {column}") == sorted(as_drawn) != as_drawn
    assert browser.evaluate(f"{press}, {column}") == sorted(as_drawn, reverse=True)


def test_clips_can_be_heard(browser):
    browser.open(address("pragadaraju_digits.html"))
    lasts = """Promise.all([...document.querySelectorAll("audio")].map((audio) => new Promise((done) => {
        audio.onloadedmetadata = () => done(audio.duration);
        audio.onerror = () => done(0);
        audio.preload = "metadata";
    })))"""
    assert all(0.1 < seconds < 2.5 for seconds in browser.evaluate(lasts))


def test_the_project_s_files_are_links_where_they_are_there(browser):
    browser.open(address("lam_ensemble.html"))
    links = browser.evaluate("[...document.querySelectorAll('a > code.file')].map(e => e.parentElement.href)")
    assert [link.rpartition("/")[2] for link in links] == [
        "README.md",
        "notes.md",
        "lesson.ipynb",
        "model.py",
        "train.py",
    ]
    assert all(link.startswith((results_folder(SITE).parents[1]).as_uri()) for link in links)


def test_a_link_opens_the_folded_section_that_it_leads_to(browser):
    browser.open(address(PAGES[1]))
    folded = "[...document.querySelectorAll('details.folded > div[id]')].map(e => e.id)"
    names = browser.evaluate(folded)
    assert len(names) > 5
    for name in (names[0], names[-1]):
        browser.open("about:blank")  # else it is the same page, which is not loaded anew
        browser.open(f"{address(PAGES[1])}#{name}")
        assert browser.evaluate("document.querySelector(':target').closest('details').open")
        assert browser.evaluate("document.querySelectorAll('details.folded[open]').length") <= 2


@pytest.mark.parametrize("width", [390, 700, 1200])
@pytest.mark.parametrize("name", PAGES)
def test_the_words_of_the_forest_plot_are_whole_and_beside_each_other(browser, name, width):
    browser.open("about:blank")
    browser.open(address(name), width=width)
    frame, texts, plot = browser.evaluate("""(() => {
        const box = (e) => { const r = e.getBoundingClientRect(); return [r.left, r.right, r.top, r.bottom]; };
        const svg = [...document.querySelectorAll(".forest svg")].find((e) => e.checkVisibility());
        const lines = [...svg.querySelectorAll(".axes line")].map(box);
        const texts = [...svg.querySelectorAll(":scope > text:not(.quiet)")].map(box);
        return [box(svg), texts, svg.matches(".wide") ? [lines[0][0], lines.at(-1)[1]] : null];
    })()""")
    assert frame[1] <= width
    for left, right, top, bottom in texts:
        assert frame[0] <= left < right <= frame[1] + 1
        beside = [other for other in texts if other[2] < bottom and top < other[3] and other[0] > left]
        assert all(right + 4 < other[0] for other in beside)
        assert plot is None or right + 4 < plot[0] or left > plot[1]
