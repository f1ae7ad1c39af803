"""Pod Security verdicts: each version's rule, in the admission's own words. The real API server is asked in tests/cluster."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_seccomp import pss
from kubectl_seccomp.model import Fault
from kubectl_seccomp.pods import from_mapping

MUST = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
MUST_NOT = "must not set securityContext.seccompProfile.type to"


def manifest(whole: str | None, *members: str | None, **spec: Any) -> dict[str, Any]:
    def security(kind: str | None) -> dict[str, Any]:
        return {"securityContext": {"seccompProfile": {"type": kind}}} if kind else {}

    names = "abcdef"
    listed = [{"name": names[index], "image": "x", **security(kind)} for index, kind in enumerate(members)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": listed, **security(whole), **spec}}


def said(obj: dict[str, Any], version: str) -> tuple[str | None, str | None]:
    pod = from_mapping(obj)
    assert pod is not None
    verdict = pss.verdict(pod, version)
    assert verdict.baseline.allowed is (verdict.baseline.detail is None)
    assert verdict.restricted.allowed is (verdict.restricted.detail is None)
    return verdict.baseline.detail, verdict.restricted.detail


@pytest.mark.parametrize(
    ("obj", "baseline", "restricted"),
    [
        (manifest(None, None), None, f'pod or container "a" {MUST}'),
        (manifest(None, None, "RuntimeDefault", None), None, f'pod or containers "a", "c" {MUST}'),
        (manifest("RuntimeDefault", None), None, None),
        (manifest("Localhost", None), None, None),
        (manifest("RuntimeDefault", "Unconfined"), f'container "a" {MUST_NOT} "Unconfined"', f'container "a" {MUST_NOT} "Unconfined"'),
        (manifest("Unconfined", "RuntimeDefault"), f'pod {MUST_NOT} "Unconfined"', f'pod {MUST_NOT} "Unconfined"'),
        (
            manifest("Unconfined", "Unconfined", "Foo"),
            f'pod and containers "a", "b" {MUST_NOT} "Foo", "Unconfined"',
            f'pod and containers "a", "b" {MUST_NOT} "Foo", "Unconfined"',
        ),
        (
            manifest(
                "RuntimeDefault", None, initContainers=[{"name": "i", "securityContext": {"seccompProfile": {"type": "Unconfined"}}}]
            ),
            f'container "i" {MUST_NOT} "Unconfined"',
            f'container "i" {MUST_NOT} "Unconfined"',
        ),
        (
            manifest(
                "RuntimeDefault",
                None,
                ephemeralContainers=[{"name": "e", "securityContext": {"seccompProfile": {"type": "Unconfined"}}}],
            ),
            f'container "e" {MUST_NOT} "Unconfined"',
            f'container "e" {MUST_NOT} "Unconfined"',
        ),
    ],
)
@pytest.mark.parametrize("version", ["v1.19", "v1.25", "v1.37"])
def test_fields_count_from_1_19(obj: dict[str, Any], baseline: str | None, restricted: str | None, version: str) -> None:
    assert said(obj, version) == (baseline, restricted)
    assert said(obj, "v1.18") == (None, None)


def test_windows_is_exempt_from_restricted_since_1_25() -> None:
    windows = manifest(None, None, os={"name": "windows"})
    assert said(windows, "v1.24") == (None, f'pod or container "a" {MUST}')
    assert said(windows, "v1.25") == (None, None)


@pytest.mark.parametrize(
    ("annotations", "detail"),
    [
        ({"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"}, None),
        ({"seccomp.security.alpha.kubernetes.io/pod": "docker/default"}, None),
        ({"seccomp.security.alpha.kubernetes.io/pod": "localhost/a.json"}, None),
        (
            {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"},
            'forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined"',
        ),
        (
            {"seccomp.security.alpha.kubernetes.io/pod": "x", "container.seccomp.security.alpha.kubernetes.io/a": "unconfined"},
            'forbidden annotations container.seccomp.security.alpha.kubernetes.io/a="unconfined", '
            'seccomp.security.alpha.kubernetes.io/pod="x"',
        ),
        ({"container.seccomp.security.alpha.kubernetes.io/absent": "unconfined"}, None),
    ],
)
def test_annotations_count_until_1_18(annotations: dict[str, str], detail: str | None) -> None:
    obj = manifest("RuntimeDefault", None)
    obj["metadata"]["annotations"] = annotations
    assert said(obj, "v1.18") == (detail, detail)
    assert said(obj, "v1.19") == (None, None)


@pytest.mark.parametrize(("text", "version"), [("latest", "v1.37"), ("v1.0", "v1.0"), ("v1.37", "v1.37")])
def test_versions(text: str, version: str) -> None:
    assert pss.parse_version(text) == version


@pytest.mark.parametrize("text", ["1.25", "v1.38", "v2.0", "v1.025", "", "v1.-1", "latest "])
def test_other_versions_are_a_usage_error(text: str) -> None:
    with pytest.raises(Fault) as fault:
        pss.parse_version(text)
    assert fault.value.code == 2
