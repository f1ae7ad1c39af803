"""`-o yaml`: the json form as block YAML, written while the pods arrive; no aliases, no wrapped lines. Pure.

Written by hand because the records are a fixed shape: strings are plain where YAML 1.1 and 1.2 both read them as strings, and
double-quoted with visible escapes elsewhere.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

import msgspec

from ..model import PodReport, Report
from .records import closing, member_record, once, opening, plain
from .text import safe

_PLAIN = re.compile(r"[A-Za-z/_][A-Za-z0-9_./:@,;()' -]*")
_LONG = 1000  # characters; a longer text is not remembered
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def render(report: Report) -> Iterator[str]:
    """Yield the report in the order head, pods, findings, summary, gaps, complete."""
    yield block(opening(report.head))
    yield from _list("pods", _pods(report.pods))
    yield from _list("findings", (item(msgspec.to_builtins(finding)) for finding in report.findings()))
    yield block(closing(report.tail()))


def _list(key: str, items: Iterable[str]) -> Iterator[str]:
    before = f"{key}:\n"
    for text in items:
        yield before + text
        before = ""
    if before:
        yield f"{key}: []\n"


def _pods(pods: Iterable[PodReport]) -> Iterator[str]:
    recorder = plain()
    decided = once(lambda decision: block(recorder.decision(decision), "    "))
    for pod in pods:
        members = [item(member_record(member), "  ") + decided(member.decision) for member in pod.containers]
        yield item(recorder.outer(pod)) + ("  containers:\n" + "".join(members) if members else "  containers: []\n")


def block(value: dict[str, object], indent: str = "") -> str:
    """Return a mapping's lines; its keys are words of our own."""
    return "".join(_entry(key, inner, indent) for key, inner in value.items())


def _entry(key: str, value: object, indent: str) -> str:
    if isinstance(value, dict) and value:
        return f"{indent}{key}:\n{block(value, indent + '  ')}"
    if isinstance(value, list | tuple) and value:
        return f"{indent}{key}:\n{''.join(item(inner, indent) for inner in value)}"
    return f"{indent}{key}: {scalar(value)}\n"


def item(value: object, indent: str = "") -> str:
    """Return one entry of a list."""
    if isinstance(value, dict) and value:
        return f"{indent}- {block(value, indent + '  ')[len(indent) + 2 :]}"
    if isinstance(value, list | tuple) and value:
        return f"{indent}- {''.join(item(inner, indent + '  ') for inner in value)[len(indent) + 2 :]}"
    return f"{indent}- {scalar(value)}\n"


def scalar(value: object) -> str:
    """Return a string, number, boolean, None, or empty collection on one line."""
    if isinstance(value, str):
        return _repeated(value) if len(value) < _LONG else _quoted(value)
    if isinstance(value, dict | list | tuple):
        return "{}" if isinstance(value, dict) else "[]"
    return "null" if value is None else str(value).lower()


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and ": " not in text and text[-1] not in ": ":
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe(quoted)}"'


# The same few sentences stand in very many findings.
_repeated = functools.lru_cache(maxsize=1024)(_quoted)
