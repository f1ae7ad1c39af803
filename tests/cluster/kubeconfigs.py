"""Generated kubeconfig files and flags, mostly right, each wrong in every way now and then."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from kubectl_seccomp.cluster.connection import Options
from tests.cluster.kubectls import Recorder

NAMES = ["a", "b", "c"]
FOLDERS = ["one", "two", "three"]
HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
SERVERS = [*["https://{0}:{1}"] * 8, "https://{0}:{1}/", "{0}:{1}"]


@dataclass
class Ground:
    """Folders with the files that kubeconfigs point to, different in each, and a server that keeps what it was asked."""

    kubectl: str
    root: Path
    recorder: Recorder


def inline(ground: Ground, name: str) -> str:
    return base64.b64encode((ground.root / "two" / name).read_bytes()).decode()


names = st.sampled_from(NAMES)
words = st.sampled_from(["dev", "system:masters", "Ünal", "a b", "x=y"])
extras = st.dictionaries(st.sampled_from(["scopes", "acme.com/p", "Größe", "A%B"]), st.lists(words, min_size=1, max_size=2), max_size=2)
impersonated: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.just({}),
    st.fixed_dictionaries(
        {"as": words},
        optional={"as-uid": words, "as-groups": st.lists(words, min_size=1, max_size=3), "as-user-extra": extras},
    ),
    st.sampled_from([{}, {}, {}, {"as-groups": ["nobody-to-be"]}]),
)


def clusters(ground: Ground) -> st.SearchStrategy[dict[str, Any]]:
    servers = [server.format(host, ground.recorder.port) for server in SERVERS for host in HOSTS]
    authorities = [
        {},
        *[{"certificate-authority": "ca.crt"}] * 6,
        {"certificate-authority": "../ca.crt"},
        {"certificate-authority": "./nested/../ca.crt"},
        {"certificate-authority": str(ground.root / "three" / "ca.crt")},
        {"certificate-authority": "missing.crt"},
        *[{"certificate-authority-data": inline(ground, "ca.crt")}] * 3,
        {"insecure-skip-tls-verify": True},
        {"insecure-skip-tls-verify": True, "certificate-authority": "ca.crt"},
    ]
    other = [*[{}] * 6, {"tls-server-name": "named.internal"}, {"tls-server-name": "wrong.internal"}, {"disable-compression": True}]
    return st.builds(
        lambda server, *parts: {"server": server, **parts[0], **parts[1]},
        st.sampled_from(servers),
        st.sampled_from(authorities),
        st.sampled_from(other),
    )


def users(ground: Ground) -> st.SearchStrategy[dict[str, Any]]:
    credentials = [
        {},
        *[{"token": "inline"}] * 3,
        *[{"tokenFile": "token"}] * 3,
        {"tokenFile": "../token", "token": "inline"},
        {"tokenFile": "missing", "token": "inline"},
        {"tokenFile": "missing"},
        {"username": "u", "password": "p:w"},
        {"username": "u", "token": "inline"},
        {"client-certificate": "client.crt", "client-key": "client.key"},
        {"client-certificate-data": inline(ground, "client.crt"), "client-key-data": inline(ground, "client.key")},
        {"client-certificate-data": inline(ground, "client.crt"), "client-key-data": inline(ground, "client.key"), "token": "also"},
        {"client-certificate": "client.crt"},
        {"client-key": "client.key"},
    ]
    return st.builds(lambda one, two: {**one, **two}, st.sampled_from(credentials), impersonated)


def files(ground: Ground) -> st.SearchStrategy[dict[str, Any]]:
    contexts = st.fixed_dictionaries({"cluster": names, "user": names}, optional={"namespace": st.sampled_from(["shop", "default"])})

    def named(kind: str, entries: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
        def listed(keys: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
            return st.tuples(*(entries.map(lambda entry, key=key: {"name": key, kind: entry}) for key in keys)).map(list)  # type: ignore[misc]

        # Mostly each name once: a name twice spoils the file, and one that lacks may be in another.
        return st.sampled_from([*[NAMES] * 40, ["c", "a", "b"], ["a", "b"], ["c"], [], ["a", "b", "a"]]).flatmap(listed)

    return st.fixed_dictionaries(
        {
            "clusters": named("cluster", clusters(ground)),
            "users": named("user", users(ground)),
            "contexts": named("context", contexts),
            "current-context": st.sampled_from([*NAMES * 8, "", "nowhere"]),
        }
    )


orders = st.lists(st.sampled_from([*FOLDERS[:1] * 8, *FOLDERS, "", "gone"]), min_size=1, max_size=5)


def overrides(ground: Ground) -> st.SearchStrategy[Options]:
    """Up to three groups of flags; some groups are no use alone."""
    pair = {"client_certificate": str(ground.root / "one" / "client.crt"), "client_key": "two/client.key"}
    own = {**pair, "client_key": str(ground.root / "one" / "client.key")}
    extra = st.lists(st.sampled_from(["scopes=a", "scopes=b=c", "acme.com/p=d"]), min_size=1, max_size=3)
    groups: list[st.SearchStrategy[dict[str, Any]]] = [
        *(st.builds(lambda key, name: {key: name}, st.just(key), names) for key in ("context", "cluster", "user")),
        st.sampled_from([{"server": ground.recorder.url(2)}, {"server": ground.recorder.url(1).removeprefix("https://")}]),
        st.just({"token": "flag"}),
        st.just({"username": "flag", "password": "flag"}),
        st.sampled_from([own, own, own, pair, {"client_key": own["client_key"]}]),
        st.sampled_from([{"certificate_authority": path} for path in (str(ground.root / "ca.crt"), "two/ca.crt", "no.crt")]),
        st.sampled_from([{"tls_server_name": name} for name in ("named.internal", "named.internal", "wrong.internal")]),
        st.just({"insecure_skip_tls_verify": True}),
        st.builds(lambda user: {"as_user": user}, words),
        st.builds(lambda user, uid: {"as_user": user, "as_uid": uid}, words, words),
        st.builds(lambda user, some: {"as_user": user, "as_groups": some}, words, st.lists(words, min_size=1, max_size=2)),
        st.builds(lambda user, some: {"as_user": user, "as_user_extra": some}, words, extra),
        st.builds(lambda some: {"as_user_extra": some}, extra),
    ]
    return st.lists(st.one_of(groups), max_size=3).map(lambda chosen: Options(**{k: v for group in chosen for k, v in group.items()}))
