import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.encoded_words import decoded_words
from channels.mail.parse import parse_mail

HEAD = b"From: Jane Doe <jane@mail.example>\nMessage-ID: <1@mail.example>\nSubject: Lamp\n"


@pytest.mark.parametrize(
    ("charset", "data", "text", "note"),
    [
        (b"iso-8859-1", "Grüße".encode("latin-1"), "Grüße", None),
        (b"koi8-r", "привет".encode("koi8-r"), "привет", None),
        (b"klingon", "Grüße".encode(), "Grüße", "the charset 'klingon' is unknown: read as UTF-8"),
        (
            b"utf-8",
            "Grüße".encode("cp1252"),
            "Grüße",
            "the charset 'utf-8' was not the one it claims: read as Windows-1252",
        ),
        (
            b"us-ascii",
            "Grüße".encode(),
            "Grüße",
            "the charset 'us-ascii' was not the one it claims: read as UTF-8",
        ),
        (b"gb2312", "灯是坏的囍".encode("gb18030"), "灯是坏的囍", None),
        (b"ks_c_5601-1987", "똠방각하".encode("cp949"), "똠방각하", None),
        (b"euc-kr", "펲시".encode("cp949"), "펲시", None),
        (b"shift_jis", "①髙島".encode("cp932"), "①髙島", None),
        (b"big5", "香港嘅燈".encode("big5hkscs"), "香港嘅燈", None),
        (b"iso-8859-1", "„5 €“ œ".encode("cp1252"), "„5 €“ œ", None),
        (
            b"unknown-8bit",
            "Grüße".encode("cp1252"),
            "Grüße",
            "the charset 'unknown-8bit' is unknown: read as Windows-1252",
        ),
        (
            b"utf-8",
            "Grüße aus Köln".encode().replace(b"aus", b"a\xfcs"),
            "Grüße a\ufffds Köln",
            "1 bytes are no letters in 'utf-8' and were replaced with \ufffd",
        ),
        (
            b"utf-8",
            b"Where is it?\xff",
            "Where is it?\ufffd",
            "1 bytes are no letters in 'utf-8' and were replaced with \ufffd",
        ),
        (
            b"gb2312",
            "灯是坏的".encode("gb18030") + b"\xff!",
            "灯是坏的\ufffd!",
            "1 bytes are no letters in 'gb18030' and were replaced with \ufffd",
        ),
        (b"rot13", b"hello", "hello", "the charset 'rot13' is unknown: read as UTF-8"),
        (b"punycode", b"hello", "hello", "the charset 'punycode' is unknown: read as UTF-8"),
    ],
)
def test_any_charset_is_read(charset: bytes, data: bytes, text: str, note: str | None) -> None:
    """Wrong and unknown charsets are read as well as can be, and that is said."""
    mail = parse_mail("x.eml", HEAD + b"Content-Type: text/plain; charset=" + charset + b"\n\n" + data)
    assert (mail.text, mail.notes) == (text, [note] if note else [])


def test_encoded_headers_are_read_on_one_line() -> None:
    """RFC 2047 in subject and name; a folded or injected line is a blank; direction signs are gone."""
    raw = (
        b"From: =?utf-8?b?SsO8cmdlbiDigK5H?= <j@post.example>\nMessage-ID: <2@x>\n"
        b"Subject: =?iso-8859-1?q?Gr=FC=DFe?=\n =?utf-8?q?=0ABcc=3A_x?=\n\nhi"
    )
    mail = parse_mail("x.eml", raw)
    assert (mail.subject, mail.name) == ("Grüße Bcc: x", "Jürgen G")


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        (b"=?utf-8?q?K=C3?= =?utf-8?q?=B6ln?=", "Köln"),
        (b"=?UTF-8?B?S8M=?=\n =?utf-8?B?tmxu?= ok", "Köln ok"),
        (b"=?gb2312?b?" + base64.b64encode("灯囍".encode("gb18030")) + b"?=", "灯囍"),
        (b"a =?utf-8*en?q?b?= c", "a b c"),
        (b"=?utf-8?b?!!?=", ""),
        (b"=?klingon?q?a=C3=B6?=", "aö"),
        ("Köln".encode(), "Köln"),
        ("Köln".encode("cp1252"), "Köln"),
        (b"=?no words", "=?no words"),
    ],
)
def test_encoded_words_are_joined_before_they_are_decoded(value: bytes, subject: str) -> None:
    """A letter that a program split between two words is whole; bare bytes are read as letters too."""
    assert parse_mail("x.eml", b"From: j@post.example\nSubject: " + value + b"\n\nhi").subject == subject


@given(st.text(alphabet="=?utf-8bqQ?_ \t\n\u00fc\udcc3AC3", max_size=80))
def test_any_header_is_decoded(value: str) -> None:
    """However broken, it gives text and never fails."""
    assert isinstance(decoded_words(value)[0], str)
