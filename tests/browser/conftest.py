"""Debian's Chromium, driven by Playwright; the files of YASGUI as npm has them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from polcoop.web.assets import HASHES

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's command."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("Chromium is not installed (make system installs it where it can)")
    return found


@pytest.fixture(scope="module")
def playwright(chromium: str) -> Iterator[Playwright]:
    """What drives the browser."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """A running browser."""
    running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield running
    running.close()


@dataclass
class Visit:
    """A page, and what the browser complained of and asked for while it was open."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Browser):
    """Open a page in a window of its own, with these options of Playwright's contexts."""

    @contextmanager
    def opened(url: str, **options) -> Iterator[Visit]:
        with browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}) as context:
            context.set_default_timeout(60_000)
            seen = Visit(context.new_page())
            seen.page.on("console", lambda said: seen.complaints.append(f"{said.type}: {said.text}"))
            seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
            seen.page.on("request", lambda request: seen.requests.append(request.url))
            if url:
                seen.page.goto(url)
            yield seen

    return opened


@pytest.fixture(scope="session")
def yasgui(root: Path) -> Path:
    """The folder that `make yasgui` fills."""
    folder = root / "build" / "yasgui"
    if not all((folder / name).is_file() for name in HASHES):
        pytest.skip("YASGUI's files are not at hand (make yasgui fetches them where npm is)")
    return folder
