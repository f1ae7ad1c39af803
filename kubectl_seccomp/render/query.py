"""`--query`: a JMESPath expression on the json form. Pure."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from ..model import Fault, Report
from .json import pretty
from .records import Record, plain
from .text import safe

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

_HINT = "the syntax is described at https://jmespath.org; example: --query 'findings[].subject.name'"


def query(expression: str) -> Callable[[Report], Iterator[str]]:
    """Return what gives the expression's answer on a report, as indented json.

    Raises Fault (2) for an expression that cannot be read, with the position; the answer, for one that does not fit the report.
    """
    compiled = _compiled(expression)
    return lambda report: _found(compiled, whole(report))


def query_record(expression: str) -> Callable[[Record], Iterator[str]]:
    """Return the same for a report that is a mapping already."""
    return functools.partial(_found, _compiled(expression))


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
    recorder = plain()
    head = msgspec.to_builtins(report.head)
    document: Record = {key: head[key] for key in ("apiVersion", "kind", "generatedAt", "tool", "scope")}
    document["pods"] = [recorder.pod(pod) for pod in report.pods]
    document["findings"] = [msgspec.to_builtins(finding) for finding in report.findings()]
    tail = report.tail()
    end = {"summary": tail.summary, "gaps": tail.gaps, "complete": tail.complete}
    document.update(msgspec.to_builtins(end))
    return document
