"""The kinds of claims and the words by which each is known, in English and German.

A kind that stands earlier in the list takes a place before a later one: '20 % interest' is of money, not a mere figure.
"""

import re
from typing import Final, NamedTuple

from desks.marketing.rules.claims.figures import (
    COUNT,
    DATE,
    MONEY,
    NUMBER,
    PERCENT,
    TIME_UNIT,
    pattern,
    words,
)
from dispatch.models.work.severity import Severity

_AILMENTS: Final = (
    r"(?:pain|aches?|headaches?|migraines?|stress|anxiety|depression|insomnia|disease|illness(?:es)?|cancer|diabetes|arthritis|inflammation|infections?|"
    r"colds?|flu|viruses|allerg(?:y|ies)|blood pressure|cholesterol|ag(?:e?)ing|wrinkles|acne|eczema|fatigue|symptoms|cramps|nausea|hair loss|"
    r"schmerzen|kopfschmerzen|migräne|krankheiten|krebs|entzündungen?|infektionen?|erkältung(?:en)?|grippe|allergien?|blutdruck|cholesterin(?:spiegel)?|falten|akne|müdigkeit|schlafstörungen|beschwerden)"
)
_EST: Final = (
    r"(?:finest|fastest|quickest|cheapest|easiest|simplest|safest|strongest|toughest|lightest|smartest|cleanest|greenest|healthiest|tastiest|"
    r"softest|warmest|brightest|thinnest|quietest|sturdiest|friendliest|longest[- ]lasting|freshest|purest|kindest|boldest|sleekest|comfiest)"
)
_SIZE_EST: Final = (
    r"(?:largest|biggest|greatest|widest|broadest|lowest|highest|smallest|longest|oldest|youngest)"
)
_PLAIN_DOING: Final = (
    r"(?:\s+(?:way|ways|method|option|route|path|solution|approach|thing|place)\s+(?:to|for|of|is|would|in\s+which)\s*(?:install|get|run|use|contribute|do|build|test|try|start|"
    r"learn|see|find|understand|check|add|set|contact|reach|report|make|work|handle|go|deal|upgrade|download|create|access|help|solve|debug|write|ensure|interact|define|"
    r"include|load|implement|achieve|configure|develop|obtain|know|stay|verify|prevent|avoid|explain|figure|specify|pass|call|integrate|describe|this|that|it|you)?)"
)
_BEST_ELSE: Final = r"(?!\s+(?:of|we|you|they|i|available|approach(?:es)?|excuses?|times?|moments?|parts?|reasons?|things?|days?|seasons?|memor(?:y|ies)|answers?|ideas?|advice|questions?|friends?|practices?|effort|efforts|regards|wishes|of\s+luck|of\s+both|before|match|matches|fit|guess|case|to|if|when|not|viewed|used|served|known|suited|described|explained|interests?|seller)\b)"
_ER: Final = (
    r"(?:faster|better|cheaper|easier|simpler|safer|stronger|lighter|smarter|cleaner|greener|healthier|warmer|brighter|quieter|quicker|tougher|softer|longer[- ]lasting|fresher|"
    r"more\s+(?:efficient|effective|accurate|reliable|affordable|powerful|comfortable|durable|sustainable|secure|productive|precise|popular|advanced|convenient|economical|environmentally\s+friendly|energy[- ]efficient)|"
    r"less\s+(?:expensive|energy|power|water|fat|sugar|waste|plastic|noise|effort|time))"
)
_ER_DE: Final = r"(?:schneller|besser|günstiger|billiger|leichter|einfacher|sicherer|stärker|sparsamer|leiser|wärmer|gesünder|effizienter|haltbarer|langlebiger|zuverlässiger|weicher)"
_ART_DE: Final = r"(?:der|die|das|den|dem|des|ein|eine|einen|einem|einer|unser\w{0,2}|ihr\w{0,2}|europas|deutschlands|österreichs)"
_EST_DE: Final = (
    r"(?:beste\w?|schnellste\w?|günstigste\w?|billigste\w?|größte\w?|leichteste\w?|stärkste\w?|sicherste\w?|einfachste\w?|modernste\w?|beliebteste\w?|innovativste\w?|führende\w?|meistverkaufte\w?|"
    r"haltbarste\w?|wärmste\w?|leiseste\w?|sparsamste\w?|weltbeste\w?)"
)


class Kind(NamedTuple):
    """A kind of claim; `why` says to a marketer what it is."""

    name: str
    why: str
    severity: Severity
    is_regulated: bool
    patterns: tuple[re.Pattern[str], ...]
    in_questions: bool = True


HEALTH: Final = Kind(
    "health",
    "a claim about health",
    Severity.CRITICAL,
    True,  # noqa: FBT003 (named in the class)
    (
        pattern(
            rf"\b(?:cur(?:es?|ing)|heal(?:s|ing)?|treat(?:s|ing)?|prevent(?:s|ing)?|reliev(?:es?|ing)|eas(?:es?|ing)|reduc(?:es?|ing)|lower(?:s|ing)?|fight(?:s|ing)?|sooth(?:es?|ing)|eliminat(?:es?|ing)|stops?)\s+(?:[\w-]{{1,15}}\s+){{0,3}}?{_AILMENTS}\b"
        ),
        pattern(rf"\b(?:heilt|lindert|senkt|bekämpft|stoppt|verhindert|hilft\s+(?:bei|gegen)|wirkt\s+gegen|vorbeugend\s+gegen)\s+(?:[\w-]{{1,15}}\s+){{0,3}}?{_AILMENTS}\b"),
        pattern(
            words(
                "clinically (?:proven|tested)", "dermatologically tested", "doctor[- ]recommended", "recommended by doctors", "medically proven", "scientifically proven to (?:help|reduce|improve)",
                r"(?:boosts?|strengthens?|supports?|stärkt|unterstützt) (?:your |the |das |dein |ihr |deine |ihre )?(?:immune system|immunity|metabolism|immunsystem|abwehrkräfte|stoffwechsel)",
                rf"lose (?:up to )?{NUMBER} ?(?:kg|kilos?|pounds|lbs?)", "weight[- ]loss", "burns? (?:body )?fat", r"detox\w*", "anti[- ]?age?ing", r"good for your (?:heart|health|skin|gut|joints)",
                rf"kills? {PERCENT} of (?:all )?(?:bacteria|germs|viruses)", "antibacterial", "klinisch (?:geprüft|getestet|erwiesen|bewiesen)", "dermatologisch (?:getestet|geprüft)", "von ärzten empfohlen",
                r"fettverbrennung", r"entgift\w+", r"schmerzlindernd\w*", r"abnehmen", r"keimtötend\w*", r"antibakteriell\w*",
                r"improves? (?:your )?(?:sleep|health|circulation|digestion|memory|posture)", r"verbessert (?:den |die |deinen |ihren )?(?:schlaf|gesundheit|durchblutung|verdauung)",
            )
        ),
    ),
)  # fmt: skip
MONEY_CLAIM: Final = Kind(
    "money",
    "a promise of money or return",
    Severity.CRITICAL,
    True,  # noqa: FBT003 (named in the class)
    (
        pattern(rf"{PERCENT}\s+(?:[\w-]{{1,12}}\s+){{0,2}}?(?:interest|returns?|yield|apr|apy|dividends?|financing|p\.?\s?a\.?|zinsen|rendite|verzinsung|finanzierung)\b"),
        pattern(rf"\b(?:earn|make|verdienen?(?: sie)?|verdienst du)\s+(?:up\s+to\s+|over\s+|bis\s+zu\s+|mehr\s+als\s+)?(?:{MONEY}|{PERCENT})"),
        pattern(
            words(
                r"guaranteed (?:[\w-]+ )?(?:returns?|income|profits?|yields?|interest|gains?)", "risk[- ]free", "(?:no|zero|without(?: any)?) risk", "passive income", "get rich", "financial freedom",
                r"doubles? (?:your|their) (?:money|income|savings|investment|profits?)", "interest[- ]free", "tax[- ]free", r"saves? (?:you )?(?:thousands|hundreds)(?: of (?:euros|dollars|pounds))?",
                r"high(?:er)? returns", r"pays? for itself", "beats? inflation", r"garantierte\w? (?:rendite|zinsen|erträge|gewinne)", r"risikofrei\w*", r"(?:ohne|kein) risiko", r"steuerfrei\w*",
                "passives einkommen", r"zinslos\w*", r"zinsfrei\w*", r"hohe rendite\w*", "finanzielle freiheit", "schnell reich",
            )
        ),
    ),
)  # fmt: skip
PRICE: Final = Kind(
    "price",
    "a price or discount",
    Severity.MAJOR,
    False,  # noqa: FBT003 (named in the class)
    (
        pattern(rf"{PERCENT}\s+(?:off\b|discount|cheaper|rabatt|nachlass|günstiger|reduziert|sale\b)"),
        pattern(rf"\b(?:save|saves|saving|spare|sparen(?: sie)?|sparst du)\s+(?:up\s+to\s+|an\s+extra\s+|bis\s+zu\s+)?(?:{MONEY}|{PERCENT})(?!\s+(?:of\s+)?(?:the\s+|your\s+|its\s+)?(?:weight|time|energy|power|water|fuel|space|electricity|effort|gewicht|zeit|energie|strom|wasser))"),
        pattern(rf"(?:from\s+|only\s+|just\s+|ab\s+|nur\s+)?{MONEY}(?:\s?(?:/|per|a|pro|im)\s?(?:month|year|user|seat|night|person|monat|jahr|nutzer|nacht|stück)\b)?"),
        pattern(
            words(
                r"free (?:shipping|delivery|returns?|trials?|gifts?|upgrades?|months?|weeks?|samples?|installation|consultation|access|entry|admission|webinar|e-?book|plan|account|forever)",
                "free of charge", r"at no (?:extra |additional )?(?:cost|charge)", "(?:completely|absolutely|totally|entirely|100 ?%) free", "free for life", r"for free(?=\s*(?:[.,;:!?)]|\Z|and\b|to\b|with\b|until\b|on\b|in\b|for\b|from\b|as\b|today\b|now\b|bis\b))", r"try (?:it|us) (?:for )?free",
                r"(?:days?|weeks?|months?) (?:for )?free", r"half[- ]price", r"buy one,? get one(?: free)?", r"(?:2|two)[- ]for[- ](?:1|one)", "lowest prices?", "best prices?", r"price match", r"kostenlos\w*", r"gratis\w*",
                r"(?:versand)?kostenfrei\w*", r"zum halben preis", r"bestpreis\w*", r"tiefpreis\w*", r"no (?:hidden )?(?:fees|costs)", r"ohne (?:versteckte )?(?:kosten|gebühren)", r"discounts? of [\w%]+", r"cash ?back",
            )
        ),
    ),
)  # fmt: skip
DEADLINE: Final = Kind(
    "deadline",
    "a deadline or scarcity",
    Severity.MAJOR,
    False,  # noqa: FBT003 (named in the class)
    (
        pattern(
            rf"\b(?:offer|sale|promotion|promo|deal|discount|(?:discount|promo)\s+code|voucher|coupon|early[- ]bird|price|aktion|angebot|rabatt|gutschein)\w*\b[^.!?\n]{{0,80}}?\b(?P<place>(?:ends?|expires?|closes?|runs?\s+(?:until|through|to)|valid\s+(?:until|through|till|to)|endet|läuft\s+(?:nur\s+)?bis|gilt\s+(?:nur\s+)?bis|gültig\s+bis|only\s+lasts?|lasts?\s+(?:until|only))\b(?:[^.!?\n]{{0,12}}?{DATE})?)"
        ),
        pattern(
            rf"\b(?:order|book|buy|shop|sign\s+up|register|save|apply|subscribe|claim|get\s+yours|reserve|bestell\w*|buch\w*|sichern?|melde\w*|anmeld\w*|spar\w*|kauf\w*)\b[^.!?\n]{{0,60}}?\b(?P<place>(?:by|before|until|till|bis(?:\s+zum)?|vor(?:\s+dem)?|spätestens)\s+(?:the\s+|this\s+|next\s+|(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?{DATE})"
        ),
        pattern(
            words(
                rf"only (?:until|till|through) {DATE}", "only (?:today|this (?:week|weekend|month))", "(?:today|tonight|this (?:week|weekend)) only", "last (?:chance|days?|call|few)", "limited[- ](?:time|edition|offer|availability|stock)",
                "while (?:stocks?|supplies|stock) lasts?", rf"(?:only|just) (?:{NUMBER}|{COUNT}|a few) (?:\w+ )?(?:left|remaining)", rf"{NUMBER} (?:hours?|days?) (?:only|left)", "for a limited time", "ends (?:soon|today|tonight|tomorrow|at midnight)",
                rf"nur bis (?:zum )?{DATE}", r"nur noch (?:heute|morgen|wenige\w?|\d+)", "nur (?:heute|für kurze zeit|solange)", r"solange (?:der )?vorrat reicht", r"letzte chance", r"(?:zeitlich )?begrenzte? (?:zeit|angebot|stückzahl|auflage)", r"zeitlich begrenzt", r"befristet\w*", "selling (?:out )?fast", "almost (?:gone|sold out)", "before (?:it's|they're) gone",
            )
        ),
    ),
)  # fmt: skip
COMPARISON: Final = Kind(
    "comparison",
    "a comparison",
    Severity.MAJOR,
    False,  # noqa: FBT003 (named in the class)
    (
        pattern(rf"\b{_ER}\s+(?:[\w-]{{1,20}}\s+){{0,3}}?than\b(?!\s+(?:nothing|that|this|it\b|expected|usual|you\s+(?:think|expect)|a\s+few|necessary|needed|required|\d|zero|one\b|none))"),
        pattern(rf"\b{_ER_DE}\s+(?:[\w-]{{1,20}}\s+){{0,2}}?als\b(?!\s+(?:\d|nichts|erwartet|gedacht))"),
        pattern(
            words(
                r"unlike (?:other|any|most|competing|traditional|conventional|our competitors|the competition|ordinary|regular)(?: \w+)?", r"compared (?:to|with) (?:other|competing|leading|conventional|traditional|ordinary|our competitors|the competition|the market leader|similar)(?: \w+)?",
                r"more [\w-]+ than (?:any|every|all|other|most|our|the (?:competition|market|average|usual|leading)|comparable|conventional)(?: \w+)?", r"outperform\w*", r"(?:beats?|outlasts?|outclass(?:es)?|outshines?) (?:the|all|any|every|our|its) (?:competition|competitors?|rivals?|others?|other \w+)", r"no other [\w-]+ (?:is|has|offers?|comes?|gives?|can|does|lets?|matches)", r"nothing (?:else )?(?:beats|comes close|compares)",
                r"ahead of the competition", r"than (?:any|every) (?:other )?(?:competitors?|brand|rival)", r"im vergleich zu[mr]? (?:anderen|herkömmlichen|üblichen|konkurrenz|wettbewerb\w*)", r"anders als (?:andere|herkömmliche|die konkurrenz)\w*", r"kein(?:e|er|em|en)? andere[rs]?n? \w+", r"schlägt (?:die|alle|jede) \w+",
            )
        ),
    ),
    False,  # noqa: FBT003 (a question compares nothing)
)  # fmt: skip
SUPERLATIVE: Final = Kind(
    "superlative",
    "a superlative",
    Severity.MAJOR,
    False,  # noqa: FBT003 (named in the class)
    (
        pattern(rf"(?:\b(?:the|our|its|their|world[\u2019']s|europe[\u2019']s|germany[\u2019']s|country[\u2019']s|town[\u2019']s|market[\u2019']s|[\w]{{2,20}}[\u2019']s)\s+|(?<=[.!?:]\s)|^)(?:very\s+|absolute\s+|second[- ])?best\b{_BEST_ELSE}(?!{_PLAIN_DOING})(?:[- ]selling)?"),
        pattern(rf"\b{_EST}\b(?!{_PLAIN_DOING})(?!\s+(?:possible|case|to\b|is\b|would\b))"),
        pattern(rf"\b(?:world|europe|germany|country|industry|market|nation|region|town|city|britain|america|austria|switzerland)[\u2019']s\s+(?:[\w-]{{1,15}}\s+){{0,2}}?(?:{_SIZE_EST}|leading|favou?rite|first|only|premier|top|number\s+one|most\s+\w+)\b"),
        pattern(rf"\b{_SIZE_EST}\s+(?:selection|range|choice|network|community|provider|supplier|manufacturer|retailer|brand|quality|standards?|rated|store|shop|collection)\b"),
        pattern(r"\b(?:the|a|as|one\s+of\s+the|world|industry|market|europe[\u2019']s|award[- ]winning,)[- ]?\s?leading\s+(?:[\w-]{1,20}\s+){0,2}?(?:provider|brand|company|manufacturer|supplier|maker|platform|name|choice|solution|experts?|specialists?|retailer|software|agency|producer|developer|player|firm|store)\b"),
        pattern(r"\b(?:the\s+)?most\s+(?:advanced|popular|powerful|comfortable|reliable|trusted|affordable|effective|efficient|innovative|beautiful|durable|sustainable|accurate|secure|exciting|delicious|comprehensive|loved|downloaded|awarded|energy[- ]efficient|productive|versatile|luxurious|complete|intelligent|modern|successful)\b(?!\s+(?:way|method|approach)\s+to)"),
        pattern(r"\b(?:the|our|your|is|are|as|world[\u2019']s|europe[\u2019']s)\s+(?:#\s?1|no\.?\s?1|number\s+one|nr\.?\s?1)\b|(?:#\s?1|\bno\.\s?1|\bnumber\s+one|\bnr\.\s?1|\bnummer\s+(?:eins|1))\s+(?:choice|brand|rated|in|for|provider|app|in\s+der|für|bei|unter)\b"),
        pattern(
            words(
                "market leader", "market[- ]leading", "industry[- ]leading", "world[- ]leading", "world[- ]class", "best[- ]in[- ]class", r"award[- ]winning", r"top[- ]rated", "highest[- ]rated", "best[- ]rated", r"unrivall?ed", "unbeatable", "unmatched", "unsurpassed", "unparallell?ed", "second to none",
                "one[- ]of[- ]a[- ]kind", "first of its kind", r"world[\u2019']s (?:first|only|best)", r"the only (?:[\w-]+ )?(?:jacket|tent|brand|company|product|app|phone|service|bank|shop|store|tool|platform|solution|bag|shoe|bike|coffee|provider|maker) (?:that|which|with|you|to)", r"perfect (?:in every way)",
                rf"{_ART_DE} (?:\w+ )?{_EST_DE}", r"am (?:schnellsten|günstigsten|billigsten|leichtesten|sichersten|beliebtesten)", r"marktführer\w*", r"marktführend\w*", r"weltweit führend\w*", r"unschlagbar\w*", r"unübertroffen\w*", r"einzigartig\w*", r"testsieger\w*", r"weltklasse", r"preisgekrönt\w*", r"konkurrenzlos\w*", r"nummer (?:eins|1)",
            )
        ),
    ),
    False,  # noqa: FBT003 ('Looking for the best coffee?' claims nothing)
)  # fmt: skip
GUARANTEE: Final = Kind(
    "guarantee",
    "a guarantee",
    Severity.MAJOR,
    False,  # noqa: FBT003 (named in the class)
    (
        pattern(
            words(
                r"(?:we|wir) (?:\w+ )?(?:guarantee|promise|garantieren|versprechen)", r"(?:money|geld)[- ](?:back|zurück)[- ](?:guarantee|garantie)", r"satisfaction guaranteed", r"guaranteed (?:to (?:last|work|fit|please|save|help)|results|satisfaction|delivery|fresh|lowest|for life)",
                r"(?:lifetime|life-long|lebenslange) (?:guarantee|warranty|garantie)", rf"{NUMBER}[- ](?:years?|jahre?)[- ]?(?:guarantee|warranty|garantie)", rf"{NUMBER} (?:jahre|years) (?:guarantee|warranty|garantie)", r"zufriedenheitsgarantie", r"garantiert \w+",
            )
        ),
    ),
)  # fmt: skip
FIGURE: Final = Kind(
    "number",
    "a figure",
    Severity.MAJOR,
    False,  # noqa: FBT003 (named in the class)
    (
        pattern(PERCENT),
        pattern(rf"(?<![\w.-]){NUMBER}\s?[x\u00d7](?![\w\d])(?!\s?\d)"),
        pattern(rf"\b(?:{NUMBER}|{COUNT}|many)\s+times\s+(?:as|more|less|faster|better|cheaper|longer|stronger|lighter|the|higher|lower|quicker)\b|\btwice\s+as\s+\w+|\b(?:ten|two|three|four|five|hundred)-?fold\b"),
        pattern(r"\b(?:doubles?|triples?|halves|quadruples?|verdoppelt|verdreifacht|halbiert)\s+(?:your|the|their|our|its|ihre\w?|deine\w?|die|den|das)\s+\w+|\bhalf\s+the\s+(?:time|cost|price|effort|weight|size|energy)\b|\bdoppelt\s+so\s+\w+|\b(?:\d{1,3}|zwei|drei|vier|fünf|zehn)-?mal\s+(?:so|schneller|mehr|besser)\b"),
        pattern(
            rf"\b(?:more\s+than|over|nearly|almost|about|around|some|up\s+to|at\s+least|join|trusted\s+by|loved\s+by|used\s+by|mehr\s+als|über|fast|rund|bis\s+zu|mindestens)?\s?(?:{NUMBER}\+?\s?(?:k\b|m\b|million|billion|thousand|mio\.?|millionen|mrd\.?|milliarden|tausend)?|(?:hundreds|thousands|millions|tausende|millionen|hunderte)(?:\s+of|\s+von)?)\+?\s+(?:[\w-]{{1,15}}\s+){{0,2}}?(?:customers|clients|companies|businesses|subscribers|downloads|shops|stores|reviews|travell?ers|runners|households|families|teams\s+worldwide|kund(?:en|innen)|kundinnen\s+und\s+kunden|unternehmen|abonnenten|bewertungen|filialen|haushalte)\b"
        ),
        pattern(rf"\b(?:saves?|saving|cuts?|in\s+(?:under|less\s+than|just|only|as\s+little\s+as)|in\s+(?:nur|unter|weniger\s+als)|spart|sparen\s+sie)\s+(?:you\s+|up\s+to\s+|bis\s+zu\s+)?(?:{NUMBER}|{COUNT})[- ]{TIME_UNIT}\b"),
        pattern(rf"(?<![\w.-])(?:up\s+to\s+|bis\s+zu\s+|over\s+|über\s+)?{NUMBER}[\s-]?(?:km/h|mph|mAh|kWh|lumens?|lumen|litres?|liters?|liter|hours?\s+of\s+(?:battery|playback|talk|use)|hours?\s+battery|stunden\s+(?:akku\w*|laufzeit)|miles\s+of\s+range|km\s+reichweite)\b"),
        pattern(rf"(?<![\w.-]){NUMBER}\s?(?:/|out\s+of|von)\s?(?:5|10|100|five|ten|fünf|zehn)\s?(?:stars?|sterne\w?|points|punkten?)\b|(?<![\w.-])[345][.,]\d\s?(?:/|out\s+of|von)\s?5\b|\b(?:{NUMBER}|{COUNT})\s+(?:out\s+of|in|von)\s+(?:ten|five|10|5|zehn|three|3|four|4|hundred|100)\s+(?:\w+\s+){{0,2}}?(?:customers|users|people|doctors|dentists|runners|teams|kunden|nutzer\w*|menschen|ärzte\w*|recommend|would|say|empfehlen)\b|\b(?:five|5|fünf)[- ](?:stars?|sterne)\b|\u2605{{3,5}}"),
        pattern(rf"\b{NUMBER}\+?\s+(?:years?|jahre)\s+(?:of\s+)?(?:experience|expertise|erfahrung|history|tradition)\b"),
        pattern(r"\b(?:(?:zero|net[- ]zero|null)[- ](?:waste|emissions?|emissionen|carbon)|net[- ]zero|carbon[- ]neutral|climate[- ]neutral|co2[- ]neutral|klimaneutral\w*|emission[- ]free|emissionsfrei\w*)\b"),
    ),
)  # fmt: skip

KINDS: Final = (HEALTH, MONEY_CLAIM, DEADLINE, PRICE, GUARANTEE, COMPARISON, SUPERLATIVE, FIGURE)
