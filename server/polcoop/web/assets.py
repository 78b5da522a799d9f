"""Files that pages need: our style and script, and the query editor YASGUI, of this server or of a CDN.

YASGUI is never part of this repository.  ``make yasgui`` takes its two files from the npm package; without
them, or when they are not the very files whose hashes stand here, pages name a CDN instead, with the same
hashes, so that a browser runs no other script than this one.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

YASGUI: Final = "@zazuko/yasgui@4.6.2"
"""The npm package and its version."""
SCRIPT: Final = "yasgui.min.js"
STYLE: Final = "yasgui.min.css"
HASHES: Final = {
    SCRIPT: "sha384-PHnh6NwOkxapuqrOSGWoU3gL5yzpM3UyH8b61pBZa2CGVBIx3zaMRua0OjVzxTE5",
    STYLE: "sha384-XrXS+j7Q5QPO5/8oDm3teEl9OpxieOPoG+28Qw1GpFjZcEGvZw++uYGBsSy/E3df",
}
"""File of the package's ``build`` folder to its hash (W3C Subresource Integrity)."""
_OWN: Final = ("style.css", "editor.js", "icon.svg")
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def integrity(content: bytes) -> str:
    """Return the hash of ``content`` as Subresource Integrity writes it."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


@dataclass(frozen=True)
class Asset:
    """A file that is served: its name and content."""

    name: str
    content: bytes

    @property
    def media_type(self) -> str:
        """Value of Content-Type."""
        return _TYPES[Path(self.name).suffix]

    @cached_property
    def version(self) -> str:
        """Changes with the content; part of its address, which may then be kept for ever."""
        return hashlib.sha256(self.content).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Editor:
    """Where a page finds YASGUI; ``origin`` is its address for the Content-Security-Policy, empty when it is
    this server."""

    script: str
    style: str
    origin: str
    script_hash: str = HASHES[SCRIPT]
    style_hash: str = HASHES[STYLE]


class Assets:
    """The files, read once; ``prefix`` is the path under which a proxy shows this server."""

    def __init__(self, prefix: str, yasgui: Path, cdn: str) -> None:
        """``yasgui`` is the folder with YASGUI's files, which may be missing; ``cdn`` the address of npm
        packages on a CDN, empty for none."""
        own = files("polcoop.web").joinpath("assets")
        self._prefix = prefix
        self._all = {name: Asset(name, own.joinpath(name).read_bytes()) for name in _OWN}
        local = [asset for name in HASHES if (asset := _genuine(yasgui, name))]
        self.editor: Editor | None = None
        if len(local) == len(HASHES):
            self._all |= {asset.name: asset for asset in local}
            self.editor = Editor(self.address(SCRIPT), self.address(STYLE), "")
        elif cdn:
            build = f"{cdn.rstrip('/')}/{YASGUI}/build/"
            self.editor = Editor(build + SCRIPT, build + STYLE, build)

    def find(self, name: str) -> Asset | None:
        """Return the asset of this name; None if there is none."""
        return self._all.get(name)

    def address(self, name: str) -> str:
        """Return the address of an asset on this server."""
        return f"{self._prefix}/assets/{name}?v={self._all[name].version}"


def _genuine(folder: Path, name: str) -> Asset | None:
    try:
        content = (folder / name).read_bytes()
    except OSError:
        return None
    return Asset(name, content) if integrity(content) == HASHES[name] else None
