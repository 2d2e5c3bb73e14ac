"""Polite sentences that open or end a request and ask for nothing: 'please get back to me soon'."""

import re
from typing import Final

from dispatch.text.normalise import fold

_SOON: Final = (
    r"(?: (?:soon|shortly|quickly|today|asap|a\.?s\.?a\.?p|again|back|on this|about this|on that|when(?:ever)? you can|at your earliest convenience|as soon as (?:possible|you can)"
    r"|as quickly as (?:possible|you can)|by (?:e-?mail|return|phone)|in due course|if (?:at all )?possible)){0,3}"
)
_THIS: Final = r"(?: (?:out|with|on|in|about|regarding) (?:this|that|it|(?:my|this|the) (?:issue|problem|question|request|matter|case)|the (?:above|following)))?"
_BALD: Final = (
    r"(?: (?:bald|baldmoglichst|zeitnah|kurz|schnell|schnellstmoglich|umgehend|doch|bitte|gern|gerne|noch|heute|per (?:e-?mail|mail)"
    r"|so (?:bald|schnell|rasch) wie moglich|moglichst (?:bald|schnell))){0,3}"
)
_MORE: Final = r"(?:anything|something|any|more|further|additional|other|else|questions)"
_IF_NEEDED: Final = (
    rf"(?:,? (?:if|in case|should|when) (?:you (?:still |also )?(?:need|require|have|want|would like)(?: to know)?|there(?:'s| is| are)) {_MORE}(?: (?!refund|money|cancel)\S{{1,20}}){{0,8}}"
    rf"|,? (?:if|in case|should) {_MORE} (?:\S{{1,12}} )?(?:is|are|be) (?:needed|required|missing|unclear|necessary))?"
)
_WENN_NOETIG: Final = r"(?:,? (?:wenn|falls|sollten) (?:sie|du|ihnen) (?:noch |weitere )?(?:etwas|was|weitere?s?|mehr|fragen|informationen|angaben|irgendetwas)(?: (?!geld|erstatt|storn)\S{1,20}){0,6})?"
_COURTESY: Final = re.compile(
    r"(?:(?:so|and|also|und|hello|hi|hallo)[ ,]{1,2})?(?:"
    rf"(?:please |kindly |pls |could you |can you |would you |just ){{0,3}}(?:get back to|reply(?: to)?|respond(?: to)?|answer|contact|write(?: back)?(?: to)?|come back to)(?: me| us)?{_SOON}(?: please)?"
    r"|(?:please |kindly |just |do ){0,2}(?:let (?:me|us) know|tell (?:me|us)|advise|get in touch|contact (?:me|us)|feel free to (?:contact|ask|call|email|write to) (?:me|us)|do not hesitate to (?:contact|ask|call) (?:me|us)|don't hesitate to (?:contact|ask|call) (?:me|us))"
    r"(?: what you think| how to proceed| what to do(?: next)?| what (?:i|we) (?:can|should) do| soon| asap| please| as soon as possible| your thoughts)?"
    rf"{_IF_NEEDED}"
    rf"|(?:please |can you |could you |would you |will you |can (?:anyone|somebody|someone) |i hope you can |i hope that you can ){{1,2}}(?:please )?(?:help|assist)(?: me| us)?{_THIS}(?: please| out)?"
    r"|(?:i|we) (?:need|would like|could use) (?:your |some )?(?:help|assistance)(?: please| with this| here)?"
    r"|(?:any|your) (?:help|assistance|advice|support) (?:is|would be|will be) (?:(?:much|greatly|very|highly) )?(?:appreciated|welcome|great)"
    r"|(?:i|we)?(?:'d| would)? ?(?:really )?appreciate (?:your|any) (?:help|assistance|reply|response|support|prompt reply|quick reply|time)"
    r"|(?:(?:many |kind )?thanks|thank you|thx)(?: so much| very much| a lot)?(?: in advance| for (?:your|any|the) (?:help|time|reply|assistance|support|understanding|attention|quick reply|prompt reply))?(?: in advance)?"
    r"|(?:(?:i|we)(?:'m| am|'re| are)? )?(?:look(?:ing)? forward to|hop(?:e|ing) to|wait(?:ing)? (?:for|to)|await(?:ing)?|excited to) (?:hear(?:ing)? (?:back )?(?:from you)?|your (?:\S{1,12} )?(?:reply|response|answer|feedback))(?: soon| shortly| back)?"
    rf"|(?:bitte )?(?:melden sie sich|melde dich|antworten sie(?: mir)?|antworte(?: mir)?|geben sie (?:mir|uns)|gib mir|sagen sie (?:mir|uns)|schreiben sie (?:mir|uns))(?:{_BALD}(?: (?:bescheid|eine (?:kurze |schnelle )?(?:ruckmeldung|antwort)|zuruck|an|bei mir|bei uns)){{0,2}}){{1}}{_BALD}"
    rf"{_WENN_NOETIG}"
    r"|(?:ich |wir )?(?:bitte[n]? |bitte )?(?:um|ich bitte um|wir bitten um) (?:eine |ihre )?(?:\S{1,16} )?(?:ruckmeldung|antwort|hilfe|ruckantwort)"
    r"|(?:konnen|konnten|wurden) sie (?:mir|uns) (?:bitte )?(?:(?:da|dabei|hier|hierbei|damit) )?(?:weiter)?helfen|(?:kannst|konntest) du mir (?:bitte )?(?:weiter)?helfen|kann mir (?:da |hier |bitte )?jemand (?:weiter)?helfen|bitte helfen sie (?:mir|uns)(?: weiter)?|bitte um hilfe"
    r"|(?:ich |wir )?freue[n]? (?:mich |uns )?auf (?:ihre |deine |eine )?(?:\S{1,16} )?(?:antwort|ruckmeldung)|(?:ich |wir )?warte[n]? auf (?:ihre |deine |eine )?(?:\S{1,16} )?(?:antwort|ruckmeldung)"
    r"|uber eine (?:\S{1,16} )?(?:antwort|ruckmeldung|hilfe) (?:wurde|wurden) (?:ich|wir) (?:mich|uns) (?:sehr )?freuen"
    r"|(?:(?:vielen|besten|herzlichen) )?dank(?:e)?(?: schon(?: mal)?)?(?: im voraus| fur (?:ihre|die|deine) (?:hilfe|muhe|antwort|unterstutzung|ruckmeldung))?(?: im voraus)?"
    r")"
)
_AROUND: Final = " .!?,;:)(\"'-\u2013\u2026"
_LONGEST: Final = 160


def is_courtesy(sentence: str) -> bool:
    """Return whether a sentence is only polite; one with a number may contain information."""
    if len(sentence) > _LONGEST or any(char.isdigit() for char in sentence):
        return False
    return _COURTESY.fullmatch(" ".join(fold(sentence).strip(_AROUND).split())) is not None
