"""The wordings by which requested.py distinguishes an ask from a mention; in English, and partly in German.

All patterns read one clause: folded words with one space between them, each phrase of what is asked for written as
'§'. Every repeat is bounded, so that a clause takes time linear in its length.
"""

from typing import Final

from dispatch.text.lazy_pattern import LazyPattern

_ADVERBS: Final = (
    r"(?:(?:please|pls|plz|kindly|bitte|just|simply|also|now|still|really|only|possibly|perhaps|maybe|therefore|hereby|formally"
    r"|urgently|immediately|promptly|quickly|fully|partially|at once|hiermit|sofort|umgehend|gerne?|daher|deshalb|auch|nun|jetzt) ){0,4}"
)
_LEAD: Final = (
    r"(?:(?:hi|hello|hey|hallo|dear|and|also|so|but|then|now|well|ok|okay|first|firstly|second|secondly|next|finally|lastly"
    r"|therefore|thus|hence|please|pls|plz|kindly|bitte|team|all|there|sir|madam|und|auch|dann|daher|deshalb|hiermit|aber|support) ){0,6}"
)
# Between the wish and what is wished for; any of these makes it another wish, or one about an earlier refund.
_STOP: Final = (
    r"(?!(?:know|tell|ask about|about|regarding|concerning|information|info|details?|confirm|confirmation|check|see|find|understand"
    r"|learn|hear|discuss|talk|speak|inquire|enquire|complain|thanks?|apologi[sz]e|cancel|withdraw|stop|decline|refuse|reject"
    r"|avoid|prevent|explain|explanation|clarify|clarification|describe|status|update|updates|proof|receipt|label|link|invoice|help"
    r"|assistance|advice|change|track|speed|instead|rather|than|policy|question|questions|reason|replacement|exchange|voucher"
    r"|keep|forget|ignore|skip|hold|delay|postpone|undo|reverse|revoke|turn|waive|say|remind|reminder|wait|waiting|why|how|when|where"
    r"|whether|what|or|sure|i|we|they|he|she|promised|earlier|previous|last|late|outstanding|missing|pending"
    r"|was|were|been|received|already|issued|processed|arrived|came|paid|had|not|no|never|without"
    r"|wissen|fragen|informieren|information|informationen|sagen|mitteilen|teilen|erklaren|prufen|bestatigen|bestatigung|uber|wann"
    r"|wie|ob|warum|danken|stornieren|behalten|verzichten|auf|statt|anstatt|bereits|schon|erhalten|bekommen|wurde|worden|nicht"
    r"|kein\w{0,2}|oder|beschweren|hilfe|frage|von|sehen|absehen|unterlassen|vermeiden|verhindern|anything|but|except|up"
    r"|(?:to|zu) (?!(?:get|have|receive|be|request|claim|ask for|apply for|obtain|return|send|give me|give us|issue|process|make|initiate"
    r"|me|us|my|our|the|order|arrange|grant|pay|§)\b)\S{1,40}) )"
)
_SOON: Final = rf"(?:{_STOP}\S{{1,40}} ){{0,12}}"
_DETERMINED: Final = (
    r"(?:(?:a|an|the|my|our|full|partial|complete|total|eine|die|volle|vollstandige|mein|meine) ){0,3}"
)
_GIVE: Final = r"(?:give|send|issue|process|make|arrange|initiate|grant|pay|transfer|approve|start|provide|return|get|organi[sz]e|offer)"
# What follows a noun and makes it the name of something else ('refund policy'), or tells of one that was.
_FOLLOWING: Final = (
    r"(?! (?:policy|policies|form|forms|status|process|procedure|procedures|request|requests|link|number|page|period|conditions|terms"
    r"|rules|department|confirmation|receipt|email|mail|letter|id|reference|deadline|window|options|option|information|info|date|fee"
    r"|label|code|voucher|was|were|has|had|is|are|came|arrived|will|takes|took|i|you|we|they|he|she|works?|or|oder|only if|instead)\b)"
)
_IT: Final = rf"§{_FOLLOWING}"

_BARE: Final = (
    rf"{_LEAD}{_ADVERBS}§ (?:{_ADVERBS}(?:me|us|my|our|the|this|it|them|both|all|everything|order|orders|sie|mir|uns|den|das|meine?n?"
    r"|\S{0,12}\d\S{0,12}))\b"
)
_ASKING: Final = (
    rf"{_LEAD}{_ADVERBS}{_GIVE} {_SOON}{_IT}",
    rf"(?:\S{{1,40}} ){{0,12}}(?:please|pls|plz|kindly) {_ADVERBS}(?:{_GIVE} {_SOON})?{_DETERMINED}{_IT}",
    rf"(?:\S{{1,40}} ){{0,12}}bitte (?:sie )?{_SOON}{_IT}",
    rf"{_LEAD}{_DETERMINED}§(?: {_STOP}\S{{1,40}}){{0,8}} (?:please|pls|plz|bitte)$",
    rf"{_LEAD}(?:i|we)(?:'d| would) {_ADVERBS}(?:like|love|appreciate) {_SOON}{_IT}",
    (
        rf"{_LEAD}(?:i|we) (?:do )?{_ADVERBS}(?:want|need|request|demand|require|claim|seek|insist on|ask for|ask you|ask that|wish to|wish for)"
        rf" {_SOON}{_IT}"
    ),
    (
        rf"{_LEAD}(?:i'm|i am|we're|we are|am) {_ADVERBS}(?:asking|requesting|seeking|demanding|claiming|looking for|applying for"
        rf"|writing to (?:ask for|request|claim|demand)) {_SOON}{_IT}"
    ),
    rf"{_LEAD}(?:can|could|may|might) (?:i|we) {_ADVERBS}(?:get|have|receive|request|claim|be|return) {_SOON}{_IT}",
    rf"{_LEAD}(?:can|could|would) (?:you|someone|somebody) {_ADVERBS}(?:{_GIVE} {_SOON})?{_IT}",
    rf"{_LEAD}{_DETERMINED}§(?: {_STOP}\S{{1,40}}){{0,8}} would be (?:much |very |greatly )?(?:appreciated|great|nice|good|lovely|helpful)",
    rf"{_LEAD}(?:i|we)(?:'d| would) be (?:very |most )?(?:grateful|thankful|happy|glad|pleased) (?:for|to) {_SOON}{_IT}",
    (
        rf"{_LEAD}(?:ich|wir) {_ADVERBS}(?:mochten?|hatten? gerne?|will|wollen|brauchen?|verlangen?|fordern?|fordere|bitten? um|beantragen?"
        rf"|wunschen?|bestehen? auf) {_SOON}{_IT}"
    ),
    rf"{_LEAD}(?:mochte|will|fordere|verlange|beantrage|bitte|hatte|wunsche) ich {_SOON}{_IT}",
    rf"{_LEAD}(?:konnen|konnten|wurden) sie {_SOON}{_IT}",
    rf"{_LEAD}(?:(?:kannst|konntest|wurdest) du|(?:kann|konnte|darf) ich) {_SOON}{_IT}",
)
BARE_ASK: Final = LazyPattern(_BARE)
# Anchored, for the engine would otherwise try every place of a text that has none of them.
ASK: Final = LazyPattern(rf"\A(?:{'|'.join(f'(?:{pattern})' for pattern in _ASKING)})")
OF_AN_EARLIER_ONE: Final = LazyPattern(
    r"(?:my|the|our|meine|die) § (?:is|isn't|has|hasn't|still|ist|fehlt|never)\b"
    r"|^(?:\S{1,20} ){0,3}(?:where|when|wo|wann)(?:'s)? (?:\S{1,40} ){0,6}§"
    r"|^(?:(?:and|but|so|also) )?(?:has|have|is|did|ist|was) (?:\S{1,40} ){0,6}§"
    r"|\b(?:waiting|wait|warte|warten) (?:\S{1,40} ){0,6}§"
    r"|\b(?:return|repay) (?:the|my|this|that|your) §"
    r"|\b(?:cancel|withdraw|stop|keep|decline|refuse|reject|instead of|rather than|anstatt|statt) (?:\S{1,40} ){0,6}§"
    r"|§ (?:\S{1,40} ){0,3}(?:instead of|rather than) (?:\S{1,40} ){0,6}§"
)
"""'Where is my refund', 'cancel the refund', 'a voucher instead of a refund': together with an ask, they put it in doubt."""

NEGATION: Final = LazyPattern(
    r"\b(?:not|no|never|none|neither|nor|without|nothing|nobody|cannot|nicht|kein\w{0,2}|nie|niemals|weder|ohne|nein|nichts|niemand\w{0,2}|statt|anstatt|refrain|avoid|hardly"
    r"|(?:do|does|did|is|are|was|were|has|have|had|ca|could|wo|would|should|must|need|sha)n'?t|dont|doesnt|didnt|isnt|wasnt|cant|wont)\b"
)
_IS_NOT: Final = (
    r"(?:(?:does|do|did|is|are|was|were|has|have|will|would|can|could) not|cannot|no longer|never"
    r"|(?:does|do|did|is|are|was|were|has|have|wo|would|ca|could)n't|doesnt|didnt|isnt|wasnt|cant|wont)"
)
REASON: Final = LazyPattern(
    r"(?:(?:and|but|as|because|since|so|that|which|who|it|also|sadly|unfortunately|hello|hi) ){0,4}"
    rf"(?:(?:it|they|this|that|these|those|which|(?:the|my|our|order|one|dd) (?:\S{{1,40}} ){{0,7}}?\S{{1,40}}) {_IS_NOT}"
    r"|(?:it|that|this)'s not|(?:they|these)'re not"
    rf"|(?:(?:i|we) )?(?:(?:really|simply|just|still) )?{_IS_NOT} (?:really |yet |even )?"
    r"(?:like|love|receive|received|get|got|use|used|order|ordered|recogni[sz]e|need|want|wear|open|opened|happy|satisfied|pleased|fit)"
    r"(?= (?:it|this|them|the|these|those|my|that|any more|anymore|with)\b)"
    r"|(?:i'm|i am|we're|we are) not (?:\S{1,12} )?(?:happy|satisfied|pleased))"
    r"(?! (?:(?:really|yet|at all|be|been) ){0,2}(?:necessary|needed|required|true|want|wanted|my wish|matter|have to|need))\b"
    r"(?!.{0,200}§)"
    r"|(?:(?:weil|denn|da|und|leider|dass) ){0,3}(?:(?:es|sie|er|dies|das|die|der|mein|meine) (?:\S{1,40} ){0,7}?)"
    r"(?:passt|passen|funktioniert|funktionieren|gefallt|gefallen|geht|lauft|ist|sind|war|kam) (?:\S{1,40} ){0,4}?nicht\b(?!.{0,200}§)"
    r"|(?:(?:weil|denn|da|dass) )?(?:es|sie|er|dies|das|die|der|mein|meine) (?:\S{1,40} ){0,7}?nicht (?:passt|funktioniert|gefallt|geht|lauft)\b(?!.{0,200}§)"
)
"""A clause that negates something about the goods ('it does not fit'), and not the ask beside it."""

REFUSAL: Final = LazyPattern(
    rf"^{_LEAD}(?:(?:actually|doch|lieber|or|oder|rather|better|oh|certainly|absolutely|definitely|surely|of course|why) ){{0,3}}"
    r"(?:do not|don't|dont|not|no|never|nein|nicht|doch nicht|stop|wait|hold|never mind|nevermind|forget|scratch|disregard|ignore"
    r"|leave it|keep it|vergessen|egal)\b"
    r"|\b(?:never mind|nevermind|forget (?:it|that|about)|just kidding|only joking|scratch that|on second thoughts?|take (?:it|that) back"
    r"|keep (?:it|them|the|this|that|my)|keeping (?:it|them|the|this)|hold off|not yet|no need|not necessary|not needed|changed? (?:it|that)"
    r"|cancel (?:that|this|my request)|disregard|ignore (?:that|this|my|the above)|hat sich erledigt|doch nicht|lieber nicht|bitte nicht"
    r"|behalten|behalte|withdraw)\b"
    r"|^actually\b"
)
"""A sentence that withdraws the ask beside it."""

COURTESY: Final = LazyPattern(
    r"\b(?:if (?:at all )?possible|if you please|if i may|if (?:that|this|it)(?:'s| is) (?:ok|okay|possible|fine|alright)"
    r"|as soon as possible|when you (?:can|get a chance|have time)|wenn moglich|falls moglich|wenn es geht|so bald wie moglich"
    r"|sobald wie moglich)\b"
)
IF_YOU_COULD: Final = LazyPattern(
    r"\b(?:appreciate it|appreciate|grateful|thankful|great|nice|good|kind|happy|lovely|glad|helpful) if you (?:could|can|would|will|might)\b"
)
CONDITION: Final = LazyPattern(
    r"\b(?:if|unless|otherwise|whether|provided|assuming|suppose\w{0,2}|imagine|hypothetically|else|in case|for example|next time"
    r"|wenn|falls|sonst|ob|sobald|sofern|ausser|andernfalls|ansonsten|beispiel)\b"
)
TIME_CONDITION: Final = LazyPattern(
    r"^(?:\S{1,12} )?(?:should (?:you|it|this|the|my)|once|until|till|when|whenever|after|before|as soon as|bis|nachdem|bevor)\b"
    r"|§ (?:\S{1,40} ){0,12}(?:once|until|till|when|whenever|after|before|as soon as|later|bis|nachdem|bevor|ever|on sale)\b"
)
REPORTED: Final = LazyPattern(
    r"\b(?:say|said|says|wrote|writes|write|told|tells|promised|promises|promise|claimed|claims|stated|states|replied|answered"
    r"|mentioned|mentions|suggested|offered|offers|advised|asked|asks|quote|according to|reads"
    r"|schrieb|schrieben|schreibt|sagte|sagten|sagt|meint|meinte|versprach|versprochen|antwortete|laut|zitat)\b"
)
AFTERTHOUGHT: Final = LazyPattern(
    r"^(?:but|or|only|although|though|however|unless|except|aber|oder|nur|obwohl|ausser)\b"
)
