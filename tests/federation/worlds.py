"""A small world in three places (here, at one endpoint, at another), and random queries over all of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

NAMESPACE: Final = "http://example.org/"
PROLOGUE: Final = f"PREFIX ex: <{NAMESPACE}>\n"
_NODES: Final = [f"ex:n{number}" for number in range(6)]
_VALUES: Final = ["1", "2", '"x"', '"x"@en', '"y"@fr']
_PREDICATES: Final = ["ex:p", "ex:q", "ex:r"]
_VARIABLES: Final = ["?a", "?b", "?c", "?d", "?e"]
HERE, ONE, OTHER = "here", "ONE", "OTHER"
NOBODY = "NOBODY"
"""An endpoint that may be asked, and where nobody is: for SILENT."""


def world(seed: int = 7) -> dict[str, str]:
    """Turtle for each of the three places; much of what one says the others speak of too."""
    chance = random.Random(seed)  # noqa: S311 - the same world every time
    texts = {}
    for place in (HERE, ONE, OTHER):
        triples = {
            f"{chance.choice(_NODES)} {chance.choice(_PREDICATES)} {chance.choice(_NODES * 2 + _VALUES)} ."
            for _ in range(22)
        }
        texts[place] = PROLOGUE.replace("PREFIX", "@prefix").strip() + " .\n" + "\n".join(sorted(triples))
    return texts


@dataclass
class Writer:
    """Writes random queries."""

    chance: random.Random
    _fresh: int = 0
    _readings: dict[str, str] = field(default_factory=dict)

    def query(self) -> tuple[str, str]:
        """A SELECT query with at least one SERVICE, and the same with each SERVICE ?x written out as what it
        means: a UNION over the endpoints."""
        self._readings.clear()
        while "SERVICE" not in (body := self._group(0, remote=False, services=True)):
            pass
        modifier = self.chance.choice(["", "", "", "DISTINCT "])
        selected = self.chance.choice(["*", "*", " ".join(self.chance.sample(_VARIABLES, 3))])
        if self.chance.random() < 0.15:
            selected, modifier = "(COUNT(*) AS ?n)", ""
        after = self.chance.choice([""] * 5 + [" VALUES ?a { ex:n0 ex:n1 ex:n2 }"])
        text = f"{PROLOGUE}SELECT {modifier}{selected} WHERE {body}{after}"
        explicit = text
        for short, long in self._readings.items():
            explicit = explicit.replace(short, long)
        return text, explicit

    def _group(self, depth: int, *, remote: bool, services: bool) -> str:
        count = self.chance.choice([1, 2, 2, 3, 3, 4]) if depth < 2 else self.chance.choice([1, 1, 2])
        parts = [self._element(depth, remote=remote, services=services) for _ in range(count)]
        return "{ " + " ".join(parts) + " }"

    def _element(self, depth: int, *, remote: bool, services: bool) -> str:
        kinds = ["triple"] * 5
        if depth < 3:
            kinds += ["optional"] * 2 + ["union", "group"]
            kinds += ["service"] * (4 if services and not remote else 0)
            kinds += ["minus", "filter", "bind", "values", "select"]
            kinds += ["variable service"] * (services and not remote)
        # Further in, the engine looks at variables of EXISTS that are not in scope there.
        kinds += ["exists"] * (depth == 0)
        kind = self.chance.choice(kinds)
        inner = {"remote": remote, "services": services}
        match kind:
            case "triple":
                return self._triple()
            case "optional" | "minus":
                return f"{kind.upper()} {self._group(depth + 1, **inner)}"
            case "union":
                return f"{self._group(depth + 1, **inner)} UNION {self._group(depth + 1, **inner)}"
            case "group":
                return self._group(depth + 1, **inner)
            case "service" | "variable service":
                return self._service(depth, kind)
        return self._other(kind, depth, inner)

    def _service(self, depth: int, kind: str) -> str:
        silent = self.chance.choice(["", "", "SILENT "])
        body = self._group(depth + 1, remote=True, services=False)
        somebody = [ONE, OTHER, *[NOBODY] * bool(silent)]
        if kind == "service":
            return f"SERVICE {silent}<{self.chance.choice(somebody)}> {body}"
        chosen = self.chance.choice([[ONE], [OTHER], [ONE, OTHER], somebody])
        self._fresh += 1
        name = f"?s{self._fresh}"
        listed = " ".join(f"<{place}>" for place in chosen)
        text = f"VALUES {name} {{ {listed} }} SERVICE {silent}{name} {body}"
        branches = [
            f"{{ VALUES {name} {{ <{place}> }} SERVICE {silent}<{place}> {body} }}" for place in chosen
        ]
        self._readings[text] = " UNION ".join(branches)
        return text

    def _other(self, kind: str, depth: int, inner: dict[str, bool]) -> str:
        first, second = self.chance.sample(_VARIABLES, 2)
        match kind:
            case "filter":
                test = self.chance.choice(
                    ["{0} != {1}", "ISIRI({0})", "BOUND({0})", "{0} = 1 || {1} = ex:n1"]
                )
                return f"FILTER({test.format(first, second)})"
            case "exists":
                word = self.chance.choice(["EXISTS", "NOT EXISTS"])
                if inner["services"] and self.chance.random() < 0.3:
                    # Written at random, nearly all of them would be refused.
                    place = self.chance.choice([ONE, OTHER])
                    return f"FILTER {word} {{ SERVICE <{place}> {{ {self._triple()} }} }}"
                return f"FILTER {word} {self._group(depth + 1, **inner)}"
            case "bind":
                self._fresh += 1
                return f"BIND({first} AS ?f{self._fresh})"
            case "values":
                terms = [self.chance.choice([*_NODES, "1", "UNDEF"]) for _ in range(4)]
                return f"VALUES ({first} {second}) {{ ({terms[0]} {terms[1]}) ({terms[2]} {terms[3]}) }}"
        return self._select(first, second, self._group(depth + 1, **inner))

    def _select(self, first: str, second: str, group: str) -> str:
        if self.chance.random() < 0.3:
            self._fresh += 1
            return f"{{ SELECT {first} (COUNT({second}) AS ?n{self._fresh}) {group} GROUP BY {first} }}"
        return f"{{ SELECT {self.chance.choice(['', 'DISTINCT '])}{first} {second} {group} }}"

    def _triple(self) -> str:
        subject = self.chance.choice([*_VARIABLES * 2, *_NODES])
        predicate = self.chance.choice([*_PREDICATES, *_PREDICATES, "ex:p/ex:q", "ex:p|ex:r", "?p"])
        thing = self.chance.choice([*_VARIABLES * 3, *_NODES, *_VALUES])
        return f"{subject} {predicate} {thing} ."


def plain_query(chance: random.Random) -> str:
    """A SELECT query of the kind that people write: triples, and SERVICE joined, optional or in a UNION, each
    of which takes up a variable that is bound before it."""
    known = ["?a", "?b"]

    def triple() -> str:
        first, fresh = chance.choice(known), chance.choice(_VARIABLES)
        thing = chance.choice([fresh, fresh, fresh, chance.choice(_NODES)])
        known.extend({fresh} if thing == fresh else ())
        return f"{first} {chance.choice(_PREDICATES)} {thing} ."

    def at(pattern: str) -> str:
        return f"SERVICE <{chance.choice([ONE, OTHER])}> {{ {pattern} }}"

    def service() -> str:
        return at(" ".join(triple() for _ in range(chance.choice([1, 2]))))

    parts = [f"?a {chance.choice(_PREDICATES)} ?b .", service()]
    optional = 0
    for _ in range(chance.choice([0, 1, 1, 2])):
        kind = chance.choice(["join", "union", "local", "optional"])
        if kind == "optional":
            optional += 1
            parts.append(f"OPTIONAL {{ {at(f'{chance.choice(known)} ex:p ?o{optional}')} }}")
        elif kind == "union":
            here, there = f"{chance.choice(known)} ex:q ?u", f"{chance.choice(known)} ex:r ?u"
            parts.append(f"{{ {here} }} UNION {{ {at(there)} }}")
        else:
            parts.append(service() if kind == "join" else triple())
    parts.sort(key=lambda part: part.startswith("OPTIONAL"))
    return f"{PROLOGUE}SELECT DISTINCT * WHERE {{ {' '.join(parts)} }}"


def located(query: str, addresses: dict[str, str]) -> str:
    """The query with the real addresses of the endpoints."""
    for place, address in addresses.items():
        query = query.replace(f"<{place}>", f"<{address}>")
    return query
