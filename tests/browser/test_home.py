"""The start page in a real browser: with YASGUI from here, from a CDN, without it, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from polcoop.web.assets import HASHES, YASGUI, integrity
from serving import serving

EXAMPLE = "/?example=04-liaison-officers-missions-countries"
ROW = "231"
PANEL = ".tabPanel.active"
"""YASGUI's tab in front."""


@pytest.fixture(scope="module")
def local(dataset: Path, yasgui: Path) -> Iterator[str]:
    """A server that has YASGUI's files."""
    with serving("--dataset", dataset.parent, "--workers", "2", POLCOOP_YASGUI=str(yasgui)) as running:
        yield running.url


@pytest.fixture(scope="module")
def remote(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that has none, or others: it sends browsers to the CDN."""
    folder = tmp_path_factory.mktemp("yasgui")
    for name in HASHES:
        (folder / name).write_text("alert('not the file of the package')", encoding="utf-8")
    with serving("--dataset", dataset.parent, "--workers", "2", POLCOOP_YASGUI=str(folder)) as running:
        yield running.url


def _run(page) -> str:
    """Press YASGUI's button and return the table."""
    page.locator(f"{PANEL} .yasqe_queryButton").click()
    page.wait_for_selector(f"{PANEL} .yasr_results table td")
    return page.locator(f"{PANEL} .yasr_results").inner_text()


def test_the_hashes_are_those_of_the_package(yasgui: Path) -> None:
    for name, expected in HASHES.items():
        assert integrity((yasgui / name).read_bytes()) == expected


def test_the_editor_of_this_server(visit, local: str) -> None:
    with visit(local + EXAMPLE) as seen:
        seen.page.wait_for_selector(f"{PANEL} .CodeMirror")
        assert seen.page.locator("#form").is_hidden()
        assert ROW in _run(seen.page)
        assert seen.complaints == []
        assert not [url for url in seen.requests if not url.startswith((local, "data:", "blob:"))]


def test_the_editor_fits_a_small_screen(visit, local: str) -> None:
    with visit(local + EXAMPLE, viewport={"width": 360, "height": 740}) as seen:
        seen.page.wait_for_selector(f"{PANEL} .CodeMirror")
        assert ROW in _run(seen.page)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_example_is_put_into_the_editor(visit, local: str) -> None:
    with visit(local) as seen:
        seen.page.wait_for_selector(f"{PANEL} .CodeMirror")
        seen.page.get_by_role("link", name="How many liaison officers").click()
        seen.page.wait_for_function("document.querySelector('.tabsList').innerText.includes('04-liaison')")
        assert ROW in _run(seen.page)


def _cdn(page, folder: Path, change: bytes = b"") -> list[str]:
    """Be the CDN: send the files of the package, with ``change`` at their end."""
    asked: list[str] = []

    def send(route) -> None:
        asked.append(route.request.url)
        name = route.request.url.rpartition("/")[2]
        kind = "text/css" if name.endswith("css") else "text/javascript"
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": kind}
        route.fulfill(status=200, headers=headers, body=(folder / name).read_bytes() + change)

    page.context.route("https://cdn.jsdelivr.net/**", send)
    return asked


def test_the_editor_of_the_cdn(visit, remote: str, yasgui: Path) -> None:
    with visit("") as seen:
        asked = _cdn(seen.page, yasgui)
        seen.page.goto(remote + EXAMPLE)
        seen.page.wait_for_selector(f"{PANEL} .CodeMirror")
        assert sorted(asked) == sorted(
            f"https://cdn.jsdelivr.net/npm/{YASGUI}/build/{name}" for name in HASHES
        )
        assert ROW in _run(seen.page)
        assert seen.complaints == []


def test_another_script_is_not_run(visit, remote: str, yasgui: Path) -> None:
    with visit("") as seen:
        asked = _cdn(seen.page, yasgui, b"\n/* one byte more */")
        seen.page.goto(remote)
        assert len(asked) == len(HASHES)
        assert any("integrity" in text for text in seen.complaints)
        assert seen.page.evaluate("typeof Yasgui") == "undefined"
        assert seen.page.locator("#form").is_visible()


def test_without_the_cdn_the_form_works(visit, remote: str) -> None:
    with visit("") as seen:
        seen.page.context.route("https://cdn.jsdelivr.net/**", lambda route: route.abort())
        seen.page.goto(remote + EXAMPLE)
        seen.page.get_by_label("Result as").select_option("csv")
        _submit(seen.page)


def test_without_javascript_the_form_works(visit, local: str) -> None:
    with visit(local, java_script_enabled=False) as seen:
        seen.page.get_by_role("link", name="How many liaison officers").click()
        assert "liaison-officers-posted" in seen.page.get_by_label("Query").input_value()
        seen.page.get_by_label("Result as").select_option("csv")
        _submit(seen.page)


def _submit(page) -> None:
    """Send the form; a browser saves CSV, or shows it."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Run").click()
    assert ROW in Path(download.value.path()).read_text(encoding="utf-8")


def test_without_a_cdn_there_is_no_script(visit, dataset: Path, tmp_path: Path) -> None:
    settings = {"POLCOOP_YASGUI": str(tmp_path), "POLCOOP_CDN": ""}
    with (
        serving("--dataset", dataset.parent, "--workers", "1", **settings) as running,
        visit(running.url) as seen,
    ):
        assert seen.page.locator("script").count() == 0
        assert seen.page.locator("#form").is_visible()
        assert seen.complaints == []
