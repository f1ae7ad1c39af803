"""Pod Security verdicts of the seccomp control: every version of each rule, with the literal words of Kubernetes' admission.

The cases have the meaning of upstream's own tables (k8s.io/pod-security-admission v0.37.2 policy/check_seccompProfile_*_test.go).
"""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_seccomp.fault import Fault
from kubectl_seccomp.model import PssLevel, PssVerdict
from kubectl_seccomp.pods import Pod, containers, from_mapping
from kubectl_seccomp.pss import BASELINE, NEWEST, RESTRICTED, parse_version, verdict

POD_KEY = "seccomp.security.alpha.kubernetes.io/pod"
KEY = "container.seccomp.security.alpha.kubernetes.io/"
SET = "securityContext.seccompProfile.type to"
MUST = f'must set {SET} "RuntimeDefault" or "Localhost"'
MUST_NOT = f"must not set {SET}"
RD, LH, UN = "RuntimeDefault", "Localhost", "Unconfined"
UNSET = ""


def context(profile: str | None) -> dict[str, Any]:
    """The part with the profile: None writes an empty profile, "" nothing at all."""
    if profile == UNSET:
        return {}
    return {"securityContext": {"seccompProfile": {} if profile is None else {"type": profile}}}


def make(
    pod: str | None = UNSET,
    *,
    init: str = "",
    main: str = "a",
    ephemeral: str = "",
    annotations: Any = None,
    os: str = "",
    kind: str = "Pod",
) -> Pod:
    """A pod whose containers are written "name=Profile name=Profile"; without "=" nothing is set."""

    def members(text: str) -> list[dict[str, Any]]:
        return [{"name": name, **context(profile)} for name, _, profile in (word.partition("=") for word in text.split())]

    spec: dict[str, Any] = {
        "initContainers": members(init),
        "containers": members(main),
        "ephemeralContainers": members(ephemeral),
        **context(pod),
        **({"os": {"name": os}} if os else {}),
    }
    inner = {"metadata": {"annotations": annotations or {}}, "spec": spec}
    found = from_mapping({"kind": kind, **(inner if kind == "Pod" else {"spec": {"template": inner}})})
    assert found is not None
    return found


def details(pod: Pod, version: str) -> tuple[str | None, str | None]:
    found = verdict(pod, version, tuple(containers(pod)))
    assert found.version == version
    for level in (found.baseline, found.restricted):
        assert level.allowed == (level.detail is None)
    return found.baseline.detail, found.restricted.detail


@pytest.mark.parametrize(
    ("pod", "baseline", "restricted"),
    [
        (make(), None, f'pod or container "a" {MUST}'),
        (make(main="a b"), None, f'pod or containers "a", "b" {MUST}'),
        (make(RD), None, None),
        (make(LH), None, None),
        (make(main=f"a={RD}"), None, None),
        (make(main=f"a={LH} b={RD}"), None, None),
        (make(main=f"a b={RD} c"), None, f'pod or containers "a", "c" {MUST}'),
        (make(UN), f'pod {MUST_NOT} "Unconfined"', f'pod {MUST_NOT} "Unconfined"'),
        (make(UN, main=f"a={RD}"), f'pod {MUST_NOT} "Unconfined"', f'pod {MUST_NOT} "Unconfined"'),
        (make(RD, main=f"a={UN}"), f'container "a" {MUST_NOT} "Unconfined"', f'container "a" {MUST_NOT} "Unconfined"'),
        (
            make(RD, main=f"a b c={UN} d={UN} e={RD}"),
            f'containers "c", "d" {MUST_NOT} "Unconfined"',
            f'containers "c", "d" {MUST_NOT} "Unconfined"',
        ),
        (
            make(UN, main=f"a c={UN} d={UN} e={RD}"),
            f'pod and containers "c", "d" {MUST_NOT} "Unconfined"',
            f'pod and containers "c", "d" {MUST_NOT} "Unconfined"',
        ),
        # What is explicitly bad hides what is only missing.
        (make(main=f"a b={UN}"), f'container "b" {MUST_NOT} "Unconfined"', f'container "b" {MUST_NOT} "Unconfined"'),
        # Several bad values: each once, sorted; an empty profile is a bad value too.
        (
            make("Zeta", main=f"a=Other b={UN} c={UN}"),
            f'pod and containers "a", "b", "c" {MUST_NOT} "Other", "Unconfined", "Zeta"',
            f'pod and containers "a", "b", "c" {MUST_NOT} "Other", "Unconfined", "Zeta"',
        ),
        (make(None), f'pod {MUST_NOT} ""', f'pod {MUST_NOT} ""'),
        (make("runtime/default"), f'pod {MUST_NOT} "runtime/default"', f'pod {MUST_NOT} "runtime/default"'),
        # Values are put between quotes as they are, not escaped.
        (make('a"b'), f'pod {MUST_NOT} "a"b"', f'pod {MUST_NOT} "a"b"'),
        # All lists are visited: init first, then the containers, then the ephemeral ones.
        (make(init="i", main="m", ephemeral="e"), None, f'pod or containers "i", "m", "e" {MUST}'),
        (
            make(RD, init=f"i={UN}", ephemeral=f"e={UN}"),
            f'containers "i", "e" {MUST_NOT} "Unconfined"',
            f'containers "i", "e" {MUST_NOT} "Unconfined"',
        ),
        (make(main=f"m={RD}", ephemeral="e"), None, f'pod or container "e" {MUST}'),
        (make(os="linux"), None, f'pod or container "a" {MUST}'),
        (make(main=""), None, None),
        # The old annotations mean nothing any more.
        (make(RD, annotations={POD_KEY: "unconfined", f"{KEY}a": "unconfined"}), None, None),
        (make(annotations={POD_KEY: "runtime/default"}), None, f'pod or container "a" {MUST}'),
        (make(kind="Deployment"), None, f'pod or container "a" {MUST}'),
    ],
)
def test_fields_from_1_19_on(pod: Pod, baseline: str | None, restricted: str | None) -> None:
    for version in ("v1.19", "v1.24", "v1.25", "v1.37", "v1.99"):
        assert details(pod, version) == (baseline, restricted), version


@pytest.mark.parametrize(
    ("annotations", "detail"),
    [
        ({}, None),
        ({POD_KEY: "runtime/default", f"{KEY}a": "docker/default", f"{KEY}b": "localhost/x"}, None),
        ({f"{KEY}a": "localhost/"}, None),
        ({f"{KEY}nobody": "unconfined"}, None),
        ({"other": "unconfined"}, None),
        ({POD_KEY: "unconfined"}, f'forbidden annotation {POD_KEY}="unconfined"'),
        ({POD_KEY: ""}, f'forbidden annotation {POD_KEY}=""'),
        ({POD_KEY: "localhost"}, f'forbidden annotation {POD_KEY}="localhost"'),
        ({POD_KEY: "RuntimeDefault"}, f'forbidden annotation {POD_KEY}="RuntimeDefault"'),
        ({f"{KEY}b": "unknown", f"{KEY}a": "unconfined"}, f'forbidden annotations {KEY}a="unconfined", {KEY}b="unknown"'),
        (
            {POD_KEY: "unconfined", f"{KEY}a": "unconfined", f"{KEY}b": "unknown"},
            f'forbidden annotations {KEY}a="unconfined", {KEY}b="unknown", {POD_KEY}="unconfined"',
        ),
        ({f"{KEY}i": "x", f"{KEY}e": "x"}, f'forbidden annotations {KEY}e="x", {KEY}i="x"'),
        ({POD_KEY: 'a"b\\c'}, f'forbidden annotation {POD_KEY}="a\\"b\\\\c"'),
        (
            {POD_KEY: "\a\b\f\n\r\t\v\x01\x7f\x85\xa0\u200b\u00e9\U0001f600\U000e0001"},
            f'forbidden annotation {POD_KEY}="\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f\\u0085\\u00a0\\u200b\u00e9\U0001f600\\U000e0001"',
        ),
    ],
)
def test_annotations_up_to_1_18(annotations: dict[str, str], detail: str | None) -> None:
    for kind in ("Pod", "Job"):
        pod = make(init="i", main="a b", ephemeral="e", annotations=annotations, kind=kind)
        for version in ("v1.0", "v1.9", "v1.18"):
            assert details(pod, version) == (detail, detail), (kind, version)


@pytest.mark.parametrize("version", ["v1.0", "v1.18"])
def test_fields_mean_nothing_up_to_1_18(version: str) -> None:
    assert details(make(UN, main=f"a={UN}"), version) == (None, None)


@pytest.mark.parametrize(
    ("version", "pod", "restricted"),
    [
        ("v1.18", make(os="windows"), None),
        ("v1.19", make(os="windows"), f'pod or container "a" {MUST}'),
        ("v1.24", make(os="windows"), f'pod or container "a" {MUST}'),
        ("v1.25", make(os="windows"), None),
        ("v1.37", make(os="windows"), None),
        ("v1.37", make(os="Windows"), f'pod or container "a" {MUST}'),
        ("v1.24", make(UN, os="windows"), f'pod {MUST_NOT} "Unconfined"'),
        ("v1.25", make(UN, os="windows"), None),
    ],
)
def test_windows_is_exempt_from_restricted_from_1_25_on(version: str, pod: Pod, restricted: str | None) -> None:
    assert details(pod, version)[1] == restricted


def test_windows_is_not_exempt_from_baseline() -> None:
    assert details(make(UN, os="windows"), "v1.37") == (f'pod {MUST_NOT} "Unconfined"', None)


def test_rules_are_ordered_by_the_version_they_begin_with() -> None:
    for versions in (BASELINE, RESTRICTED):
        minimums = [minimum for minimum, _ in versions]
        assert minimums == sorted(set(minimums))
        assert minimums[0] == 0


def test_privileged_and_default_do_not_matter() -> None:
    pod = from_mapping({"kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"privileged": True}}], **context(RD)}})
    assert pod is not None
    assert verdict(pod, "v1.37", tuple(containers(pod))) == PssVerdict("v1.37", PssLevel(True), PssLevel(True))


@pytest.mark.parametrize("text", ["v1.0", "v1.9", "v1.18", "v1.37", "v1.38", "v1.100"])
def test_versions_are_kept_as_they_are_asked_for(text: str) -> None:
    assert parse_version(text) == text


def test_latest_is_the_newest_known() -> None:
    assert (parse_version("latest"), NEWEST) == ("v1.37", 37)


@pytest.mark.parametrize(
    "text", ["", "Latest", "1.25", "v1", "v1.", "v1.01", "v1.-1", "v1.2 ", "v1.2\n", "v2.0", "v1.2.3", "v1.\u0663", "v1." + "9" * 5000]
)
def test_other_versions_are_usage_errors(text: str) -> None:
    with pytest.raises(Fault) as fault:
        parse_version(text)
    assert fault.value.code == 2
    assert fault.value.message == f'"{text}" is not a version of the Pod Security Standards'
    assert fault.value.hint == "latest, or v1.0 to v1.37"
