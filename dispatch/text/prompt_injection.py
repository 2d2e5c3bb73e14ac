"""Recognises prompt injection, sentences that address the machine instead of the desk; they are flagged for a person.

A match only raises scrutiny. A miss therefore gives no access: no rule reads instructions from a request, and the
guardian inspects each action alone in any case.
"""

import re
from collections.abc import Sequence
from typing import Final

from dispatch.models.work.finding import ReviewException
from dispatch.models.work.severity import Severity
from dispatch.text.normalise import as_read

STANDARD: Final = "no_orders_to_the_machine"
_QUOTED_CHARS: Final = 200
_QUOTED_ORDERS: Final = 3

# Applied to folded text with lookalike letters replaced, see `as_read`.
_RULES: Final = (
    r"(?:rules?|instructions?|prompts?|guidelines?|guardrails?|polic(?:y|ies)|safeguards?|restrictions?|checks|approvals?"
    r"|regeln|anweisung(?:en)?|vorgaben|richtlinien|instruktionen)"
)
_IGNORE: Final = r"(?:ignor\w{1,5}|disregard|forget|override|bypass|missacht\w{1,3}|vergiss|ubergeh\w{1,3})"
_NEW_ROLE: Final = (
    r"\byou are now\b(?! \w{1,20}ing\b)|\byou are no longer\b|\byou are an? (?:ai|assistant|bot|chatbot|llm)\b"
    r"|\bact as an? |\bpretend (?:to be|that you|you)\b|\bfrom now on,? you\b|\bdu bist (?:jetzt|nun|ab jetzt|ab sofort)\b"
    r"|\bas an? (?:ai|artificial intelligence|language model|llm|assistant|chatbot)\b"
    r"|\bals (?:eine? )?(?:ki|sprachmodell)\b"
)
_MACHINERY: Final = (
    r"\b(?:system|developer) (?:prompt|message|mode|instructions?)\b|\bsystemprompt\b|\bjailbreak\b"
    r"|<\|?(?:system|im_start|im_end)|\[/?inst\]|^ ?(?:system|assistant) ?:"
)
_NO_CHECK: Final = (
    r"\b(?:mark|treat|flag|consider) (?:this|it|my request|the request|the refund) as (?:pre-?)?(?:approved|verified|allowed)\b"
    r"|\bwithout (?:any |further )?(?:approval|review|human|checking|a check)\b|\bohne (?:freigabe|prufung|genehmigung)\b"
)
_ORDER: Final = re.compile(rf"\b{_IGNORE}\b[^.!?\n]{{0,60}}\b{_RULES}\b|{_NEW_ROLE}|{_MACHINERY}|{_NO_CHECK}")
_SEND: Final = re.compile(
    r"\b(?:send|forward|transfer|pay|refund|mail|copy|cc|bcc|reply|schick\w{0,2}|sende\w?|uberweis\w{0,2}|leite)\b"
)
# A mail address or an IBAN. Looked for first, and the verb only before one that is found: from every verb on, each
# of the next places tried as the begin of an address takes thousands of steps.
_TARGET: Final = re.compile(
    r"[\w.+%-]{1,64}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,5}|\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}\b"
)
_BEFORE_TARGET: Final = 135


def is_order(sentence: str) -> bool:
    """Return whether a sentence tells the machine how to work, such as 'ignore the previous instructions'."""
    return _ORDER.search(as_read(sentence)) is not None


def redirects(sentence: str, sender: str) -> bool:
    """Return whether a sentence wants something sent to a mail address other than the sender's, or to a bank account."""
    text = as_read(sentence)
    for target in _TARGET.finditer(text):
        before = text[max(0, target.start() - _BEFORE_TARGET) : target.start()]
        if "\n" not in before and _SEND.search(before):
            return target[0].rstrip(".") != as_read(sender)
    return False


def exceptions_of(
    orders: Sequence[str], redirections: Sequence[str], item_ids: Sequence[str]
) -> tuple[ReviewException, ...]:
    """Return one exception for all instructions and one for all redirections, each quoting the first few."""
    found = (
        ("the request gives orders to the machine", orders, ()),
        ("the request wants something sent elsewhere than to its sender", redirections, tuple(item_ids)),
    )
    return tuple(
        ReviewException(
            reviewer="intake",
            standard=STANDARD,
            severity=Severity.MAJOR,
            text=f"{what}: {_quoted(sentences)}",
            item_ids=concerned,
        )
        for what, sentences, concerned in found
        if sentences
    )


def _quoted(sentences: Sequence[str]) -> str:
    different = tuple(dict.fromkeys(sentences))
    shown = [f"“{_cut(sentence)}”" for sentence in different[:_QUOTED_ORDERS]]
    more = len(different) - _QUOTED_ORDERS
    return "; ".join(shown) + (f" and {more} more" if more > 0 else "")


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= _QUOTED_CHARS else sentence[: _QUOTED_CHARS - 1] + "…"
