"""The entries of a kubeconfig as values, and the bytes their fields point to. No repr and no Fault shows a secret."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from ..fault import Fault

MAX_FILE = 10 * 1024 * 1024


class Extension(Struct, frozen=True):
    """An extension of a cluster entry; only the one named after the exec group is read."""

    name: str = ""
    extension: Any = None


class Cluster(Struct, frozen=True, rename="kebab"):
    """A cluster entry."""

    server: str | None = None
    tls_server_name: str | None = None
    insecure_skip_tls_verify: bool | None = None
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    proxy_url: str | None = None
    disable_compression: bool | None = None
    extensions: list[Extension] | None = None


class Variable(Struct, frozen=True):
    """One environment variable of an exec plugin."""

    name: str = ""
    value: str = ""


class Exec(Struct, frozen=True, rename="camel"):
    """The exec plugin of a user entry."""

    command: str = ""
    api_version: str = ""
    args: list[str] | None = None
    env: list[Variable] | None = None
    install_hint: str | None = None
    provide_cluster_info: bool | None = None
    interactive_mode: str | None = None


class Provider(Struct, frozen=True):
    """The auth-provider of a user entry: read only to be refused by name."""

    name: str = ""


class User(Struct, frozen=True, rename="kebab"):
    """A user entry."""

    token: str | None = None
    token_file: str | None = field(default=None, name="tokenFile")
    username: str | None = None
    password: str | None = None
    client_certificate: str | None = None
    client_certificate_data: str | None = None
    client_key: str | None = None
    client_key_data: str | None = None
    as_user: str | None = field(default=None, name="as")
    as_uid: str | None = None
    as_groups: list[str] | None = None
    as_user_extra: dict[str, list[str]] | None = None
    exec: Exec | None = None
    auth_provider: Provider | None = None

    def __repr__(self) -> str:
        """Show nothing: most of it is secret."""
        return "User(...)"


class Credentials(Struct, frozen=True):
    """An Authorization header's value, and a client certificate with its key as one PEM text; None where absent.

    `expires` is when to ask for them again, in seconds since the epoch, None for never.
    """

    authorization: str | None = None
    certificate: bytes | None = None
    expires: float | None = None

    def __repr__(self) -> str:
        """Show nothing: all of it is secret."""
        return "Credentials(...)"


def pem(data: str | None, path: str | None, what: str) -> bytes | None:
    """Return inline base64 data, else the file's bytes, None when neither is set. `what` names it in a Fault."""
    if data:
        try:
            return base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Fault(f"the {what} data of the kubeconfig is not base64") from error
    return read_file(path, what) if path else None


def read_file(path: str | Path, what: str) -> bytes:
    """Return a file's bytes; Fault, naming `what` it is, when that cannot be read or is over 10 MB."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a path"
        raise Fault(f"unable to read {what} {path}: {why}") from error
    if len(content) > MAX_FILE:
        raise Fault(f"unable to read {what} {path}: larger than 10 MB")
    return content
