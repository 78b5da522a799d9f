"""Where a client reaches this server."""

from __future__ import annotations

import re
from typing import Final

from fastapi import Request

_AUTHORITY: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", re.ASCII)


def origin(request: Request) -> str:
    """Return scheme and authority as the client wrote them, such as ``https://example.org``.

    A Host header that could be no host's is not repeated: the address is then that of the socket.
    """
    host = request.headers.get("host", "")
    if not _AUTHORITY.fullmatch(host):
        name, port = request.scope.get("server") or ("localhost", None)
        host = f"[{name}]" if ":" in name else name
        host = f"{host}:{port}" if port else host
    return f"{request.url.scheme}://{host}"
