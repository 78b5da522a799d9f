"""``/context.jsonld``: the JSON-LD context that exported data is compacted by."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from fastapi import FastAPI, Response

PATH: Final = "/context.jsonld"
_DAY: Final = "public, max-age=86400"


def add_context(app: FastAPI) -> None:
    """Add the route to ``app``."""
    content = files("polcoop.export").joinpath("context.jsonld").read_bytes()

    async def context() -> Response:
        return Response(content, media_type="application/ld+json", headers={"Cache-Control": _DAY})

    example = {"@context": {"claim": "https://w3id.org/polcoop/id/claim/"}}
    app.add_api_route(
        PATH,
        context,
        methods=["GET"],
        response_class=Response,
        summary="The JSON-LD context of the exports",
        responses={200: {"content": {"application/ld+json": {"example": example}}}},
    )
