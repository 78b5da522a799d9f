"""What would put a result right, said from the parameters of the constraint that failed."""

from __future__ import annotations

from rdflib import RDF, SH, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from polcoop.quality.report import Message
from polcoop.quality.wording import short

_SHOWN = 8
"""Members of a list that a hint names; the rest are counted."""

# Constraint component -> its parameter, and what to do about it in English and French.
_ADVICE: dict[Node, tuple[URIRef, str, str]] = {
    SH.MinCountConstraintComponent: (
        SH.minCount, "add {path}: at least {parameter}", "ajouter {path} : au moins {parameter}"),
    SH.MaxCountConstraintComponent: (
        SH.maxCount, "keep at most {parameter} {path}", "n’en garder que {parameter} {path}"),
    SH.QualifiedMinCountConstraintComponent: (
        SH.qualifiedMinCount, "at least {parameter} {path} must be of the kind asked for",
        "au moins {parameter} {path} doit être de la sorte voulue"),
    SH.QualifiedMaxCountConstraintComponent: (
        SH.qualifiedMaxCount, "at most {parameter} {path} may be of this kind",
        "au plus {parameter} {path} peut être de cette sorte"),
    SH.DatatypeConstraintComponent: (
        SH.datatype, "write a well-formed {parameter}", "écrire un {parameter} bien formé"),
    SH.ClassConstraintComponent: (
        SH["class"], "it must be a {parameter}", "ce doit être un {parameter}"),
    SH.NodeKindConstraintComponent: (
        SH.nodeKind, "it must be a {parameter}", "ce doit être un {parameter}"),
    SH.PatternConstraintComponent: (
        SH.pattern, "it must match {parameter}", "cela doit correspondre à {parameter}"),
    SH.InConstraintComponent: (
        SH["in"], "choose one of: {parameter}", "choisir parmi : {parameter}"),
    SH.HasValueConstraintComponent: (
        SH.hasValue, "add {parameter}", "ajouter {parameter}"),
    SH.LanguageInConstraintComponent: (
        SH.languageIn, "tag it with one of: {parameter}", "l’étiqueter avec : {parameter}"),
    SH.UniqueLangConstraintComponent: (
        SH.uniqueLang, "keep one {path} in each language", "garder un seul {path} par langue"),
    SH.MinInclusiveConstraintComponent: (
        SH.minInclusive, "at least {parameter}", "au moins {parameter}"),
    SH.MaxInclusiveConstraintComponent: (
        SH.maxInclusive, "at most {parameter}", "au plus {parameter}"),
    SH.MinExclusiveConstraintComponent: (
        SH.minExclusive, "more than {parameter}", "plus que {parameter}"),
    SH.MaxExclusiveConstraintComponent: (
        SH.maxExclusive, "less than {parameter}", "moins que {parameter}"),
    SH.MinLengthConstraintComponent: (
        SH.minLength, "at least {parameter} characters", "au moins {parameter} caractères"),
    SH.MaxLengthConstraintComponent: (
        SH.maxLength, "at most {parameter} characters", "au plus {parameter} caractères"),
    SH.EqualsConstraintComponent: (
        SH.equals, "the same values as {parameter}", "les mêmes valeurs que {parameter}"),
    SH.DisjointConstraintComponent: (
        SH.disjoint, "no value that {parameter} has too", "aucune valeur qu’a aussi {parameter}"),
    SH.LessThanConstraintComponent: (
        SH.lessThan, "less than {parameter}", "moins que {parameter}"),
    SH.LessThanOrEqualsConstraintComponent: (
        SH.lessThanOrEquals, "no more than {parameter}", "pas plus que {parameter}"),
    SH.ClosedConstraintComponent: (
        SH.closed, "take away {path}: the shape does not allow it", "ôter {path} : la forme ne l’admet pas"),
}  # fmt: skip


def hints(shapes: Graph, shape: Node | None, component: Node | None, path: str | None) -> tuple[Message, ...]:
    """Hints in English and French; those of ``sh:description`` where the shape has one."""
    if shape is None:
        return ()
    written = [t for t in shapes.objects(shape, SH.description) if isinstance(t, Literal)]
    if written:
        return tuple(Message(str(t), t.language or "") for t in sorted(written, key=lambda t: t.n3()))
    advice = _ADVICE.get(component) if component else None
    if advice is None:
        return ()
    parameter, english, french = advice
    values = {"path": short(path or ""), "parameter": _said(shapes, shape, parameter)}
    return Message(english.format(**values), "en"), Message(french.format(**values), "fr")


def _said(shapes: Graph, shape: Node, parameter: URIRef) -> str:
    values: list[Node] = []
    for value in sorted(shapes.objects(shape, parameter), key=str):
        is_list = value == RDF.nil or (value, RDF.first, None) in shapes
        values += Collection(shapes, value) if is_list else [value]
    told = [str(v) if isinstance(v, Literal) else short(v.n3()) for v in values]
    left_out = len(told) - _SHOWN
    return ", ".join(told[:_SHOWN]) + (f" … (+{left_out})" if left_out > 0 else "")
