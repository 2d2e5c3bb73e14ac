"""The deadline that a text tells, and the days in a text that are none."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.ranking.deadlines import deadline_in

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("We need the projector by Friday.", "4 Dec 23:59"),
        ("Please answer before 3 December", "3 Dec 00:00"),
        ("The caterer wants to know until tomorrow noon", "1 Dec 12:00"),
        ("by 5 pm tomorrow, please", "1 Dec 17:00"),
        ("Could it be here by Friday, 11 December 2026?", "11 Dec 23:59"),
        ("by December 4th at the door", "4 Dec 23:59"),
        ("no later than Wed 2 Dec, 14:00", "2 Dec 14:00"),
        ("by 2026-12-02", "2 Dec 23:59"),
        ("We fly before 12/8/2026", "8 Dec 00:00"),
        ("Deadline: 3 December", "3 Dec 23:59"),
        ("by the end of next week", "13 Dec 23:59"),
        ("by the end of the month", "30 Nov 23:59"),
        ("by next Monday", "7 Dec 23:59"),
        ("Please reply within 2 days", "2 Dec 09:00"),
        ("I bought a tent and need it by Thursday", "3 Dec 23:59"),
        ("The tent that I bought must be here by Thursday", "3 Dec 23:59"),
        ("Not before 9 December, but by 12 December", "12 Dec 23:59"),
        ("If it is not here before Thursday, I cancel", "3 Dec 00:00"),
        ("If I do not hear from you by Friday, I go to court", "4 Dec 23:59"),
        ("Unless you write until Friday, I cancel", "4 Dec 23:59"),
        ("You have until Friday", "4 Dec 23:59"),
        ("I expect a reply within 48 hours", "2 Dec 09:00"),
        ("We need it tomorrow", "1 Dec 23:59"),
        ("Please write back by close of business on Friday", "4 Dec 23:59"),
        ("A replacement by Monday or my money back", "7 Dec 23:59"),
        ("on or before 3 December", "3 Dec 23:59"),
        ("We want it before the weekend", "5 Dec 00:00"),
        ("by this evening, please", "30 Nov 22:00"),
        ("by the end of December", "31 Dec 23:59"),
        ("I need it before Christmas", "24 Dec 00:00"),
        ("by the end of the year", "31 Dec 23:59"),
        ("Bitte bis Freitag", "4 Dec 23:59"),
        ("Das Zelt muss bis zum 3.12. da sein", "3 Dec 23:59"),
        ("bis spätestens Mittwoch, 2. Dezember 2026, 18 Uhr", "2 Dec 18:00"),
        ("Bis morgen Mittag brauche ich eine Antwort", "1 Dec 12:00"),
        ("Geht das bis Freitagabend?", "4 Dec 22:00"),
        ("Die Frist ist der 3. Dezember", "3 Dec 23:59"),
        ("Antworten Sie bitte innerhalb von 24 Stunden", "1 Dec 09:00"),
        ("Ich habe bestellt und brauche es bis Ende der Woche", "6 Dec 23:59"),
        ("Bitte noch heute", "30 Nov 23:59"),
        ("Sollte ich bis Freitag nichts hören, gehe ich zum Anwalt", "4 Dec 23:59"),
        ("Wenn bis Freitag kein Geld da ist, zeige ich das an", "4 Dec 23:59"),
        ("Bitte innerhalb der nächsten 2 Tage", "2 Dec 09:00"),
        ("Es muss bis Jahresende hier sein", "31 Dec 23:59"),
        ("Die Lampe muss vor Donnerstag kommen", "3 Dec 00:00"),
    ],
)
def test_a_deadline_is_read_relative_to_the_day_of_the_mail(text: str, due: str) -> None:
    """In English and German, as a day, a date, a time or a span; a day without a time ends at 23:59."""
    told = deadline_in(text, MONDAY)
    assert told is not None
    assert f"{told.at.day} {told.at:%b %H:%M}" == due
    assert told.said in text


@pytest.mark.parametrize(
    "text",
    [
        "I waited until Friday",
        "Are you open until 6 pm on Friday?",
        "I ordered it before 3 November",
        "I paid before 3 December 2025",
        "It should have arrived by Friday",
        "You promised it by Friday",
        "It was delivered by Friday, 27 November",
        "it came the day before Friday",
        "The voucher is valid until Friday",
        "We are away until Monday",
        "You deliver within 3 days",
        "Can I return it within 30 days of delivery?",
        "made by hand, before I go, by 3 people, until now",
        "Ich war bis Freitag im Urlaub",
        "Ich habe bis Freitag gewartet",
        "Sind Sie bis Freitag geöffnet?",
        "Es sollte bis Freitag ankommen",
        "Ich habe es vor dem 3. Dezember bestellt",
        "Das Paket kam vor 3 Tagen",
        "bis zu 5 Stück, bis 3.12 Euro, bis bald",
        "Bis morgen!",
        "Bis Freitag, viele Grüße",
        "Your driver said it will come by Friday",
        "I was told it would be here by Friday",
        "The tracking page says it will be delivered by Friday",
        "You do not have to answer by Friday",
        "Please don't send it before Friday",
        "Bitte nicht vor Freitag liefern",
        "I will send the photos by Friday",
        "We'll bring the lamp back by Friday",
        "We are at home until Friday",
        "I can be reached until 8 pm",
        "My last refund took until Thursday",
        "Please call Monday until Friday",
        "Please check whether it was shipped before Friday",
        "Someone must have opened it before Friday",
        "made by Wed, sold by Sat",
        "Nothing came by today",
        "reduced by 12.5 percent, by 5.12. euro",
        "Bis heute kein Paket",
        "Ich kann es noch heute nicht glauben",
        "Ich kann es bis heute nicht nutzen, bitte um Hilfe",
        "Mo. bis Fr. bitte anrufen",
        "Ich bin bis 18 Uhr zu Hause",
        "Laut Webseite kommt das Paket bis Freitag",
        "Sie haben versprochen, dass es bis Freitag da ist",
        "Bitte prüfen Sie, ob es vor Freitag verschickt wurde",
        "Der Gutschein gilt bis Freitag",
        "Ich überweise bis Freitag",
        "Ich möchte innerhalb von 14 Tagen widerrufen",
        "",
    ],
)
def test_what_is_over_or_told_of_something_else_is_no_deadline(text: str) -> None:
    """Past events, promises that were broken, opening hours, absences, farewells and numbers."""
    assert deadline_in(text, MONDAY) is None


def test_a_day_without_a_year_is_the_next_one_that_is_near() -> None:
    """In December '5 January' is next year's; in November '3 November' is over and not eleven months away."""
    told = deadline_in("by 5 January", MONDAY)
    assert told is not None
    assert told.at.year == 2027
    assert deadline_in("by 3 November", MONDAY) is None


def test_the_end_of_a_year_lies_before_or_behind_the_new_one() -> None:
    """At the end of December 'end of January' and '2 January' are next year's."""
    late = datetime(2026, 12, 29, 15, tzinfo=UTC)
    told = [deadline_in(text, late) for text in ("by 2 January", "by end of January", "by year end")]
    assert [f"{one.at:%Y-%m-%d}" for one in told if one] == ["2027-01-02", "2027-01-31", "2026-12-31"]


def test_the_earliest_of_several_counts_in_the_zone_of_the_mail() -> None:
    """'Friday' ends where the sender is."""
    tokyo = MONDAY.astimezone(timezone(timedelta(hours=9)))
    told = deadline_in("the rest by Saturday, the lamp by Friday", tokyo)
    assert told is not None
    assert told.at.isoformat() == "2026-12-04T23:59:00+09:00"


@given(
    st.lists(
        st.sampled_from(
            [
                "by",
                "bis",
                "zum",
                "3.12.",
                "Friday",
                "within",
                "29 February",
                "24 Uhr",
                "31.",
                "99.99.",
                "\n",
                ".",
            ]
        )
        | st.text(max_size=6),
        max_size=25,
    ),
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (the zone is given beside)
)
def test_any_text_gives_a_deadline_to_come_or_none(words: list[str], asked_at: datetime) -> None:
    """No text makes it fail, and no deadline lies before the mail."""
    told = deadline_in(" ".join(words), asked_at)
    assert told is None or told.at >= asked_at


@pytest.mark.parametrize(
    "part",
    [
        "by ",
        "by Friday ",
        "bis zum 3.",
        "within 3 days ",
        "at 12 until 12 ",
        "by the day ",
        "not a by eod on ",
    ],
)
def test_the_time_taken_is_linear(part: str) -> None:
    """Four times the text takes at most about four times as long, also where every word looks like a deadline."""

    def seconds(length: int) -> float:
        text = (part * length)[:length]
        begin = time.process_time()
        deadline_in(text, MONDAY)
        return time.process_time() - begin

    assert min(seconds(100_000) for _ in range(3)) < 12 * min(seconds(25_000) for _ in range(3)) + 0.05
