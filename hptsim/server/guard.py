"""Who may ask: requests that a web page elsewhere makes a browser send are refused.

A server on loopback is within reach of every page that its user's browser shows. A page whose name an attacker lets point at
127.0.0.1 (DNS rebinding) is told by its Host header, one of another origin by its Origin header.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from hptsim.errors import ServiceError
from hptsim.optional import require

require("starlette", "server", "the server")

from starlette.requests import Request  # noqa: E402


def check(request: Request, allowed: Collection[str] = ()) -> None:
    """Refuse a request for another host than this one, or one that a page of another origin sends.

    Addresses and localhost are this host, and so are the names that are *allowed*; a bucket may stand before each name.
    Raises ServiceError (AccessDeniedException, 403).
    """
    host = request.headers.get("host", "")
    if not _is_here(host, allowed):
        text = (
            f"Host: got {host!r:.200}, expected an address, localhost, or a name that hptsim serve --allow-host allows"
        )
        raise ServiceError("AccessDeniedException", text, 403)
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
        text = f"Origin: got {origin!r:.200}, expected http://{host}: pages from elsewhere may not use the twin"
        raise ServiceError("AccessDeniedException", text, 403)


def check_json(request: Request) -> None:
    """Refuse a body that does not say it is JSON: without that word a browser sends it for any page, and asks nobody.

    Raises ServiceError (UnsupportedMediaType, 415).
    """
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise ServiceError(
            "UnsupportedMediaType", f"Content-Type: got {given!r:.200}, expected 'application/json'", 415
        )


def _is_here(host: str, allowed: Collection[str]) -> bool:
    """Whether the host of a request means this server.

    >>> [_is_here(host, ["twin"]) for host in ("127.0.0.1:80", "[::1]", "b.localhost", "twin:80", "b.twin", "evil.example", "")]
    [True, True, True, True, True, False, False]
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
        return True
    except ValueError:
        return any(name == one or name.endswith(f".{one}") for one in ("localhost", *(one.lower() for one in allowed)))
