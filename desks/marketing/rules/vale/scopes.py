"""Which parts of a copy a style's rule looks at."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from desks.marketing.copy.text import BlockKind, Copy
from desks.marketing.rules.sentences import sentences

_KINDS: Final = {
    "paragraph": (BlockKind.PARAGRAPH,),
    "heading": (BlockKind.HEADING,),
    "list": (BlockKind.ENTRY,),
    "blockquote": (BlockKind.QUOTE,),
    "table": (BlockKind.CELL,),
    "alt": (BlockKind.ALT,),
}
_TEXT: Final = frozenset({"text", "summary", ""})
_DEEPEST: Final = 6


class Part(NamedTuple):
    """A part of the prose, `text[start:end]`."""

    start: int
    end: int


class Scope(NamedTuple):
    """One scope: all of some blocks, or their sentences; without kinds the text of every block."""

    kinds: tuple[BlockKind, ...] = ()
    but: tuple[BlockKind, ...] = ()
    level: int = 0
    by_sentence: bool = False
    whole: bool = False

    def parts(self, copy: Copy) -> Iterator[Part]:
        """Yield the parts that it names, in order."""
        if self.whole:
            yield Part(0, len(copy.text))
            return
        kinds = tuple(kind for kind in (self.kinds or tuple(BlockKind)) if kind not in self.but)
        if self.by_sentence:
            yield from (Part(one.start, one.end) for one in sentences(copy, *kinds))
            return
        for block in copy.blocks_of(*kinds):
            if not self.level or block.level == self.level:
                yield Part(block.start, block.end)


def scope_of(name: str) -> Scope | None:
    """Return the scope of a name such as 'heading.h2' or '~blockquote & text'; None for one that is not read."""
    scope = Scope()
    for part in name.split("&"):
        wanted = part.strip().lower()
        negated = wanted.startswith("~")
        first, _, rest = wanted.lstrip("~").partition(".")
        if first in _KINDS:
            if rest and not _is_level(first, rest):
                return None
            if negated:
                scope = scope._replace(but=(*scope.but, *_KINDS[first]))
            else:
                scope = scope._replace(
                    kinds=(*scope.kinds, *_KINDS[first]), level=int(rest[1:]) if rest else scope.level
                )
        elif first == "sentence" and not negated:
            scope = scope._replace(by_sentence=True)
        elif first not in _TEXT or negated or rest:
            return None
    return scope


def _is_level(first: str, rest: str) -> bool:
    return first == "heading" and rest in {f"h{level}" for level in range(1, _DEEPEST + 1)}
