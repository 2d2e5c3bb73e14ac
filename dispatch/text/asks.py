"""Recognises asks: questions, wishes, imperatives; in English, and partly in German."""

import re
import string
from typing import Final

from dispatch.text.normalise import fold

# All of these are read on folded text (no case, no accents), at the start of a sentence unless they say otherwise.
_LEAD: Final = re.compile(
    r"(?:(?:and|also|so|but|then|first(?:ly)?|second(?:ly)?|third(?:ly)?|next|finally|lastly|besides|furthermore|moreover"
    r"|in addition|hi|hello|now|well|ok|okay|if possible|und|auch|ausserdem|ferner|zudem|dann|hallo)\b[ ,:-]{1,3}){1,4}"
)
_QUESTION: Final = (
    r"(?:where|when|why|how|who|what|which)(?:'s|'re)? (?:is|are|was|were|do|does|did|can|could|will|would|should|has|have"
    r"|much|many|long|soon|often|about|time|kind)\b|(?:where|when|what|how)'s\b"
    r"|(?:is|are) (?:there|it|the|my|this|that|you)\b|(?:do|does|did) (?:you|the|it|my|your)\b"
    r"|(?:can|could|would|will|may|might|should) (?:you|i|we|it|the|my|someone|somebody|anyone)\b|have you\b"
    r"|(?:wo|wann|warum|wieso|wie|wer|welche[rsn]?) (?:ist|sind|bleibt|kommt|kann|konnen|muss|wird|lange|viel|hoch)\b"
    r"|was (?:ist|kostet|kosten|muss|kann)\b|(?:konnen|konnten|wurden|haben) sie\b|(?:kannst|konntest|wurdest) du\b|gibt es\b"
    r"|kann (?:ich|man)\b|darf ich\b"
)
_WISH: Final = (
    r"(?:i|we)(?:'d| would| do)? (?:(?:really|just|also|only|now|still|therefore|hereby|would|kindly|urgently) ){0,3}"
    r"(?:like|love|want|wish|need|request|ask|demand|expect|require|insist)\b"
    r"|(?:i|we)(?:'m| am|'re| are) (?:asking|requesting|looking for|writing to (?:ask|request)|waiting for)\b"
    r"|let (?:me|us) know\b|ich (?:mochte|hatte gern|will|brauche|bitte|wunsche|benotige)\b"
    r"|wir (?:mochten|hatten gern|wollen|brauchen|bitten|benotigen)\b"
)
_IMPERATIVE: Final = (
    r"(?:send|resend|give|tell|refund|reimburse|cancel|change|update|return|replace|exchange|confirm|explain|show|approve"
    r"|issue|pay|transfer|ship|deliver|provide|stop|remove|delete|stornieren|erstatten|senden|schicken) "
    r"(?:me|us|my|our|the|this|that|it|order|a|an|all|your|sie|mir|uns|meine?n?|die|das|den)\b"
    r"|(?:help|advise|respond|reply|call me|contact me)\b"
)
_ASK: Final = re.compile(rf"(?:{_QUESTION}|{_WISH}|{_IMPERATIVE})")
_PLEASE: Final = re.compile(r"\b(?:please|pls|plz|kindly|bitte)\b")
# What may follow the question mark of a question: 'Is it there?!"'.
_AFTER_QUESTION_MARK: Final = string.whitespace + "!.\"'\u201d\u2019)]*_"
_BEGINS_WITH_WISH_INSIDE: Final = re.compile(rf"[^,;]{{3,120}}+, (?:{_QUESTION}|{_WISH})")

_PLEASANTRY: Final = re.compile(
    r"(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|hallo|liebe[rs]?|sehr geehrte[rs]?"
    r"|guten (?:tag|morgen|abend)|moin|servus)\b(?: [^\s.!?]{1,30}){0,5}"
    r"|(?:(?:many )?thanks|thank you|thx|cheers|best|all the best|(?:best|kind|warm|kindest) (?:regards|wishes)|regards"
    r"|sincerely|yours|danke|vielen dank|besten dank|(?:mit )?(?:freundlichen?|viele|beste|liebe) gruss?e?n?|lg|mfg|vg)\b"
    r"(?: [^\s.!?]{1,30}){0,5}"
    r"|(?:i|we) have (?:\w{1,8} ){1,3}(?:questions?|requests?|things|asks|points|issues|wishes)[^.!?]{0,30}:?"
    r"|i hope (?:you are|you're|this (?:mail|email|message) finds you) [^.!?]{0,40})[ ,.!]{0,3}"
)
_SECOND_ASK: Final = re.compile(r",? (?:and|und|as well as|plus) (?=\S)|[,;] ")
_WORDS_OF_AN_ASK: Final = 3
_WORDS_AFTER_PLEASE: Final = 4
_LOOKED_AT: Final = 300


def is_ask(sentence: str) -> bool:
    """Return whether a sentence asks for something: by its question mark, its 'please', or how it begins."""
    text = fold(sentence)
    if text[-200:].rstrip(_AFTER_QUESTION_MARK).endswith("?") or _PLEASE.search(text):
        return True
    return _begins_as_ask(text) or _BEGINS_WITH_WISH_INSIDE.match(text) is not None


def _begins_as_ask(folded: str) -> bool:
    start = folded.lstrip(" \"'\u201c\u201d\u2018([*_-\u2013")
    lead = _LEAD.match(start)
    return _ASK.match(start, lead.end() if lead else 0) is not None


def is_pleasantry(line: str) -> bool:
    """Return whether a line is only a greeting or a closing."""
    return _PLEASANTRY.fullmatch(fold(line)) is not None and not is_ask(line)


def asks_in(sentence: str) -> tuple[str, ...]:
    """Split a sentence that joins several asks: 'Refund DD-10001 and tell me your opening hours'.

    Each part must be an ask by its own beginning and the first have three words; otherwise the sentence stays whole.
    """
    parts: list[str] = []
    rest = sentence
    position = 0
    while match := _SECOND_ASK.search(rest, position):
        # Only the beginnings are checked: a check of the whole remainder at every comma takes quadratic time.
        start = rest[: min(match.start(), _LOOKED_AT)]
        opens = _opens_an_ask(rest[match.end() : match.end() + _LOOKED_AT])
        if opens and len(start.split()) >= _WORDS_OF_AN_ASK and is_ask(start):
            parts.append(rest[: match.start()])
            rest, position = rest[match.end() :], 0
        else:
            position = match.end()
    return (*parts, rest)


def _opens_an_ask(text: str) -> bool:
    folded = fold(text)
    # '…, please' and '…, please tell me' round an ask off.
    is_request = _PLEASE.match(folded) is not None and len(folded.split()) >= _WORDS_AFTER_PLEASE
    return is_request or (_begins_as_ask(folded) and len(folded.split()) > 1)
