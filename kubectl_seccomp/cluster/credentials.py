"""What a kubeconfig's cluster and user entries say, turned into an Authorization header and a TLS context.

The rules are those of client-go 1.36 (tools/clientcmd, transport).
"""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..model import Fault
from . import plugin
from .entries import Cluster, Credentials, User, pem, read_file

if TYPE_CHECKING:
    import ssl


def credentials(name: str, user: User, cluster: Cluster, environment: Mapping[str, str]) -> Credentials:
    """Return what user entry `name` authenticates with; runs its exec plugin only when there is nothing else.

    Raises Fault when a file cannot be read, the entry contradicts itself, or the plugin does not deliver.
    """
    token = _token(user)
    if token and user.username:
        raise Fault(f'user "{name}": username/password or bearer token may be set, but not both')
    certificate = _certificate(name, user)
    if token:
        return Credentials(f"Bearer {token}", certificate)
    if user.username:
        pair = f"{user.username}:{user.password or ''}".encode()
        return Credentials(f"Basic {base64.b64encode(pair).decode()}", certificate)
    if certificate is not None:
        return Credentials(None, certificate)
    if user.exec is not None:
        return plugin.ask(user.exec, cluster, environment)
    if user.auth_provider is not None:
        raise Fault(
            f'user "{name}" logs in by auth-provider "{user.auth_provider.name}", which is not supported',
            "use an exec credential plugin instead (for OIDC: kubelogin), or give --token",
        )
    return Credentials()


def _token(user: User) -> str | None:
    if not user.token_file:
        return user.token
    token = read_file(user.token_file, "token file").decode("utf-8", "replace").strip()
    if not token:
        raise Fault(f'read empty token from file "{user.token_file}"')
    return token


def _certificate(name: str, user: User) -> bytes | None:
    certificate = pem(user.client_certificate_data, user.client_certificate, "client certificate")
    key = pem(user.client_key_data, user.client_key, "client key")
    if (certificate is None) != (key is None):
        raise Fault(f'user "{name}": a client certificate and a client key must be given together')
    return None if certificate is None or key is None else certificate + b"\n" + key


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
        context.load_default_certs()
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
        raise Fault("unable to use the client certificate: it and its key are no matching PEM pair") from error


def _load_chain_from_disk(context: ssl.SSLContext, certificate: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="kubectl-seccomp-") as private:
        path = os.path.join(private, "client.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(certificate)
        context.load_cert_chain(path, password="")
