"""Which results of a validation are new and which are gone, between two states of the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from polcoop.quality.report import ValidationResult


def fresh(results: Iterable[ValidationResult], known: Iterable[ValidationResult]) -> list[ValidationResult]:
    """Return those of ``results`` that are not among ``known``, in their order.

    Results are told apart by fingerprint and severity, so that a line that moves or a blank node that is
    labelled anew is no change; equal ones are counted.
    """
    left = Counter((result.fingerprint, result.severity) for result in known)
    found = []
    for result in results:
        key = (result.fingerprint, result.severity)
        if left[key]:
            left[key] -= 1
        else:
            found.append(result)
    return found
