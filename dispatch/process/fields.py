"""Finds the playbook's fields in text, and checks an answer against a field.

A pattern in capitals is found in text of any case; the value is then given in capitals, so that 'dd-10001' is the
order DD-10001 in every record.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from dispatch.models.work.playbook import FieldSpec, Writing
from dispatch.text.enclosed import enclosing
from dispatch.text.normalise import normalise, one_line

MAX_VALUE_CHARS: Final = 2_000
MAX_ENCLOSED_CHARS: Final = 8_000
"""Of a text that an answer encloses; what is longer is attached."""
_SHOWN_OF_ENCLOSED: Final = 120
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def filled(text: str, fields: Mapping[str, str]) -> str:
    """Return a standing text with each {field} as the item states it; the loader has checked that it is required."""
    return PLACEHOLDER.sub(lambda found: fields.get(found[1], found[0]), text)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def values_in(pattern: str, text: str) -> tuple[str, ...]:
    """Return each different value of the pattern in the text, in order, as whole words.

    The loader has checked the pattern; text that was cut out of a longer word or number is no value.
    """
    found = _find(pattern, text)
    return found or _find(pattern, text.upper())


def field_values(spec: FieldSpec, text: str) -> tuple[str, ...]:
    """Return each different value of a field in the text: by its pattern, and by its other writings in its one form.

    Of a field that is a description, all that is told is one value.
    """
    # Of a description each line is looked at alone, for a pattern may take in the words before the one that it finds.
    lines = text.split("\n") if spec.is_description else (text,)
    found = dict.fromkeys(value for line in lines for value in values_in(spec.pattern, line))
    for writing in spec.writings:
        for match in _compiled(writing.pattern).finditer(text):
            form = writing.value.replace("{}", match[1] or "")
            if _stands_alone(match, text) and (value := whole_value(spec.pattern, form)) is not None:
                found[value] = None
    different = tuple({one_line(value).casefold(): value for value in reversed(found)}.values())[::-1]
    if spec.is_description and len(different) > 1:
        return ("; ".join(different)[:MAX_VALUE_CHARS],)
    return different


def _find(pattern: str, text: str) -> tuple[str, ...]:
    matches = (m for m in _compiled(pattern).finditer(text) if _stands_alone(m, text))
    return tuple(dict.fromkeys(value for m in matches if (value := m[0].strip())))


def _stands_alone(match: re.Match[str], text: str) -> bool:
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    return not (before.isalnum() and match[0][:1].isalnum()) and not (
        after.isalnum() and match[0][-1:].isalnum()
    )


def enclosed_value(enclosed: str | None, names: Sequence[str]) -> str | None:
    """Return the value of a field that is enclosed or attached: the names of the documents, else how the text begins."""
    if names:
        return one_line(", ".join(names))[:MAX_VALUE_CHARS]
    return one_line(enclosed)[:_SHOWN_OF_ENCLOSED] or None if enclosed else None


def enclosed_values(body: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the value of a field that a request encloses or attaches, none or one."""
    value = enclosed_value(enclosing(body).enclosed, names)
    return (value,) if value else ()


def stated_value(spec: FieldSpec, raw: str) -> str | None:
    """Return what a form or an answer states for a field, as the field has it; None where it does not fit.

    What a field encloses is text, whose lines are kept.
    """
    if spec.enclosed:
        return normalise(raw).text[:MAX_ENCLOSED_CHARS] or None
    return whole_value(spec.pattern, raw, spec.writings)


def whole_value(pattern: str, value: str, writings: tuple[Writing, ...] = ()) -> str | None:
    """Return the value, on one line, where it matches the pattern or a writing in full; else None. At most 2,000 characters."""
    if len(value) > MAX_VALUE_CHARS:
        return None
    line = one_line(value)
    for candidate in (line, line.upper()):
        if candidate and _compiled(pattern).fullmatch(candidate):
            return candidate
    for writing in writings:
        if match := _compiled(writing.pattern).fullmatch(line):
            return whole_value(pattern, writing.value.replace("{}", match[1] or ""))
    return None
