"""What a kubeconfig's cluster and user entries say, turned into an Authorization header and a TLS context.

The rules are those of client-go 1.37 (tools/clientcmd, transport).
"""

from __future__ import annotations

import base64
import functools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..fault import Fault
from . import plugin
from .connection import Fixed, Proof, Source
from .entries import Cluster, Credentials, Exec, User, pem, read_file
from .identity import check_headers

if TYPE_CHECKING:
    import ssl

# A token file is read again after a minute, less ten seconds (transport/token_source.go `NewCachedFileTokenSource`).
TOKEN_FILE_SECONDS = 50.0
# Where Linux distributions keep their authorities (Go crypto/x509/root_linux.go, 1.26).
SYSTEM_AUTHORITIES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class Renewing:
    """A source whose credentials change: asked for again when they expire and when the server refuses them.

    One reading at a time, whoever asks: a plugin may talk to a person. What cannot be renewed raises Fault, except that with
    `keeps_old` the old credentials go on being used, as client-go does with a token file that has gone.
    """

    def __init__(
        self,
        read: Callable[[], Credentials],
        context: Callable[[bytes | None], ssl.SSLContext],
        *,
        keeps_old: bool,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._read = read
        self._context = context
        self._keeps_old = keeps_old
        self._now = now
        self._lock = threading.Lock()
        self._held = read()
        self._proof = Proof(self._held.authorization, context(self._held.certificate))

    def current(self) -> Proof:
        """Return what the next request goes out with, renewed if its time is over."""
        with self._lock:
            if self._held.expires is not None and self._now() > self._held.expires:
                self._renew()
            return self._proof

    def refused(self, proof: Proof) -> bool:
        """Return whether there is another proof than this one, which the server has refused, to try; renews if need be."""
        with self._lock:
            if proof is self._proof:
                self._renew()
            return proof is not self._proof

    def _renew(self) -> None:
        try:
            read = self._read()
        except Fault:
            if not self._keeps_old:
                raise
            return
        before, self._held = self._held, read
        if (read.authorization, read.certificate) != (before.authorization, before.certificate):
            same = read.certificate == before.certificate
            self._proof = Proof(read.authorization, self._proof.ssl_context if same else self._context(read.certificate))


def source(name: str, user: User, cluster: Cluster, environment: Mapping[str, str]) -> Source:
    """Return where the credentials of user entry `name` come from; reads them once, which may run its exec plugin.

    Raises Fault when a file cannot be read, the entry contradicts itself, or the plugin does not deliver.
    """
    read = functools.partial(credentials, name, user, cluster, environment)
    context = functools.partial(tls_context, cluster)
    if user.token_file or _plugin(user) is not None:
        return Renewing(read, context, keeps_old=bool(user.token_file))
    found = read()
    return Fixed(Proof(found.authorization, context(found.certificate)))


def credentials(name: str, user: User, cluster: Cluster, environment: Mapping[str, str]) -> Credentials:
    """Return what user entry `name` authenticates with; runs its exec plugin only when there is nothing else.

    Raises Fault as `source` does, and for what would break out of the header.
    """
    found = _credentials(name, user, cluster, environment)
    check_headers((("Authorization", found.authorization or ""),))
    return found


def _credentials(name: str, user: User, cluster: Cluster, environment: Mapping[str, str]) -> Credentials:
    if (program := _plugin(user)) is not None:
        return plugin.ask(program, cluster, environment)
    if user.auth_provider is not None and not (user.token or user.token_file or user.username):
        raise Fault(
            f'user "{name}" logs in with auth-provider "{user.auth_provider.name}", which is not supported',
            f"use an exec credential plugin instead ({_plugin_for(user.auth_provider.name)}), or give --token or --via-kubectl",
        )
    certificate = _certificate(name, user)
    if user.token or user.token_file:
        if user.username:
            raise Fault(f'user "{name}": username/password or bearer token may be set, but not both')
        return _bearer(user, certificate)
    if user.username:
        pair = f"{user.username}:{user.password or ''}".encode()
        return Credentials(f"Basic {base64.b64encode(pair).decode()}", certificate)
    return Credentials(None, certificate)


def _plugin(user: User) -> Exec | None:
    """Return the exec plugin unless there is any other credential, which goes first (exec.go `UpdateTransportConfig`)."""
    other = user.token or user.token_file or user.username or user.client_certificate or user.client_certificate_data
    return None if other else user.exec


def _plugin_for(provider: str) -> str:
    known = {"oidc": "kubelogin", "gcp": "gke-gcloud-auth-plugin", "azure": "Azure's kubelogin"}
    return known.get(provider, "see its vendor's documentation")


def _bearer(user: User, certificate: bytes | None) -> Credentials:
    """Return the token. A token file goes before the token, which stands in for as long as the file cannot be read
    (transport/round_trippers.go `bearerAuthRoundTripper`)."""
    if not user.token_file:
        return Credentials(f"Bearer {user.token}", certificate)
    expires = time.time() + TOKEN_FILE_SECONDS
    try:
        return Credentials(f"Bearer {_token(user.token_file)}", certificate, expires)
    except Fault:
        if not user.token:
            raise
        return Credentials(f"Bearer {user.token}", certificate, expires)


def _token(path: str) -> str:
    token = read_file(path, "token file").decode("utf-8", "replace").strip()
    if not token:
        raise Fault(f'read empty token from file "{path}"')
    return token


def _certificate(name: str, user: User) -> bytes | None:
    certificate = pem(user.client_certificate_data, user.client_certificate, "client certificate")
    if certificate is None:
        return None
    key = pem(user.client_key_data, user.client_key, "client key")
    if key is None:
        raise Fault(f'user "{name}": a client key must be given with the client certificate')
    return certificate + b"\n" + key


def tls_context(cluster: Cluster, certificate: bytes | None) -> ssl.SSLContext:
    """Return the TLS context for a cluster: its CA or the system's, the client certificate, TLS 1.2 or newer."""
    import ssl

    # Not create_default_context: from Python 3.13 it refuses CAs that Go, and so kubectl, accepts.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority = pem(cluster.certificate_authority_data, cluster.certificate_authority, "certificate authority")
    if cluster.insecure_skip_tls_verify:
        if authority is not None:
            raise Fault("specifying a root certificates file with the insecure flag is not allowed")
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif authority is None:
        _load_system(context)
    else:
        # Go trusts whatever stands in the bundle, also an intermediate or the server's own certificate.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(cadata=authority.decode("ascii", "replace"))
        except (ssl.SSLError, ValueError) as error:
            raise Fault("unable to load root certificates: no valid certificate in it") from error
    if certificate is not None:
        _load_chain(context, certificate)
    return context


def _load_system(context: ssl.SSLContext) -> None:
    """Trust the system's authorities, also where OpenSSL was built for another distribution: the bundle's is."""
    import ssl

    context.load_default_certs()
    known = ssl.get_default_verify_paths()
    if sys.platform == "linux" and not known.cafile and not known.capath:
        for path in filter(os.path.exists, SYSTEM_AUTHORITIES):
            context.load_verify_locations(cafile=path)
            return


def _load_chain(context: ssl.SSLContext, certificate: bytes) -> None:
    """Load certificate and key, which Python takes from a file only: one in memory where there is such a thing."""
    import ssl

    try:
        if hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):
            with open(os.memfd_create("client"), "wb") as stream:
                stream.write(certificate)
                stream.flush()
                # An empty password: without one, an encrypted key would make OpenSSL ask on the terminal.
                context.load_cert_chain(f"/proc/self/fd/{stream.fileno()}", password="")
        else:
            _load_chain_from_disk(context, certificate)
    except (ssl.SSLError, OSError) as error:
        raise Fault("unable to use the client certificate: it and its key are not a matching PEM pair") from error


def _load_chain_from_disk(context: ssl.SSLContext, certificate: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="kubectl-seccomp-") as private:
        path = os.path.join(private, "client.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(certificate)
        context.load_cert_chain(path, password="")
