"""What each rule of the desk says, for the documentation and for who writes the playbook's `ignore`."""

from typing import Final

RULES: Final = {
    "page_edit": {
        "edit.words_left": "words that were replaced still stand in an attribute, the title or structured data",
    },
    "seo": {
        "seo.title_missing": "the page has no title",
        "seo.title_long": "the title is longer than search results show",
        "seo.title_several": "the page has more than one title",
        "seo.title_duplicate": "another page of the site has the same title",
        "seo.description_missing": "the page has no meta description",
        "seo.description_long": "the meta description is longer than search results show",
        "seo.description_several": "the page has more than one meta description",
        "seo.description_duplicate": "another page of the site has the same meta description",
        "seo.h1_missing": "the page has no main heading",
        "seo.h1_several": "the page has more than one main heading",
        "seo.heading_order": "a level of headings is left out",
        "seo.canonical_invalid": "the canonical address is no whole address",
        "seo.canonical_several": "the page names more than one canonical address",
        "seo.robots_noindex": "search engines are told to leave the page out",
        "seo.language_missing": "the page does not say its language",
        "seo.language_invalid": "the page's language is no language code",
        "seo.card_incomplete": "the card for social networks lacks something that it needs",
        "seo.viewport_missing": "the page sets no viewport",
        "seo.jsonld_syntax": "JSON-LD cannot be read",
        "seo.jsonld_required": "a type in JSON-LD lacks what it needs",
        "seo.jsonld_value": "a date or a price in JSON-LD is none",
        "seo.microdata_required": "a type in microdata lacks what it needs",
        "seo.microdata_value": "a date or a price in microdata is none",
    },
    "conformance": {
        "conformance.parse_error": "the parser reports an error",
        "conformance.unclosed": "an element is never closed that must be",
        "conformance.stray_end_tag": "an end tag closes nothing",
        "conformance.*": "what the HTML standard forbids, by the code of the check: duplicate_id, obsolete_element, ...",
    },
    "page_assets": {
        "assets.alt_missing": "an image has no alternative text",
        "assets.alt_file_name": "an alternative text is a file's name",
        "assets.*_missing": "an image, script, style, font, icon, frame or film is not in the site",
        "assets.type": "a file is not what its name says",
        "assets.weight": "a file is heavier than the playbook allows",
        "assets.total_weight": "all files of the page together are",
        "assets.dimensions": "an image is shown in another ratio than it has",
        "assets.mixed_content": "something is loaded over plain HTTP",
        "assets.empty": "the address of an image, script or style is empty",
        "links.page_missing": "a link leads to a page that is not in the site",
        "links.anchor_missing": "a link leads to a place that its page does not have",
        "links.unsafe": "a link runs a script, or has a scheme that no page should",
        "links.empty": "a link has no address",
    },
    "acceptance": {
        "acceptance.shows": "the page does not show what it must",
        "acceptance.absent": "the page shows what it must not",
        "acceptance.selector": "a selector finds nothing",
        "acceptance.count": "a selector finds more or fewer than it must",
        "acceptance.link": "no link leads where one must",
        "acceptance.title": "the title does not say what it must",
        "acceptance.no_overflow": "the page is wider than a phone (needs the browser)",
    },
    "accessibility": {
        "accessibility.*": "what axe finds by WCAG 2.1 A and AA, by the name of its rule (needs the browser)",
    },
}
"""By specialist: rule -> what it says; * stands for a name."""


def table() -> str:
    """Return the rules as a table in Markdown."""
    rows = [
        f"| `{name}` | `{rule}` | {said} |" for name, rules in RULES.items() for rule, said in rules.items()
    ]
    return "\n".join(("| specialist | rule | broken where |", "|---|---|---|", *rows))
