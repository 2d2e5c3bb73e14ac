"""Who gets in, for how long, and what a page of another site can do about it."""

import asyncio
import hashlib
import re
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from itsdangerous import URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from inbox.sessions import COOKIE
from inbox.web import address_of
from tests.inbox.stand import PASSPHRASE, Browser, Inbox, users_of

READ_ONLY = ("/", "/?whose=all", "/live", "/keys", "/requests/none", "/sign-in", "/health", "/answer/none")
FORMS = ("/approve", "/requests/none/decide", "/requests/none/sign", "/sign-out", "/sign-in", "/answer/none")


async def test_a_passphrase_lets_in_and_leads_back(inbox: Inbox) -> None:
    """Who opens a link of a mail signs in and comes to what the link meant."""
    browser = inbox.browser()
    asked = await browser.get("/keys")
    assert asked.path == "/sign-in"
    page = await asked.send("/sign-in", name="dora", passphrase=PASSPHRASE)
    assert page.path == "/keys"
    assert "Dora" in page.text


@pytest.mark.parametrize("name", ["dora", "unknown", "", "DORA", "../etc/passwd"])
async def test_a_wrong_passphrase_says_the_same_of_every_name(inbox: Inbox, name: str) -> None:
    """What is wrong does not tell which names there are."""
    page = await inbox.browser().sign_in(name, "not the passphrase")
    assert page.status == 401
    assert "The name or the passphrase is wrong." in page.text


async def test_a_name_locks_after_five_wrong_passphrases_and_opens_again(inbox: Inbox) -> None:
    """The right passphrase does not help while it is locked; after the wait it does."""
    browser = inbox.browser()
    for _ in range(5):
        await browser.sign_in("emil", "wrong")
    locked = await browser.sign_in("emil")
    assert locked.status == 429
    assert int(locked.response.headers["retry-after"]) > 0
    inbox.clock.ahead = timedelta(minutes=2)
    assert (await browser.sign_in("emil")).status == 200


async def test_a_stranger_keeps_nobody_signed_out(inbox: Inbox) -> None:
    """Wrong passphrases all day from one address: the name stays open to its owner, on any device elsewhere."""
    stranger = inbox.browser("127.0.0.9")
    wrong = 0
    for minutes in range(0, 24 * 60, 8):
        inbox.clock.ahead = timedelta(minutes=minutes)
        wrong += (await stranger.sign_in("emil", "wrong")).status == 401
    assert wrong > 50
    assert (await stranger.sign_in("emil")).status == 429
    assert (await inbox.browser().sign_in("emil")).status == 200


async def test_a_known_device_passes_every_lock_that_strangers_bring_about(inbox: Inbox) -> None:
    """Behind the same proxy, and where so many addresses try that the name is closed to devices that nobody knows."""
    known = inbox.browser()
    await known.sign_in("emil")
    await (await known.get("/keys")).send("/sign-out")
    near = inbox.browser()
    for _ in range(6):
        await near.sign_in("emil", "wrong")
    for number in range(20, 35):
        far = inbox.browser(f"127.0.0.{number}")
        for _ in range(4):
            await far.sign_in("emil", "wrong")
    assert (await inbox.browser("127.0.0.50").sign_in("emil")).status == 429
    assert (await near.sign_in("emil")).status == 429
    assert (await known.sign_in("emil")).status == 200


async def test_a_known_device_is_known_for_one_name_and_has_a_lock_of_its_own(inbox: Inbox) -> None:
    """Its cookie opens no other name, is none that anybody else can make, and is worth five wrong passphrases."""
    known = inbox.browser()
    await known.sign_in("emil")
    name = next(one for one in known.http.cookies if one.startswith("desk_device_"))
    cookie = known.http.cookies[name]
    thief = inbox.browser()
    thief.http.cookies.set(name, cookie)
    for _ in range(5):
        assert (await thief.sign_in("emil", "wrong")).status == 401
    assert (await thief.sign_in("emil")).status == 429
    assert (await inbox.browser().sign_in("emil")).status == 200
    for value in (cookie[:-2] + "xx", cookie):
        other = inbox.browser("127.0.0.8")
        other.http.cookies.set(_device_cookie("dora"), value)
        page = await other.sign_in("dora", "wrong")
        assert page.status == 401
        assert set(inbox.context.limits.devices._failures) == {_device_in(cookie)}
    inbox.clock.ahead = timedelta(days=181)
    await thief.sign_in("emil", "wrong")
    assert inbox.context.limits.names_by_address._failures["emil from 127.0.0.1"].number == 1


def _device_cookie(name: str) -> str:
    return f"desk_device_{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _device_in(cookie: str) -> str:
    return str(URLSafeSerializer("", salt="inbox device v1").loads_unsafe(cookie)[1][0])


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ],
)
def test_tries_of_one_network_of_ipv6_count_together(first: str, second: str, *, same: bool) -> None:
    """One subscriber has 2**64 addresses there; each of IPv4 is somebody's own."""
    keys = {address_of(Request({"type": "http", "client": (one, 1)})) for one in (first, second)}
    assert (len(keys) == 1) is same


async def test_tries_sent_at_the_same_moment_lock_a_name_as_well(inbox: Inbox) -> None:
    """A client that does not wait for answers gets no more tries than one that does."""
    browser = inbox.browser()
    page = await browser.get("/sign-in")
    tries = await asyncio.gather(
        *(page.send("/sign-in", name="emil", passphrase=f"wrong {number}") for number in range(12))
    )
    assert sorted(one.status for one in tries) == [401] * 5 + [429] * 7


async def test_no_name_that_can_be_typed_locks_a_key(inbox: Inbox, dora: Browser) -> None:
    """Wrong passphrases at the sign-in are counted apart from those of keys."""
    browser = inbox.browser()
    for _ in range(5):
        await browser.sign_in("key of dora", "wrong")
        await browser.sign_in("dora", "wrong")
    assert inbox.context.limits.keys.wait_seconds("dora") == 0


async def test_tries_from_one_address_are_bounded(inbox: Inbox) -> None:
    """An address that tries many names is stopped too, also with unknown names."""
    browser = inbox.browser()
    page = await browser.get("/sign-in")
    tries = [await page.send("/sign-in", name=f"name-{number}", passphrase="") for number in range(21)]
    assert [one.status for one in tries] == [401] * 20 + [429]


async def test_a_session_ends_when_it_is_idle(inbox: Inbox, dora: Browser) -> None:
    """The page says so and comes back to where the person was."""
    inbox.clock.ahead = timedelta(minutes=31)
    page = await dora.get("/keys")
    assert "Your sign-in has ended." in page.text
    assert (await page.send("/sign-in", name="dora", passphrase=PASSPHRASE)).path == "/keys"


async def test_a_session_that_is_used_goes_on_but_not_for_ever(inbox: Inbox, dora: Browser) -> None:
    """Each page counts as a sign of life; twelve hours after the sign-in it ends all the same."""
    for minutes in range(20, 12 * 60, 20):
        inbox.clock.ahead = timedelta(minutes=minutes)
        assert (await dora.get("/keys")).path == "/keys"
    inbox.clock.ahead = timedelta(hours=12, minutes=1)
    assert (await dora.get("/keys")).path == "/sign-in"


async def test_looking_for_changes_is_no_sign_of_life(inbox: Inbox, dora: Browser) -> None:
    """A page left open ends the session as a closed one does."""
    for minutes in (10, 20, 29):
        inbox.clock.ahead = timedelta(minutes=minutes)
        seen = await dora.get("/live", headers={"X-Live": "1"})
        assert seen.status == 200
    inbox.clock.ahead = timedelta(minutes=31)
    assert (await dora.get("/live", headers={"X-Live": "1"})).status == 401


async def test_a_signed_out_session_is_worth_nothing_elsewhere(inbox: Inbox, dora: Browser) -> None:
    """A copy of the cookie ends with the original."""
    copy = inbox.browser()
    copy.http.cookies.update(dora.http.cookies)
    page = await (await dora.get("/keys")).send("/sign-out")
    assert "You are signed out." in page.text
    assert (await copy.get("/keys")).path == "/sign-in"


async def test_a_page_under_way_at_the_sign_out_brings_no_session_back(inbox: Inbox, dora: Browser) -> None:
    """What it renews is signed out too, for as long as it could have lived."""
    sessions = inbox.context.sessions
    raw = {"type": "http", "headers": [(b"cookie", f"{COOKIE}={dora.http.cookies[COOKIE]}".encode())]}
    session, _ = sessions.read(Request(raw))
    assert session is not None
    await (await dora.get("/keys")).send("/sign-out")
    copy, emil = inbox.browser(), inbox.browser()
    for minutes in range(20, 12 * 60, 20):
        inbox.clock.ahead = timedelta(minutes=minutes)
        renewed = Response()
        sessions.write(renewed, session)
        copy.http.cookies.set(COOKIE, SimpleCookie(renewed.headers["set-cookie"])[COOKIE].value)
        # Another sign-out removes expired entries from the list of ended sessions.
        await emil.sign_in("emil")
        await (await emil.get("/keys")).send("/sign-out")
        assert (await copy.get("/keys")).path == "/sign-in"


async def test_a_changed_passphrase_ends_the_sessions_begun_with_the_old_one(inbox: Inbox) -> None:
    """A stolen session ends when its owner changes the passphrase."""
    browser = inbox.browser()
    await browser.sign_in("nobody")
    users = users_of(inbox.settings.var_dir)
    users.write("nobody", "another passphrase altogether")
    try:
        assert (await browser.get("/keys")).path == "/sign-in"
    finally:
        users.write("nobody", PASSPHRASE)


@pytest.mark.parametrize("spoiled", ["", "x", "eyJhIjoxfQ.xxxx"])
async def test_a_cookie_of_ones_own_making_is_nobody(inbox: Inbox, spoiled: str) -> None:
    """Only what was signed here counts."""
    browser = inbox.browser()
    browser.http.cookies.set("desk_session", spoiled, domain="127.0.0.1")
    assert (await browser.get("/keys")).path == "/sign-in"


async def test_cookies_are_kept_from_scripts_and_other_sites(inbox: Inbox) -> None:
    """HttpOnly and SameSite on each; Secure where people come by https."""
    browser = inbox.browser()
    page = await browser.get("/sign-in")
    answer = await browser.http.post(
        "/sign-in", data={**page.form("/sign-in").fields, "name": "dora", "passphrase": PASSPHRASE}
    )
    for cookie in [*page.response.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]:
        assert "HttpOnly" in cookie
        assert "samesite=lax" in cookie.lower()


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\nx"]
)
async def test_signing_in_leads_to_no_other_site(inbox: Inbox, to: str) -> None:
    """What stands in `next` is followed only where it is a path of ours."""
    browser = inbox.browser()
    page = await browser.get("/sign-in", params={"next": to})
    data = {**page.form("/sign-in").fields, "name": "dora", "passphrase": PASSPHRASE, "next": to}
    answer = await browser.http.post("/sign-in", data=data)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_without_our_token_is_not_taken(dora: Browser, path: str) -> None:
    """Another site can send a form in a person's browser, and cannot know the token."""
    answer = await dora.post(path, {"decision_type": "approve"})
    assert answer.status in {403, 410}


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_that_another_site_sends_is_not_taken(dora: Browser, path: str) -> None:
    """Even with a token: the browser says where the form came from."""
    token = (await dora.get("/keys")).form("/sign-out").fields
    answer = await dora.post(path, token, headers={"Origin": "https://evil.example"})
    assert answer.status in {403, 410}


async def test_the_token_of_one_session_is_not_anothers(inbox: Inbox, dora: Browser) -> None:
    """It is bound to the sign-in."""
    other = inbox.browser()
    await other.sign_in("emil")
    token = (await other.get("/keys")).form("/sign-out").fields
    assert (await dora.post("/sign-out", token)).status == 403


@pytest.mark.parametrize("path", READ_ONLY)
async def test_a_page_that_is_read_takes_no_form_and_has_every_header(dora: Browser, path: str) -> None:
    """Strict policy, nothing stored, no frame, no guessing of types; no inline script or style to need more."""
    page = await dora.get(path)
    headers = page.response.headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page.response.text)


@pytest.mark.parametrize("path", [path for path in FORMS if path not in {"/sign-in", "/answer/none"}])
async def test_nothing_is_changed_by_following_a_link(dora: Browser, path: str) -> None:
    """What changes anything takes a form, never a link."""
    assert (await dora.get(path)).status in {404, 405}


async def test_another_name_for_this_host_is_refused(inbox: Inbox) -> None:
    """A page of another site that points its own name at us gets nothing."""
    answer = await inbox.browser().http.get("/sign-in", headers={"Host": "evil.example"})
    assert answer.status_code == 400


async def test_a_form_that_is_too_large_is_refused(dora: Browser) -> None:
    """It is not read to its end."""
    answer = await dora.post("/approve", {"reason": "x" * 600_000})
    assert answer.status == 413


async def test_who_is_removed_from_the_users_file_is_out(inbox: Inbox) -> None:
    """The file is read with each page."""
    browser = inbox.browser()
    await browser.sign_in("nobody")
    path = inbox.settings.var_dir / "inbox_users.yaml"
    before = path.read_text()
    path.write_text("\n".join(line for line in before.splitlines() if not line.startswith("nobody:")))
    try:
        assert (await browser.get("/keys")).path == "/sign-in"
    finally:
        path.write_text(before)
