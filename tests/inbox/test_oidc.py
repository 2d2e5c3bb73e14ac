"""Sign-in with a company's identity provider, against one that speaks OpenID Connect over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from devstack.ports import free_port
from devstack.processes import Program
from dispatch.models.errors import SettingsError
from inbox.app import create_app
from tests.desk import Desk
from tests.inbox.stand import Browser, Inbox, Page, running_inbox


@pytest.fixture(scope="module")
async def issuer(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Run an identity provider that insists on a nonce and knows dora and a stranger."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("issuer") / "issuer.log"
    command = ["-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    async with Program("issuer", command, log, {}, health=f"{url}/.well-known/openid-configuration"):
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            for sub, name in (("1", "dora"), ("2", "stranger")):
                await http.put(f"/users/{sub}", json={"preferred_username": name})
            await http.put("/users/3", json={"preferred_username": 7})
            await http.put("/users/4", json={})
        yield url


@asynccontextmanager
async def _inbox(desk: Desk, issuer: str) -> AsyncIterator[Inbox]:
    more: dict[str, Any] = {
        "oidc_issuer": issuer,
        "oidc_client_id": "the-inbox",
        "oidc_client_secret": SecretStr("a secret of the two"),
    }
    async with running_inbox(desk.client, desk.settings, **more) as inbox:
        yield inbox


@pytest.fixture
async def company(inbox_desk: Desk, issuer: str) -> AsyncIterator[Inbox]:
    async with _inbox(inbox_desk, issuer) as inbox:
        yield inbox


async def _at_provider(browser: Browser, sub: str, path: str = "/sign-in/company?next=/keys") -> str:
    """Go to the provider, say there who one is, and give the address that it sends the browser back to."""
    there = (await browser.http.get(path)).headers["location"]
    async with httpx.AsyncClient(trust_env=False) as provider:
        answer = await provider.post(there, data={"sub": sub})
    return answer.headers["location"]


async def _back(browser: Browser, location: str) -> Page:
    return Page(browser, await browser.http.get(location, follow_redirects=True))


async def test_the_provider_vouches_for_an_approver(company: Inbox) -> None:
    """By the code flow, and back to where the person wanted to go."""
    browser = company.browser()
    assert "company account" in (await browser.get("/sign-in")).text
    page = await _back(browser, await _at_provider(browser, "1"))
    assert (page.path, "Dora" in page.text) == ("/keys", True)


async def test_the_question_carries_state_nonce_and_pkce(company: Inbox) -> None:
    """So that an answer can neither be replayed nor slipped in."""
    there = (await company.browser().http.get("/sign-in/company")).headers["location"]
    asked = parse_qs(urlsplit(there).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert asked["redirect_uri"] == [f"{company.url}/sign-in/company/back"]


@pytest.mark.parametrize(
    ("sub", "said"), [("2", "no approver of the desk"), ("3", "does not say who"), ("4", "does not say who")]
)
async def test_whom_the_desk_does_not_know_stays_out(company: Inbox, sub: str, said: str) -> None:
    """A colleague who is no approver, and one of whom the provider does not say who it is."""
    browser = company.browser()
    page = await _back(browser, await _at_provider(browser, sub))
    assert page.status in {401, 403}
    assert said in page.text
    assert (await browser.get("/keys")).path == "/sign-in"


async def test_an_answer_counts_once_and_in_its_own_browser(company: Inbox) -> None:
    """Another browser has no state of it; a second time it is spent."""
    browser = company.browser()
    location = await _at_provider(browser, "1")
    other = await _back(company.browser(), location)
    assert other.status == 401
    assert (await _back(browser, location)).path == "/keys"
    again = company.browser()
    again.http.cookies.update(browser.http.cookies)
    again.http.cookies.delete("desk_session")
    assert (await _back(again, location)).status == 401


@pytest.mark.parametrize("query", ["", "?code=x&state=y", "?error=access_denied", "?state=&code="])
async def test_an_answer_of_ones_own_making_signs_nobody_in(company: Inbox, query: str) -> None:
    """The page says that it did not work, without a trace of how."""
    page = await company.browser().get(f"/sign-in/company/back{query}")
    assert page.status == 401
    assert "Traceback" not in page.text


async def test_the_provider_is_away(inbox_desk: Desk) -> None:
    """Signing in with a passphrase still works."""
    async with _inbox(inbox_desk, f"http://127.0.0.1:{free_port()}") as inbox:
        browser = inbox.browser()
        page = await browser.get("/sign-in/company")
        assert (page.status, "cannot be used now" in page.text) == (503, True)
        assert (await browser.sign_in("dora")).path == "/"


async def test_a_provider_that_calls_itself_otherwise_is_not_believed(inbox_desk: Desk, issuer: str) -> None:
    """The tokens would be another's."""
    async with _inbox(inbox_desk, issuer.replace("127.0.0.1", "localhost") + "/.") as inbox:
        page = await inbox.browser().get("/sign-in/company")
    assert page.status == 503


async def test_half_a_set_up_does_not_start(inbox_desk: Desk, tmp_path: Path) -> None:
    """The sentence names what is missing."""
    settings = inbox_desk.settings.model_copy(
        update={"oidc_issuer": "https://id.example", "oidc_client_id": ""}
    )

    async def connect() -> object:
        raise AssertionError

    with pytest.raises(SettingsError, match="DISPATCH_OIDC_CLIENT_ID"):
        create_app(settings, connect)  # type: ignore[arg-type]  # never called
