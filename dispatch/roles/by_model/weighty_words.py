"""Words that carry what a paragraph says: of each group a paragraph in other words has some if the first has, and else none.

Everything here is compared as `dispatch.text.normalise.fold` writes it. A stem stands for every word that begins with it.
English and German; of other languages the figures, names and links are checked, and how near the words stay.
"""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _groups(text: str) -> tuple[tuple[str, ...], ...]:
    """Return a group for each line."""
    return tuple(tuple(line.split()) for line in text.splitlines())


NEGATIONS: Final = _words("""\
decline declined hardly impossible kaum neither never nicht nichts nie niemals niemand no nobody none nor
not nothing ohne refuse refused unable unmoglich weder without
""")
NEGATION_STEMS: Final = ("kein", "verweiger", "ablehn", "abgelehnt", "unavailab", "ausgeschloss")

UPPER_BOUNDS: Final = _words("""\
before below binnen bis by hochstens innerhalb latest less maximal maximum most spatestens till under unter
until up vor weniger within
""")
LOWER_BOUNDS: Final = _words("""\
ab above after earliest fruhestens least mehr mindestens minimum more nach over seit since uber
""")

WHOLE_WORDS: Final = _groups("""\
can darf durfen durft kann konnen konnt konnten may
muss mussen musst must need needs ought required should sollen sollten
ausschliesslich lediglich merely nur only solely
andernfalls falls if otherwise provided sofern sonst unless
ausser except excluding
all alle alles any anything each every everything jede jeder jedes
heute today
morgen tomorrow
gestern yesterday
bald shortly soon
immediately instantly jetzt now sofort
always ever forever immer
already bereits schon
free gratis kostenfrei kostenlos
bestimmt certainly definitely sicher sure surely
null zero
two zwei
drei three
call calls ring anrufen rufen ruft
contact contacts kontakt kontaktieren
ask asks frag fragen
tell tells sag sagen
write writes schreib schreiben
reply answer antworten
visit visits besuch besuchen
give gives gib geben
share shares teilen
enter eingeben
use uses benutzen nutzen
bring brings bringen
forward weiterleiten
four vier
five funf
sechs six
seven sieben
acht eight
neun nine
ten zehn
eleven elf
twelve zwolf
fourteen vierzehn
twenty zwanzig
dreissig thirty
hundert hundred
tausend thousand
doppelt double twice zweimal
halb halbe halben half
cvc cvv iban otp pin tan
late spat verspatet
early fruh
paid pay paying pays
geschickt gesendet send sending sends sent
lost verloren
geoffnet offen offnen open opened opens
day days tag tage tagen
hour hours stunde stunden
minute minuten minutes
week weeks woche wochen
monat monate monaten month months
jahr jahre jahren year years
""")
"""Of each group, words as a whole."""

STEMS: Final = _groups("""\
refund reimburs erstatt ruckerstatt
credit gutschrift gutgeschrieben
payment zahlung bezahl
money geld
gift geschenk voucher gutschein discount rabatt bonus compensat entschadig goodwill kulanz
guarant promis assur garant versprech zusicher versicher
warrant gewahrleist
approv authori genehmig bewillig freigeb freigegeb
grant gewahr erteil
confirm bestatig
accept akzept angenommen
cancel stornier
deliver zugestell zustell geliefer liefer
ship versand versend verschick
return zuruck ruckgab rucksend
replac ersetz ersatz
exchang umtausch austausch
repair reparier reparatur
missing fehlt fehlen
delay verzoger
fault blame liab schuld haftung haften
sorry apolog entschuldig
mistake error fehler irrtum
legal lawyer recht anwalt
password passcode passwort kennwort
card karte kredit
bank konto
account
login anmeld
reset zuruckgesetzt
unlock entsperr
lock block gesperrt sperr suspend
delet remov losch entfern
clos geschloss schliess
revok entzog entzieh
order bestell
click klick
download herunterlad
install
attach anhang beigefug
phone telephon telefon anruf
address adress
monday montag
tuesday dienstag
wednesday mittwoch
thursday donnerstag
friday freitag
saturday samstag sonnabend
sunday sonntag
holiday feiertag
""")
"""Of each group, how words begin."""

FUNCTION_WORDS: Final = _words("""\
aber about als also and are auch auf aus been bei beim being both but damit dann das dass dazu dein dem den
denen denn der deren des dessen did die diese diesem diesen dieser dieses dir does doing done dort durch ein
eine einem einen einer eines for from habe haben had has hat hatte hatten have having her here hier him his
how ihnen ihr ihre ihrem ihren ihrer ihres into ist its itself jetzt just like made make man mit oder once
onto our ours per same sein seine she sich sie sind some sowie such than that the their them then there
these they this those through und uns unser unsere unserem unseren unserer upon very vom von want war was
wenn wer werden were what when where which while who why wie will wir wird with wo would wurde wurden you
your yours zum zur zwischen
""")
"""Words that say nothing by themselves."""
