"""What configz, flagz and the directory label mean."""

from __future__ import annotations

import json

import pytest

from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.nodes.answer import Kubelet
from kubectl_seccomp.nodes.kubelet import flags, parse_bool, root_dir, root_from_label, seccomp_default, started, with_process
from kubectl_seccomp.words import KubeletDefault

ON, OFF, UNKNOWN = KubeletDefault.ON, KubeletDefault.OFF, KubeletDefault.UNKNOWN


def configz(value: object) -> bytes:
    return json.dumps({"kubeletconfig": {"seccompDefault": value, "port": 10250}}).encode()


def flagz(value: str, version: str = "v1beta1") -> bytes:
    body = {"kind": "Flagz", "apiVersion": f"config.k8s.io/{version}", "flags": {"seccomp-default": value, "root-dir": "/r"}}
    return json.dumps(body).encode()


# As component-base zpages/flagz writes it, with the delimiter that chance chose.
TEXT = """
kubelet flagz
Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees

config{0}/etc/kubelet.conf
node-labels{0}a=b,c:d
root-dir{0}/var/lib/k0s/kubelet
seccomp-default{0}{1}
"""


@pytest.mark.parametrize(
    ("config", "flag", "expected", "source"),
    [
        (configz(True), None, ON, "configz"),
        (configz(True), flagz("false"), ON, "configz"),
        (configz(False), flagz("true"), ON, "flagz"),
        (None, flagz("true"), ON, "flagz"),
        (b"<html>", flagz("true"), ON, "flagz"),
        (configz(False), flagz("false"), OFF, "configz says false, and flagz"),
        (configz(False), None, UNKNOWN, "no flagz"),
        (configz(False), b"{}", UNKNOWN, "no flagz"),
        (configz(False), flagz("perhaps"), UNKNOWN, "no flagz"),
        (None, flagz("false"), UNKNOWN, "configuration could not be read"),
        (None, None, UNKNOWN, "configuration could not be read"),
        (configz("yes"), None, UNKNOWN, "configuration could not be read"),
        (configz(None), flagz("false"), UNKNOWN, "configuration could not be read"),
        (b"{}", None, UNKNOWN, "configuration could not be read"),
        (b"\xff", b"\xff", UNKNOWN, "configuration could not be read"),
        (b"[" * 100_000, b"[" * 100_000, UNKNOWN, "configuration could not be read"),
        (b'{"x":' * 100_000, b'{"flags":' * 100_000, UNKNOWN, "configuration could not be read"),
    ],
)
def test_the_default_is_config_or_flag_and_off_only_when_both_are_known(
    config: bytes | None, flag: bytes | None, expected: KubeletDefault, source: str
) -> None:
    default, said = seccomp_default(config, flag)
    assert default is expected
    assert source in said


@pytest.mark.parametrize("delimiter", [":", ": ", "=", " "])
@pytest.mark.parametrize(("value", "expected"), [("true", ON), ("false", OFF)])
def test_the_text_form_with_any_delimiter(delimiter: str, value: str, expected: KubeletDefault) -> None:
    body = TEXT.format(delimiter, value).encode()
    assert flags(body)["node-labels"] == "a=b,c:d"
    assert root_dir(body) == "/var/lib/k0s/kubelet"
    assert seccomp_default(configz(False), body)[0] is expected


# As a kubelet 1.37.2 answers.
STATUSZ = b'{"kind":"Statusz","apiVersion":"config.k8s.io/v1beta1","startTime":"2026-11-24T11:55:39Z","uptimeSeconds":381}'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (STATUSZ, 1795521339),
        (None, None),
        (b"", None),
        (b'{"startTime": 5}', None),
        (b'{"startTime": "Tue Nov 24 11:55:39 UTC 2026"}', None),
        (b"\nkubelet statusz\nStarted:  Tue Nov 24 11:55:39 UTC 2026\nUp:  0 hr 01 min 18 sec\n", 1795521339),
        (b"\nkubelet statusz\nStarted=Sun Nov  1 11:55:39 UTC 2026\n", 1793534139),
        (b"\nkubelet statusz\nStarted Sun Nov  1 11:55:39 UTC 2026\n", 1793534139),
        (b"\nkubelet statusz\nStarted: Tue Nov 24 11:55:39 IST 2026\n", None),
        (b"\nkubelet statusz\nStarted: Tue Nov 24 11:55:39 +03 2026\n", None),
        (b"\nkubelet statusz\nStarted: a while ago\n", None),
        (b"\nkubelet statusz\nStarted:" + b" " * 4_000_000 + b"\n", None),
        (b"[" * 100_000, None),
    ],
    ids=["1.37", "none", "empty", "number", "no-time", "text", "equals", "space", "zone", "offset", "words", "spaces", "deep"],
)
def test_when_the_kubelet_started(body: bytes | None, expected: int | None) -> None:
    assert started(body) == expected


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
def test_the_structured_form(version: str) -> None:
    assert flags(flagz("true", version)) == {"seccomp-default": "true", "root-dir": "/r"}


@pytest.mark.parametrize(
    ("root", "expected"), [("/var/lib/kubelet/", "/var/lib/kubelet"), ("/a/./b/../c", "/a/c"), ("relative", None), ("", None)]
)
def test_the_root_directory_is_cleaned_and_absolute(root: str, expected: str | None) -> None:
    assert root_dir(json.dumps({"flags": {"root-dir": root}}).encode()) == expected


@pytest.mark.parametrize("body", [None, b"", b"null", b"[]", b'{"flags":{"root-dir":1}}', b"\x00\xff"])
def test_no_root_directory_in_what_is_not_understood(body: bytes | None) -> None:
    assert root_dir(body) is None


@pytest.mark.parametrize(("value", "expected"), [("T", True), ("1", True), ("0", False), ("False", False), ("yes", None), (None, None)])
def test_booleans_are_read_as_go_reads_them(value: str | None, expected: bool | None) -> None:
    assert parse_bool(value) is expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("var-lib-kubelet", ("/var/lib/kubelet", "/var/lib-kubelet", "/var-lib/kubelet", "/var-lib-kubelet")),
        ("-data-kubelet", ("/data/kubelet", "/data-kubelet")),
        ("kubelet", ("/kubelet",)),
        ("a-b-c-d-e-f-g-h", ("/a/b/c/d/e/f/g/h",)),
        ("..-..-etc", ()),
        ("a--b", ()),
        ("-", ()),
        ("", ()),
        (None, ()),
        ("/var/lib", ()),
        ("var\n", ()),
        ("a" * 64, ()),
    ],
)
def test_a_label_may_mean_several_directories(label: str | None, expected: tuple[str, ...]) -> None:
    assert set(root_from_label(label)) == set(expected)
    assert root_from_label(label)[:1] == expected[:1]


@pytest.mark.parametrize(
    ("configured", "flag", "expected"),
    [(False, True, ON), (False, False, OFF), (None, True, ON), (None, False, UNKNOWN)],
)
def test_the_kubelet_s_process_decides_where_nobody_else_has(configured: bool | None, flag: bool, expected: KubeletDefault) -> None:
    seen = with_process(NodeFacts("n", configured=configured), Kubelet(1, "/r", flag, started=100))
    assert (seen.default, seen.kubelet_started) == (expected, 100)


def test_what_the_kubelet_said_itself_stands() -> None:
    said = NodeFacts("n", default=ON, default_source="configz says true", configured=True, kubelet_started=7)
    assert with_process(said, Kubelet(1, "/r", False, started=8)) == said
