"""What a cluster and a user entry may not say together (client-go 1.37, tools/clientcmd/validation.go).

Like kubectl, this looks at the two entries that are used, whether the connection then needs what is wrong or not.
"""

from __future__ import annotations

from ..fault import Fault
from .entries import Cluster, User, read_file


def confirm(cluster_name: str, cluster: Cluster, user_name: str, user: User) -> None:
    """Raise Fault, without a secret in it, for the first contradiction in the two entries (flags already applied)."""
    if cluster.certificate_authority:
        if cluster.certificate_authority_data:
            raise Fault(f'certificate-authority-data and certificate-authority are both specified for cluster "{cluster_name}"')
        read_file(cluster.certificate_authority, "certificate authority")
    if user.client_certificate or user.client_certificate_data:
        _confirm_certificate(f'user "{user_name}"', user)
    if user.token and (user.username or user.password):
        raise Fault(f'more than one authentication method found for user "{user_name}": token and basicAuth, only one is allowed')
    if user.exec is not None and user.auth_provider is not None:
        raise Fault(f'user "{user_name}": an auth-provider cannot be combined with an exec plugin')


def _confirm_certificate(named: str, user: User) -> None:
    if user.client_certificate and user.client_certificate_data:
        raise Fault(f"client-certificate-data and client-certificate are both specified for {named}")
    if user.client_key and user.client_key_data:
        raise Fault(f"client-key-data and client-key are both specified for {named}")
    if not (user.client_key or user.client_key_data):
        raise Fault(f"client-key-data or client-key must be specified for {named} with its client certificate")
    for path, what in ((user.client_certificate, "client certificate"), (user.client_key, "client key")):
        if path:
            read_file(path, what)
