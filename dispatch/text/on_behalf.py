"""Recognises sentences that say that the request is another person's: 'I am writing for my mother'.

A match only raises scrutiny: a person then decides what may be disclosed to whom. 'I am writing for a refund' names a
thing and 'on behalf of our company' the sender's own side; neither counts.
"""

import re
from typing import Final

from dispatch.text.normalise import fold

_KIN: Final = (
    r"(?:mother|father|mum|mom|dad|parents?|grand(?:mother|father|ma|pa|parents?)|wife|husband|partner|girlfriend|boyfriend|son|daughter|child"
    r"|brother|sister|aunt|uncle|cousin|niece|nephew|neighbou?r|friend|colleague|boss|client|customer|tenant|mother-in-law|father-in-law)"
)
_KIN_DE: Final = (
    r"(?:mutter|mama|vater|papa|eltern|oma|opa|grossmutter|grossvater|frau|mann|partner(?:in)?|freund(?:in)?|sohn|sohnes|tochter|kind(?:es)?"
    r"|bruder|bruders|schwester|tante|onkel|onkels|cousin|cousine|nichte|neffe\w?|nachbar(?:in|n|s)?|kolleg(?:e|en|in)|chef(?:in|s)?|kund(?:e|en|in)|mandant(?:in|en)?)"
)
# The person who accepted a parcel at the door is not the customer.
_PARCEL: Final = r" (?:the|my|our|your|a|this|that) (?:parcel|package|delivery|shipment|letter|box)\b"
_NO_PARCEL_DE: Final = (
    r"(?!(?:das|die|mein|meine|unser|unsere|ihr|ihre|ein|eine) (?:paket|lieferung|sendung|post|packchen)\b)"
)
_WRITES: Final = r"(?:i am|i'm|i am now|am|we are|we're) (?:writing|asking|contacting you|getting in touch|enquiring|inquiring)"
_FOR: Final = re.compile(
    rf"\b(?:on|in) (?:the )?behalf of (?!(?:our|my own|the|a) (?:company|firm|team|office|business|school|club)\b|us\b|myself\b)"
    r"|\bon (?!(?:my|our)(?: own)? behalf)(?:\S{1,20} ){1,3}behalf\b"
    rf"|\b{_WRITES} (?:to you )?(?:for|about|regarding|concerning) (?:my|our) {_KIN}\b(?!'?s? (?:birthday|present|gift|wedding|day|accounts?|number|card|id|login|profile|portal|services?|seat|discount)\b)"
    rf"|\b(?:my|our) {_KIN}(?:'s|s')? (?:has |had |have )?(?:(?:ordered|bought|purchased|received)\b(?! (?:me|us|it|them)\b|{_PARCEL})|(?:is|are) waiting\b(?! for (?:the|my|our|your)\b))"
    rf"|\bim (?:namen|auftrag) (?:von|der|des|meine[rs]?|unsere[rs]?)\b(?! (?:firma|unternehmens?|gesellschaft|team|buros?))"
    rf"|\b(?:ich schreibe|schreibe ich|ich frage|ich melde mich|ich wende mich) (?:\w{{1,12}} ){{0,2}}fur (?:meine[nr]?|unsere[nr]?) {_KIN_DE}\b"
    rf"|\bmeine? {_KIN_DE} (?:hat|haben) {_NO_PARCEL_DE}(?:\S{{1,20}} ){{0,4}}(?:bestellt|gekauft|erhalten|bekommen)\b"
    r"|\bstellvertretend fur\b"
)
# Names are recognised by their capitals, so this pattern reads the unfolded text.
_FOR_A_NAME: Final = re.compile(
    r"(?:\bI am|\bI'm|\bI\u2019m|\bWe are|\bam|\bIch) (?:(?:writing|contacting you|schreibe(?: Ihnen)?)(?: to you)?|asking(?= for (?:Mr|Mrs|Ms|Dr)\b)) (?:for|f\u00fcr|on behalf of)"
    r" (?:(?:Mr|Mrs|Ms|Dr|Herrn|Frau)\.? (?=[A-Z\u00c0-\u00de])|[A-Z\u00c0-\u00de][^\W\d_]{1,20}(?:['\u2019-][^\W\d_]{1,20})? [A-Z\u00c0-\u00de](?!\S{0,30}\d))"
)


def writes_for_another(sentence: str) -> bool:
    """Return whether a sentence says that the request is another person's than the sender's."""
    return (
        _FOR.search(fold(sentence).replace("\u2019", "'")) is not None
        or _FOR_A_NAME.search(sentence) is not None
    )
