"""`-o json`: one object, written while the pods arrive; one pod and one finding per line. Pure.

The text is valid JSON whose characters are all visible: what a terminal would obey is escaped also where JSON would let it
stand (U+007F to U+009F, line separators, bidirectional marks).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from ..model import PodReport, Report
from .records import Recorder, opening, plain
from .text import escape

_BATCH = 100  # lines per chunk
_encode = msgspec.json.Encoder().encode


def render(report: Report) -> Iterator[str]:
    """Yield the report in the order head, pods, findings, summary, gaps, complete."""
    yield "{" + "".join(f'"{key}": {encode(value)},\n' for key, value in opening(report.head).items()) + '"pods": ['
    yield from _lines(_pods(report.pods))
    yield '],\n"findings": ['
    yield from _lines(encode(finding) for finding in report.findings())
    tail = report.tail()
    yield f'],\n"summary": {encode(tail.summary)},\n"gaps": ['
    yield from _lines(encode(gap) for gap in tail.gaps)
    yield f'],\n"complete": {encode(tail.complete)}}}\n'


def _pods(pods: Iterable[PodReport]) -> Iterator[str]:
    fast, careful = Recorder(_raw), plain()
    for pod in pods:
        try:
            text = _encode(fast.pod(pod)).decode()
        except UnicodeEncodeError:  # a lone surrogate, from an escape in a YAML file or from a file's name
            text = encode(careful.pod(pod))
        yield _shown(text)


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))


def encode(value: object) -> str:
    """Return any value of the model, or mappings and lists, as one line of json."""
    try:
        text = _encode(value).decode()
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(value), separators=(",", ":"))
    return _shown(text)


def read_back(value: object) -> Any:
    """Return a value of the model, or mappings, as who reads the json form has it: msgspec.to_builtins would leave tuples, which
    JMESPath does not take for lists.
    """
    return json.loads(encode(value))


def _shown(text: str) -> str:
    # Encoded json has no control characters below U+0020 left: looking for DEL is all that ASCII needs.
    return text if text.isascii() and "\x7f" not in text else escape(text, _escaped)


def pretty(value: object) -> str:
    """Return mappings and lists as indented json, as kubectl prints it, with a closing newline."""
    text = json.dumps(value, indent=4, ensure_ascii=False)
    return "".join(escape(line, _escaped) + "\n" for line in text.split("\n"))


def _escaped(char: str) -> str:
    r"""Return a character as json escapes: \uXXXX, two of them beyond the basic plane."""
    return json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"


def _lines(items: Iterator[str]) -> Iterator[str]:
    """Yield the items of a list, one a line, joined by commas."""
    before = "\n"
    while batch := list(islice(items, _BATCH)):
        yield before + ",\n".join(batch)
        before = ",\n"
    if before != "\n":
        yield "\n"
