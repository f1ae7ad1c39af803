"""From kubectl's flags and kubeconfig files to one Connection, by client-go's rules (tools/clientcmd, 1.36).

Nothing that changes who is asking is ever dropped: what is not supported stops with a Fault.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct, structs

from ..model import Fault
from .connection import Connection, Options, parse_timeout
from .credentials import credentials, tls_context
from .entries import Cluster, User, read_file

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class _Context(Struct, frozen=True):
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None


class _NamedCluster(Struct, frozen=True):
    name: str
    cluster: Cluster | None = None


class _NamedUser(Struct, frozen=True):
    name: str
    user: User | None = None


class _NamedContext(Struct, frozen=True):
    name: str
    context: _Context | None = None


class _File(Struct, frozen=True, rename="kebab"):
    current_context: str | None = None
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None


class _Config(Struct):
    """All files together: of equal names, the first one wins."""

    current_context: str = ""
    clusters: dict[str, Cluster] = {}
    users: dict[str, User] = {}
    contexts: dict[str, _Context] = {}

    def add(self, file: _File, folder: Path) -> None:
        self.current_context = self.current_context or file.current_context or ""
        for cluster in file.clusters or ():
            self.clusters.setdefault(cluster.name, _placed_cluster(cluster.cluster or Cluster(), folder))
        for user in file.users or ():
            self.users.setdefault(user.name, _placed_user(user.user or User(), folder))
        for context in file.contexts or ():
            self.contexts.setdefault(context.name, context.context or _Context())


class _Target(Struct, frozen=True):
    """What the flags and the files point to."""

    cluster: Cluster
    user: User
    user_name: str = ""
    context: str | None = None
    namespace: str | None = None


def connect(
    options: Options,
    environment: Mapping[str, str] | None = None,
    service_account: Path = SERVICE_ACCOUNT,
) -> Connection:
    """Return the connection that kubectl would use with the same flags, environment and kubeconfig files.

    `environment` is the process's own by default; `service_account` is the folder a pod finds its token in. May run an
    exec plugin. Raises Fault, without secrets in it, when there is no cluster to be found or the way to it is wrong.
    """
    environment = os.environ if environment is None else environment
    timeout = parse_timeout(options.request_timeout)
    target = _target(options, environment, service_account)
    cluster, user = _overridden_cluster(target.cluster, options), _overridden_user(target.user, options)
    if cluster.proxy_url:
        raise Fault("the kubeconfig's cluster has a proxy-url, which is not supported yet")
    server = _server(cluster)
    secure = server.startswith("https://")
    headers = _impersonation(user, options)
    context = None
    if secure:
        # Over plain http kubectl sends no credentials, and runs no plugin: anybody on the way could read them.
        proof = credentials(target.user_name, user, cluster, environment)
        context = tls_context(cluster, proof.certificate)
        headers = ((("Authorization", proof.authorization),) if proof.authorization else ()) + headers
    _check(headers)
    return Connection(
        server=server,
        context=target.context,
        namespace=options.namespace or target.namespace or "default",
        headers=headers,
        ssl_context=context,
        server_hostname=(cluster.tls_server_name or None) if secure else None,
        timeout=timeout,
        disable_compression=bool(options.disable_compression or cluster.disable_compression),
    )


def _target(options: Options, environment: Mapping[str, str], service_account: Path) -> _Target:
    config = _load(options.kubeconfig, environment)
    named = options.context or options.cluster or options.user
    if not (config.clusters or config.users or config.contexts or named or options.server):
        return _in_cluster(environment, service_account)
    name = options.context or config.current_context
    if name and name not in config.contexts:
        raise Fault(f'context "{name}" does not exist', "see: kubectl config get-contexts")
    context = config.contexts.get(name, _Context())
    cluster_name, user_name = options.cluster or context.cluster, options.user or context.user
    if cluster_name and cluster_name not in config.clusters:
        raise Fault(f'cluster "{cluster_name}" does not exist', "see: kubectl config get-clusters")
    if user_name and user_name not in config.users:
        raise Fault(f'auth info "{user_name}" does not exist', "see: kubectl config get-users")
    if not cluster_name and not options.server:
        raise Fault("current-context is not set", "see: kubectl config use-context, or give --context")
    return _Target(
        config.clusters[cluster_name] if cluster_name else Cluster(),
        config.users[user_name] if user_name else User(),
        user_name or "",
        name or None,
        context.namespace,
    )


def _in_cluster(environment: Mapping[str, str], folder: Path) -> _Target:
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (folder / "token").exists():
        raise Fault(
            "invalid configuration: no configuration has been provided",
            "set KUBECONFIG, or give --kubeconfig or --server",
        )
    address = f"[{host}]" if ":" in host else host
    cluster = Cluster(server=f"https://{address}:{port}", certificate_authority=str(folder / "ca.crt"))
    namespace = environment.get("POD_NAMESPACE")
    if not namespace and (folder / "namespace").exists():
        namespace = read_file(folder / "namespace", "namespace file").decode("utf-8", "replace").strip()
    return _Target(cluster, User(token_file=str(folder / "token")), "in-cluster", None, namespace)


def _load(explicit: str | None, environment: Mapping[str, str]) -> _Config:
    """Return all kubeconfig files as one. A missing file counts only when --kubeconfig names it."""
    config = _Config()
    if explicit:
        config.add(_read(Path(explicit)), Path(explicit).absolute().parent)
        return config
    listed = [Path(part) for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    home = environment.get("HOME") or environment.get("USERPROFILE")
    for path in listed or ([Path(home, ".kube", "config")] if home else []):
        if path.exists():
            config.add(_read(path), path.absolute().parent)
    return config


def _read(path: Path) -> _File:
    import yaml

    content = read_file(path, "kubeconfig")
    try:
        loaded = yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        # Only its line: the words of the error quote the file.
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Fault(f"error loading config file {path}: it is not YAML{where}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Fault(f"error loading config file {path}: it is not YAML") from None
    try:
        return msgspec.convert(loaded if loaded is not None else {}, _File)
    except msgspec.ValidationError as error:
        raise Fault(f"error loading config file {path}: {error}") from error


def _placed_cluster(cluster: Cluster, folder: Path) -> Cluster:
    return structs.replace(cluster, certificate_authority=_placed(cluster.certificate_authority, folder))


def _placed_user(user: User, folder: Path) -> User:
    plugin = user.exec
    # A bare command is looked up in PATH; one with a slash is relative to its file, like every other path.
    if plugin is not None and os.sep in plugin.command:
        plugin = structs.replace(plugin, command=str(folder / plugin.command))
    return structs.replace(
        user,
        token_file=_placed(user.token_file, folder),
        client_certificate=_placed(user.client_certificate, folder),
        client_key=_placed(user.client_key, folder),
        exec=plugin,
    )


def _placed(path: str | None, folder: Path) -> str | None:
    return str(folder / path) if path else None


def _overridden_cluster(cluster: Cluster, options: Options) -> Cluster:
    if options.server:
        # A name to check belongs to the server it was written for.
        cluster = structs.replace(cluster, server=options.server, tls_server_name=None)
    if options.tls_server_name:
        cluster = structs.replace(cluster, tls_server_name=options.tls_server_name)
    if options.insecure_skip_tls_verify or options.certificate_authority:
        cluster = structs.replace(
            cluster,
            insecure_skip_tls_verify=options.insecure_skip_tls_verify,
            certificate_authority=options.certificate_authority,
            certificate_authority_data=None,
        )
    return cluster


def _overridden_user(user: User, options: Options) -> User:
    if options.token:
        user = structs.replace(user, token=options.token, token_file=None, username=None)
    if options.client_certificate:
        user = structs.replace(user, client_certificate=options.client_certificate, client_certificate_data=None)
    if options.client_key:
        user = structs.replace(user, client_key=options.client_key, client_key_data=None)
    return user


def _server(cluster: Cluster) -> str:
    text = cluster.server or ""
    if "://" not in text:
        secured = cluster.insecure_skip_tls_verify or cluster.certificate_authority
        text = f"{'https' if secured or cluster.certificate_authority_data else 'http'}://{text}"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise Fault("invalid configuration: the cluster's server is no http or https address")
    return text.rstrip("/")


def _impersonation(user: User, options: Options) -> tuple[tuple[str, str], ...]:
    """Return the Impersonate headers: each flag stands in place of the same field of the user entry."""
    name, uid = options.as_user or user.as_user, options.as_uid or user.as_uid
    groups = options.as_groups or user.as_groups or ()
    extra = _extra(options.as_user_extra) or user.as_user_extra or {}
    if not name:
        if uid or groups or extra:
            raise Fault("requesting uid, groups or user-extra without impersonating a user", "give --as", 2)
        return ()
    headers = [("Impersonate-User", name)]
    if uid:
        headers.append(("Impersonate-Uid", uid))
    headers += [("Impersonate-Group", group) for group in groups]
    for key, values in extra.items():
        # transport.headerKeyEscape of client-go: what no header name may hold is percent-encoded.
        escaped = quote(key, safe="!#$&'*+-.^_`|~")
        headers += [(f"Impersonate-Extra-{escaped}", value) for value in values]
    return tuple(headers)


def _extra(flags: list[str]) -> dict[str, list[str]]:
    extra: dict[str, list[str]] = {}
    for flag in flags:
        key, separator, value = flag.partition("=")
        if not key or not separator:
            raise Fault("--as-user-extra must be key=value", code=2)
        extra.setdefault(key, []).append(value)
    return extra


def _check(headers: tuple[tuple[str, str], ...]) -> None:
    for name, value in headers:
        # Lone surrogates are what Python makes of arguments that are not UTF-8.
        if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in value):
            raise Fault(f"the value for the header {name} holds a line break or another control character")
