"""Changes in a YAML text what its values lost or gained, and leaves every other character as it was.

A round trip through a YAML library would keep most comments and move some: what stands between two entries belongs, to
it, to the first, and ends up in the middle of that once it grows. So the text is cut where the parser says that a value
ends, and what is new goes in there.
"""

from typing import Any, Final

import yaml

_Cut = tuple[int, int, str]
"""Where something is taken out, and what is put in its place."""
_WIDEST: Final = 1_000_000


class _Indented(yaml.SafeDumper):
    """Writes lists further in than the key that they belong to."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 (as PyYAML has it)
        super().increase_indent(flow, indentless=False)


def edited(text: str, before: Any, after: Any) -> str:
    """Return `text`, which says `before`, so that it says `after`: both mappings, lists and plain values.

    What is new in a mapping or list goes to its end, in the style of its neighbours; a value that is another now takes
    the old one's place; a mapping or list that lost something is rewritten. `before` may leave out defaults that
    the text writes out. Whoever calls reads the result, for there are layouts that this does not understand.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        return (
            text
            + ("" if text.endswith("\n") or not text else "\n")
            + yaml.dump(after, Dumper=yaml.SafeDumper, allow_unicode=True, sort_keys=False)
        )
    editor = _Editor(text, root)
    editor.change(root, before, after, column=0, in_flow=False)
    return editor.result()


class _Editor:
    """Collects cuts; those at one place stay in the order in which they were made, the inner ones first."""

    def __init__(self, text: str, root: yaml.Node) -> None:
        self._text = text
        self._line_end = "\r\n" if "\r\n" in text else "\n"
        self._inset = _inset(root)
        self._cuts: list[_Cut] = []

    def result(self) -> str:
        parts, at = [], 0
        for start, end, new in sorted(self._cuts, key=lambda cut: cut[:2]):
            parts += [self._text[at:start], new]
            at = end
        return "".join([*parts, self._text[at:]])

    def change(self, node: yaml.Node, before: Any, after: Any, *, column: int, in_flow: bool) -> None:
        """Make a value say `after`; `column` is that of the keys around it, `in_flow` whether brackets stand around it."""
        if before == after:
            return
        inside = in_flow or bool(getattr(node, "flow_style", False))
        if isinstance(node, yaml.MappingNode) and isinstance(after, dict) and before.keys() <= after.keys():
            own = column if inside else node.start_mark.column
            values = {key.value: value for key, value in node.value}
            for name in after.keys() & values.keys():
                # Left out of `before` though it is in the text: a default, so an empty value of its kind.
                old = before.get(name, type(after[name])())
                self.change(values[name], old, after[name], column=own, in_flow=inside)
            new = {name: value for name, value in after.items() if name not in values}
            self._add(node, new, column, in_flow=in_flow)
        elif isinstance(node, yaml.SequenceNode) and isinstance(after, list) and len(after) >= len(before):
            for child, old, new in zip(node.value, before, after, strict=False):
                self.change(child, old, new, column=child.start_mark.column, in_flow=inside)
            self._add(node, after[len(node.value) :], column + self._inset, in_flow=in_flow)
        else:
            self._replace(node, after, inside=inside)

    def _add(self, node: yaml.Node, new: Any, column: int, *, in_flow: bool) -> None:
        if not new:
            return
        if not getattr(node, "flow_style", False):
            self._add_lines(_end(node), new, node.start_mark.column)
        elif node.value or in_flow:
            at = _last(node).end_mark.index if node.value else node.start_mark.index + 1
            self._cuts.append((at, at, (", " if node.value else "") + _in_brackets(new)[1:-1]))
        else:
            # An empty pair of brackets makes room for lines below it; what is said behind it stays.
            begin = len(self._text[: node.start_mark.index].rstrip(" "))
            self._cuts.append((begin, node.end_mark.index, ""))
            self._add_lines(node.end_mark.index, new, column)

    def _add_lines(self, after: int, new: Any, column: int) -> None:
        """Put a mapping's or list's lines below the line in which something ends."""
        if after and self._text[after - 1] == "\n":
            after -= 1  # a text of several lines ends where the next line begins
        at = self._text.find("\n", after)
        at = len(self._text) if at < 0 else at
        at -= self._text[at - 1 : at] == "\r"
        lines = [" " * column + line for line in self._lines(new)]
        self._cuts.append((at, at, "".join(self._line_end + line for line in lines)))

    def _replace(self, node: yaml.Node, value: Any, *, inside: bool) -> None:
        start, end = node.start_mark.index, _end(node)
        if inside or isinstance(node, yaml.ScalarNode) or not value:
            new = _in_brackets([value])[1:-1]
            self._cuts.append((start, end, new if end > start else f" {new}"))
        else:
            pad = self._line_end + " " * node.start_mark.column
            self._cuts.append((start, end, pad.join(self._lines(value))))

    def _lines(self, value: Any) -> list[str]:
        dumper = _Indented if self._inset else yaml.SafeDumper
        text: str = yaml.dump(value, Dumper=dumper, allow_unicode=True, sort_keys=False, width=_WIDEST)
        return text.rstrip("\n").split("\n")


def _in_brackets(value: Any) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=_WIDEST
    )
    return text.strip()


def _last(node: yaml.Node) -> yaml.Node:
    last = node.value[-1]
    value: yaml.Node = last[1] if isinstance(last, tuple) else last
    return value


def _end(node: yaml.Node) -> int:
    """Return where the last value of a node ends: the parser has lines of keys and dashes end where the next token is."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        return _end(_last(node))
    end: int = node.end_mark.index
    return end


def _inset(node: yaml.Node) -> int:
    """Return how much further in than its key the first list stands that has lines of its own; 0 where there is none."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        for key, value in node.value:
            if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
                inset: int = value.start_mark.column - key.start_mark.column
                return inset
    return 0
