"""``/reconcile``: the Reconciliation Service API 0.2 over HTTP.

Parameters that the specification does not name are passed over: clients add their own (``_``, ``schema``,
``spell``).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from polcoop.errors import QueryTooLarge, UsageError
from polcoop.reconcile import describing
from polcoop.reconcile.batches import MOST_CANDIDATES, MOST_LETTERS, Extension, read_batch, read_extension
from polcoop.reconcile.extending import extend, propose
from polcoop.reconcile.ids import resolve
from polcoop.reconcile.index import Index, Kind
from polcoop.reconcile.matching import Query, reconcile
from polcoop.reconcile.service import Reconciliation, manifest
from polcoop.reconcile.suggesting import suggest_entities, suggest_kinds
from polcoop.web.addresses import path_of
from polcoop.web.delivery import while_connected
from polcoop.web.forms import parameters
from polcoop.web.reconcile_description import BELOW, GET_RECONCILE, POST_RECONCILE

T = TypeVar("T")

PATH: Final = "/reconcile"
_SUGGESTIONS: Final = 10
_PREVIEWED: Final = 8
_AT_ONCE: Final = 2
"""Requests worked on at the same time: they take processor time from the queries."""
# A function of the page that asks, and nothing that could be read as anything else.
_CALLBACK: Final = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_MOST_CALLBACK: Final = 100
# Shown in the frame of any client: where this names frames, browsers pass over X-Frame-Options.
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)


def add_reconciliation(app: FastAPI, service: Reconciliation, prefix: str) -> None:
    """Add the routes of the reconciliation service to ``app``; ``prefix`` is the path under which a proxy
    shows the server."""
    routes = _Routes(service, prefix)
    app.add_api_route(PATH, routes.endpoint, methods=["GET"], response_class=Response, **GET_RECONCILE)
    app.add_api_route(PATH, routes.endpoint, methods=["POST"], response_class=Response, **POST_RECONCILE)
    for path, route in (
        ("suggest/entity", routes.suggest_entity),
        ("suggest/type", routes.suggest_type),
        ("suggest/property", routes.suggest_property),
        ("flyout/entity", routes.flyout_entity),
        ("flyout/type", routes.flyout_type),
        ("flyout/property", routes.flyout_property),
        ("properties", routes.properties),
        ("preview", routes.preview),
        ("view", routes.view),
    ):
        app.add_api_route(f"{PATH}/{path}", route, methods=["GET"], response_class=Response, **BELOW[path])


class _Routes:
    """One handler a route."""

    def __init__(self, service: Reconciliation, prefix: str) -> None:
        self._service, self._prefix = service, prefix
        self._turn = asyncio.Semaphore(_AT_ONCE)
        templates = Environment(
            loader=PackageLoader("polcoop.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._template = templates.get_template("preview.html")
        self._flyout = templates.from_string("<p><strong>{{ name }}</strong></p><p>{{ description }}</p>")

    async def endpoint(self, request: Request) -> Response:
        """The endpoint: ``queries``, ``extend``, or neither (0.2, sections 3.1, 4.3 and 7.3)."""
        given = await parameters(request)
        callback = _callback(given)
        asked = [name for name in ("queries", "extend") if name in given]
        if len(asked) > 1:
            raise UsageError("'queries' and 'extend' are asked one at a time")
        if "queries" in given:
            batch = read_batch(given["queries"])
            return _json(await self._work(request, lambda index: _answers(index, batch)), callback)
        if "extend" in given:
            extension: Extension = read_extension(given["extend"])
            return _json(await self._work(request, lambda index: extend(index, extension)), callback)
        if request.method == "POST":
            raise UsageError(
                "the form has neither the field 'queries' nor the field 'extend'",
                hint='queries={"q0": {"query": "Interpol"}}',
            )
        base = str(request.base_url).rstrip("/") + self._prefix
        return _json(await self._work(request, lambda index: manifest(index, base)), callback)

    async def suggest_entity(self, request: Request) -> Response:
        """Suggest entities; ``type`` restricts them."""
        given = await parameters(request)
        prefix, types = _prefix(given), tuple(resolve(kind) for kind in [given.get("type", "")] if kind)
        found = await self._work(
            request,
            lambda index: [
                describing.suggestion(index, entity) for entity in suggest_entities(index, prefix, types)
            ],
        )
        return _page(found, given)

    async def suggest_type(self, request: Request) -> Response:
        """Suggest types."""
        return await self._suggest_kind(request, "types")

    async def suggest_property(self, request: Request) -> Response:
        """Suggest properties."""
        return await self._suggest_kind(request, "properties")

    async def flyout_entity(self, request: Request) -> Response:
        """Tell of an entity in a few words (0.2, section 6.5)."""

        def told(index: Index, iri: str) -> tuple[str, str] | None:
            entity = index.entities.get(iri)
            return (entity.name, describing.description(index, entity)) if entity else None

        return await self._told(request, told)

    async def flyout_type(self, request: Request) -> Response:
        """Tell of a type in a few words."""
        return await self._told(request, lambda index, iri: _words(index.types.get(iri)))

    async def flyout_property(self, request: Request) -> Response:
        """Tell of a property in a few words."""
        return await self._told(request, lambda index, iri: _words(index.properties.get(iri)))

    async def properties(self, request: Request) -> Response:
        """Propose properties for a type (0.2, section 7.2)."""
        given = await parameters(request)
        if "type" not in given:
            raise UsageError("the parameter 'type' is missing", hint=f"{PATH}/properties?type=Organisation")
        limit = _number(given, "limit", None, 1)
        found = await self._work(request, lambda index: propose(index, resolve(given["type"]), limit))
        answer: dict[str, Any] = {
            "properties": [{"id": kind.id, "name": kind.name} for kind in found],
            "type": given["type"],
        }
        return _json(answer | ({"limit": limit} if limit else {}), _callback(given))

    async def preview(self, request: Request) -> Response:
        """A page for a frame (0.2, section 5)."""
        given = await parameters(request)
        html = await self._work(request, lambda index: self._preview(index, _id(given)))
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})

    async def view(self, request: Request) -> Response:
        """Lead to the entity's own path on this server."""
        iri = resolve(_id(await parameters(request)))
        index = await self._service.index()
        path = path_of(iri)
        if iri not in index.entities or path is None:
            raise HTTPException(404, "there is no such entity")
        return RedirectResponse(self._prefix + path, 303)

    async def _suggest_kind(self, request: Request, which: str) -> Response:
        given = await parameters(request)
        prefix = _prefix(given)
        found = await self._work(
            request,
            lambda index: [
                describing.kind(index, kind) for kind in suggest_kinds(getattr(index, which).values(), prefix)
            ],
        )
        return _page(found, given)

    async def _told(
        self, request: Request, words: Callable[[Index, str], tuple[str, str] | None]
    ) -> Response:
        given = await parameters(request)
        identifier = _id(given)
        found = await self._work(request, lambda index: words(index, resolve(identifier)))
        if found is None:
            raise HTTPException(404, "there is no such thing")
        html = self._flyout.render(name=found[0], description=found[1])
        return _json({"id": identifier, "html": html}, _callback(given))

    async def _work(self, request: Request, work: Callable[[Index], T]) -> T:
        """Do ``work`` in a thread, in its turn; give up when the client leaves."""

        async def in_turn() -> T:
            index = await self._service.index()
            async with self._turn:
                return await asyncio.to_thread(work, index)

        return await while_connected(request.receive, in_turn())

    def _preview(self, index: Index, identifier: str) -> str:
        entity = index.entities.get(resolve(identifier))
        if entity is None:
            raise HTTPException(404, "there is no such entity")
        facts = [("also", list(entity.names[1:_PREVIEWED]))] if len(entity.names) > 1 else []
        for kind in propose(index, entity.types[0], _PREVIEWED) if entity.types else []:
            cells = extend(index, Extension((identifier,), ((kind.id, None),)))["rows"][identifier][kind.id]
            texts = [str(cell.get("name", next(iter(cell.values()), ""))) for cell in cells[:_PREVIEWED]]
            if texts and not kind.id.startswith("skos:"):
                facts.append((kind.name, texts))
        return self._template.render(
            name=entity.name, description=describing.description(index, entity), facts=facts
        )


def _answers(index: Index, batch: dict[str, Query]) -> dict[str, Any]:
    return {
        key: {"result": [describing.candidate(index, found) for found in reconcile(index, query)]}
        for key, query in batch.items()
    }


def _words(kind: Kind | None) -> tuple[str, str] | None:
    return (kind.name, kind.description) if kind else None


def _prefix(given: dict[str, str]) -> str:
    if "prefix" not in given:
        raise UsageError("the parameter 'prefix' is missing")
    if len(given["prefix"]) > MOST_LETTERS:
        raise QueryTooLarge(f"'prefix' has more than {MOST_LETTERS} characters")
    return given["prefix"]


def _id(given: dict[str, str]) -> str:
    if "id" not in given:
        raise UsageError("the parameter 'id' is missing", hint=f"{PATH}/preview?id=id/agent/interpol")
    return given["id"]


def _number(given: dict[str, str], name: str, default: int | None, least: int) -> int | None:
    value = given.get(name)
    if not value:
        return default
    if not value.isdecimal() or not value.isascii() or len(value) > 9 or int(value) < least:
        raise UsageError(f"the parameter '{name}' is a whole number of at least {least}")
    return int(value)


def _page(found: list[dict[str, Any]], given: dict[str, str]) -> Response:
    """A suggest response: ``cursor`` says how many to skip (0.2, section 6.2)."""
    first = _number(given, "cursor", 0, 0) or 0
    many = min(_number(given, "limit", None, 0) or _SUGGESTIONS, MOST_CANDIDATES)
    return _json({"result": found[first : first + many]}, _callback(given))


def _callback(given: dict[str, str]) -> str | None:
    callback = given.get("callback")
    if callback is not None and (len(callback) > _MOST_CALLBACK or not _CALLBACK.fullmatch(callback)):
        raise UsageError("the parameter 'callback' is not the name of a function")
    return callback


def _json(answer: object, callback: str | None) -> Response:
    if callback is None:
        return Response(json.dumps(answer, ensure_ascii=False), media_type="application/json")
    # ASCII, since JSON allows line separators that scripts did not; the comment keeps the name from being the
    # first bytes, where they could be taken for another kind of file.
    return Response(f"/**/{callback}({json.dumps(answer)});", media_type="text/javascript")
