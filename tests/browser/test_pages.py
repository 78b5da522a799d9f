"""Pages of resources in a real browser: they fit, they need no script, their links work."""

from __future__ import annotations

import pytest

PAGES = (
    "/id/claim/p14-08", "/id/agent/cn", "/concept/topic", "/ontology", "/shapes/claims", "/graph/instances",
    "/.well-known/sparql-examples/54-hedged-statements", "/id/work/ghiselli-overseas-interests-2021",
    "/id/agent/nobody.html", "/?example=54-hedged-statements",
)  # fmt: skip

# Elements that reach over the right edge, but for those in a box that scrolls.
STICKING_OUT = """() => [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".box, pre, textarea"))
    .map(e => e.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("path", PAGES)
def test_nothing_sticks_out(visit, server: str, path: str) -> None:
    with visit(server + path, viewport={"width": 360, "height": 740}, java_script_enabled=False) as seen:
        assert seen.page.evaluate(STICKING_OUT) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert not [text for text in seen.complaints if "404" not in text]
        assert not [url for url in seen.requests if not url.startswith((server, "https://cdn.jsdelivr.net/"))]


def test_a_reader_goes_from_claim_to_voice_to_its_claims(visit, server: str) -> None:
    with visit(f"{server}/id/claim/p14-08", locale="fr-FR") as seen:
        page = seen.page
        assert page.locator("html").get_attribute("lang") == "fr"
        page.get_by_role("link", name="Presse universitaire de la Sécurité publique populaire").click()
        page.wait_for_url(f"{server}/id/agent/ppsu-press")
        page.get_by_role("link", name="English").click()
        assert page.locator("h1").inner_text() == "People’s Public Security University Press"
        assert page.get_by_role("heading", name="What links here").is_visible()
        assert seen.complaints == []


def test_a_term_is_where_its_iri_points(visit, server: str) -> None:
    with visit(f"{server}/ontology#JointPatrol") as seen:
        heading = seen.page.get_by_role("heading", name="Joint patrol polcoop:JointPatrol")
        box = heading.bounding_box()
        assert box
        assert 0 <= box["y"] < 300
        seen.page.go_back()
    with visit(f"{server}/id/event/cn-us-jlg-agreement-signature-1998") as seen:
        link = seen.page.locator("dt a").first
        assert link.is_visible()


def test_dark_is_dark(visit, server: str) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        with visit(f"{server}/concept/modality/conditional", color_scheme=scheme) as seen:
            colour = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
            colours[scheme] = sum(int(part) for part in colour.strip("rgb()").split(","))
            assert seen.complaints == []
    assert colours["light"] > 600
    assert colours["dark"] < 150


def test_a_wide_table_scrolls_in_its_box(visit, server: str) -> None:
    with visit(f"{server}/graph/instances", viewport={"width": 200, "height": 600}) as seen:
        box = seen.page.locator(".box")
        assert box.evaluate("e => getComputedStyle(e).overflowX") == "auto"
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 200


def test_hedged_claims_look_different(visit, server: str) -> None:
    with visit(f"{server}/id/agent/cn") as seen:
        plain, hedged = (
            seen.page.locator(selector).first.evaluate("e => getComputedStyle(e).backgroundColor")
            for selector in (".claims li:not(.hedged)", ".claims li.hedged")
        )
        assert plain != hedged
        assert seen.page.locator(".claims .voice").first.inner_text().startswith("according to ")
