"""The project's own shapes and background, read once for all fixtures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import Harness  # the harness stands beside its tests, not in the package


@pytest.fixture(scope="session")
def harness() -> Harness:
    return Harness(Path(__file__).parents[2])
