"""Who we are: tokens, certificates, impersonation; and never a secret in a message."""

from __future__ import annotations

import base64
import fcntl
import os
import pty
import ssl
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from kubectl_seccomp.cluster import credentials
from kubectl_seccomp.cluster.connection import Options
from kubectl_seccomp.cluster.entries import Cluster, Credentials, User
from tests.unit.kubeconfigs import B64, SECRET, authorization, config, fault, reach, written


@pytest.mark.parametrize("name", ["token", "as_user"])
@pytest.mark.parametrize("value", [f"{SECRET}\nX-Evil: 1", f"{SECRET}\r", f"{SECRET}\0", f"{SECRET}\udcff"])
def test_no_header_smuggles_another(tmp_path: Path, name: str, value: str) -> None:
    assert "control character" in fault(tmp_path, config(), **{name: value}).message


def test_the_token_file_goes_before_the_token(tmp_path: Path) -> None:
    path = written(tmp_path / "t", "from-file\n")
    found = reach(tmp_path, config(user={"token": SECRET, "tokenFile": path}))
    assert authorization(found) == "Bearer from-file"


def test_the_token_stands_in_for_a_token_file_that_cannot_be_read(tmp_path: Path) -> None:
    found = reach(tmp_path, config(user={"token": "inline", "tokenFile": "/nonexistent"}))
    assert authorization(found) == "Bearer inline"


def test_a_key_without_a_certificate_is_nothing(tmp_path: Path) -> None:
    assert reach(tmp_path, config(user={"client-key-data": B64, "token": "t"})).source.current().authorization == "Bearer t"


def test_basic(tmp_path: Path) -> None:
    found = reach(tmp_path, config(user={"username": "ü", "password": "p:w"}))
    assert authorization(found) == "Basic " + base64.b64encode("ü:p:w".encode()).decode()


WRONG_USERS = [
    ({"token": SECRET, "username": "u", "password": SECRET}, "token and basicAuth, only one is allowed"),
    ({"token": SECRET, "password": SECRET}, "token and basicAuth, only one is allowed"),
    ({"tokenFile": "/dev/null", "username": "u", "password": SECRET}, "may be set, but not both"),
    ({"tokenFile": "/nonexistent"}, "unable to read token file /nonexistent: No such file or directory"),
    ({"tokenFile": "/dev/null"}, 'read empty token from file "/dev/null"'),
    ({"tokenFile": "/dev/zero"}, "larger than 10 MB"),
    ({"client-certificate-data": B64}, "client-key-data or client-key must be specified"),
    ({"client-certificate-data": B64, "client-certificate": "x"}, "client-certificate are both specified"),
    ({"client-certificate-data": B64, "client-key": "x", "client-key-data": B64}, "client-key are both specified"),
    ({"exec": {"command": "x"}, "auth-provider": {"name": "x"}}, "cannot be combined with an exec plugin"),
    ({"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}, "command must be specified"),
    ({"client-certificate-data": B64, "client-key-data": B64}, "not a matching PEM pair"),
    ({"client-certificate-data": "%%" + SECRET, "client-key-data": B64}, "not base64"),
    ({"client-certificate": "/nonexistent", "client-key-data": B64}, "unable to read client certificate"),
    ({"auth-provider": {"name": "oidc", "config": {"refresh-token": SECRET}}}, "(kubelogin), or give --token or --via-kubectl"),
    ({"auth-provider": {"name": "gcp"}, "client-certificate": "/dev/null", "client-key": "/dev/null"}, "gke-gcloud-auth-plugin"),
    ({"as-groups": ["g"]}, "without impersonating a user"),
    ({"as-uid": "1"}, "without impersonating a user"),
    ({"as-user-extra": {"k": ["v"]}}, "without impersonating a user"),
]


@pytest.mark.parametrize(("user", "why"), WRONG_USERS)
def test_wrong_users(tmp_path: Path, user: dict[str, Any], why: str) -> None:
    found = fault(tmp_path, config(user=user))
    assert why in f"{found.message} {found.hint}"


WRONG_CLUSTERS = [
    ({"certificate-authority-data": B64}, "unable to load root certificates"),
    ({"certificate-authority-data": "é"}, "not base64"),
    ({"certificate-authority": "/nonexistent"}, "unable to read certificate authority /nonexistent"),
    ({"certificate-authority": "/dev/null"}, "unable to load root certificates"),
    ({"certificate-authority-data": B64, "insecure-skip-tls-verify": True}, "insecure flag is not allowed"),
    ({"certificate-authority-data": B64, "certificate-authority": "x"}, "certificate-authority are both specified"),
    ({"certificate-authority": "/nonexistent", "server": "http://a.test"}, "unable to read certificate authority /nonexistent"),
    ({"proxy-url": f"ftp://u:{SECRET}@proxy"}, "unsupported scheme"),
    ({"proxy-url": f"http://u:{SECRET}@proxy:x"}, "is not an address"),
    ({"proxy-url": f"http://{SECRET}:@:1"}, "is not an address"),
]


@pytest.mark.parametrize(("cluster", "why"), WRONG_CLUSTERS)
def test_wrong_clusters(tmp_path: Path, cluster: dict[str, Any], why: str) -> None:
    assert why in fault(tmp_path, config(cluster=cluster)).message


def test_an_encrypted_key_does_not_ask_for_its_password(tmp_path: Path) -> None:
    """On a terminal OpenSSL would ask, and wait."""
    issued = trustme.CA().issue_cert("client")
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(SECRET.encode()),
    )
    (tmp_path / "pair").write_bytes(issued.cert_chain_pems[0].bytes() + key)
    code = (
        "import sys; from kubectl_seccomp.cluster import credentials, entries; from kubectl_seccomp.fault import Fault\n"
        "try: credentials.tls_context(entries.Cluster(), open(sys.argv[1], 'rb').read())\n"
        "except Fault as fault: print(fault.message)"
    )
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "pair")],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=20,
        check=False,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    os.close(ours)
    assert b"not a matching PEM pair" in done.stdout


IMPERSONATED = {"as": "bob", "as-uid": "1", "as-groups": ["g1", "g2"], "as-user-extra": {"K/é": ["v1", "v2"]}}
UID = ("Impersonate-Uid", "1")
GROUPS = [("Impersonate-Group", "g1"), ("Impersonate-Group", "g2")]
EXTRA = [("Impersonate-Extra-K%2F%C3%A9", "v1"), ("Impersonate-Extra-K%2F%C3%A9", "v2")]
FLAGGED = [
    ({}, [("Impersonate-User", "bob"), UID, *GROUPS, *EXTRA]),
    ({"as_user": "eve"}, [("Impersonate-User", "eve"), UID, *GROUPS, *EXTRA]),
    ({"as_groups": ["x"]}, [("Impersonate-User", "bob"), UID, ("Impersonate-Group", "x"), *EXTRA]),
    (
        {"as_uid": "2", "as_user_extra": ["a=b"]},
        [("Impersonate-User", "bob"), ("Impersonate-Uid", "2"), *GROUPS, *EXTRA, ("Impersonate-Extra-a", "b")],
    ),
    ({"as_user_extra": ["K/\u00e9=b"]}, [("Impersonate-User", "bob"), UID, *GROUPS, ("Impersonate-Extra-K%2F%C3%A9", "b")]),
]


@pytest.mark.parametrize(("flags", "headers"), FLAGGED)
def test_impersonation(tmp_path: Path, flags: dict[str, Any], headers: list[tuple[str, str]]) -> None:
    assert list(reach(tmp_path, config(user=IMPERSONATED), **flags).headers) == headers


@pytest.mark.parametrize("flags", [{"as_groups": ["g"]}, {"as_uid": "1"}, {"as_user_extra": ["a=b"]}])
def test_impersonating_nobody(tmp_path: Path, flags: dict[str, Any]) -> None:
    found = fault(tmp_path, config(), **flags)
    assert found.message == "requesting uid, groups or user-extra without impersonating a user"
    assert found.code == 2


@pytest.mark.parametrize("flag", ["novalue", "=v", ""])
def test_wrong_extras(tmp_path: Path, flag: str) -> None:
    assert fault(tmp_path, config(), as_user="bob", as_user_extra=[flag]).message.endswith("must be key=value")


def test_no_secret_in_a_repr(tmp_path: Path) -> None:
    found = reach(tmp_path, config(user={"token": SECRET, "as": "bob"}))
    assert SECRET not in repr(found) + str(found) + repr(Options(token=SECRET)) + repr(found.source.current())
    proxied = reach(tmp_path, config(cluster={"proxy-url": f"http://u:{SECRET}@proxy"}))
    assert SECRET not in repr(proxied) + repr(proxied.proxy)
    assert proxied.proxy is not None
    assert proxied.proxy.password == SECRET
    assert SECRET not in repr(User(token=SECRET)) + repr(Credentials(f"Bearer {SECRET}", SECRET.encode()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has several places")
def test_the_systems_authorities_are_found_where_openssl_does_not_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL in a bundle that was made on another distribution knows the folders of that one."""
    place = tmp_path / "ca.crt"
    trustme.CA().cert_pem.write_to_path(place)
    elsewhere = ssl.DefaultVerifyPaths("", "", "SSL_CERT_FILE", "/no", "SSL_CERT_DIR", "/no")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: elsewhere)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda _self: None)
    monkeypatch.setattr(credentials, "SYSTEM_AUTHORITIES", (str(tmp_path / "absent"), str(place)))
    assert len(credentials.tls_context(Cluster(), None).get_ca_certs()) == 1
