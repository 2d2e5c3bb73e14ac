"""Which address of a From field is the sender's: one that SPF and DMARC align with, or none without a doubt."""

import time

import pytest

from channels.mail.header.from_field import MOST_READ, read_from, shows_another_address
from dispatch.models.request.requester import SenderDoubt

CERTAIN = [
    ("rosa@corner.example", "rosa@corner.example", ""),
    ("<rosa@corner.example>", "rosa@corner.example", ""),
    ("rosa@corner.example (Rosa Vidal)", "rosa@corner.example", "Rosa Vidal"),
    ("Rosa Vidal <rosa@corner.example>", "rosa@corner.example", "Rosa Vidal"),
    ('"Vidal, Rosa" <rosa@corner.example>', "rosa@corner.example", "Vidal, Rosa"),
    ('Rosa "Ro" Vidal <rosa@corner.example>', "rosa@corner.example", "Rosa Ro Vidal"),
    (r'"Rosa \"Ro\" Vidal" <rosa@corner.example>', "rosa@corner.example", 'Rosa "Ro" Vidal'),
    ("Vidal, Rosa <rosa@corner.example>", "rosa@corner.example", "Vidal, Rosa"),
    ("Rosa (sales) <rosa@corner.example>", "rosa@corner.example", "Rosa"),
    ("Rosa\r\n Vidal\r\n\t<rosa@corner.example>", "rosa@corner.example", "Rosa Vidal"),
    ("victim@bank.example <rosa@corner.example>", "rosa@corner.example", "victim@bank.example"),
    ('"victim@bank.example" <rosa@corner.example>', "rosa@corner.example", "victim@bank.example"),
    ("victim@bank.example (x) <rosa@corner.example>", "rosa@corner.example", "victim@bank.example"),
    ("=?utf-8?q?victim=40bank.example?= <rosa@corner.example>", "rosa@corner.example", None),
]
DOUBTFUL = [
    ("Rosa Vidal", SenderDoubt.NO_ADDRESS, ()),
    ("", SenderDoubt.NO_ADDRESS, ()),
    ('"<rosa@corner.example>"', SenderDoubt.NO_ADDRESS, ()),
    ("=?utf-8?q?rosa=40corner.example?=", SenderDoubt.NO_ADDRESS, ()),
    ("ro\u0301sa@corner.example", SenderDoubt.NO_ADDRESS, ()),
    ("r\u200bosa@corner.example", SenderDoubt.NO_ADDRESS, ()),
    ("rosa@[192.0.2.1]", SenderDoubt.NO_ADDRESS, ()),
    ("a@x.example, b@y.example", SenderDoubt.SEVERAL_MAILBOXES, ("a@x.example", "b@y.example")),
    ("a@x.example; b@y.example", SenderDoubt.SEVERAL_MAILBOXES, ("a@x.example", "b@y.example")),
    ('"A, B" <a@x.example>, B <b@y.example>', SenderDoubt.SEVERAL_MAILBOXES, ("a@x.example", "b@y.example")),
    ("<a@x.example> <b@y.example>", SenderDoubt.READ_DIFFERENTLY, ("a@x.example", "b@y.example")),
    ("A <a@x.example> <b@y.example>", SenderDoubt.READ_DIFFERENTLY, ("a@x.example", "b@y.example")),
    ("a@x.example <>", SenderDoubt.READ_DIFFERENTLY, ("a@x.example",)),
    ("A <b@y.example", SenderDoubt.READ_DIFFERENTLY, ("b@y.example",)),
    ("A <b@y.example> a@x.example", SenderDoubt.READ_DIFFERENTLY, ("b@y.example", "a@x.example")),
    ('"a@x.example <b@y.example>', SenderDoubt.READ_DIFFERENTLY, ("b@y.example", "a@x.example")),
    ('"a" b"@x.example <b@y.example>', SenderDoubt.READ_DIFFERENTLY, ("b@y.example",)),
    (r"a\@x.example <b@y.example>", SenderDoubt.READ_DIFFERENTLY, ("b@y.example",)),
    ("(<a@x.example>) b@y.example", SenderDoubt.READ_DIFFERENTLY, ("a@x.example", "b@y.example")),
    ("<@relay.example:b@y.example>", SenderDoubt.READ_DIFFERENTLY, ("b@y.example",)),
    ("Us: b@y.example;", SenderDoubt.READ_DIFFERENTLY, ("b@y.example",)),
    ("a@x.example\x00 <b@y.example>", SenderDoubt.READ_DIFFERENTLY, ("b@y.example",)),
    ("a@x.example,\r<b@y.example>", SenderDoubt.READ_DIFFERENTLY, ("b@y.example", "a@x.example")),
    ("A" * MOST_READ + " <b@y.example>", SenderDoubt.READ_DIFFERENTLY, ()),
]


@pytest.mark.parametrize(("field", "address", "name"), CERTAIN, ids=[case[0][:40] for case in CERTAIN])
def test_the_address_in_the_brackets_is_taken(field: str, address: str, name: str | None) -> None:
    """Never one in the name, whatever the name looks like."""
    read = read_from([field])
    assert (read.address, read.doubt) == (address, None)
    assert name is None or read.name == name


@pytest.mark.parametrize(("field", "doubt", "candidates"), DOUBTFUL, ids=[case[0][:40] for case in DOUBTFUL])
def test_what_two_readers_may_read_differently_is_a_doubt(
    field: str, doubt: SenderDoubt, candidates: tuple[str, ...]
) -> None:
    """No address is given as the sender's; those that it might be come along."""
    read = read_from([field])
    assert (read.address, read.doubt, read.candidates) == ("", doubt, candidates)


def test_several_fields_are_a_doubt() -> None:
    """Even where each of them is fine; two that are the same as well."""
    read = read_from(["a@x.example", "B <b@y.example>"])
    assert (read.doubt, read.candidates) == (SenderDoubt.SEVERAL_FROM_FIELDS, ("a@x.example", "b@y.example"))
    assert read_from(["a@x.example", "a@x.example"]).doubt is SenderDoubt.SEVERAL_FROM_FIELDS


@pytest.mark.parametrize(
    ("name", "another"),
    [
        ("Rosa Vidal", False),
        ("rosa@corner.example", False),
        ("ROSA@corner.example", False),
        ("victim@bank.example", True),
        ("Rosa, for victim@bank.example", True),
        ("victim\N{FULLWIDTH COMMERCIAL AT}bank.example", True),
        ("victim@\N{ZERO WIDTH SPACE}bank.example", True),
        ("Rosa @ corner", False),
    ],
)
def test_a_name_that_shows_another_address_is_seen(name: str, *, another: bool) -> None:
    """Also behind characters that only look like those of an address."""
    assert shows_another_address(name, "rosa@corner.example") is another


@pytest.mark.parametrize(
    "unit", ["a", "@", "<", ">", '"', "(", ")", "\\", ",", ".", "a@", "<a@x>", '"a', '\\"', '"\\', "()"]
)
def test_no_field_takes_long_to_read(unit: str) -> None:
    """Every character that a pattern looks for, as often as a field is read."""
    field = (unit * MOST_READ)[:MOST_READ]
    begun = time.perf_counter()
    read_from([field])
    read_from([field, field])
    assert time.perf_counter() - begun < 0.5
