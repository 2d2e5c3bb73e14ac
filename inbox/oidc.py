"""Sign-in with a company's identity provider: OpenID Connect, authorisation code with PKCE, state and nonce."""

from typing import Any, Final

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from dispatch.models.errors import DispatchError
from runtime.settings import Settings

STATE_SECONDS: Final = 600
SIGNED_WITH: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""How an ID token may be signed: with a key that only the provider has. Never `none`, and no shared secret (HS256)."""
_DEFAULT: Final = ("RS256",)
"""The default algorithm of a provider that names none (OpenID Connect Discovery 1.0, section 3)."""
_ALGORITHMS: Final = "id_token_signing_alg_values_supported"
_DISCOVERY: Final = "/.well-known/openid-configuration"


class OidcError(DispatchError):
    """The identity provider confirmed nobody; the text is for the person who wanted to sign in."""


class OidcProvider:
    """The identity provider of the settings. State, nonce and PKCE verifier wait in a short-lived signed cookie."""

    def __init__(self, settings: Settings) -> None:
        self._issuer, self._claim = settings.oidc_issuer, settings.oidc_name_claim
        secret = settings.oidc_client_secret
        self._provider: Any = OAuth().register(
            "company",
            client_id=settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            server_metadata_url=f"{self._issuer}{_DISCOVERY}",
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "timeout": settings.client_timeout_seconds,
            },
        )

    async def send_there(self, request: Request, back_to: str) -> Response:
        """Send the browser to the identity provider; raises OidcError if it cannot be reached."""
        try:
            await self._check_provider()
            answer: Response = await self._provider.authorize_redirect(request, back_to)
        except (HTTPError, OAuthError, RuntimeError, ValueError) as error:
            raise OidcError(
                f"The identity provider cannot be used now ({type(error).__name__}). Try again later."
            ) from None
        return answer

    async def name_of(self, request: Request) -> str:
        """Return the approver's name that the provider confirms; raises OidcError.

        Checked: state, PKCE, the ID token's signature and its algorithm, issuer, audience, times and nonce.
        """
        try:
            await self._check_provider()
            token = await self._provider.authorize_access_token(request)
        except (HTTPError, OAuthError, JoseError, RuntimeError, ValueError, KeyError) as error:
            raise OidcError(
                f"The identity provider did not sign you in ({getattr(error, 'error', None) or type(error).__name__}). Try again."
            ) from None
        claims = token.get("userinfo")
        if not claims:
            raise OidcError("The identity provider gave no ID token, so nobody is signed in.")
        name = claims.get(self._claim)
        if not isinstance(name, str) or not name:
            raise OidcError(
                f"The identity provider does not say who you are (claim {self._claim!r}). Tell the operator of the desk."
            )
        return name

    async def _check_provider(self) -> None:
        """Refuse a provider whose description names another issuer, because the ID token would be checked against that one.

        Of the algorithms that it names only those in SIGNED_WITH are kept; Authlib accepts every algorithm that it names.
        """
        metadata = await self._provider.load_server_metadata()
        if metadata.get("issuer") != self._issuer:
            raise OidcError(
                "The identity provider reports another name than DISPATCH_OIDC_ISSUER. Tell the operator of the desk."
            )
        named = metadata.get(_ALGORITHMS) or _DEFAULT
        usable = [algorithm for algorithm in SIGNED_WITH if algorithm in named]
        if not usable:
            raise OidcError(
                "The identity provider does not sign its ID tokens securely. Tell the operator of the desk."
            )
        metadata[_ALGORITHMS] = usable
