"""Finds the hosts of all links in a text, in every spelling of a link.

Deny by default: everything behind a scheme is a link, and so is every bare name that a mail program would
link. Only an exact match of a listed host passes; a host in punycode or another script passes if listed as such.
Texts come from strangers, so no pattern here may take more than linear time.
"""

import re
from collections.abc import Iterator
from typing import Final

from dispatch.text.sensitive_data import ADDRESS
from dispatch.text.unicode_spoofing import undisguised

_AUTHORITY: Final = re.compile(r":[/\\]{2,}([^\s/\\?#<>\"'|]*)")
_DANGEROUS: Final = re.compile(r"\b(?:javascript|vbscript|data|file|blob):(?=\S)", re.IGNORECASE)
_DOTTED: Final = re.compile(r"[\w.\-]+")
_TOP_LEVEL: Final = re.compile(r"[^\W\d_]{2,63}|xn--[a-z0-9\-]{1,59}", re.IGNORECASE)
_IP: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_AFTER_HOST: Final = ".,;:!?)]}>*_`'\""
# Endings of files people write about; none is a top-level domain, so no mail program links them.
_FILES: Final = frozenset(
    {"csv", "doc", "docx", "eml", "gif", "heic", "htm", "html", "jpeg", "jpg", "odt", "pdf", "png", "txt"}
    | {"xls", "xlsx", "xml"}
)


def foreign_links(text: str, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return every link target of the text that is not one of `hosts`, each in readable form.

    A link with a user name before the host (https://bank.example@evil.example) is always foreign, because it is meant
    to mislead. Mail addresses are no links; `sensitive_data.foreign_addresses` checks them.
    """
    allowed = {_host(host) for host in hosts}
    plain = undisguised(text)
    found = [match[0] for match in _DANGEROUS.finditer(plain)]
    for match in _AUTHORITY.finditer(plain):
        authority = match[1].rstrip(_AFTER_HOST)
        if _host(authority) not in allowed:
            found.append(authority or match[0])
    rest = ADDRESS.sub(" ", _AUTHORITY.sub(" ", plain))
    found += [name for name in _bare_hosts(rest) if _host(name) not in allowed]
    return tuple(dict.fromkeys(found))


def _bare_hosts(text: str) -> Iterator[str]:
    for match in _DOTTED.finditer(text):
        leads_on = text[match.end() : match.end() + 1] in ("/", ":")
        # Two full stops in a row end a name: 'thank you...and goodbye' holds none.
        for name in re.split(r"\.{2,}", match[0]):
            labels = name.strip("._-").split(".")
            ending = labels[-1]
            is_name = len(labels) > 1 and _TOP_LEVEL.fullmatch(ending) is not None
            is_file = ending.lower() in _FILES and not leads_on
            if (is_name and not is_file) or _IP.fullmatch(".".join(labels)):
                yield ".".join(labels)


def _host(authority: str) -> str:
    """Return the host of an authority: lower case, without port and the full stop of the root."""
    return re.sub(r":\d*$", "", authority.strip().lower()).rstrip(".")
