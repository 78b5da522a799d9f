"""The routes of pages, of their assets and of linked data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from polcoop.settings import Settings
from polcoop.sparql.engine import Dataset, Engine
from polcoop.web.addresses import DOCUMENTS, ROOTS
from polcoop.web.assets import Assets
from polcoop.web.documents import has_documents
from polcoop.web.home import Home
from polcoop.web.lookup import Lookup
from polcoop.web.pages import Pages
from polcoop.web.resource import Resources
from polcoop.web.resource_description import described_below, described_document

_FOR_EVER = "public, max-age=31536000, immutable"


def add_site(app: FastAPI, engine: Engine, settings: Settings, dataset: Callable[[], Dataset]) -> None:
    """Add to ``app`` the start page, the assets of pages, and a route for every IRI of ours."""
    assets = Assets(settings.prefix, settings.yasgui, settings.cdn)
    pages = Pages(settings.prefix, assets, lambda: has_documents(dataset()))
    lookup = Lookup(engine, settings.timeout)
    home = Home(lookup, pages, dataset)
    fresh = f"public, max-age={settings.max_age}" if settings.max_age else "public, no-cache"
    resources = Resources(lookup, pages, dataset, bound=settings.max_links, fresh=fresh)

    async def asset(name: str, request: Request) -> Response:
        found = assets.find(name)
        if found is None:
            raise HTTPException(404)
        age = _FOR_EVER if request.query_params.get("v") == found.version else "no-cache"
        return Response(found.content, media_type=found.media_type, headers={"Cache-Control": age})

    async def page(request: Request) -> Response:
        return await home.answer(request)

    async def resource(request: Request) -> Response:
        return await resources.answer(request)

    def add(path: str, handler: Callable[..., object], **described: Any) -> None:
        app.add_api_route(
            path,
            handler,
            methods=["GET"],
            include_in_schema=bool(described),
            response_class=Response,
            **described,
        )

    add("/", page)
    add("/assets/{name}", asset)
    for root in ROOTS:
        add(f"/{root}/{{rest:path}}", resource, **described_below(root))
    for document in DOCUMENTS:
        add(f"/{document}", resource, **described_document(document))
        add(f"/{document}.{{ending}}", resource)
