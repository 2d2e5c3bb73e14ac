"""Makes words of pages and of requests fit for a letter: a mail leads nowhere that the desk did not list."""

import re
from collections.abc import Iterable
from typing import Final

from dispatch.text.links import foreign_links
from dispatch.text.sensitive_data import ADDRESS, bank_accounts, card_numbers
from dispatch.text.unicode_spoofing import turns_direction

_LEFT_OUT: Final = "[…]"
_ROUNDS: Final = 5


def quotable(text: str, hosts: Iterable[str]) -> str:
    """Return a text without links to other hosts, mail addresses and numbers of accounts; `[…]` stands for each.

    The guardian blocks a letter with any of them, and a page that is changed may well hold some.
    """
    allowed = tuple(hosts)
    plain = ADDRESS.sub(_LEFT_OUT, "".join(c for c in text if not turns_direction(c)))
    for _ in range(_ROUNDS):
        found = foreign_links(plain, allowed)
        if not found:
            break
        for name in found:
            plain = re.sub(rf"\S*{re.escape(name)}\S*", _LEFT_OUT, plain)
    if foreign_links(plain, allowed) or card_numbers(plain) or bank_accounts(plain):
        return _LEFT_OUT
    return plain
