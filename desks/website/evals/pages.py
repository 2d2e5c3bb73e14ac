"""Makes sound pages of varied content, as shops, clubs and offices have them."""

from random import Random  # noqa: TID251 (from a seed, so that the cases are the same each time)
from typing import Final, NamedTuple

from desks.website.rules.checks.assets import FileInfo

FILES: Final = {
    "style.css": FileInfo(4_000),
    "site.js": FileInfo(12_000),
    "img/team.jpg": FileInfo(80_000, "jpeg", 640, 480),
    "img/house.png": FileInfo(120_000, "png", 400, 300),
    "img/plan.webp": FileInfo(60_000, "webp", 800, 800),
    "img/huge.jpg": FileInfo(900_000, "jpeg", 640, 480),
    "img/wrong.png": FileInfo(30_000, "jpeg", 400, 300),
    "index.html": FileInfo(3_000),
    "contact.html": FileInfo(2_000),
    "prices.html": FileInfo(2_500),
    "about/index.html": FileInfo(2_500),
    "page.html": FileInfo(4_000),
}
"""The site around a page, by path."""
ANCHORS: Final = {"contact.html": frozenset({"map", "hours"}), "prices.html": frozenset({"cups"})}
OTHERS: Final = {
    "contact.html": ("How to reach us", "Telephone, mail and a map of the way to our house."),
    "prices.html": ("What things cost", "All prices of our goods, with tax and without delivery."),
}
_TOPICS: Final = (
    ("Bicycle repairs in Kiel", "Brakes, chains and wheels, repaired within a day.", "Bicycles"),
    ("The choir of Sankt Anna", "Rehearsals, concerts and how to join our choir.", "Choir"),
    (
        "Tax advice for artists",
        "Returns, letters and questions, answered by people who know the trade.",
        "Advice",
    ),
    ("Organic vegetable boxes", "A box each week from fields that you can visit.", "Boxes"),
    ("Rowing club Havel", "Courses, boats and dates of the coming season.", "Rowing"),
    ("Furniture from old wood", "Tables and shelves, built to your measures.", "Furniture"),
    ("Language school Lindau", "Courses in small groups, in the morning and in the evening.", "Courses"),
    ("Dr Hartmann, dentist", "Appointments, services and what to bring along.", "Practice"),
)
_SENTENCES: Final = (
    "We open at nine and close when the last guest has left.",
    "Bring the papers along that we sent you in May.",
    "It costs {price} a month, and you can leave at any time.",
    "Most people come by tram; the stop is called {word} Square.",
    "Our {word} has been with us for {number} years.",
    "Write to us, and you have an answer within {number} days.",
    "Children under {number} come in for nothing.",
    "The {word} is heated, and there is room for {number} people.",
    "Ask for the blue {word}; it is better than it looks.",
    "In winter we work inside, and the door is still open.",
)
_WORDS: Final = (
    "garden",
    "workshop",
    "harbour",
    "library",
    "kitchen",
    "meadow",
    "station",
    "museum",
    "orchard",
    "studio",
)
_HEADINGS: Final = (
    "What we offer",
    "When to come",
    "Who we are",
    "How it works",
    "What it costs",
    "Where we are",
    "News",
    "Questions",
)


_TABLE: Final = 2


class Made(NamedTuple):
    """A sound page, with words of it that defects and changes use."""

    html: str
    title: str
    description: str
    heading: str
    sentences: tuple[str, ...]


def made_page(random: Random) -> Made:
    """Compose a page that breaks no rule of the desk."""
    title, description, topic = random.choice(_TOPICS)
    headings = random.sample(_HEADINGS, random.randint(2, 4))
    sentences = tuple(dict.fromkeys(_sentence(random) for _ in range(random.randint(6, 12))))
    indent = random.choice(("  ", "\t", ""))
    body = [f"<h1>{title}</h1>", f'<p class="lead">{sentences[0]}</p>']
    rest = list(sentences[1:])
    for number, heading in enumerate(headings):
        body.append(f'<h2 id="part{number}">{heading}</h2>')
        body += _section(random, rest)
    body += [f"<p>{sentence}</p>" for sentence in rest]
    body.append(_picture(random))
    head = [
        '<meta charset="utf-8">',
        f"<title>{title}</title>",
        f'<meta name="description" content="{description}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<link rel="stylesheet" href="/style.css">',
        '<link rel="canonical" href="https://www.site.example/page.html">',
        '<script src="/site.js"></script>',
        (
            '<meta property="og:title" content="A card"><meta property="og:type" content="website">'
            '<meta property="og:url" content="https://www.site.example/page.html">'
            '<meta property="og:image" content="https://www.site.example/img/house.png">'
        ),
        (
            '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Event", '
            f'"name": "{topic}", "startDate": "2026-12-0{random.randint(1, 9)}", "location": "Here"}}</script>'
        ),
    ]
    lines = (
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        *(f"{indent}{line}" for line in head),
        "</head>",
        "<body>",
        f'{indent}<header><nav><a href="/">Start</a> <a href="/contact.html#map">Contact</a> <a href="#part0">Below</a></nav></header>',
        f"{indent}<main>",
        *(f"{indent}{indent}{line}" for line in body),
        f"{indent}</main>",
        f'{indent}<footer><p>{topic}, <a href="mailto:hello@site.example">write to us</a></p></footer>',
        "</body>",
        "</html>",
        "",
    )
    return Made(random.choice(("\n", "\r\n")).join(lines), title, description, headings[0], sentences)


def _sentence(random: Random) -> str:
    said = random.choice(_SENTENCES)
    return said.format(
        word=random.choice(_WORDS), number=random.randint(2, 90), price=f"EUR&nbsp;{random.randint(11, 99)}"
    )


def _section(random: Random, sentences: list[str]) -> list[str]:
    if not sentences:
        return ["<p>More about it soon.</p>"]
    first = sentences.pop(0)
    form = random.randrange(4)
    if form == 0 and sentences:
        return ["<ul>", f"<li>{first}</li>", f"<li>{sentences.pop(0)}</li>", "</ul>"]
    if form == 1:
        return [f"<p><strong>Note.</strong> {first}</p>"]
    if form == _TABLE:
        return ["<table><tr><th>On</th><td>Monday</td></tr></table>", f"<p>{first}</p>"]
    return [f'<p>{first} <a href="/prices.html">See our prices</a>.</p>']


def _picture(random: Random) -> str:
    path, wide, high = random.choice(
        (("img/team.jpg", 320, 240), ("img/house.png", 200, 150), ("img/plan.webp", 300, 300))
    )
    return f'<img src="/{path}" width="{wide}" height="{high}" alt="The {random.choice(_WORDS)}, seen from the street">'
