"""A resolved profile -> the text of a file: the OCI runtime specification's form, or a SeccompProfile resource. Pure."""

from __future__ import annotations

import json

from yaml import safe_dump

from .oci import EPERM, Action, Condition, Resolved, Rule


def oci(resolved: Resolved, *, yaml: bool = False) -> str:
    """Return the profile in the OCI form, which every runtime reads alike: as JSON, or (`yaml`, which none reads) as YAML."""
    return _text(_document(resolved), as_json=not yaml)


def resource(resolved: Resolved, name: str, namespace: str | None, *, as_json: bool = False) -> str:
    """Return the profile as YAML, or JSON, of a security-profiles-operator SeccompProfile (v1beta1)."""
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    document: dict[str, object] = {
        "apiVersion": "security-profiles-operator.x-k8s.io/v1beta1",
        "kind": "SeccompProfile",
        "metadata": metadata,
        "spec": _document(resolved),
    }
    return _text(document, as_json=as_json)


def _text(document: dict[str, object], *, as_json: bool) -> str:
    return json.dumps(document, indent=2) + "\n" if as_json else safe_dump(document, sort_keys=False)


def _document(resolved: Resolved) -> dict[str, object]:
    found = {
        "defaultAction": f"SCMP_ACT_{resolved.default.kind}",
        "defaultErrnoRet": _errno(resolved.default),
        "architectures": list(resolved.architectures),
        "flags": list(resolved.flags),
        "listenerPath": resolved.listener,
        "listenerMetadata": resolved.metadata,
        "syscalls": [_rule(rule) for rule in resolved.rules],
    }
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def _rule(rule: Rule) -> dict[str, object]:
    found = {
        "names": list(rule.names),
        "action": f"SCMP_ACT_{rule.action.kind}",
        "errnoRet": _errno(rule.action),
        "args": [_condition(condition) for condition in rule.conditions],
    }
    return {key: value for key, value in found.items() if value not in (None, [])}


def _errno(action: Action) -> int | None:
    return action.errno if action.kind in ("ERRNO", "TRACE") and action.errno != EPERM else None


def _condition(condition: Condition) -> dict[str, object]:
    found: dict[str, object] = {"index": condition.index, "value": condition.value, "op": f"SCMP_CMP_{condition.op}"}
    return found | {"valueTwo": condition.other} if condition.op == "MASKED_EQ" else found
