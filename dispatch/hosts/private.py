"""Hosts that may get texts of requesters: this machine, private networks, and listed hosts.

Narrower than Python's `is_private`, which also takes link-local addresses, where clouds keep the credentials of a
machine, and ranges for documentation and tests.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Final

_PRIVATE: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)


def host_problem(host: str, allow: Iterable[str] = ()) -> str:
    """Look a host up and return why nothing may be sent there, as the end of a sentence; empty if it is allowed.

    `allow` names hosts, or addresses, that may be elsewhere.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return "is not known to this machine's name service"
    return addresses_problem(host, (str(entry[4][0]) for entry in found), allow)


def addresses_problem(host: str, addresses: Iterable[str], allow: Iterable[str] = ()) -> str:
    """Return why nothing may be sent to a host with these addresses; each of them must be allowed."""
    listed = {name.lower() for name in allow}
    seen = False
    for text in addresses:
        seen = True
        address = _address(text)
        if address is None:
            return f"has the address {text}, which cannot be read"
        if str(address) in listed or any(address in network for network in _PRIVATE):
            continue
        if host.lower() not in listed:
            return f"has the address {address}, which is not in a private network"
        if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
            return f"has the address {address}, which no server of a public network has"
    return "" if seen else "has no address"


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its name alone, without looking it up."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
