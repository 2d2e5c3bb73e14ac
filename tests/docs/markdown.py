"""The fenced blocks of the documentation, found by Sybil, with what the fence says of each.

A fence may say more than its language, as attributes of which readers see nothing: `sh`, `sh needs-desk`,
`yaml file=playbook.yaml`.
"""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sybil import Document, Region
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer


@dataclass(frozen=True)
class Block:
    """One fenced block; `attributes` has an empty text for a word without a value."""

    place: str
    language: str
    attributes: dict[str, str]
    source: str


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order."""
    for example in Document.parse(str(page), _parse):
        (language, *words), source = example.parsed
        yield Block(
            place=f"{page.name}, line {example.line}",
            language=language,
            attributes={name: value for name, _, value in (word.partition("=") for word in words)},
            source=textwrap.dedent(source),
        )


def _parse(document: Document) -> Iterable[Region]:
    lexer = FencedCodeBlockLexer(language=r".+", mapping={"language": "arguments", "source": "source"})
    for region in lexer(document):
        source = str(region.lexemes["source"])
        yield Region(region.start, region.end, parsed=(region.lexemes["arguments"].split(), source))
