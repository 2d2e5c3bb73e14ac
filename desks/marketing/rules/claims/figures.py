"""Parts of the patterns of claims, for English and German alike; each repeat is bounded, so that each runs in linear time."""

import re
from typing import Final

NUMBER: Final = r"(?:\d{1,3}(?:[.,'\u2019\u00a0\u202f ]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,3})?)"
COUNT: Final = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|hundred|a hundred|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|hundert)"
TIME_UNIT: Final = r"(?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|sekunden?|minuten?|stunden?|tage?n?|wochen?|monate?n?)"
PERCENT: Final = rf"{NUMBER}\s?(?:%|percent\b|per cent\b|pct\b|prozent\b)"
MONEY: Final = (
    rf"(?:(?:[€£¥]|\bEUR|\bUSD|\bGBP|\bCHF)\s?{NUMBER}|\$\s?(?:\d{{2,}}[\d.,]{{0,12}}|\d[.,]\d\d|\d(?=\s?(?:/|per|a|an|each|off|month|million|billion|more|less)\b))"
    rf"|{NUMBER}\s?(?:[€£]|EUR\b|USD\b|GBP\b|CHF\b|euros?\b|dollars?\b|pounds?(?! of)\b|franken\b))"
)
_MONTH: Final = r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\b"
_DAY: Final = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
    r"|midnight|mitternacht|tomorrow|tonight|today|heute|morgen|(?:the )?end of|ende"
)
DATE: Final = rf"(?:{_DAY}|\d{{1,2}}(?:st|nd|rd|th|\.)? ?(?:of )?{_MONTH}|{_MONTH}\.? \d{{1,2}}|\d{{1,2}}\.\d{{1,2}}\.|\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}/\d{{1,2}})"


def pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern of ours, for any case of its letters."""
    return re.compile(text, re.IGNORECASE)


def words(*phrases: str) -> str:
    """Return the pattern of any of some phrases as whole words, over any white space."""
    return rf"(?<![\w-])(?:{'|'.join(one.replace(' ', chr(92) + 's+') for one in phrases)})(?![\w])"
