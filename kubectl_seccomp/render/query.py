"""`--query`: a JMESPath expression on the json form. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..fault import Fault
from ..model import Report
from .json import pretty, read_back
from .records import Record, Recorder, closing, opening
from .text import safe

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

_HINT = "the syntax is described at https://jmespath.org; example: --query 'findings[].subject.name'"


def query(expression: str) -> Callable[[Report | Record], Iterator[str]]:
    """Return what gives the expression's answer, as indented json, on a report or its json form.

    Raises Fault (2) for an expression that cannot be read, with the position; the answer, for one that does not fit the report.
    """
    compiled = _compiled(expression)
    return lambda report: _found(compiled, whole(report) if isinstance(report, Report) else report)


def _compiled(expression: str) -> ParsedResult:
    import jmespath
    from jmespath.exceptions import JMESPathError, ParseError

    try:
        return jmespath.compile(expression)
    except ParseError as error:
        where = f"at character {error.lex_position + 1}" if error.lex_position < len(expression) else "at its end"
        message = f"--query: {safe(expression)!r} cannot be read {where}"
        raise Fault(message, _HINT, 2) from error
    except (JMESPathError, RecursionError) as error:
        raise Fault(f"--query: {_said(error)}", _HINT, 2) from error


def _found(compiled: ParsedResult, document: Record) -> Iterator[str]:
    from jmespath.exceptions import JMESPathError

    try:
        result = compiled.search(document)
    except (JMESPathError, RecursionError) as error:
        raise Fault(f"--query: {_said(error)}", _HINT, 2) from error
    yield pretty(result)


def _said(error: Exception) -> str:
    return "too deeply nested" if isinstance(error, RecursionError) else safe(" ".join(str(error).split()))


def whole(report: Report) -> Record:
    """Return the json form of a whole report as one mapping; equal decisions share their parts."""
    recorder = Recorder(read_back)
    pods = [recorder.pod(pod) for pod in report.pods]
    findings = [read_back(finding) for finding in report.findings()]
    return {**opening(report.head), "pods": pods, "findings": findings, **read_back(closing(report.tail()))}
