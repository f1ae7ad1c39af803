"""Our kubeconfig loader against the real kubectl, on generated sets of files and flags. Needs kubectl and no cluster."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.cluster.connection import Options
from kubectl_seccomp.cluster.entries import User, pem
from kubectl_seccomp.cluster.kubeconfig import Target, connect, resolve
from kubectl_seccomp.fault import Fault
from tests.cluster.kubeconfigs import FOLDERS, HOSTS, Ground, files, names, orders, overrides
from tests.cluster.kubectls import Recorder, Seen, find_kubectl, kubectl

NOWHERE = Path("/nonexistent")
PATH = "/api/v1/pods"
QUERIES = 3


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    program, root = find_kubectl(), tmp_path_factory.mktemp("oracle")
    authority = trustme.CA()
    for name in ("", *FOLDERS):
        folder = root / name
        folder.mkdir(exist_ok=True)
        # Any of these bundles is right, and each is recognised by its comment.
        (folder / "ca.crt").write_bytes(authority.cert_pem.bytes() + f"# {name}\n".encode())
        issued = authority.issue_cert(f"client.{name or 'top'}")
        (folder / "client.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        (folder / "client.key").write_bytes(issued.private_key_pem.bytes())
        (folder / "token").write_text(f"token-of-{name}\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS, "named.internal").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    with Recorder(HOSTS, context) as recorder, contextlib.chdir(root):
        yield Ground(program, root, recorder)


def write(ground: Ground, contents: list[dict[str, Any]]) -> None:
    for folder in FOLDERS:
        (ground.root / folder / "config").unlink(missing_ok=True)
    for folder, content in zip(FOLDERS, contents, strict=False):
        (ground.root / folder / "config").write_text(yaml.safe_dump(content, allow_unicode=True))


def listed(ground: Ground, order: list[str]) -> dict[str, str]:
    """KUBECONFIG with these folders' files in this order; "" is an empty entry, "gone" a file that is missing."""
    paths = [str(ground.root / folder / "config") if folder else "" for folder in order]
    return {"KUBECONFIG": os.pathsep.join(paths), "HOME": str(NOWHERE)}


def expected(ground: Ground, environment: dict[str, str], arguments: list[str]) -> dict[str, Any] | None:
    """What `kubectl config view` makes of it: None when it finds no context, cluster or user."""
    view = ["config", "view", "--minify", "--flatten", "--raw", "-o", "json"]
    done = kubectl(ground.kubectl, *view, *arguments, environment=environment, folder=ground.root)
    if done.returncode:
        return None
    found = json.loads(done.stdout)
    cluster, context = found["clusters"][0], found["contexts"][0]
    user = found["users"][0]["user"] if found["users"] else {}
    return {
        "context": context["name"],
        "namespace": context["context"].get("namespace", "default"),
        "cluster": {key: value for key, value in cluster["cluster"].items() if key != "certificate-authority"},
        "user": {key: value for key, value in user.items() if key != "tokenFile"},
        "token file": os.path.basename(user.get("tokenFile") or ""),
    }


def ours(target: Target) -> dict[str, Any]:
    cluster, user = target.cluster, target.user
    return {
        "context": target.context,
        "namespace": target.namespace,
        "cluster": _given(
            {
                "server": cluster.server,
                "certificate-authority-data": _data(cluster.certificate_authority_data, cluster.certificate_authority),
                "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
                "tls-server-name": cluster.tls_server_name,
                "disable-compression": cluster.disable_compression,
            }
        ),
        "user": _given(_user(user)),
        "token file": os.path.basename(user.token_file or ""),
    }


def _user(user: User) -> dict[str, Any]:
    return {
        "token": user.token,
        "username": user.username,
        "password": user.password,
        "client-certificate-data": _data(user.client_certificate_data, user.client_certificate),
        "client-key-data": _data(user.client_key_data, user.client_key),
        "as": user.as_user,
        "as-uid": user.as_uid,
        "as-groups": user.as_groups,
        "as-user-extra": user.as_user_extra,
    }


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def _data(data: str | None, path: str | None) -> str | None:
    content = pem(data, path, "file")
    return base64.b64encode(content).decode() if content else None


def resolved(environment: dict[str, str], options: Options) -> dict[str, Any] | None:
    try:
        return ours(resolve(options, environment, NOWHERE))
    except Fault:
        return None


@settings(
    max_examples=110,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_what_the_files_say(ground: Ground, data: st.DataObject) -> None:
    """At least 330 questions to kubectl: the current context, a named one, and one of the files alone."""
    write(ground, data.draw(st.lists(files(ground), min_size=1, max_size=3), "files"))
    environment = listed(ground, data.draw(orders, "KUBECONFIG"))
    context = data.draw(names, "--context")
    alone = str(ground.root / data.draw(st.sampled_from([*FOLDERS[:1] * 4, *FOLDERS]), "--kubeconfig") / "config")
    questions = [Options(), Options(context=context), Options(kubeconfig=alone, context=context)]
    with ThreadPoolExecutor(QUERIES) as threads:
        answers = list(threads.map(lambda asked: expected(ground, environment, _flags(asked)), questions))
    for asked, answer in zip(questions, answers, strict=True):
        assert resolved(environment, asked) == answer, (environment, _flags(asked))


def _flags(options: Options) -> list[str]:
    flags = {
        "kubeconfig": options.kubeconfig,
        "context": options.context,
        "cluster": options.cluster,
        "user": options.user,
        "server": options.server,
        "token": options.token,
        "username": options.username,
        "password": options.password,
        "certificate-authority": options.certificate_authority,
        "client-certificate": options.client_certificate,
        "client-key": options.client_key,
        "tls-server-name": options.tls_server_name,
        "as": options.as_user,
        "as-uid": options.as_uid,
    }
    given_flags = [f"--{name}={value}" for name, value in flags.items() if value]
    given_flags += [f"--as-group={group}" for group in options.as_groups]
    given_flags += [f"--as-user-extra={extra}" for extra in options.as_user_extra]
    return given_flags + ["--insecure-skip-tls-verify"] * bool(options.insecure_skip_tls_verify)


def sent_by_kubectl(ground: Ground, environment: dict[str, str], options: Options) -> list[tuple[Any, ...]] | None:
    """None when it asks the person for a name and a password, because it was given no credentials."""
    done = kubectl(ground.kubectl, "get", "--raw", PATH, *_flags(options), environment=environment, folder=ground.root)
    return None if "Please enter Username" in done.stdout + done.stderr else _short(ground.recorder.take())


def sent_by_us(ground: Ground, environment: dict[str, str], options: Options) -> list[tuple[Any, ...]]:
    try:
        api = Api(connect(options, environment, NOWHERE), sleep=lambda _: None)
        api.get(PATH, tries=1)
        api.close()
    except (Fault, ApiError):
        pass
    return _short(ground.recorder.take())


def _short(seen: list[Seen]) -> list[tuple[Any, ...]]:
    return [(each.host, each.path, each.identity, each.certificate) for each in seen]


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_what_is_sent_with_flags(ground: Ground, data: st.DataObject) -> None:
    """Whom it reaches, as whom, with which certificate; or that nothing is sent at all."""
    write(ground, data.draw(st.lists(files(ground), min_size=1, max_size=2), "files"))
    environment = listed(ground, data.draw(orders, "KUBECONFIG"))
    options = data.draw(overrides(ground), "flags")
    ground.recorder.take()
    theirs = sent_by_kubectl(ground, environment, options)
    sent = sent_by_us(ground, environment, options)
    if theirs is None:
        # Instead of a question we ask as nobody, and the server has its say.
        assert all(name != "authorization" for each in sent for name, _ in each[2])
        assert all(each[3] is None for each in sent)
    else:
        assert sent == theirs, (environment, _flags(options))
