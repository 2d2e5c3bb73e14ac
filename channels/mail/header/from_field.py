"""The sender of a mail: the address that SPF and DMARC align with, or a doubt where readers could differ.

DMARC (RFC 7489, section 3.1.1) aligns with the domain of the one address in From (RFC 5322, section 3.6.2). Libraries read
odd forms in different ways: of `a@x.example <b@y.example>` some take the first address, mail servers the one in angle
brackets. So only forms with one possible reading are taken as they are:

- `b@y.example`, `b@y.example (Name)`
- `Name <b@y.example>` with any name, quoted or not, and comments without brackets and addresses in them

A name never gives the address; one that shows another address than the real one is a doubt of its own. Everything else
gives a doubt with the addresses that it might be. Each pattern is linear, and a field is read to `MOST_READ` characters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.models.request.requester import SenderDoubt
from dispatch.text.unicode_spoofing import same_address, undisguised

MOST_READ: Final = 2_000
"""The characters that are read of a field; a longer one is no address that a person wrote."""

# Letters beyond ASCII (RFC 6531): Latin, Greek, Cyrillic and those of East Asia; no marks that hide, join or turn.
_BEYOND: Final = r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
_ATEXT: Final = rf"[A-Za-z0-9{_BEYOND}!#$%&'*+/=?^_`{{|}}~-]"
_LABEL: Final = rf"[A-Za-z0-9{_BEYOND}-]{{1,63}}"
_DELIMITER: Final = r'\s<>,;:()"\[\]'
# Between delimiters, so that no part of a longer word counts as an address.
_ADDRESS: Final = (
    rf"(?<![^{_DELIMITER}])({_ATEXT}(?:{_ATEXT}|\.){{0,63}}"
    rf"@{_LABEL}(?:\.{_LABEL}){{0,20}})(?![^{_DELIMITER}])"
)
_BARE: Final = re.compile(rf"{_ADDRESS}(?: ?\(([^()<>@\\\"]*)\))?")
_BRACKETED: Final = re.compile(rf"\A([^<>]*)<\s?{_ADDRESS}\s?>(?: ?\([^()<>@\\\"]*\))?")
# An unclosed one extends to the end: a new search after each quote would take quadratic time.
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\(?:.|\Z))*)("|\Z)', re.DOTALL)
_COMMENT: Final = re.compile(r"\([^()<>@\\\"]*\)")
# What a name without quotes may hold: "@" too, for many programs write the address as the name.
_PLAIN_NAME: Final = re.compile(r"[^\"<>(),;:\\\[\]]*")
_ANY_ADDRESS: Final = re.compile(_ADDRESS)
_SHOWN_ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,20}")
_FOLDING: Final = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True)
class FromField:
    """A reading: `address` is empty where there is none; with a doubt, `candidates` are what others might read."""

    address: str = ""
    name: str = ""
    doubt: SenderDoubt | None = None
    candidates: tuple[str, ...] = ()


def read_from(values: Sequence[str]) -> FromField:
    """Read the From fields of a mail, each as it stands there: folded, encoded words not decoded."""
    if len(values) > 1:
        found = tuple(dict.fromkeys(a for value in values for a in _addresses(value[:MOST_READ])))
        return FromField(doubt=SenderDoubt.SEVERAL_FROM_FIELDS, candidates=found)
    return read_mailbox(values[0] if values else "")


def read_mailbox(value: str) -> FromField:
    """Read one field that should hold one mailbox."""
    if len(value) > MOST_READ:
        return FromField(doubt=SenderDoubt.READ_DIFFERENTLY, candidates=_addresses(value[:MOST_READ]))
    line = " ".join(_FOLDING.sub("", value).replace("\t", " ").split(" ")).strip()
    if any(character < " " or character == "\x7f" for character in line):
        return FromField(doubt=SenderDoubt.READ_DIFFERENTLY, candidates=_addresses(line))
    if bare := _BARE.fullmatch(line):
        return FromField(address=bare[1], name=(bare[2] or "").strip())
    bracketed = _BRACKETED.fullmatch(line)
    if bracketed and (_is_name(bracketed[1]) or _is_only_address(line, bracketed[1])):
        return FromField(address=bracketed[2], name=_unquoted(bracketed[1]))
    return _doubtful(line)


def shows_another_address(name: str, address: str) -> bool:
    """Check whether a decoded name shows a mail address that is not the sender's."""
    return any(not same_address(shown, address) for shown in _SHOWN_ADDRESS.findall(undisguised(name)))


def _is_name(text: str) -> bool:
    """Check for words, quoted strings and comments and nothing else, so that no reader finds an address in it."""
    return _PLAIN_NAME.fullmatch(_COMMENT.sub(" ", _outside_quotes(text))) is not None


def _is_only_address(line: str, name: str) -> bool:
    """Check for a name that is badly written (a comma without quotes) where there is but one address to be found."""
    return line.count("@") == 1 and not set('"\\()') & set(_outside_quotes(name))


def _outside_quotes(text: str) -> str:
    """Return a text without its quoted strings; one that is not closed stays, with its quote."""
    return _QUOTED.sub(lambda quoted: " " if quoted[2] else quoted[0], text)


def _unquoted(text: str) -> str:
    """Return a name without its quotes and comments; encoded words stay as they are."""
    plain = _QUOTED.sub(lambda quoted: re.sub(r"\\(.)", r"\1", quoted[1]), _COMMENT.sub(" ", text))
    return " ".join(plain.split())


def _doubtful(line: str) -> FromField:
    found = _addresses(line)
    if not found:
        return FromField(name=_unquoted(line) if _is_name(line) else "", doubt=SenderDoubt.NO_ADDRESS)
    parts = re.split(r"[,;]", _COMMENT.sub(" ", _outside_quotes(line)))
    each = [part.strip() for part in parts if part.strip()]
    is_list = len(each) > 1 and all(
        _BARE.fullmatch(part) or ((m := _BRACKETED.fullmatch(part)) and _is_name(m[1])) for part in each
    )
    doubt = SenderDoubt.SEVERAL_MAILBOXES if is_list else SenderDoubt.READ_DIFFERENTLY
    return FromField(doubt=doubt, candidates=found)


def _addresses(line: str) -> tuple[str, ...]:
    """Return the possible addresses: first those in angle brackets, then the rest."""
    outside = _outside_quotes(line)
    bracketed = [a for part in re.findall(r"<([^<>]*)>?", outside) for a in _ANY_ADDRESS.findall(part)]
    return tuple(dict.fromkeys([*bracketed, *_ANY_ADDRESS.findall(outside)]))
