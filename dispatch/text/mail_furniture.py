"""Recognises the lines that mail programs add to a sender's words: attributions of quotes, device lines, notices.

Everything is read on single folded lines (no case, no accents), in the languages that customers of a European shop
write most. Nothing here is removed from the document; it only counts as no ask.
"""

import re
from collections.abc import Sequence
from typing import Final

from dispatch.text.normalise import fold

_LONGEST_LINE: Final = 400
_LONGEST_DEVICE_LINE: Final = 120
_HEADER_LINES: Final = 6
_ATTRIBUTION_LINES: Final = 3

_QUOTED: Final = re.compile(r"\s?(?:>|&gt;)")
_SIGNATURE: Final = frozenset({"--", "-- ", "\u2014", "\u2014 "})

_WROTE: Final = (
    r"(?:wrote|schrieb(?:en)?|a ecrit|escribio|ha scritto|schreef|escreveu|skrev|napisa[lł](?:\(a\)|a)?|kirjoitti|a scris|irta"
    r"|\u043d\u0430\u043f\u0438\u0441\u0430\u043b\w{0,2}|\u043f\u0438\u0448\u0435\u0442|yazd\w|\u5199\u9053|\u66f8\u304d\u307e\u3057\u305f)"
)
_SAYS_WROTE: Final = re.compile(rf"(?:(?<=[\s>]){_WROTE}(?!\w)|\u5199\u9053|\u66f8\u304d\u307e\u3057\u305f)")
_AFTER_WROTE: Final = 200
_WHEN_OR_WHO: Final = re.compile(r"\d{1,2}[:.]\d{2}\b|\b\d{4}\b|@|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}")
_BEGINS_ATTRIBUTION: Final = re.compile(
    r"(?:on|am|le|el|il|op|em|den|dne|dnia|pe|w dniu)\b.{0,100}\d|\d{4}[-/.]\d|.{1,100}<[^<>\s@]{1,64}@[^<>\s@]{1,255}>"
)
_WITHOUT_A_VERB: Final = re.compile(
    r"\d{4}-\d{2}-\d{2},? \d{1,2}:\d{2}.{0,200}<[^<>\s@]{1,64}@[^<>\s@]{1,255}>:"
)
_CUTS: Final = re.compile(r"@|\d{1,2}[:.]\d{2}\b")

_LABELS: Final = {
    "from": "from von de da van fran fra od lahettaja expediteur remetente afzender mittente nadawca absender от kimden 发件人 差出人",
    "sent": "sent date gesendet datum envoye envoye_le enviado enviado_el inviato verzonden skickat sendt wysłano odeslano"
    " lahetetty fecha data dato дата отправлено gonderildi 发送时间 送信日時",
    "to": "to cc an kopie a para aan till til do komu vastaanottaja destinataire destinatario empfanger кому kime 收件人 宛先",
    "subject": "subject betreff objet asunto assunto oggetto onderwerp amne emne temat predmet aihe тема konu 主题 件名",
}
_LABEL_OF: Final = {word.replace("_", " "): kind for kind, words in _LABELS.items() for word in words.split()}
_LABEL: Final = re.compile(
    r"[*_]{0,2}([^\s:*_\uff1a][^:*_\uff1a]{0,15}?)[*_]{0,2} ?[:\uff1a][*_]{0,2}(?=\s|$)"
)

_SEPARATOR: Final = re.compile(
    r"(?:[-_=*#]{2,40}|begin |anfang der |debut du )\s?"
    r"(?:original(?:e|nachricht)?(?: message| mail)?|(?:reply|forwarded|urspr(?:u|ue)ngliche|weitergeleitete[nr]?) (?:message|nachricht|mail|e-mail)|forwarded by\b.{0,80}"
    r"|message (?:d'origine|original|transf\S{1,8}|initial)|mensaje (?:original|reenviado)|messaggio (?:originale|inoltrato)"
    r"|oorspronkelijk bericht|doorgestuurd bericht|mensagem (?:original|encaminhada)|ursprungligt meddelande|original ?meddelelse"
    r"|oprindelig meddelelse|wiadomosc oryginalna|alkuperainen viesti|message transmis"
    r"|\u0438\u0441\u0445\u043e\u0434\u043d\u043e\u0435 \u0441\u043e\u043e\u0431\u0449\u0435\u043d\u0438\u0435)\b"
)
_ABOVE_THIS_LINE: Final = re.compile(
    r"[-#=*_ ]{0,20}(?:please |bitte )?(?:(?:type|write|enter) (?:your )?reply above|reply above|antwort(?:en sie)?(?: bitte)? (?:ober|u)"
    r"|schreiben sie ihre antwort uber).{0,30}(?:line|zeile)\b"
)
_SENT_FROM: Final = re.compile(
    r"[(\[*_]?(?:sent (?:from|via|with|using|by)|get outlook|get bluemail|von mein\w{1,2}|gesendet (?:von|mit|uber|aus)|"
    r"diese nachricht wurde (?:von|mit)|outlook fur|holen sie sich outlook|laden sie outlook|envoye (?:de|depuis|a partir|avec)|enviado (?:desde|do|com|de)"
    r"|inviato da|verzonden (?:vanaf|via|met)|skickat fran|sendt fra|wys[lł]ane? z|lahetetty|odeslano z"
    r"|\u043e\u0442\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u043e (?:\u0441|\u0438\u0437)|mit der .{1,30} (?:app )?gesendet|yahoo mail:)(?!\w)"
)
_DEVICE: Final = re.compile(
    r"iphone|ipad|ipod|android|samsung|galaxy|huawei|xiaomi|pixel|nokia|blackberry|windows|phone|mobil|handy|tablet|device|gerat"
    r"|outlook|mail|gmx|web\.de|t-online|aol|app\b|telefon|movil|portable|cellulare|\bios\b"
)
_NOTICE: Final = re.compile(
    r"[^\w\n]{0,6}(?:p )?(?:"
    r"(?:please )?(?:consider|think (?:of|about)) (?:the|your|our) environment|(?:please )?think (?:twice )?before (?:you )?print"
    r"|(?:please )?(?:do not|don't|only) print this (?:e-?mail|message)|save (?:a tree|paper)|(?:please )?consider your environmental"
    r"|(?:bitte )?(?:denken sie|denk|denke) (?:\S{1,12} )?an (?:die|unsere) umwelt|(?:bitte )?(?:prufen|uberlegen|bedenken) sie,? .{0,60}(?:ausdruck|drucken|umwelt)"
    r"|bevor sie diese (?:e-?mail|nachricht|mail) (?:aus)?druck|(?:der )?umwelt zuliebe|pensez (?:a|avant) |antes de imprimir|prima di stampare"
    r"|(?:e-?mail )?confidential(?:ity)?(?: notice| note)?:?$|(?:e-?mail )?confidentiality (?:notice|note|statement)|(?:legal )?disclaimer\b ?:?|important (?:notice|information) ?:"
    r"|privileged (?:and|&|/) ?confidential|vertraulichkeitshinweis|(?:wichtiger |rechtlicher )?hinweis: ?(?:diese|der inhalt|die information)|haftungsausschluss\b"
    r"|(?:the (?:information|contents?)|any information)(?: \S{1,20}){0,6} (?:this|the) (?:e-?mail|message|communication|transmission)"
    r"|this (?:e-?mail|message|communication|transmission)(?: \S{1,20}){0,8} (?:is|are|may|contains?|intended|sent) (?:\S{1,20} ){0,6}?(?:confidential|privileged|intended|proprietary)"
    r"|this (?:e-?mail|message) (?:has been|was) (?:scanned|checked)|(?:caution|warning|external)[^\w\n]{1,4}(?:this (?:e-?mail|message)|external) "
    r"|if you (?:are not|have received|received|were not)(?: \S{1,20}){0,6} (?:intended|in error|by mistake|addressee)"
    r"|you (?:have )?received this (?:e-?mail|message) because|to unsubscribe\b|unsubscribe\b ?(?:$|[|(:])|virus-?free\b|avast\b"
    r"|diese (?:e-?mail|nachricht|mail)(?: \S{1,20}){0,8} (?:vertraulich\w{0,2}|rechtlich geschutzte?)|diese (?:e-?mail|nachricht) wurde (?:\S{1,12} ){0,3}auf viren"
    r"|(?:der inhalt|die information\w{0,2})(?: \S{1,20}){0,6} (?:dieser|diese) (?:e-?mail|nachricht)"
    r"|(?:wenn|falls|sollten) sie nicht (?:der|die) (?:\S{1,20} ){0,3}(?:adressat|empfanger)|(?:wenn|falls|sollten) sie diese (?:e-?mail|nachricht) irrtumlich"
    r"|ce (?:message|courriel|mail)(?: \S{1,20}){0,8} confidentiel|este (?:mensaje|correo)(?: \S{1,20}){0,8} confidencial|questo messaggio(?: \S{1,20}){0,8} (?:riservat|confidenzial)"
    r")"
)
_HEADING_CHARS: Final = 60


def is_quoted(line: str) -> bool:
    """Return whether a line is marked as quoted."""
    return _QUOTED.match(line) is not None


def is_signature_mark(line: str) -> bool:
    """Return whether a line begins the signature (RFC 3676, section 4.3), as programs that strip spaces leave it too."""
    return line in _SIGNATURE


def attribution_lines(lines: Sequence[str]) -> int:
    """Return how many of the first lines are 'On ..., Jane wrote:', at most three; 0 for none."""
    first = lines[0][:_LONGEST_LINE]
    folded = fold(first)
    for number in range(1, min(_ATTRIBUTION_LINES, len(lines)) + 1):
        if number > 1 and (not lines[number - 1] or _BEGINS_ATTRIBUTION.match(folded) is None):
            return 0
        if not lines[number - 1].endswith((":", "\uff1a")):
            continue
        joined = " ".join(lines[:number])
        return number if len(joined) <= _LONGEST_LINE and _is_attribution(fold(joined)) else 0
    return 0


def _is_attribution(folded: str) -> bool:
    if _WITHOUT_A_VERB.fullmatch(folded):
        return True
    after = folded
    for wrote in _SAYS_WROTE.finditer(folded):
        after = folded[wrote.end() :]
    if after is folded or len(after) > _AFTER_WROTE:
        return False
    return _WHEN_OR_WHO.search(folded) is not None


def introduces_all(lines: Sequence[str]) -> bool:
    """Return whether an attribution is certainly a mail program's, by a time or an address, and not the sender's sentence."""
    return _CUTS.search(" ".join(lines)) is not None


def begins_earlier_mail(lines: Sequence[str]) -> bool:
    """Return whether an earlier mail begins here: a separator, or a block of From, Sent, To and Subject in any usual order."""
    first = lines[0]
    folded = fold(first[:_LONGEST_DEVICE_LINE])
    if _SEPARATOR.match(folded) or _ABOVE_THIS_LINE.match(folded):
        return True
    if label_of(first) is None:
        return False
    found: dict[str, str] = {}
    for line in lines[:_HEADER_LINES]:
        kind = label_of(line)
        if kind is not None:
            found.setdefault(kind, line)
        elif not line:
            break
    if "from" not in found or len(found) == 1:
        return False
    return "sent" in found or "@" in found["from"] or len(found) > 2  # noqa: PLR2004 (From and one more may be a sender's own list)


def label_of(line: str) -> str | None:
    """Return which header field a line repeats: from, sent, to or subject; None for any other line."""
    match = _LABEL.match(line[:_LONGEST_DEVICE_LINE])
    return _LABEL_OF.get(fold(match[1]).strip()) if match else None


def is_device_line(line: str) -> bool:
    """Return whether a line is 'Sent from my iPhone' or similar."""
    if len(line) > _LONGEST_DEVICE_LINE:
        return False
    folded = fold(line)
    return _SENT_FROM.match(folded) is not None and _DEVICE.search(folded) is not None


def is_notice(sentence: str) -> bool:
    """Return whether a line or sentence begins a notice that machines and companies append: environment, confidentiality, virus scan."""
    return _NOTICE.match(fold(sentence[:_LONGEST_LINE])) is not None


def is_heading(line: str) -> bool:
    """Return whether a notice's line only announces it, so that the next paragraph is its text."""
    return len(line) <= _HEADING_CHARS and not line.endswith((".", "!"))
