"""From kubectl's flags and kubeconfig files to one Connection, by client-go's rules (tools/clientcmd, 1.37).

Nothing that changes who is asking is ever dropped: what is not supported stops with a Fault.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, structs

from ..fault import Fault
from .configfiles import Config, Context, load
from .connection import Connection, Fixed, Options, Source, parse_timeout
from .credentials import source, tls_context
from .entries import Cluster, User, read_file
from .identity import check_headers, impersonation
from .proxies import proxy_for
from .validation import confirm

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Target(Struct, frozen=True):
    """What the flags and the files point to, with the flags' values in the two entries."""

    cluster: Cluster
    user: User
    cluster_name: str = ""
    user_name: str = ""
    context: str | None = None
    namespace: str = "default"


def connect(
    options: Options,
    environment: Mapping[str, str] | None = None,
    service_account: Path = SERVICE_ACCOUNT,
    trace: Callable[[str], None] | None = None,
) -> Connection:
    """Return the connection that kubectl would use with the same flags, environment and kubeconfig files.

    `environment` is the process's own by default; `service_account` is the folder a pod finds its token in; `trace` is told
    of each request. May run an exec plugin. Raises Fault, without secrets in it, when there is no cluster to be found or the
    way to it is wrong.
    """
    environment = os.environ if environment is None else environment
    timeout = parse_timeout(options.request_timeout)
    target = resolve(options, environment, service_account)
    cluster, user = target.cluster, target.user
    confirm(target.cluster_name, cluster, target.user_name, user)
    server = _server(cluster)
    secure = server.startswith("https://")
    proxy = proxy_for(server, cluster.proxy_url, environment)
    headers = impersonation(user, options)
    check_headers(headers)
    # Over plain http kubectl sends no credentials, and runs no plugin: anybody on the way could read them.
    proofs: Source = source(target.user_name, user, cluster, environment) if secure else Fixed()
    return Connection(
        server=server,
        context=target.context,
        namespace=target.namespace,
        headers=headers,
        source=proofs,
        server_hostname=(cluster.tls_server_name or None) if secure else None,
        proxy=proxy,
        # Go's transport has one TLS configuration for both (net/http transport.go `dialConn`), and for http none.
        proxy_context=partial(tls_context, cluster if secure else Cluster(), None),
        timeout=timeout,
        disable_compression=bool(options.disable_compression or cluster.disable_compression),
        trace=trace,
    )


def resolve(options: Options, environment: Mapping[str, str], service_account: Path = SERVICE_ACCOUNT) -> Target:
    """Return the cluster and the user that kubectl would use. Raises Fault when they cannot be found."""
    target = _target(options, environment, service_account)
    return structs.replace(
        target,
        cluster=_overridden_cluster(target.cluster, options),
        user=_overridden_user(target.user, options),
        namespace=options.namespace or target.namespace or "default",
    )


def _target(options: Options, environment: Mapping[str, str], service_account: Path) -> Target:
    config = load(options.kubeconfig, environment)
    name = options.context or config.current_context
    if name and name not in config.contexts:
        raise Fault(f'context "{name}" does not exist', "see: kubectl config get-contexts")
    context = config.contexts.get(name, Context())
    cluster_name, user_name = options.cluster or context.cluster or "", options.user or context.user or ""
    # What a context names may be missing when flags say it all; what a flag names may not (client_config.go `getCluster`).
    if cluster_name and cluster_name not in config.clusters and (options.cluster or not options.server):
        raise Fault(f'cluster "{cluster_name}" does not exist', "see: kubectl config get-clusters")
    proved = options.token or options.username or options.client_certificate
    if user_name and user_name not in config.users and (options.user or not proved):
        raise Fault(f'auth info "{user_name}" does not exist', "see: kubectl config get-users")
    cluster = config.clusters.get(cluster_name, Cluster())
    in_pod = _in_pod(environment, service_account)
    if not (cluster.server or options.server):
        if in_pod:
            return _in_cluster(options, environment, service_account)
        cluster = structs.replace(cluster, server=_default_server(config, cluster_name, options.kubeconfig, environment))
    # Also with a kubeconfig: clientcmd/merged_client_builder.go `Namespace`.
    namespace = context.namespace or (_pod_namespace(environment, service_account) if in_pod else "")
    return Target(cluster, config.users.get(user_name, User()), cluster_name, user_name, name or None, namespace)


def _default_server(config: Config, cluster: str, explicit: str | None, environment: Mapping[str, str]) -> str:
    """Return what client_config.go `getDefaultServer` reads; kubectl's other default, localhost:8080, is a guess."""
    server = environment.get("KUBERNETES_MASTER")
    if server:
        return server
    if cluster:
        raise Fault(f'no server found for cluster "{cluster}"', "see: kubectl config set-cluster, or give --server")
    if config.contexts or config.clusters or config.users:
        raise Fault("current-context is not set", "see: kubectl config use-context, or give --context")
    raise Fault("invalid configuration: no configuration has been provided", _where_it_was_sought(explicit, environment))


def _where_it_was_sought(explicit: str | None, environment: Mapping[str, str]) -> str:
    listed = environment.get("KUBECONFIG")
    if explicit:
        return f"{explicit} names no cluster, user or context"
    if listed:
        return f"KUBECONFIG is {listed}: there is no such file, or it names no cluster"
    return "set KUBECONFIG, or give --kubeconfig or --server"


def _in_pod(environment: Mapping[str, str], folder: Path) -> bool:
    named = environment.get("KUBERNETES_SERVICE_HOST") and environment.get("KUBERNETES_SERVICE_PORT")
    return bool(named) and (folder / "token").is_file()


def _in_cluster(options: Options, environment: Mapping[str, str], folder: Path) -> Target:
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
    address = f"[{host}]" if ":" in host else host
    cluster = Cluster(server=f"https://{address}:{port}", certificate_authority=str(folder / "ca.crt"))
    # Here, and only here, --token drops the token file (client_config.go `inClusterClientConfig`).
    user = User(token_file=None if options.token else str(folder / "token"))
    return Target(cluster, user, "in-cluster", "in-cluster", None, _pod_namespace(environment, folder))


def _pod_namespace(environment: Mapping[str, str], folder: Path) -> str:
    namespace = environment.get("POD_NAMESPACE") or ""
    if namespace or not (folder / "namespace").is_file():
        return namespace
    return read_file(folder / "namespace", "namespace file").decode("utf-8", "replace").strip()


def _overridden_cluster(cluster: Cluster, options: Options) -> Cluster:
    if options.server:
        # A name to check belongs to the server it was written for.
        cluster = structs.replace(cluster, server=options.server, tls_server_name=None)
    if options.tls_server_name:
        cluster = structs.replace(cluster, tls_server_name=options.tls_server_name)
    if options.proxy_url:
        cluster = structs.replace(cluster, proxy_url=options.proxy_url)
    if options.insecure_skip_tls_verify or options.certificate_authority:
        cluster = structs.replace(
            cluster,
            insecure_skip_tls_verify=options.insecure_skip_tls_verify,
            certificate_authority=options.certificate_authority,
            certificate_authority_data=None,
        )
    return cluster


def _overridden_user(user: User, options: Options) -> User:
    # --token leaves a token file of the entry where it is, and that goes first: so it does with kubectl 1.37.
    given = {"token": options.token, "username": options.username, "password": options.password}
    user = structs.replace(user, **{key: value for key, value in given.items() if value})
    if options.client_certificate:
        user = structs.replace(user, client_certificate=options.client_certificate, client_certificate_data=None)
    if options.client_key:
        user = structs.replace(user, client_key=options.client_key, client_key_data=None)
    return user


def _server(cluster: Cluster) -> str:
    text = cluster.server or ""
    # Without a scheme it is http, whatever else says TLS (clientcmd asks `IsConfigTransportTLS` before it reads that).
    text = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise Fault("invalid configuration: the cluster's server is not an http or https address")
    return text.rstrip("/")
