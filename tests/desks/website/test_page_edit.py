"""Edits of pages: spliced into the bytes, so that nothing else changes, and never a guess."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desks.website.models.changes import Change, Kind, Part, Target
from desks.website.rules.change.edit import Edited, edited, read_page
from desks.website.rules.change.places import Reader
from desks.website.rules.page.source import Edit, PageError, read_source, spliced
from desks.website.rules.page.words import find, folded, words_of
from desks.website.rules.request.read import wish_of

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Plans &amp; prices</title></head>
<body>
  <nav><ul>
    <li><a href="/docs">Docs</a></li>
    <li><a href="/old">Docs</a>
    <li><a class=btn href=/buy>Buy</a>
  </ul></nav>
  <div id="hero"><h1>Plans <em>for</em> all</h1></div>
  <p class=lead>Since&nbsp;1999 we sell <b>EUR 19</b> plans.</p>
  <p>The plan costs EUR 19 a month. EUR 190 a year.</p>
  <h2>Shipping</h2>
  <p>We ship.</p>
  <img src=img/team.jpg alt="">
  <script>var price = "EUR 19";</script>
</body></html>
"""
TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\x00"), min_size=1, max_size=30
)


def made(words: str, page: str = PAGE) -> Edited:
    wish = wish_of(words)
    assert not wish.unclear, wish
    return edited(page.encode(), wish.changes)


def lines_of(words: str) -> list[str]:
    """Return the lines that a request changes, as they are afterwards."""
    before, after = PAGE.split("\n"), made(words).data.decode().split("\n")
    return [line.strip() for line in after if line not in before]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ('Change the heading "Plans for all" to "Plans for many"', ['<div id="hero"><h1>Plans <em>for</em> many</h1></div>']),
        ('replace "Since 1999 we sell" with "We have sold since 1999,"', None),
        ('Replace "EUR 190 a year" with "EUR 210 a year & tax <free>"', ["<p>The plan costs EUR 19 a month. EUR 210 a year &amp; tax &lt;free&gt;.</p>"]),
        ('change the second link "Docs" to "Documents"', ['<li><a href="/old">Documents</a>']),
        ('the link "Buy" should go to /checkout.html', ['<li><a class=btn href="/checkout.html">Buy</a>']),
        ('In #hero h1 put "Plans for you"', ['<div id="hero"><h1>Plans <em>for</em> you</h1></div>']),
        ('set the title to "Prices </title><script>"', ['<html lang="en"><head><meta charset="utf-8"><title>Prices &lt;/title&gt;&lt;script&gt;</title></head>']),
        ('set the meta description to "All “our” plans"', ['<html lang="en"><head><meta charset="utf-8"><title>Plans &amp; prices</title>', '<meta name="description" content="All “our” plans"></head>']),
        ('set the alt text of team.jpg to "Our \'team\' & more"', None),
        ('remove the paragraph that begins with "Since 1999"', []),
        ('add "Also on Sundays." after the paragraph "We ship."', ["<p>Also on Sundays.</p>"]),
        ('add the paragraph "Fast." after the heading "Shipping"', ["<p>Fast.</p>"]),
        ("Ersetze „We ship.“ durch „Wir liefern.“", ["<p>Wir liefern.</p>"]),
        ('Replace "EUR 19" with "EUR 21" everywhere', ["<p class=lead>Since&nbsp;1999 we sell <b>EUR 21</b> plans.</p>", "<p>The plan costs EUR 21 a month. EUR 190 a year.</p>"]),
        ('In .lead replace "EUR 19" with "EUR 21"', ["<p class=lead>Since&nbsp;1999 we sell <b>EUR 21</b> plans.</p>"]),
    ],
)  # fmt: skip
def test_words_become_edits(words: str, lines: list[str] | None) -> None:
    """Each form of words changes the place that it names, escaped, with markup inside the words left where it is."""
    found = made(words)
    assert not found.open
    if lines is not None:
        assert lines_of(words) == lines


@pytest.mark.parametrize(
    ("words", "why", "places"),
    [
        ('replace "EUR 19" with "EUR 21"', "several", 2),
        ('change the link "Docs" to https://docs.example/', "several", 2),
        ('replace "eur 19" with "EUR 21"', "near", 2),
        ('replace "nobody wrote this" with "x"', "nowhere", 0),
        ('set the href of the link "Buy" to "javascript:alert(1)"', "unsafe_address", 1),
        ('change .lead to "Hi"', "across_markup", 1),
        ('replace "We ship." with "We ship."', "same", 1),
        ('in nav put "Menu"', "holds_blocks", 1),
        ('replace "EUR 1" with "EUR 2"', "near", 3),
    ],
)
def test_what_is_not_clear_is_asked(words: str, why: str, places: int) -> None:
    """Nothing is changed, and the places that may be meant are named with their lines."""
    found = made(words)
    assert found.data == PAGE.encode()
    assert [(one.why, len(one.places)) for one in found.open] == [(why, places)]


def test_a_place_that_was_picked_is_edited_and_no_other() -> None:
    """The reference holds the line and letters of the place; of another page's line it picks nothing."""
    wish = wish_of('replace "EUR 19" with "EUR 21"')
    (question,) = edited(PAGE.encode(), wish.changes).open
    picked = edited(PAGE.encode(), wish.changes, question.places[1].reference)
    assert picked.data.decode() == PAGE.replace("costs EUR 19 a", "costs EUR 21 a")
    moved = PAGE.replace("costs EUR 19 a", "costs about EUR 19 a")
    assert edited(moved.encode(), wish.changes, question.places[1].reference).open


@settings(max_examples=200, deadline=None)
@given(
    st.lists(TEXT, min_size=1, max_size=6),
    TEXT,
    st.integers(0, 5),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "iso-8859-1", "windows-1251", "shift_jis", "utf-16"]),
)
def test_every_byte_outside_an_edit_stays(
    texts: list[str], new: str, at: int, newline: str, charset: str
) -> None:
    """For any words, line ends and charset: before[:a] + new + before[b:], and the new words read as they were asked."""
    declared = {"utf-8-sig": "utf-8", "utf-16": "utf-16"}.get(charset, charset)
    lines = [f"<p>{t.replace('&', '&amp;').replace('<', '&lt;')}</p>" for t in texts]
    page = newline.join(("<!doctype html>", f'<meta charset="{declared}"><title>t</title>', *lines, ""))
    data = page.encode(charset, "xmlcharrefreplace")
    try:
        source = read_source(data)
    except PageError:
        return
    words = words_of(read_page(data))
    old = folded(texts[at % len(texts)])
    found = find(words, old)
    if not found or not folded(new):
        return
    change = Change(
        kind=Kind.REPLACE, target=Target(part=Part.TEXT, words=old, said=old), value=new, everywhere=True
    )
    try:
        result = edited(data, [change])
    except PageError:
        return
    if result.open:
        assert result.data == data
        return
    edits = [edit for one in result.made for step in one.steps for edit in step.edits]
    assert result.data == spliced(source, edits)
    first, last = min(source.offset(e.start) for e in edits), max(source.offset(e.end) for e in edits)
    errors = "strict" if source.codec.startswith("utf-16") else "surrogateescape"
    assert result.data.startswith(source.bom + source.raw[:first].encode(source.codec, errors))
    assert result.data.endswith(source.raw[last:].encode(source.codec, errors))
    assert folded(new) in words_of(read_page(result.data)).text


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_bytes_without_an_edit_are_the_same(data: bytes, html: bool) -> None:  # noqa: FBT001 (drawn)
    """Whatever the bytes are: a page that can be read is written back as it was, and its tokens leave no gap."""
    data = b"<html><body><p>" + data if html else data
    try:
        page = read_page(data)
    except PageError:
        return
    assert spliced(page.source, []) == data
    assert "".join(page.text[token.start : token.end] for token in page.tokens) == page.text
    words_of(page)


def test_carriage_returns_and_references_around_an_edit_stay() -> None:
    """A page with CR LF gets CR LF in what is added, and its references are not rewritten."""
    page = PAGE.replace("\n", "\r\n").encode()
    wish = wish_of('add "Also on Sundays." after the paragraph "We ship."')
    found = edited(page, wish.changes)
    assert found.data == page.replace(b"<p>We ship.</p>", b"<p>We ship.</p>\r\n  <p>Also on Sundays.</p>")


def test_what_the_charset_lacks_becomes_a_reference() -> None:
    """A page in Latin-1 takes a euro sign as a reference, an undeclared ASCII page takes any letter so."""
    latin = '<meta charset="iso-8859-15"><p>Gr\u00fc\u00dfe</p>'.encode("iso-8859-15")
    wish = wish_of('replace "Gr\u00fc\u00dfe" with "Gr\u00fc\u00dfe \u2013 \u20ac \u4f60"')
    assert edited(latin, wish.changes).data.endswith(
        "Gr\u00fc\u00dfe &#8211; ".encode("iso-8859-15") + b"\xa4 &#20320;</p>"
    )
    wish = wish_of('replace "Hello" with "H\u00e4llo"')
    assert edited(b"<p>Hello</p>", wish.changes).data == b"<p>H&#228;llo</p>"


def test_an_edit_in_markup_that_is_not_sound_is_refused() -> None:
    """Where the result would be another tree than was meant, nothing is written."""
    page = "<html><body><b><p>x one</b> two</p><table><tr><p>lost</p></table></body></html>"
    wish = wish_of('remove the paragraph "lost"')
    try:
        found = edited(page.encode(), wish.changes)
    except PageError:
        return
    assert found.open or b"<table><tr></table>" in found.data


def test_two_changes_of_one_place_are_refused() -> None:
    """Which of them was to come first nobody said."""
    wish = wish_of('replace "We ship." with "We send." and replace "We ship." with "We post."')
    with pytest.raises(PageError, match="same place"):
        edited(PAGE.encode(), wish.changes)


def test_a_word_is_never_found_inside_another() -> None:
    """Neither in a longer number, nor in a longer word, nor tied to one by a hyphen."""
    words = words_of(read_page(b"<p>EUR 190 pre-order it's EUR 19.50 EUR 19, order EUR 19.</p>"))
    assert [words.text[f.begin - 2 : f.begin] for f in find(words, "EUR 19")] == ["0 ", "r "]
    assert len(find(words, "order")) == 1
    assert not find(words, "s")


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\x00" * 100,
        b"<div>" * 100_000 + b"deep",
        b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x",
        b"<b>" * 3_000 + b"<p>x" * 300,
        b"<!--" + b"-" * 200_000,
        b"\xff\xfe\x00\xd8",
        b"<table>" * 5_000,
        b"&" * 100_000,
        b"<a href='" + b"x" * 500_000,
    ],
    ids=[
        "empty",
        "nul",
        "deep",
        "attributes",
        "misnested",
        "comment",
        "utf-16",
        "tables",
        "ampersands",
        "unclosed",
    ],
)
def test_hostile_pages_end_in_a_sentence_or_an_answer(page: bytes) -> None:
    """Each is refused by a PageError, or read; none is changed by looking."""
    try:
        read = read_page(page)
    except PageError:
        return
    assert spliced(read.source, []) == page
    Reader(read).words  # noqa: B018 (it is computed when it is asked for)


def test_a_page_of_no_known_charset_is_refused() -> None:
    """An edit would change more than was asked."""
    with pytest.raises(PageError, match="save it as UTF-8"):
        read_source(b'<meta charset="iso-2022-jp">\x1b$B')
    with pytest.raises(PageError, match="save it as UTF-8"):
        read_source(b"\xff\xfea\x00b")


def test_overlapping_edits_are_refused() -> None:
    """They come from two changes, and the later would be made on what is no longer there."""
    with pytest.raises(PageError):
        spliced(read_source(b"<p>abc</p>"), [Edit(3, 5, "x"), Edit(4, 6, "y")])


def test_new_words_are_never_markup() -> None:
    """A script in the new words is shown as words: the elements of the page are the same."""
    words = 'replace "We ship." with "<script>alert(1)</script> <img src=x onerror=alert(2)>"'
    after = read_page(made(words).data)
    assert [e.tag for e in after.elements] == [e.tag for e in read_page(PAGE.encode()).elements]
    assert re.search("&lt;script&gt;", after.text)
