"""The start page: what this is, a form, and the example queries of the dataset."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from fastapi import Request, Response

from polcoop.errors import PolcoopError, UsageError
from polcoop.iris import EXAMPLES
from polcoop.solutions import Iri, Literal
from polcoop.sparql import resource as queries
from polcoop.sparql.engine import Dataset
from polcoop.web.language import language
from polcoop.web.lookup import Lookup
from polcoop.web.pages import GENERAL, Example, Pages

_log: Final = logging.getLogger(__name__)


class Home:
    """Answers ``/``; ``?example=`` and ``?query=`` put a query into the form."""

    def __init__(self, lookup: Lookup, pages: Pages, dataset: Callable[[], Dataset]) -> None:
        self._lookup, self._pages, self._dataset = lookup, pages, dataset

    async def answer(self, request: Request) -> Response:
        """Answer a GET or HEAD.

        :raises UsageError: ``?lang=`` or ``?example=`` names none.
        """
        parameters = request.query_params
        wished = language(request.headers.get("accept-language"), parameters.get("lang"))
        examples = await self._examples(wished, request)
        chosen, given = examples[0].text, ""
        if name := parameters.get("example"):
            chosen, given = _named(name, examples), name
        elif parameters.get("query"):
            chosen, given = parameters["query"], "query"
        response = self._pages.home(
            wished, examples, query=chosen, given=given, source=self._dataset().description
        )
        response.headers.update({"Vary": "Accept-Language", "Cache-Control": "no-cache"})
        return response

    async def _examples(self, wished: str, request: Request) -> list[Example]:
        """Those of the dataset; when it has none, or is too busy to say, some that work on any data."""
        try:
            found = await self._lookup.rows(queries.examples(EXAMPLES), request)
        except PolcoopError as error:
            _log.warning("the example queries could not be read: %s", error)
            return list(GENERAL)
        titles: dict[str, dict[str, str]] = {}
        texts: dict[str, str] = {}
        for iri, title, text in found.rows:
            if isinstance(iri, Iri) and isinstance(title, Literal) and isinstance(text, Literal):
                name = iri.value.rpartition("/")[2]
                titles.setdefault(name, {})[title.language or ""] = title.value
                texts[name] = text.value
        own = [_example(name, texts[name], titles[name], wished) for name in sorted(texts)]
        return own or list(GENERAL)


def _example(name: str, text: str, titles: dict[str, str], wished: str) -> Example:
    tag = next(tag for tag in (wished, "en", *titles) if tag in titles)
    return Example(name, titles[tag], tag or None, text)


def _named(name: str, examples: list[Example]) -> str:
    for example in examples:
        if example.name == name:
            return example.text
    raise UsageError("there is no such example query", hint="the start page lists them")
