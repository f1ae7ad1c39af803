"""From flags and kubeconfig to a real TLS connection: who is let in, whom we trust, and what never leaves."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from kubectl_seccomp.cluster import credentials
from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.cluster.connection import Options
from kubectl_seccomp.cluster.kubeconfig import connect
from kubectl_seccomp.fault import Fault
from tests.api.conftest import Fake

PATH = "/version"
TOKEN = "s3cret-t0ken"
Open = Callable[[Options], Api]


class Pair:
    """A client certificate and its key, as files and as a kubeconfig holds them."""

    def __init__(self, authority: trustme.CA, folder: Path) -> None:
        issued = authority.issue_cert("client")
        self.certificate = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        self.key = issued.private_key_pem.bytes()
        self.certificate_file, self.key_file = str(folder / "client.crt"), str(folder / "client.key")
        Path(self.certificate_file).write_bytes(self.certificate)
        Path(self.key_file).write_bytes(self.key)


@pytest.fixture
def pair(authority: trustme.CA, tmp_path: Path) -> Pair:
    return Pair(authority, tmp_path)


def in_kubeconfig(folder: Path, server: str, ca_file: str, user: str, cluster: str = "") -> Options:
    path = folder / "config"
    path.write_text(
        f"""
current-context: c
clusters: [{{name: k, cluster: {{server: "{server}", certificate-authority: {ca_file}{cluster}}}}}]
users: [{{name: u, user: {{{user}}}}}]
contexts: [{{name: c, context: {{cluster: k, user: u}}}}]
"""
    )
    return Options(kubeconfig=str(path))


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_token(fake: Fake, open_api: Open, options: Options) -> None:
    fake.on(PATH, {})
    api = open_api(Options(server=fake.url, certificate_authority=options.certificate_authority, token=TOKEN))
    api.get(PATH)
    assert fake.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr(api.connection)


def test_a_token_never_goes_over_http(plain_fake: Fake, open_api: Open, ca_file: str, tmp_path: Path) -> None:
    plain_fake.on(PATH, {})
    user = f"token: {TOKEN}, tokenFile: /nonexistent, exec: {{command: /nonexistent, apiVersion: x}}, as: bob"
    config = in_kubeconfig(tmp_path, plain_fake.url, ca_file, user)
    for options in (Options(server=plain_fake.url, token=TOKEN), config):
        assert open_api(options).get(PATH) == b"{}"
    assert ["Authorization" in request.headers for request in plain_fake.requests] == [False, False]
    assert TOKEN not in "".join(str(request.headers) for request in plain_fake.requests)
    # Who is asking is no secret, and must not be forgotten.
    assert plain_fake.requests[1].headers["Impersonate-User"] == "bob"


def test_impersonation_sends_each_group_on_its_own(fake: Fake, open_api: Open, ca_file: str) -> None:
    fake.on(PATH, {})
    options = Options(
        server=fake.url,
        certificate_authority=ca_file,
        as_user="jürgen",
        as_uid="u-1",
        as_groups=["dev", "system:masters"],
        as_user_extra=["acme.com/project=one", "acme.com/project=two", "scopes=a=b"],
    )
    open_api(options).get(PATH)
    sent = fake.requests[0].headers
    assert sent["Impersonate-User"].encode("latin-1").decode() == "jürgen"
    assert sent["Impersonate-Uid"] == "u-1"
    # WSGI joins equal header lines with a bare comma; one line with both would have a space in it.
    assert sent["Impersonate-Group"] == "dev,system:masters"
    assert sent["Impersonate-Extra-acme.com%2Fproject"] == "one,two"
    assert sent["Impersonate-Extra-scopes"] == "a=b"


def test_a_client_certificate_from_files(strict_fake: Fake, open_api: Open, ca_file: str, pair: Pair) -> None:
    strict_fake.on(PATH, {})
    options = Options(
        server=strict_fake.url,
        certificate_authority=ca_file,
        client_certificate=pair.certificate_file,
        client_key=pair.key_file,
    )
    assert open_api(options).get(PATH) == b"{}"


def test_a_client_certificate_from_data(strict_fake: Fake, open_api: Open, ca_file: str, pair: Pair, tmp_path: Path) -> None:
    strict_fake.on(PATH, {})
    user = f"client-certificate-data: {b64(pair.certificate)}, client-key-data: {b64(pair.key)}"
    options = in_kubeconfig(tmp_path, strict_fake.url, ca_file, user)
    assert open_api(options).get(PATH) == b"{}"


def test_without_the_certificate_nobody_is_let_in(strict_fake: Fake, open_api: Open, ca_file: str) -> None:
    strict_fake.on(PATH, {})
    with pytest.raises(ApiError) as caught:
        open_api(Options(server=strict_fake.url, certificate_authority=ca_file)).get(PATH)
    assert caught.value.status == 0
    assert strict_fake.requests == []


def test_a_key_that_must_touch_the_disk_is_private_and_gone_afterwards(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no memfd: macOS and Windows."""
    import ssl

    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.delattr(os, "memfd_create", raising=False)
    modes: list[int] = []

    class Watching(ssl.SSLContext):
        def load_cert_chain(self, certfile: str, *rest: object, **more: object) -> None:  # type: ignore[override]
            modes.extend(stat.S_IMODE(os.stat(path).st_mode) for path in (certfile, Path(certfile).parent))
            super().load_cert_chain(certfile, *rest, **more)  # type: ignore[arg-type]

    credentials._load_chain(Watching(ssl.PROTOCOL_TLS_CLIENT), pair.certificate + pair.key)
    assert modes == [0o600, 0o700]
    with pytest.raises(Fault):
        credentials._load_chain(Watching(ssl.PROTOCOL_TLS_CLIENT), b"no key")
    assert list(folder.iterdir()) == []


def test_another_authority_is_not_trusted(fake: Fake, open_api: Open, tmp_path: Path) -> None:
    other = tmp_path / "other.crt"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(ApiError) as caught:
        open_api(Options(server=fake.url, certificate_authority=str(other), token=TOKEN)).get(PATH)
    assert caught.value.why.startswith(f"tls: failed to verify the certificate of {fake.url}: ")
    assert fake.requests == []


def test_the_system_does_not_trust_it_either(fake: Fake, open_api: Open) -> None:
    with pytest.raises(ApiError, match="tls: failed to verify"):
        open_api(Options(server=fake.url)).get(PATH)


def test_a_certificate_can_be_left_unchecked(fake: Fake, open_api: Open) -> None:
    fake.on(PATH, {})
    assert open_api(Options(server=fake.url, insecure_skip_tls_verify=True)).get(PATH) == b"{}"


@pytest.mark.parametrize(("name", "trusted"), [("kube.internal", True), ("other.internal", False), (None, False)])
def test_tls_server_name(named_fake: Fake, open_api: Open, ca_file: str, name: str | None, trusted: bool) -> None:
    named_fake.on(PATH, {})
    api = open_api(Options(server=named_fake.url, certificate_authority=ca_file, tls_server_name=name))
    if trusted:
        assert api.get(PATH) == b"{}"
    else:
        with pytest.raises(ApiError, match="tls: failed to verify"):
            api.get(PATH)


def test_tls_server_name_of_the_kubeconfig_is_not_for_another_server(
    named_fake: Fake, open_api: Open, ca_file: str, tmp_path: Path
) -> None:
    named_fake.on(PATH, {})
    options = in_kubeconfig(tmp_path, named_fake.url, ca_file, "", ", tls-server-name: kube.internal")
    assert open_api(options).get(PATH) == b"{}"
    assert connect(Options(kubeconfig=options.kubeconfig, server="https://else")).server_hostname is None


def test_the_certificate_of_a_plugin(strict_fake: Fake, open_api: Open, ca_file: str, pair: Pair, tmp_path: Path) -> None:
    strict_fake.on(PATH, {})
    plugin = tmp_path / "plugin"
    indented = [blob.decode().replace("\n", "\\n") for blob in (pair.certificate, pair.key)]
    plugin.write_text(
        f"""#!/bin/sh
cat <<'E'
{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
 "status": {{"token": "{TOKEN}", "clientCertificateData": "{indented[0]}", "clientKeyData": "{indented[1]}"}}}}
E
"""
    )
    plugin.chmod(0o700)
    how = "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never"
    options = in_kubeconfig(tmp_path, strict_fake.url, ca_file, f"exec: {{command: ./plugin, {how}}}")
    assert open_api(options).get(PATH) == b"{}"
    assert strict_fake.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
