"""The json form: a contract (fields are added, never renamed), written while the pods arrive, one pod a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from ..model import Decision, Owner, PodReport, PssVerdict, Report

_ENCODER = msgspec.json.Encoder()


class _Container(Struct, frozen=True, gc=False):
    name: str
    type: str
    line: int | None
    image: str
    privileged: bool
    declared: Raw
    effective: Raw
    profileFile: Raw  # noqa: N815 - the contract's spelling
    observed: Raw
    verdict: str | None
    findings: Raw


class _Pod(Struct, frozen=True, rename="camel", gc=False):
    api_version: str
    kind: str
    namespace: str | None
    name: str
    node: str | None
    owner: Owner | None
    file: str | None
    document: int | None
    pss: PssVerdict
    containers: list[_Container]


class _Parts(Struct, frozen=True):
    """A decision's parts as bytes, made once for all containers that share it."""

    decision: Decision
    declared: Raw
    effective: Raw
    file: Raw
    observed: Raw
    findings: Raw


Part = tuple[str, bytes | Iterator[bytes]]


def parts(report: Report) -> Iterator[Part]:
    """Yield the keys of the report in order, each with its encoded value, or with the encoded items of its list."""
    head = report.head
    yield "apiVersion", _ENCODER.encode(head.api_version)
    yield "kind", _ENCODER.encode(head.kind)
    yield "generatedAt", _ENCODER.encode(head.generated_at)
    yield "tool", _ENCODER.encode(head.tool)
    yield "scope", _ENCODER.encode(head.scope)
    cache: dict[int, _Parts] = {}
    yield "pods", (_pod(pod, cache) for pod in report.pods)
    yield "findings", (_ENCODER.encode(finding) for finding in report.findings())
    tail = report.tail()
    yield "complete", _ENCODER.encode(tail.complete)
    yield "gaps", _ENCODER.encode(tail.gaps)
    yield "summary", _ENCODER.encode(tail.summary)


def render(report: Report) -> Iterator[str]:
    """Yield the report as one JSON object, an item of a list on each line."""
    lead = "{"
    for key, value in parts(report):
        yield f'{lead}"{key}": '
        lead = ",\n"
        if isinstance(value, bytes):
            yield _text(value)
            continue
        separator = "[\n"
        for item in value:
            yield separator + _text(item)
            separator = ",\n"
        yield "]" if separator != "[\n" else "[]"
    yield "}\n"


def _pod(pod: PodReport, cache: dict[int, _Parts]) -> bytes:
    members = []
    for member in pod.containers:
        shared = cache.get(id(member.decision)) or cache.setdefault(id(member.decision), _encode(member.decision))
        members.append(
            _Container(
                member.name,
                member.type,
                member.line,
                member.image,
                member.privileged,
                shared.declared,
                shared.effective,
                shared.file,
                shared.observed,
                member.decision.verdict,
                shared.findings,
            )
        )
    return _ENCODER.encode(
        _Pod(
            pod.api_version,
            pod.kind,
            pod.namespace,
            pod.name,
            pod.node,
            pod.owner,
            pod.file,
            pod.document,
            pod.pss,
            members,
        )
    )


def _encode(decision: Decision) -> _Parts:
    encode = _ENCODER.encode
    return _Parts(
        decision,
        Raw(encode(decision.declared)),
        Raw(encode(decision.effective)),
        Raw(encode(decision.file)),
        Raw(encode(decision.observed)),
        Raw(encode([template.id for template in decision.templates])),
    )


# What json leaves as it is, but a terminal could act upon or a reader be misled by.
_UNSAFE = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def _text(encoded: bytes) -> str:
    text = encoded.decode()
    return text if text.isascii() and "\x7f" not in text else _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
