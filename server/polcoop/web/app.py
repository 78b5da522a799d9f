"""The web application: where engine, settings and routes are put together.  Nothing is built when this is
imported."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route
from starlette.types import ASGIApp

from polcoop import __version__
from polcoop.errors import PolcoopError
from polcoop.quality.service import Capacity, Judge
from polcoop.reconcile.service import Reconciliation
from polcoop.settings import Settings
from polcoop.sparql.archive import Archive
from polcoop.sparql.engine import Dataset, Engine
from polcoop.sparql.local import LocalEngine
from polcoop.sparql.telemetry import Telemetry
from polcoop.web.access import AccessLog, open_log
from polcoop.web.answering import Answering
from polcoop.web.assets import Assets
from polcoop.web.context import add_context
from polcoop.web.description import GET_QUERY, POST_QUERY, POST_VALIDATE
from polcoop.web.documents import has_documents
from polcoop.web.front import Front
from polcoop.web.headers import CommonHeaders
from polcoop.web.introduction import Introduction
from polcoop.web.lookup import Lookup
from polcoop.web.operations import add_operations
from polcoop.web.pages import Pages
from polcoop.web.permalinks import Permalinks, Road
from polcoop.web.problem import on_crash, on_error, on_http, problem
from polcoop.web.reconcile import add_reconciliation
from polcoop.web.repeats import Repeats
from polcoop.web.site import add_site
from polcoop.web.validation import validated


def create_app(  # noqa: PLR0913 - the composition root is handed all that is put together
    engine: Engine,
    archive: Archive,
    settings: Settings,
    *,
    dataset: Callable[[], Dataset],
    telemetry: Telemetry,
    repeats: Repeats,
) -> ASGIApp:
    """Return the application over ``engine``, with the front before it.

    ``dataset`` says what the engine answers from at the moment, ``archive`` has its earlier versions;
    ``repeats`` answers some requests that the application then never sees.

    The caller starts and ends the engines: the application only asks them, and counts in ``telemetry``.
    """
    app = FastAPI(
        title="polcoop SPARQL endpoint",
        version=__version__,
        summary="The knowledge graph of international police and judicial cooperation.",
        # The documentation pages of the framework load scripts from a CDN.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": settings.prefix or "/"}],
    )
    answering = Answering(engine, dataset, settings, telemetry)
    introduction = Introduction(answering, Lookup(engine, settings.timeout), dataset, settings)
    ask = introduction.ask
    app.add_api_route("/sparql", ask, methods=["GET"], response_class=Response, **GET_QUERY)
    app.add_api_route("/sparql", ask, methods=["POST"], response_class=Response, **POST_QUERY)
    introduction.add_to(app)
    if settings.validations:
        _add_validation(app, settings)
    add_context(app)
    add_reconciliation(app, Reconciliation(engine, lambda: dataset().version), settings.prefix)
    if settings.max_permalinks:
        _add_permalinks(app, Road(engine, answering.ask, dataset), archive, settings, telemetry)
    add_site(app, engine, settings, dataset)
    add_operations(app, telemetry, dataset)
    _add_heads(app)
    _add_errors(app)
    _add_headers(app)
    served: ASGIApp = ServerErrorMiddleware(Front(app, ask, on_error), on_crash)
    if settings.access_log:
        write = open_log(settings.access_log)
        log = AccessLog(served, write, queries=settings.log_queries, clients=settings.log_clients)
        served, repeats.told = log, log.repeated
    return served


def _add_permalinks(
    app: FastAPI, current: Road, archive: Archive, settings: Settings, telemetry: Telemetry
) -> None:
    def road(engine: LocalEngine) -> Road:
        ask = Answering(engine, lambda: engine.dataset, settings, telemetry).ask
        return Road(engine, ask, lambda: engine.dataset)

    assets = Assets(settings.prefix, settings.yasgui, settings.cdn)
    pages = Pages(settings.prefix, assets, lambda: has_documents(current.dataset()))
    Permalinks(current, road, archive, pages, settings).add_to(app)


def _add_validation(app: FastAPI, settings: Settings) -> None:
    capacity = Capacity(
        processes=settings.validations,
        seconds=settings.validation_timeout,
        memory=settings.validation_memory << 20,
        patience=settings.patience,
    )
    judge = Judge(settings.root, capacity)

    async def validate(request: Request) -> Response:
        return await validated(request, judge, settings.max_data_bytes)

    app.add_api_route("/validate", validate, methods=["POST"], response_class=Response, **POST_VALIDATE)


def _add_heads(app: FastAPI) -> None:
    """Answer HEAD wherever GET is answered (RFC 9110, 9.3.2); the server sends no body then."""
    for route in app.router.routes.copy():
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            app.add_api_route(route.path, route.endpoint, methods=["HEAD"], include_in_schema=False)


def _add_errors(app: FastAPI) -> None:
    async def on_method(request: Request, _error: Exception) -> Response:
        allowed = ", ".join(_methods(app, request))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allowed})
        detail = f"{request.method} is not allowed here"
        return problem(request, 405, "Method Not Allowed", detail, headers={"Allow": allowed})

    async def on_disconnect(_request: Request, _error: Exception) -> Response:
        # Nobody reads this; the framework wants an answer all the same.
        return Response(status_code=400)

    app.add_exception_handler(PolcoopError, on_error)
    app.add_exception_handler(405, on_method)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(ClientDisconnect, on_disconnect)
    app.add_exception_handler(Exception, on_crash)


def _methods(app: FastAPI, request: Request) -> list[str]:
    """The methods that any route at the path of ``request`` takes; the framework's own Allow names one
    route's."""
    allowed = {"OPTIONS"}
    for route in app.router.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            allowed |= route.methods or set()
    return sorted(allowed)


def _add_headers(app: FastAPI) -> None:
    # For what a script asks beforehand (CORS preflight).
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["*"],
        max_age=86_400,
    )
    app.add_middleware(CommonHeaders)
