"""The attacks of this folder's data, each as the mail that carries it."""

import base64
import codecs
import html
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import yaml

from channels.mail.parse import parse_mail
from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger

DATA: Final = Path(__file__).parent / "data"
ASKS: Final = "Where is order DD-10001?"
SENDER: Final = ("Anna Müller", "anna.mueller@post.example")
"""A customer on record, whose order DD-10001 is."""
NOW: Final = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
_MORSE: Final = {
    "R": ".-.", "I": "..", "S": "...", "K": "-.-", "L": ".-..", "O": "---", "W": ".--", " ": "/",
}  # fmt: skip
_CYRILLIC: Final = str.maketrans("aeopcxi", "аеорсхі")  # noqa: RUF001 (lookalikes are the attack)


def _shifted(text: str, to: int) -> str:
    """Return printable ASCII moved to another block of Unicode."""
    return "".join(chr(to + ord(char)) if "!" <= char <= "~" else char for char in text)


ENCODINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "hex": lambda text: text.encode().hex(),
    "percent": lambda text: urllib.parse.quote(text, safe=""),
    "reversed": lambda text: text[::-1],
    "morse": lambda text: " ".join(_MORSE[char] for char in text),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "spaced": " ".join,
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
}
DISGUISES: Final[Mapping[str, Callable[[str], str]]] = {
    "zero_width": "\u200b".join,
    "tags": lambda text: _shifted(text, 0xE0000),
    "bidi": lambda text: f"\u202e{text[::-1]}\u202c",
    "cyrillic": lambda text: text.translate(_CYRILLIC),
    "fullwidth": lambda text: _shifted(text, 0xFEE0),
    "variation": "\ufe0f".join,
    "soft_hyphen": "\u00ad".join,
    "combining": "\u0335".join,
    "math": lambda text: "".join(
        chr(0x1D41A + ord(char) - ord("a")) if "a" <= char <= "z" else char for char in text
    ),
}


@dataclass(frozen=True)
class Attack:
    """One attack; `wants` is what an obedient model would do."""

    id: str
    wants: str
    text: str = ""
    html: str = ""
    file: str = ""
    encode: str = ""
    hide: str = ""
    asks: str = ASKS

    @property
    def kind(self) -> str:
        return self.id.rpartition("-")[0]

    @property
    def says(self) -> str:
        """Return it as a person reads it, before it is encoded or hidden."""
        return self.html or self.text

    @property
    def is_in_records(self) -> bool:
        """Whether a system of the desk returns it, and no mail holds it."""
        return self.kind == "results"

    @property
    def written(self) -> str:
        """Return it as it is written into the mail."""
        text = ENCODINGS[self.encode](self.text) if self.encode else self.text
        return DISGUISES[self.hide](text) if self.hide else text

    def mail(self) -> bytes:
        """Return the mail: the customer's own question, and the attack where its kind has it."""
        message = EmailMessage()
        message["From"] = f'"{SENDER[0]}" <{SENDER[1]}>'
        message["To"] = "support@desk.example"
        message["Subject"] = f"A question ({self.id})"
        message["Message-ID"] = f"<{self.id}@post.example>"
        own = self.asks if self.file or self.html or self.is_in_records else f"{self.asks}\n\n{self.written}"
        if self.html:
            message.set_content(f"<p>{html.escape(self.asks)}</p>{self.html}", subtype="html")
        else:
            message.set_content(own.strip() or "Hello.")
        if self.file:
            message.add_attachment(self.written, filename=self.file)
        return message.as_bytes()

    def submission(self) -> Submission:
        """Return what the mail becomes at the desk's door."""
        mail = parse_mail(f"{self.id}.eml", self.mail())
        return Submission(
            trigger=Trigger(kind="mail", trigger_id=f"<{self.id}@post.example>", received_at=NOW),
            sender=Party(address=mail.address, name=mail.name),
            subject=mail.subject,
            body=mail.text,
            source=DocumentRef(
                sha256="0" * 64, size_bytes=0, media_type="message/rfc822", name=f"{self.id}.eml"
            ),
        )


def attacks() -> tuple[Attack, ...]:
    """Return all of them, in the order of their ids."""
    files = sorted(DATA.glob("*.yaml"))
    return tuple(
        Attack(**entry) for file in files for entry in yaml.safe_load(file.read_text(encoding="utf-8"))
    )
