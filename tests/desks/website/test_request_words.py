"""What a request's words are understood as; what is not understood is asked about, never guessed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desks.website.models.changes import How, Kind, Part
from desks.website.rules.request.answer import answer_of
from desks.website.rules.request.items import items_of
from desks.website.rules.request.jobs import Site, sorted_by_page, with_answer
from desks.website.rules.request.read import wish_of
from desks.website.rules.site import page_named, safe_path

PAGES = ("about/index.html", "contact.html", "docs/pricing.html", "index.html", "pricing.html", "team.html")
SITE = Site(PAGES, frozenset({"www.site.example"}), frozenset({"partner.example"}), ())
MAIL = """Hi team,

some small changes for /pricing.html:

- heading "Plans" should read "Plans and prices"
- "EUR 19" -> "EUR 21"
- remove the paragraph containing "until March"

and on about.html please:
1. replace "five" by "six"
2. delete the list item "Fax"

Thanks a lot!
Mia"""


def told(words: str) -> list[tuple[str, str, str, str, str]]:
    wish = wish_of(words)
    assert not wish.unclear, wish.unclear
    return [(c.kind.value, c.target.part.value, c.target.words, c.value, c.page) for c in wish.changes]


def test_a_mail_with_lists_and_two_pages() -> None:
    """Each bullet is a change, of the page that was named last."""
    assert told(MAIL) == [
        ("set", "heading", "Plans", "Plans and prices", "/pricing.html"),
        ("replace", "text", "EUR 19", "EUR 21", "/pricing.html"),
        ("remove", "paragraph", "until March", "", "/pricing.html"),
        ("replace", "text", "five", "six", "about.html"),
        ("remove", "list_item", "Fax", "", "about.html"),
    ]


@pytest.mark.parametrize(
    ("words", "kind", "part", "target", "value"),
    [
        ('On /pricing.html change the heading "Plans" to "Prices".', "set", "heading", "Plans", "Prices"),
        ('replace "EUR 19" with "EUR 21" on the pricing page', "replace", "text", "EUR 19", "EUR 21"),
        ("Change EUR 19 to EUR 21 on the pricing page", "replace", "text", "EUR 19", "EUR 21"),
        ('set the meta description of about.html to "Who we are."', "set", "description", "", "Who we are."),
        ('change the link "Docs" to https://docs.example/x', "set", "link", "Docs", "https://docs.example/x"),
        ('in #hero h1 put "Welcome"', "set", "selector", "", "Welcome"),
        ('remove the paragraph that begins with "Since"', "remove", "paragraph", "Since", ""),
        ('The alt text of the image team.jpg should be "Us"', "set", "image", "team.jpg", "Us"),
        ("Ersetze „A b“ durch „C d“", "replace", "text", "A b", "C d"),
        (
            "Bitte ändern Sie die Überschrift „Preise“ in „Alle Preise“.",
            "set",
            "heading",
            "Preise",
            "Alle Preise",
        ),
        ("Lösche den Absatz, der mit „Seit“ beginnt.", "remove", "paragraph", "Seit", ""),
        ("Der Seitentitel soll „Preise“ lauten.", "set", "title", "", "Preise"),
        ('change the phone number from "+49 1" to "+49 2"', "replace", "text", "+49 1", "+49 2"),
        ('Could you please swap "old" for "new"?'.replace("for", "with"), "replace", "text", "old", "new"),
        ('instead of "old" write "new"', "replace", "text", "old", "new"),
        ('Rename the button "Buy" to "Buy now"', "set", "button", "Buy", "Buy now"),
    ],
)
def test_forms_of_words(words: str, kind: str, part: str, target: str, value: str) -> None:
    """English and German, imperative and polite, quoted and not where it is an amount or an address."""
    ((seen_kind, seen_part, seen_target, seen_value, _),) = told(words)
    assert (seen_kind, seen_part, seen_target, seen_value) == (kind, part, target, value)


@pytest.mark.parametrize(
    "words",
    [
        'Don\'t change the heading "Plans" to "X".',
        'If it is still there, replace "A" with "B".',
        "make the heading bigger",
        'Replace "A" with "B" or "C".',
        'Change the colour of the heading "Plans" to "red".',
        "Change the heading to something nicer",
        'Replace "A" with "B" on all pages.',
        "Ändern Sie die Überschrift bitte nicht.",
        'Move the paragraph "A" below the paragraph "B" and change it.',
    ],
)
def test_what_is_not_understood_is_never_made_a_change(words: str) -> None:
    """Negation, conditions, alternatives, looks, and words that are not quoted."""
    wish = wish_of(words)
    assert not wish.changes
    assert wish.unclear


def test_scopes_ordinals_and_everywhere() -> None:
    """Where in a page, the how-manyth, and all of them."""
    (change,) = wish_of('In the second paragraph replace "foo" with "bar"').changes
    assert (change.target.part, change.target.number, change.target.words) == (Part.PARAGRAPH, 2, "foo")
    (change,) = wish_of('In the heading "Prices 2025" replace "2025" with "2026".').changes
    assert (change.target.around, change.target.words) == ("Prices 2025", "2025")
    (change,) = wish_of('replace "a b" with "c" everywhere').changes
    assert change.everywhere
    (change,) = wish_of('In the footer replace "a b" with "c"').changes
    assert change.target.selector == "footer"
    (change,) = wish_of('remove the paragraph containing "x y"').changes
    assert (change.kind, change.target.how) == (Kind.REMOVE, How.CONTAINS)


def test_words_inside_quotations_are_never_read() -> None:
    """A quotation that looks like a command, a page or a list is what it is: words."""
    wish = wish_of('On /a.html replace "Please delete /b.html and change \'x\' to y." with "- remove "')
    ((kind, _, target, value, page),) = told(
        'On /a.html replace "delete /b.html. Change it, and go" with "- remove z"'
    )
    assert (kind, target, value, page) == (
        "replace",
        "delete /b.html. Change it, and go",
        "- remove z",
        "/a.html",
    )
    assert [change.page for change in wish.changes] in ([], ["/a.html"])


def test_checks_of_the_request() -> None:
    """What must hold afterwards is no change."""
    wish = wish_of(
        'Replace "EUR 19" with "EUR 21" on /p.html. Make sure that the page no longer shows "EUR 19".'
    )
    assert [(check.kind, check.value) for check in wish.checks] == [("absent", "EUR 19")]
    assert len(wish.changes) == 1


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    """No text raises, and no text without a quotation, an amount, a file or an attachment changes anything."""
    wish = wish_of(text)
    for change in wish.changes:
        assert change.value or change.kind in (Kind.REMOVE, Kind.FILE)


@pytest.mark.timeout(30)
def test_long_and_repeating_texts_are_read_in_time() -> None:
    """Nothing of the grammar takes more than linear time that a person would notice."""
    for text in (
        '"' * 20_000,
        "replace " * 5_000,
        'replace "a" with ' * 2_000,
        "#" * 20_000,
        "a." * 10_000,
        "on the " * 5_000,
    ):
        wish_of(text)


def test_pages_are_found_by_every_name() -> None:
    """By path, address, file name and the words that people use; what is not clear has candidates."""
    for named, path in (
        ("/pricing.html", "pricing.html"),
        ("https://www.site.example/pricing.html?x=1", "pricing.html"),
        ("/about", "about/index.html"),
        ("/about/", "about/index.html"),
        ("contact", "contact.html"),
        ("home", "index.html"),
        ("/", "index.html"),
        ("Team.html", "team.html"),
    ):
        assert page_named(named, PAGES, SITE.hosts).path == path, named
    assert page_named("pricing", PAGES, SITE.hosts).candidates == ("docs/pricing.html", "pricing.html")
    assert page_named("https://evil.example/", PAGES, SITE.hosts).url


@pytest.mark.parametrize(
    "path",
    ["", "/", "..", "../x.html", "a/../../x.html", "/%2e%2e/x.html", "%2e%2e/x", "%252e%252e/x", "a//b", ".git/x", "a/.x", "a\\b",
     "a\x00b", "//host/x", "./x", "a/./b", "x" * 400, "con:stream"],
)  # fmt: skip
def test_paths_that_lead_elsewhere_are_none(path: str) -> None:
    """Climbing, absolute, encoded once or twice, hidden, and with what no page's name holds."""
    assert safe_path(path) == "" or safe_path(path) == path == ""


def test_a_page_that_is_not_named_is_asked_for() -> None:
    """All at once, with the pages that there are; an answer with a page's name is enough."""
    wish = wish_of('replace "A b" with "C"')
    asked = sorted_by_page(wish, answer_of(""), SITE)
    assert [(ask.why, ask.pages) for ask in asked.asks] == [("which_page", PAGES)]
    answered = sorted_by_page(wish, answer_of("As answered: team.html"), SITE)
    assert [job.path for job in answered.jobs] == ["team.html"]


def test_files_and_other_hosts() -> None:
    """A file goes to the page of its name; a page of a listed host is fetched, of another it is not."""
    wish = wish_of("Please publish the attached team.html")
    (job,) = sorted_by_page(wish, answer_of(""), SITE._replace(attached=("team.html",))).jobs
    assert (job.path, job.file) == ("team.html", "team.html")
    assert [a.why for a in sorted_by_page(wish, answer_of(""), SITE).asks] == ["no_file"]
    wish = wish_of('On https://partner.example/x.html replace "A b" with "C"')
    assert [job.url for job in sorted_by_page(wish, answer_of(""), SITE).jobs] == [
        "https://partner.example/x.html"
    ]
    wish = wish_of('On https://other.example/x.html replace "A b" with "C"')
    assert [a.why for a in sorted_by_page(wish, answer_of(""), SITE).asks] == ["foreign_host"]


def test_an_answer_picks_or_says_anew() -> None:
    """References, 'all', a page, and a change in other words."""
    assert answer_of("As answered: L12-ab and L15-cd please").chosen == "L12-ab L15-cd"
    assert answer_of("As answered: all of them").chosen == "all"
    answer = answer_of('As answered: replace "Engraving costs" with "Engraving is"')
    wish, used = with_answer(wish_of("make the heading bigger"), answer)
    assert used
    assert [(change.said, change.value) for change in wish.changes] == [
        ("make the heading bigger", "Engraving is")
    ]


def test_changes_belong_to_their_items() -> None:
    """By their words; where none fits and there are several items, to none."""
    items = [("item-1", 'On /a.html replace "A" with "B".'), ("item-2", 'Remove "C d".')]
    assert items_of('replace "A" with "B"', items) == ("item-1",)
    assert items_of('Remove "C d".', items) == ("item-2",)
    assert items_of("something else entirely", items) == ()
