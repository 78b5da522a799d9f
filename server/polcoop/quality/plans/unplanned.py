"""What has no plan."""

from __future__ import annotations


class UnplannedError(Exception):
    """A shape cannot be compiled, so that pySHACL has to look at each of its focus nodes."""
