"""SPARQL at random, for tests that compare: queries about a few nodes, with the functions that plans know."""

from __future__ import annotations

from random import Random

_NODES = ["ex:a", "ex:b", "_:d", "_:e"]
_VALUES = [
    ['"a"', '"ab"', '"A"', '""', '"b a"', '"é"'], ["1", "2", "3", "-1", "10"], ["1", "1.5", "-2.5"],
    ["ex:a", "ex:b", "_:d", "_:e"], ['"ab"@en', '"ab"@fr', '"a"@en'], ['"a"', '"ab"@en'], ["true", "false"],
    ['"2020-01-01T00:00:00Z"^^xsd:dateTime', '"2021-01-01T00:00:00Z"^^xsd:dateTime'], ["1", "ex:a", "_:d"],
]  # fmt: skip
_PATHS = [
    "ex:p", "ex:p", "ex:q", "ex:q", "ex:r", "^ex:p", "ex:p/ex:q", "ex:p|ex:q", "ex:p*", "ex:p+", "ex:q?", "a"
]  # fmt: skip
_TEXTS = [
    "STR({any})", "LANG({var})", "CONCAT({text}, {text})", "SUBSTR({text}, {number})",
    "SUBSTR({text}, 1, {number})", "STRBEFORE({text}, {text})", "STRAFTER({text}, {text})", "LCASE({text})",
    "UCASE({text})", "REPLACE({text}, 'b+', '$0x')", "IF({truth}, {text}, {any})", "COALESCE({any}, {text})",
    "DATATYPE({any})", "?x", "STR($this)", "'a'", "''",
]  # fmt: skip
_NUMBERS = [
    "STRLEN({text})", "ABS({number})", "({number} + {number})", "({number} - {number})",
    "({number} * {number})", "xsd:integer({any})", "xsd:decimal({any})", "YEAR({var})", "-{var}",
    "IF({truth}, {number}, {number})", "1", "2", "?x", "?y", "-1",
]  # fmt: skip
_TRUTHS = [
    "({any} = {any})", "({any} != {any})", "({number} < {number})", "({number} >= {number})",
    "({number} != {number})", "({text} < {text})", "({text} = {text})", "({var} IN (1, ex:a, 'a'))",
    "({any} IN ({any}, {any}))", "({any} NOT IN ({any}))", "STRSTARTS({text}, {text})",
    "STRENDS({text}, {text})", "CONTAINS({text}, {text})", "REGEX({text}, '^a')",
    "REGEX({text}, 'b$', 'i')", "!({truth})", "!({truth})", "({truth} && {truth})", "({truth} || {truth})",
    "LANGMATCHES({text}, '*')", "isNumeric({any})", "isLiteral({any})", "isBlank({var})", "BOUND(?y)", "?x",
    "IF({truth}, {truth}, {truth})", "COALESCE({truth}, {truth})",
    "NOT EXISTS {{ {triple} FILTER({truth}) }}", "EXISTS {{ {triple} }}",
]  # fmt: skip
_PARTS = [
    "{triple}", "OPTIONAL {{ {triple} }}", "OPTIONAL {{ {triple} FILTER({truth}) }}", "FILTER({truth})",
    "{{ {triple} }} UNION {{ {triple} FILTER({truth}) }}", "BIND({any} AS ?z)", "FILTER(isIRI(?x))",
    "{{ SELECT $this ({total} AS ?n) WHERE {{ $this {path} ?m }} GROUP BY $this }}",
    "{{ SELECT $this ({total} AS ?n) WHERE {{ $this {path} ?m }} GROUP BY $this }} FILTER(?n > 1)",
]  # fmt: skip
_TOTALS = ["COUNT(?m)", "SUM(?m)", "MIN(?m)", "MAX(?m)", "SAMPLE(?m)", "COUNT(DISTINCT ?m)", "COUNT(?x)"]


class Queries:
    """Data and queries on it, made from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - nothing is kept secret
        self._depth = 0

    def data(self) -> str:
        """Triples in Turtle; the objects of a predicate are of few kinds: no query has a plan else."""
        kinds = {verb: self._random.choice(_VALUES) for verb in ("ex:p", "ex:q", "ex:r")}
        verbs = self._random.choices(list(kinds), k=self._random.randint(2, 10))
        rows = [
            f"{self._random.choice(_NODES)} {verb} {self._random.choice(kinds[verb])} ." for verb in verbs
        ]
        return "\n".join([*rows, f"{self._random.choice(_NODES)} a ex:C ."])

    def query(self) -> str:
        """A SELECT query about $this."""
        parts = self._random.choices(_PARTS, k=self._random.randint(0, 2))
        texts = [self._filled(part) for part in ("{triple}", *parts, "FILTER({truth})")]
        return f"SELECT $this WHERE {{ $this ex:p ?x . {' '.join(texts)} }}"

    def _filled(self, template: str) -> str:
        self._depth += 1
        filled = template.format_map(self)
        self._depth -= 1
        return filled

    def __getitem__(self, name: str) -> str:
        """A text for a place in a template."""
        choose = self._random.choice
        match name:
            case "var":
                return choose(["?x", "?x", "?y", "$this"])
            case "path" | "total":
                return choose(_PATHS if name == "path" else _TOTALS)
            case "triple":
                ends = choose(["$this", "$this", "?x", "?y"]), choose(["?y", "?y", "?x", "$this"])
                return f"{ends[0]} {choose(_PATHS)} {ends[1]} ."
            case "any":
                return self[choose(["text", "number", "var", "var", "constant"])]
            case "constant":
                return choose(["'a'", "1", "1.5", "true", "ex:a", "'a'@en"])
        choices = {"text": _TEXTS, "number": _NUMBERS, "truth": _TRUTHS}[name]
        plain = [text for text in choices if "{" not in text]
        return self._filled(choose(plain if self._depth > 3 else choices))
