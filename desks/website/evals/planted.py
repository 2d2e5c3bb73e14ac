"""Planted defects: a sound page and a changed one with one thing wrong, or a request that must be asked about; and clean ones."""

import re
from collections.abc import Callable, Iterator
from random import Random  # noqa: TID251 (from a seed, so that the cases are the same each time)
from typing import Any, Final

from desks.website.evals.pages import ANCHORS, FILES, OTHERS, Made, made_page
from desks.website.models.changes import Check
from desks.website.rules import tasks
from desks.website.rules.checks.assets import AssetLimits, Surroundings
from desks.website.rules.checks.seo import Heads, SeoLimits
from desks.website.rules.request.read import wish_of
from dispatch.evals.planted import PlantedCase

_EACH: Final = 3
_CLEAN: Final = 150
_PATH: Final = "page.html"
_AROUND: Final = Surroundings(_PATH, frozenset({"www.site.example"}), FILES, ANCHORS)
_OTHERS: Final = {path: Heads(title, description) for path, (title, description) in OTHERS.items()}

Change = Callable[[Made, Random], str]


def _swap(pattern: str, new: str) -> Change:
    return lambda page, _: re.sub(pattern, lambda _found: new, page.html, count=1)


def _before_end(markup: str) -> Change:
    return lambda page, _: page.html.replace("</main>", f"{markup}</main>", 1)


def _image(attributes: str) -> Change:
    return _before_end(f"<img {attributes}>")


DEFECTS: Final[dict[str, tuple[Change, ...]]] = {
    "seo.title_missing": (_swap(r"<title>.*?</title>", ""), _swap(r"<title>.*?</title>", "<title> </title>")),
    "seo.title_long": (_swap(r"<title>.*?</title>", f"<title>{'A long title of many words ' * 4}</title>"),),
    "seo.title_several": (_swap("</title>", "</title><title>Again</title>"),),
    "seo.title_duplicate": (_swap(r"<title>.*?</title>", "<title>How to reach us</title>"),),
    "seo.description_missing": (_swap(r'<meta name="description"[^>]*>', ""),),
    "seo.description_long": (_swap(r'(?<=description" content=")[^"]*', "Much is said here. " * 15),),
    "seo.description_several": (_swap("</head>", '<meta name="description" content="Twice"></head>'),),
    "seo.description_duplicate": (
        _swap(r'(?<=description" content=")[^"]*', "All prices of our goods, with tax and without delivery."),
    ),
    "seo.h1_missing": (_swap(r"<h1>(.*?)</h1>", "<p>No heading</p>"),),
    "seo.h1_several": (_before_end("<h1>One more</h1>"),),
    "seo.heading_order": (_before_end("<h5>Far below</h5>"),),
    "seo.canonical_invalid": (_swap(r'(?<=canonical" href=")[^"]*', "/page.html"),),
    "seo.canonical_several": (
        _swap("</head>", '<link rel="canonical" href="https://www.site.example/b"></head>'),
    ),
    "seo.robots_noindex": (_swap("</head>", '<meta name="robots" content="noindex, follow"></head>'),),
    "seo.language_missing": (_swap(' lang="en"', ""),),
    "seo.language_invalid": (_swap(' lang="en"', ' lang="english language"'),),
    "seo.card_incomplete": (_swap(r'<meta property="og:image"[^>]*>', ""),),
    "seo.viewport_missing": (_swap(r'<meta name="viewport"[^>]*>', ""),),
    "seo.jsonld_syntax": (
        _swap(r'"location": "Here"\}', '"location": "Here",}'),
        _swap('"@type": "Event"', "'@type': 'Event'"),
    ),
    "seo.jsonld_required": (_swap(r', "location": "Here"', ""),),
    "seo.jsonld_value": (_swap(r'"startDate": "[^"]*"', '"startDate": "1 December"'),),
    "seo.microdata_required": (
        _before_end(
            '<div itemscope itemtype="https://schema.org/Product"><span itemprop="sku">12</span></div>'
        ),
    ),
    "conformance.duplicate_id": (_before_end('<p id="part0">Twice</p>'),),
    "conformance.unclosed": (_before_end("<div><p>Open</p>"), _before_end("<p><b>Bold</p>")),
    "conformance.stray_end_tag": (_before_end("</section>"),),
    "conformance.obsolete_element": (_before_end("<center>Middle</center>"),),
    "assets.alt_missing": (_image('src="/img/team.jpg"'),),
    "assets.alt_file_name": (
        _image('src="/img/team.jpg" alt="team.jpg"'),
        _image('src="/img/team.jpg" alt="IMG_2231"'),
    ),
    "assets.image_missing": (_image('src="/img/gone.jpg" alt="A view"'),),
    "assets.script_missing": (_before_end('<script src="/gone.js"></script>'),),
    "assets.style_missing": (_swap("</head>", '<link rel="stylesheet" href="/gone.css"></head>'),),
    "assets.mixed_content": (_image('src="http://pictures.example/a.png" alt="A view"'),),
    "assets.dimensions": (_image('src="/img/team.jpg" width="300" height="300" alt="A view"'),),
    "assets.type": (_image('src="/img/wrong.png" alt="A view"'),),
    "assets.weight": (_image('src="/img/huge.jpg" alt="A view"'),),
    "assets.empty": (_image('src="" alt="A view"'),),
    "links.page_missing": (_before_end('<p><a href="/gone.html">More</a></p>'),),
    "links.anchor_missing": (
        _before_end('<p><a href="#nowhere">More</a></p>'),
        _before_end('<p><a href="/contact.html#nowhere">More</a></p>'),
    ),
    "links.unsafe": (_before_end('<p><a href="javascript:alert(1)">More</a></p>'),),
    "links.empty": (_before_end('<p><a href="">More</a></p>'),),
    "acceptance.count": (_before_end('</main><main id="second"><p>Twice</p>'),),
}
"""By the rule that must be found: ways to plant it."""


def _asked(page: Made, random: Random, rule: str) -> str:
    """Return a request that must be asked about."""
    first = re.sub(r"&nbsp;", " ", page.sentences[0])
    word = random.choice([w for w in first.split() if w.isalpha() and w.islower()])
    return {
        "edit.nowhere": 'On /page.html replace "words that nobody wrote" with "others".',
        "edit.near": f'On /page.html replace "{word.upper()}" with "others".',
        "edit.several": 'On /page.html change the heading to "Another heading".',
        "edit.not_understood": f'On /page.html please make the heading "{page.heading}" bigger and change its colour.',
        "edit.unsafe_address": 'On /page.html set the href of the link "Contact" to "javascript:alert(1)".',
        "edit.same": f'On /page.html change the heading "{page.heading}" to "{page.heading}".',
    }[rule]


_ASKED: Final = (
    "edit.nowhere",
    "edit.near",
    "edit.several",
    "edit.not_understood",
    "edit.unsafe_address",
    "edit.same",
)


def cases(seed: int) -> Iterator[PlantedCase]:
    """Yield the cases: for each kind of defect three, and 150 clean ones; the same for the same seed."""
    random = Random(seed)  # noqa: S311 (cases, no secrets)
    for rule, ways in DEFECTS.items():
        for number in range(_EACH):
            page = made_page(random)
            after = ways[number % len(ways)](page, random)
            yield _case(f"{rule}-{number}", rule, before=page.html, after=after)
    for rule in _ASKED:
        for number in range(_EACH):
            page = made_page(random)
            yield _case(f"{rule}-{number}", rule, before=page.html, words=_asked(page, random, rule))
    for number in range(_CLEAN):
        page = made_page(random)
        yield _case(f"clean-{number}", "", before=page.html, words=_sound(page, random))


def _case(case_id: str, planted: str, **data: str) -> PlantedCase:
    return PlantedCase(case_id=case_id, planted=planted, data=dict(data))


def _sound(page: Made, random: Random) -> str:
    """Return a request that is clear, and whose change breaks nothing."""
    said = re.sub(r"&nbsp;", " ", random.choice([s for s in page.sentences if page.html.count(s) == 1]))
    return random.choice(
        (
            f'On /page.html replace "{said}" with "{said.rstrip(".")}, as ever."',
            f'Please change the heading "{page.heading}" to "{page.heading} & more" on page.html.',
            f'Set the meta description of /page.html to "{page.description} Since 1999."',
            f'Set the page title of page.html to "{page.title} today"',
            f'On /page.html add the paragraph "We look forward to <you>." after the heading "{page.heading}".',
            'On /page.html the link "Contact" should go to /prices.html#cups',
            'Change the link "Start" to "Start page" on /page.html',
            f"Auf der Seite /page.html bitte die Überschrift „{page.heading}“ in „{page.heading} bei uns“ ändern.",
            f'On page.html remove "{said}"',
            'In footer p put "Our house, since 1999" on /page.html',
            'In the footer replace "write to us" with "write to our office" on /page.html',
        )
    )


def judge(case: PlantedCase) -> tuple[str, ...]:
    """Return the rules that flag a case: of the request where it is words, and of the changed page."""
    before = str(case.data["before"]).encode()
    if "words" in case.data:
        wish = wish_of(str(case.data["words"]))
        if wish.unclear or not wish.changes:
            return tuple(f"edit.{one.why}" for one in wish.unclear) or ("edit.nothing",)
        result = tasks.edit(before, wish.changes, "", frozenset({"www.site.example"}))
        if result.open:
            return tuple(f"edit.{one.why}" for one in result.open)
        if result.data == before:
            return ("edit.nothing",)
        return (*("edit.words_left" for _ in result.left), *_flagged(before, result.data))
    return _flagged(before, str(case.data["after"]).encode())


def _flagged(before: bytes | None, after: bytes) -> tuple[str, ...]:
    checks = (Check(kind="count", selector="main", count=1),)
    found: list[Any] = [
        tasks.check_seo(before, after, _OTHERS, SeoLimits()),
        tasks.check_conformance(before, after),
        tasks.check_assets(before, after, _AROUND, AssetLimits()),
        tasks.check_acceptance(after, checks),
    ]
    return tuple(dict.fromkeys(problem.rule for one in found for problem in one.worse))
