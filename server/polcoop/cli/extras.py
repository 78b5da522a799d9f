"""Which extra of the package brings a library, as the package's own metadata says."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

# Modules that are called otherwise than what they are installed as.
_DISTRIBUTIONS = {"text_to_num": "text2num"}
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+).*;.*\bextra\s*==\s*['\"]([a-z0-9-]+)['\"]")


def extra_of(module: str) -> str | None:
    """Return the first extra that brings ``module``, or None."""
    top = module.partition(".")[0]
    wanted = _plain(_DISTRIBUTIONS.get(top, top))
    try:
        stated = requires("polcoop") or []
    except PackageNotFoundError:
        return None
    found = (_REQUIREMENT.match(line) for line in stated)
    return next((match[2] for match in found if match and _plain(match[1]) == wanted), None)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
