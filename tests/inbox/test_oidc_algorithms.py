"""ID tokens that prove nothing, from an identity provider that says it makes such: nobody is signed in."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devstack.ports import LOOPBACK, free_port
from devstack.web import listen, serving
from tests.desk import Desk
from tests.inbox.stand import Page, running_inbox

CLIENT, SECRET = "the-inbox", "a secret of the two"


@dataclass
class Provider:
    """Answers the code flow with an ID token that is made as a test says."""

    url: str
    key: Key
    algorithms: list[str] | None
    algorithm: str
    shown: list[Key]
    nonce: str = ""

    async def discovery(self, _: Request) -> Response:
        named = {} if self.algorithms is None else {"id_token_signing_alg_values_supported": self.algorithms}
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                **named,
            }
        )

    async def jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [one.as_dict(private=one.key_type == "oct") for one in self.shown]})

    async def token(self, _: Request) -> Response:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "1",
            "iat": now,
            "exp": now + 60,
            "nonce": self.nonce,
            "preferred_username": "dora",
        }
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": self._id_token(claims)})

    def _id_token(self, claims: dict[str, Any]) -> str:
        if self.algorithm in {"none", "HS256"}:
            head = _part({"alg": self.algorithm}) + "." + _part(claims)
            mac = hmac.digest(SECRET.encode(), head.encode(), hashlib.sha256)
            return f"{head}." + ("" if self.algorithm == "none" else _base64(mac))
        return jwt.encode({"alg": self.algorithm}, claims, self.key, algorithms=[self.algorithm])


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@asynccontextmanager
async def _running(provider: Provider) -> AsyncIterator[None]:
    routes = [
        Route("/.well-known/openid-configuration", provider.discovery),
        Route("/jwks", provider.jwks),
        Route("/token", provider.token, methods=["POST"]),
    ]
    port = urlsplit(provider.url).port or 0
    listener = listen(LOOPBACK, port, purpose="the provider", setting="none")
    with listener:
        async with serving(Starlette(routes=routes), listener):
            yield


async def _signed_in(
    desk: Desk, algorithm: str, algorithms: list[str] | None, key: Key | None = None
) -> Page:
    """Sign in at a provider that names `algorithms` and uses `algorithm`."""
    key = key or RSAKey.generate_key(2048)
    shown = [OctKey.import_key(SECRET) if algorithm == "HS256" else key]
    provider = Provider(f"http://{LOOPBACK}:{free_port()}", key, algorithms, algorithm, shown)
    more: dict[str, Any] = {
        "oidc_issuer": provider.url,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
    }
    async with _running(provider), running_inbox(desk.client, desk.settings, **more) as inbox:
        browser = inbox.browser()
        begun = await browser.http.get("/sign-in/company?next=/keys")
        if "location" not in begun.headers:
            return Page(browser, begun)
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        provider.nonce = asked["nonce"][0]
        return await browser.get(f"/sign-in/company/back?code=x&state={asked['state'][0]}")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_a_token_that_proves_nothing_signs_nobody_in(inbox_desk: Desk, algorithm: str) -> None:
    """Unsigned, or with the secret that the inbox has too, though the provider lists both as its own."""
    page = await _signed_in(inbox_desk, algorithm, ["RS256", "none", "HS256"])
    assert page.status == 401
    assert "did not sign you in" in page.text


async def test_a_provider_that_offers_nothing_else_is_not_asked(inbox_desk: Desk) -> None:
    """The first sign-in reports the misconfiguration to the desk's operator."""
    page = await _signed_in(inbox_desk, "none", ["none", "HS256"])
    assert page.status == 503
    assert "does not sign its ID tokens securely" in page.text


@pytest.mark.parametrize(
    ("algorithm", "named", "key"),
    [
        ("RS256", None, None),
        ("PS256", ["none", "PS256"], None),
        ("ES256", ["ES256"], ECKey.generate_key("P-256")),
    ],
)
async def test_a_token_signed_with_the_providers_own_key_signs_in(
    inbox_desk: Desk, algorithm: str, named: list[str] | None, key: Key | None
) -> None:
    """Also where the provider names no algorithm: then it is RS256."""
    assert (await _signed_in(inbox_desk, algorithm, named, key)).path == "/keys"
