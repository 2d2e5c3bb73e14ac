"""Fetches pages over HTTP from listed hosts alone, within bounds of time and size.

A host is looked up for each request, its addresses are judged, and the connection goes to an address that was judged
(DNS rebinding). A private or local address is reached only for hosts that are configured as such.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx

from dispatch.http import USER_AGENT, bounded, trusted_certificates
from dispatch.models.errors import RefusedError, UnavailableError

MOST_REDIRECTS: Final = 3
PAGE_TYPES: Final = ("text/html", "application/xhtml+xml")


class Fetched(NamedTuple):
    """A page as a server sent it; `url` is where it came from after redirects."""

    url: str
    status: int
    media_type: str
    data: bytes


class FetchLimits(NamedTuple):
    """Seconds for all of it, redirects included, and bytes of the page."""

    seconds: float = 15
    most_bytes: int = 2_000_000


class Hosts(NamedTuple):
    """Hosts that may be fetched from, and those of them that may be on this machine or a private network."""

    listed: frozenset[str]
    private: frozenset[str] = frozenset()


def url_problem(url: str, hosts: Hosts) -> str:
    """Return why an address is not fetched, as the end of a sentence; empty where it may be looked up."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https"):
        return f"has the scheme {parts.scheme[:20] or '(none)'}, and only http and https are fetched"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or a password"
    if host not in hosts.listed and f"{host}:{port}" not in hosts.listed:
        return f"is on {host[:100] or '(no host)'}, which is not listed"
    if port not in (None, 80, 443) and f"{host}:{port}" not in hosts.listed and host not in hosts.private:
        return f"names the port {port}, which is not listed"
    return ""


def address_problem(host: str, addresses: Collection[str], hosts: Hosts) -> str:
    """Return why a host with these addresses is not reached; one wrong address is enough."""
    if not addresses:
        return "has no address"
    if host in hosts.private:
        return ""
    for text in addresses:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return f"has the address {text[:60]}, which cannot be read"
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        if not (mapped or address).is_global or (mapped or address).is_multicast:
            return f"has the address {address}, which is not on the public network"
    return ""


class _Guard(httpx.AsyncHTTPTransport):
    def __init__(self, hosts: Hosts) -> None:
        super().__init__(retries=0, verify=trusted_certificates())
        self._hosts = hosts

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host.lower()
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise UnavailableError(bounded(f"{host} is not known to this machine's name service")) from error
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        if problem := address_problem(host, addresses, self._hosts):
            raise RefusedError(bounded(f"{host} {problem}"), "refused_host")
        directed = httpx.Request(
            request.method,
            request.url.copy_with(host=addresses[0]),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await super().handle_async_request(directed)


async def fetch(
    url: str, hosts: Hosts, limits: FetchLimits, headers: dict[str, str] | None = None
) -> Fetched:
    """Fetch one page, following at most three redirects to listed hosts.

    Raises RefusedError ('refused_url', 'refused_host', 'too_large', 'not_html', 'too_many_redirects') and UnavailableError.
    """
    try:
        async with asyncio.timeout(limits.seconds):
            return await _fetch(url, hosts, limits, headers or {})
    except TimeoutError:
        raise UnavailableError(bounded(f"{url} did not answer whole within {limits.seconds:g} s")) from None
    except httpx.HTTPError as error:
        raise UnavailableError(bounded(f"{url} was not answered ({type(error).__name__})")) from None


async def _fetch(url: str, hosts: Hosts, limits: FetchLimits, headers: dict[str, str]) -> Fetched:
    more: dict[str, Any] = {"trust_env": False, "follow_redirects": False, "timeout": limits.seconds}
    sent = {"User-Agent": USER_AGENT, "Accept": "text/html", "Accept-Encoding": "identity", **headers}
    async with httpx.AsyncClient(transport=_Guard(hosts), headers=sent, **more) as client:
        for _ in range(MOST_REDIRECTS + 1):
            if problem := url_problem(url, hosts):
                raise RefusedError(bounded(f"{url} {problem}"), "refused_url")
            try:
                request = client.build_request("GET", url)
            except (httpx.InvalidURL, ValueError, UnicodeError):
                raise RefusedError(bounded(f"{url} is no address"), "refused_url") from None
            response = await client.send(request, stream=True)
            try:
                if response.is_redirect and "location" in response.headers:
                    url = urljoin(url, response.headers["location"])
                    continue
                return await _read(url, response, limits)
            finally:
                await response.aclose()
    raise RefusedError(bounded(f"{url}: more than {MOST_REDIRECTS} redirects"), "too_many_redirects")


async def _read(url: str, response: httpx.Response, limits: FetchLimits) -> Fetched:
    media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise RefusedError(bounded(f"{url} answered compressed, which was not asked for"), "too_large")
    if response.status_code == httpx.codes.OK and media_type not in PAGE_TYPES:
        raise RefusedError(bounded(f"{url} answered {media_type or 'no type'}, which is no page"), "not_html")
    data = bytearray()
    async for part in response.aiter_raw():
        data += part
        if len(data) > limits.most_bytes:
            raise RefusedError(bounded(f"{url} answered more than {limits.most_bytes:,} bytes"), "too_large")
    return Fetched(url, response.status_code, media_type, bytes(data))
