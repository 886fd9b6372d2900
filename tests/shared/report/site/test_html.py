"""Whatever is not markup is escaped."""

import pytest

from shared.report.site.html import Html, h, joined, minus, plain, prose


def test_an_element_has_its_attributes_and_its_children_in_order():
    link = h("a", "one ", h("b", 2), None, [" and ", h("i", "3")], href="x.html", class_="up", hidden=True, id=None)
    assert link == '<a href="x.html" class="up" hidden>one <b>2</b> and <i>3</i></a>'
    assert h("img", alt="", aria_hidden="true") == '<img alt="" aria-hidden="true">'


@pytest.mark.parametrize("made", [lambda text: h("b", text), lambda text: prose(text), lambda text: joined([text])])
def test_text_is_escaped_wherever_it_comes_in(made):
    assert "<script>" not in made("<script>alert(1)</script> & more")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in made("<script>alert(1)</script> & more")


def test_an_attribute_cannot_be_left():
    assert h("a", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;"></a>'


def test_markup_is_kept_and_its_text_can_be_had_again():
    assert h("p", Html("a &lt; <b>b</b>")) == "<p>a &lt; <b>b</b></p>\n"
    assert plain(h("p", "a < ", h("b", "b"))) == "a < b"


def test_words_in_backticks_are_code():
    assert prose("as `paper <x>`, 5 %") == "as <code>paper &lt;x&gt;</code>, 5\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("text", "shown"), [("-0.5 to -0.25", "−0.5 to −0.25"), ("2-3 of x-1", "2-3 of x-1"), ("+1", "+1"), ("a-b", "a-b")]
)
def test_a_minus_sign_is_one(text, shown):
    assert minus(text) == shown
