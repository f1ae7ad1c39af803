"""A JMESPath expression over the json form."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError

from ..model import Fault, Report
from .json import parts


def query(report: Report, expression: str) -> Iterator[str]:
    """Yield what the expression finds, as JSON. Fault (2) when it is not a JMESPath expression or cannot be applied."""
    try:
        compiled = jmespath.compile(expression)
        found = compiled.search({key: _decoded(value) for key, value in parts(report)})
    except JMESPathError as error:
        raise Fault(f"--query {expression!r}: {' '.join(str(error).split())}", "see https://jmespath.org", 2) from error
    yield json.dumps(found, indent=4, ensure_ascii=True) + "\n"


def _decoded(value: bytes | Iterator[bytes]) -> object:
    if isinstance(value, bytes):
        return msgspec.json.decode(value)
    return [msgspec.json.decode(item) for item in value]
