"""Kubeconfig files and flags: what kubectl would do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kubectl_seccomp.cluster.connection import Options, one_line, parse_timeout
from kubectl_seccomp.cluster.kubeconfig import connect
from kubectl_seccomp.fault import Fault
from tests.unit.kubeconfigs import NOWHERE, SECRET, authorization, config, fault, reach, written


def test_one_file(tmp_path: Path) -> None:
    found = reach(tmp_path, config())
    assert (found.server, found.context, found.namespace) == ("https://a.test", "a", "ns-a")
    assert (found.headers, found.timeout, found.disable_compression) == ((), None, False)


def test_several_files_first_one_wins(tmp_path: Path) -> None:
    first, second = config("a", {"token": "one"}), config("b", current="b")
    second["clusters"].append({"name": "a", "cluster": {"server": "https://wrong.test"}})
    second["users"].append({"name": "a", "user": {"token": "wrong", "as": "wrong"}})
    paths = [written(tmp_path / "1", first), str(tmp_path / "missing"), "", written(tmp_path / "2", second)]
    environment = {"KUBECONFIG": os.pathsep.join(paths)}
    found = connect(Options(), environment, NOWHERE)
    assert (found.context, found.server) == ("a", "https://a.test")
    assert (found.headers, authorization(found)) == ((), "Bearer one")
    other = connect(Options(context="b"), environment, NOWHERE)
    assert (other.context, other.server, authorization(other)) == ("b", "https://b.test", None)


def test_current_context_may_stand_in_a_later_file(tmp_path: Path) -> None:
    nameless = config("a", current="")
    paths = [written(tmp_path / "1", nameless), written(tmp_path / "2", {"current-context": "a"})]
    assert connect(Options(), {"KUBECONFIG": os.pathsep.join(paths)}, NOWHERE).context == "a"


@pytest.mark.parametrize("more", [{}, {"KUBECONFIG": ""}])
def test_home(tmp_path: Path, more: dict[str, str]) -> None:
    written(tmp_path / ".kube" / "config", config())
    assert connect(Options(), {"HOME": str(tmp_path), **more}, NOWHERE).context == "a"


def test_the_flag_replaces_the_variable(tmp_path: Path) -> None:
    environment = {"KUBECONFIG": written(tmp_path / "other", config("b", current="b"))}
    assert reach(tmp_path, config("a"), environment).context == "a"


def test_relative_paths_belong_to_their_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    written(tmp_path / "one" / "token", "first\n")
    written(tmp_path / "two" / "token", "second\n")
    paths = [written(tmp_path / name / "config", config(name, {"tokenFile": "token"})) for name in ("one", "two")]
    environment = {"KUBECONFIG": os.pathsep.join(paths)}
    got = [authorization(connect(Options(context=name), environment, NOWHERE)) for name in ("one", "two")]
    assert got == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize(
    ("environment", "hint"),
    [
        ({}, "set KUBECONFIG, or give --kubeconfig or --server"),
        ({"KUBECONFIG": "/nonexistent/a"}, "KUBECONFIG is /nonexistent/a: there is no such file, or it names no cluster"),
        ({"KUBECONFIG": "/nonexistent/a:/nonexistent/b"}, "KUBECONFIG is /nonexistent/a:/nonexistent/b: there is no such file"),
    ],
)
def test_nothing_at_all(environment: dict[str, str], hint: str) -> None:
    with pytest.raises(Fault, match="no configuration has been provided") as caught:
        connect(Options(), environment, NOWHERE)
    assert caught.value.code == 3
    assert (caught.value.hint or "").startswith(hint)


def test_an_empty_kubeconfig_is_named_also_where_the_environment_names_another(tmp_path: Path) -> None:
    empty = written(tmp_path / "config", "")
    with pytest.raises(Fault, match="no configuration has been provided") as caught:
        connect(Options(kubeconfig=empty), {"KUBECONFIG": "/nonexistent/a"}, NOWHERE)
    assert caught.value.hint == f"{empty} names no cluster, user or context"


def test_in_a_pod(tmp_path: Path) -> None:
    written(tmp_path / "token", "pod-token\n")
    written(tmp_path / "namespace", "shop\n")
    environment = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    with pytest.raises(Fault, match="unable to read certificate authority"):
        connect(Options(), environment, tmp_path)
    with pytest.raises(Fault, match="no configuration has been provided"):
        connect(Options(), {"KUBERNETES_SERVICE_HOST": "fd00::1"}, tmp_path)
    found = connect(Options(insecure_skip_tls_verify=True), environment, tmp_path)
    assert (found.server, found.context, found.namespace) == ("https://[fd00::1]:6443", None, "shop")
    assert authorization(found) == "Bearer pod-token"
    # Whoever names a server does not mean to hand it the pod's token.
    assert authorization(connect(Options(server="https://else"), environment, tmp_path)) is None


def test_in_a_pod_a_kubeconfig_that_names_no_server_is_not_used(tmp_path: Path) -> None:
    written(tmp_path / "token", "pod-token\n")
    environment = {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "POD_NAMESPACE": "own",
        "KUBECONFIG": written(tmp_path / "config", config(current=None)),
    }
    found = connect(Options(insecure_skip_tls_verify=True), environment, tmp_path)
    assert (found.server, found.namespace, authorization(found)) == ("https://10.0.0.1:443", "own", "Bearer pod-token")


def test_in_a_pod_its_namespace_stands_in_for_the_one_that_a_context_does_not_name(tmp_path: Path) -> None:
    written(tmp_path / "token", "pod-token\n")
    content = config()
    environment = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443", "POD_NAMESPACE": "own"}
    environment["KUBECONFIG"] = written(tmp_path / "config", content)
    assert connect(Options(), environment, tmp_path).namespace == "ns-a"
    del content["contexts"][0]["context"]["namespace"]
    written(tmp_path / "config", content)
    assert connect(Options(), environment, tmp_path).namespace == "own"
    assert connect(Options(), environment, NOWHERE).namespace == "default"


def test_the_master_of_old(tmp_path: Path) -> None:
    assert connect(Options(), {"KUBERNETES_MASTER": "http://m:8080"}, NOWHERE).server == "http://m:8080"
    assert reach(tmp_path, config(), {"KUBERNETES_MASTER": "http://m:8080"}).server == "https://a.test"


def test_a_link_in_the_way_does_not_lead_elsewhere(tmp_path: Path) -> None:
    """filepath.Join takes ".." out of the text."""
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    written(tmp_path / "token", "right\n")
    written(tmp_path / "real" / "token", "wrong\n")
    written(tmp_path / "real" / "deep" / "config", config(user={"tokenFile": "../token"}))
    environment = {"KUBECONFIG": str(tmp_path / "link" / "config")}
    assert authorization(connect(Options(), environment, NOWHERE)) == "Bearer right"


def test_a_file_that_may_be_there_is_not_skipped(tmp_path: Path) -> None:
    written(tmp_path / "file", "")
    with pytest.raises(Fault, match=r"unable to read kubeconfig .*: Not a directory"):
        connect(Options(), {"KUBECONFIG": str(tmp_path / "file" / "config")}, NOWHERE)


WRONG_FILES = [
    ("not YAML", f"users: [{{token: {SECRET}", "it is not valid YAML in line"),
    ("an alias", f"a: 1\nusers: *{SECRET}", "it is not valid YAML in line 2"),
    ("a tag", f"users: !!python/object:os.system {SECRET}", "users must be a list, and is a string"),
    ("a list", f"[{SECRET}]", "it must be a mapping, and is a list"),
    ("a text", SECRET, "it must be a mapping, and is a string"),
    ("a number as token", "users: [{name: a, user: {token: 12345}}]", "users[0].user.token"),
    ("a text as list", f"users: {SECRET}", "users must be a list, and is a string"),
    ("groups as text", f"users: [{{name: a, user: {{as-groups: {SECRET}}}}}]", "users[0].user.as-groups"),
    ("a word that is a bool", "clusters: [{name: a, cluster: {server: y}}]", "clusters[0].cluster.server"),
    ("a name twice", "users: [{name: a}, {name: b}, {name: a}]", 'duplicate name "a" in list'),
    ("nested", "a: " + "[" * 5000, "it is not valid YAML"),
    ("control characters", "a: \0", "it is not valid YAML"),
]


@pytest.mark.parametrize(("content", "why"), [row[1:] for row in WRONG_FILES], ids=[row[0] for row in WRONG_FILES])
def test_wrong_files(tmp_path: Path, content: str, why: str) -> None:
    found = fault(tmp_path, content)
    assert found.message.startswith(f"error loading config file {tmp_path / 'config'}: ")
    assert why in found.message
    assert found.code == 3


@pytest.mark.parametrize(("path", "why"), [("missing", "No such file or directory"), (".", "Is a directory")])
def test_the_named_file_must_be_there(tmp_path: Path, path: str, why: str) -> None:
    assert why in fault(tmp_path, {}, kubeconfig=str(tmp_path / path)).message


WRONG_NAMES = [
    ({"context": "x"}, config(), 'context "x" does not exist'),
    ({}, config(current="z"), 'context "z" does not exist'),
    ({"cluster": "x"}, config(), 'cluster "x" does not exist'),
    ({"user": "x"}, config(), 'auth info "x" does not exist'),
    ({}, config(users=[]), 'auth info "a" does not exist'),
    ({}, config(clusters=None), 'cluster "a" does not exist'),
    ({}, config(current=None), "current-context is not set"),
    ({}, config(cluster={"server": None}), 'no server found for cluster "a"'),
    ({"context": "x"}, "", 'context "x" does not exist'),
]


@pytest.mark.parametrize(("flags", "content", "why"), WRONG_NAMES)
def test_wrong_names(tmp_path: Path, flags: dict[str, str], content: Any, why: str) -> None:
    assert fault(tmp_path, content, **flags).message == why


def test_flags_go_before_the_file(tmp_path: Path) -> None:
    content = config("a", {"tokenFile": "/nonexistent"})
    content["clusters"].append({"name": "b", "cluster": {"server": "https://b.test", "disable-compression": True}})
    content["users"].append({"name": "b", "user": {"token": "b"}})
    found = reach(tmp_path, content, cluster="b", user="b", namespace="n", request_timeout="1m")
    assert (found.server, found.namespace, found.timeout) == ("https://b.test", "n", 60.0)
    assert (authorization(found), found.disable_compression) == ("Bearer b", True)
    assert authorization(reach(tmp_path, content, token="flag")) == "Bearer flag"


def test_what_a_context_names_may_be_missing_when_flags_say_it_all(tmp_path: Path) -> None:
    found = reach(tmp_path, config(clusters=[], users=[]), server="https://b.test", token="flag")
    assert (found.server, authorization(found)) == ("https://b.test", "Bearer flag")
    assert fault(tmp_path, config(users=[]), user="a", token="flag").message == 'auth info "a" does not exist'
    assert fault(tmp_path, config(clusters=[]), cluster="a", server="https://b").message == 'cluster "a" does not exist'


SERVERS = [
    ("https://h:6443/", "https://h:6443"),
    ("https://h/k8s/clusters/c/", "https://h/k8s/clusters/c"),
    ("http://[::1]:8080", "http://[::1]:8080"),
    ("h:8080", "http://h:8080"),
]


@pytest.mark.parametrize(("given", "server"), SERVERS)
def test_server(tmp_path: Path, given: str, server: str) -> None:
    assert reach(tmp_path, "", server=given).server == server


def test_a_server_without_a_scheme_is_http_whatever_says_tls(tmp_path: Path) -> None:
    """And so no credentials go there: kubectl 1.37 does the same."""
    found = reach(tmp_path, "", server="h:6443", insecure_skip_tls_verify=True, token=SECRET)
    assert (found.server, authorization(found)) == ("http://h:6443", None)


WRONG_SERVERS = [
    f"https://u:{SECRET}@h",
    "ftp://h",
    "https://",
    "https://h:99999",
    "https://h:x",
    "https://h?a",
    "https://a b",
    "https://h\n",
    "https://[::1",
]


@pytest.mark.parametrize("server", WRONG_SERVERS)
def test_wrong_servers(tmp_path: Path, server: str) -> None:
    assert "not an http or https address" in fault(tmp_path, config(cluster={"server": server})).message


TIMEOUTS = {
    None: None,
    "": None,
    "0": None,
    "0s": None,
    "10": 10.0,
    "5s": 5.0,
    "1m": 60.0,
    "1h2m3s": 3723.0,
    "1.5s": 1.5,
    "250ms": 0.25,
    ".5m": 30.0,
}


@pytest.mark.parametrize(("text", "seconds"), TIMEOUTS.items())
def test_timeouts(text: str | None, seconds: float | None) -> None:
    assert parse_timeout(text) == seconds


@pytest.mark.parametrize("text", ["x", "5 s", "-1", "-5s", "5d", "s", "1e9", "9" * 400, "1s" * 400, "٣"])
def test_wrong_timeouts(text: str) -> None:
    with pytest.raises(Fault, match="invalid timeout value") as caught:
        parse_timeout(text)
    assert caught.value.code == 2


LINES = [
    ("a\n b\t c", 400, "a b c"),
    (b"\xff", 400, "\N{REPLACEMENT CHARACTER}"),
    ("\x1b\x00\u202e", 400, "\\x1b\\x00\\u202e"),
    ("x" * 9, 4, "xxx…"),
    (b"x" * 10_000_000, 4, "xxx…"),
]


@pytest.mark.parametrize(("text", "limit", "shown"), LINES)
def test_one_line(text: str | bytes, limit: int, shown: str) -> None:
    assert one_line(text, limit) == shown
