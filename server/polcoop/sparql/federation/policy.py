"""Which endpoints may be asked, and at which addresses."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from polcoop.errors import ForbiddenQuery, RemoteFailure, UsageError

WIKIDATA: Final = ("https://query.wikidata.org/sparql", "https://query-scholarly.wikidata.org/sparql")
"""The Wikidata Query Service: the main graph, and the one of scholarly articles."""
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """What of a URL the list compares: scheme, host, port and path, each as a whole."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL.

        :raises ValueError: it is not an HTTP address of just these four parts.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or not url.isascii() or not url.isprintable():
            raise ValueError("not an address that begins with http:// or https://")
        if parts.query or parts.fragment or "@" in parts.netloc or url.endswith(("?", "#")) or "\\" in url:
            raise ValueError("an address with a user name, a query string or a fragment")
        return cls(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], parts.path or "/")

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class Policy:
    """The list of endpoints that may be asked.  ``private`` lets names lead to addresses of private networks
    and of this machine, which is meant for tests."""

    def __init__(self, endpoints: Iterable[str] = WIKIDATA, *, private: bool = False) -> None:
        """:raises UsageError: one of the endpoints is no HTTP address."""
        self._private = private
        self._allowed: dict[Address, str] = {}
        for endpoint in endpoints:
            try:
                self._allowed[Address.parse(endpoint)] = endpoint
            except ValueError as error:
                raise UsageError(f"the endpoint {endpoint} cannot be allowed: it is {error}") from error

    def check(self, endpoint: str) -> Address:
        """Return the address of an endpoint that may be asked.

        :raises ForbiddenQuery: it may not.
        """
        try:
            address = Address.parse(endpoint)
        except ValueError:
            address = None
        if address is None or address not in self._allowed:
            known = ", ".join(f"<{url}>" for url in self._allowed.values()) or "none"
            raise ForbiddenQuery(
                f"SERVICE <{endpoint[:200]}> is refused: it is not among the endpoints that may be asked",
                hint=f"allowed are {known}; POLCOOP_FEDERATION_ENDPOINTS changes that",
            )
        return address

    async def resolve(self, address: Address) -> list[str]:
        """Look the host up, once; the request then goes to one of these numbers and nowhere else.

        :raises RemoteFailure: there is no such host.
        :raises ForbiddenQuery: it leads into a private network.
        """
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise RemoteFailure(
                f"the address of {address.host} cannot be found: {getattr(error, 'strerror', None) or error}",
                hint="is this machine connected to the network?",
            ) from error
        numbers = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        for number in numbers:
            if not self._private and not is_public(number):
                raise ForbiddenQuery(
                    f"SERVICE at {address.host} is refused: it leads to {number}, which is no public address",
                    hint="POLCOOP_FEDERATION_PRIVATE=true allows it, on a machine where that is meant",
                )
        return numbers


def is_public(number: str) -> bool:
    """Whether an IP address is one of the public network, as is any other that it wraps."""
    address = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    if address in _MAPPED or address in _TRANSLATED:
        return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
    wrapped = filter(None, [address.sixtofour, *(address.teredo or ())])
    return address in _UNICAST and address.is_global and all(is_public(str(each)) for each in wrapped)


_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All that is given out to the public so far; the rest has uses of its own, or none (RFC 4291, 2.4)."""
