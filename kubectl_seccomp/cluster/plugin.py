"""Exec credential plugins: run the program a user entry names and take the token or certificate it prints.

The rules are those of client-go 1.37 (plugin/pkg/client/auth/exec/exec.go; rest/exec.go). No message holds what a plugin printed
to its stdout; kubectl's limit on time is none, ours is so that nothing hangs.
"""

from __future__ import annotations

import base64
import datetime
import subprocess
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Struct

from ..fault import Fault
from ..objects import UNDECODABLE
from .children import program
from .connection import one_line
from .entries import Cluster, Credentials, Exec, pem

PLUGIN_SECONDS = 60.0
# A person who logs in through a browser needs longer than a program.
PERSON_SECONDS = 300.0

_EXEC_GROUP = "client.authentication.k8s.io"
_EXEC_VERSIONS = (f"{_EXEC_GROUP}/v1", f"{_EXEC_GROUP}/v1beta1")
_PLUGIN_DOCS = "see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins"


class _Status(Struct, frozen=True, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: Annotated[datetime.datetime, msgspec.Meta(tz=True)] | None = None


class _ExecCredential(Struct, frozen=True, rename="camel"):
    kind: str = ""
    api_version: str = ""
    status: _Status | None = None


# Made before there are threads: see lists.py.
_CREDENTIAL = msgspec.json.Decoder(_ExecCredential)


def ask(plugin: Exec, cluster: Cluster, environment: Mapping[str, str]) -> Credentials:
    """Run the plugin of a user entry and return what it delivers; Fault, naming its command, when it does not."""
    if not plugin.command:
        raise Fault("exec plugin: command must be specified", _PLUGIN_DOCS)
    if plugin.api_version not in _EXEC_VERSIONS:
        raise Fault(f'exec plugin {plugin.command}: invalid apiVersion "{plugin.api_version}"', _PLUGIN_DOCS)
    interactive = _interactive(plugin)
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        spec["cluster"] = _cluster_info(cluster)
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    variables = {variable.name: variable.value for variable in plugin.env or ()}
    variables["KUBERNETES_EXEC_INFO"] = msgspec.json.encode(info).decode()
    return _delivered(plugin, _run(plugin, environment, variables, interactive))


def _interactive(plugin: Exec) -> bool:
    mode = plugin.interactive_mode
    if mode is None and plugin.api_version.endswith("/v1"):
        raise Fault(f"exec plugin {plugin.command}: interactiveMode must be specified", _PLUGIN_DOCS)
    if mode not in (None, "Never", "IfAvailable", "Always"):
        raise Fault(f'exec plugin {plugin.command}: invalid interactiveMode "{mode}"', _PLUGIN_DOCS)
    terminal = sys.stdin is not None and sys.stdin.isatty()
    if mode == "Always" and not terminal:
        raise Fault(f"exec plugin {plugin.command} cannot support interactive mode: standard input is not a terminal")
    return terminal and mode != "Never"


def _cluster_info(cluster: Cluster) -> dict[str, Any]:
    authority = pem(cluster.certificate_authority_data, cluster.certificate_authority, "certificate authority")
    config = next((each.extension for each in cluster.extensions or () if each.name == f"{_EXEC_GROUP}/exec"), None)
    info = {
        "server": cluster.server,
        "proxy-url": cluster.proxy_url,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": base64.b64encode(authority).decode() if authority else None,
        "disable-compression": cluster.disable_compression,
        "config": config,
    }
    return {key: value for key, value in info.items() if value is not None}


def _run(plugin: Exec, environment: Mapping[str, str], variables: Mapping[str, str], interactive: bool) -> bytes:
    # On a terminal the plugin speaks to the person itself ("open this address…"); else its words go into the Fault.
    shown = sys.stderr is not None and sys.stderr.isatty()
    seconds = PERSON_SECONDS if interactive else PLUGIN_SECONDS
    named = f"exec plugin {plugin.command}"
    command = program(plugin.command, environment)
    if command is None:
        raise _not_found(plugin)
    try:
        done = subprocess.run(
            [command, *(plugin.args or ())],
            env={**environment, **variables},
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if shown else subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise _not_found(plugin) from error
    except subprocess.TimeoutExpired:
        # Not chained: the exception holds what was printed so far.
        raise Fault(f"{named} gave no answer within {seconds:g} seconds") from None
    except (OSError, ValueError) as error:
        raise Fault(f"{named} cannot be run: {one_line(str(error))}") from error
    if done.returncode:
        said = one_line(done.stderr or b"")
        raise Fault(f"{named} failed with exit code {done.returncode}" + (f": {said}" if said else ""))
    return done.stdout


def _not_found(plugin: Exec) -> Fault:
    hint = one_line(plugin.install_hint, 1000) if plugin.install_hint else _PLUGIN_DOCS
    return Fault(f"exec: executable {plugin.command} not found", hint)


def _delivered(plugin: Exec, output: bytes) -> Credentials:
    named = f"exec plugin {plugin.command}"
    try:
        answer = _CREDENTIAL.decode(output)
    except UNDECODABLE:
        # Not chained, and without the decoder's words: they may quote the output.
        raise Fault(f"{named}: its output is not an ExecCredential in JSON") from None
    if answer.kind != "ExecCredential" or answer.api_version != plugin.api_version:
        got = one_line(f"{answer.kind} {answer.api_version}", 100)
        raise Fault(f"{named} is configured to use API version {plugin.api_version}, plugin returned {got}")
    status = answer.status
    if status is None:
        raise Fault(f"{named} didn't return a status field")
    if bool(status.client_certificate_data) != bool(status.client_key_data):
        raise Fault(f"{named} returned only certificate or key, not both")
    if not status.token and not status.client_certificate_data:
        raise Fault(f"{named} didn't return a token or cert/key pair")
    pair = f"{status.client_certificate_data}\n{status.client_key_data}".encode()
    return Credentials(
        f"Bearer {status.token}" if status.token else None,
        pair if status.client_certificate_data else None,
        status.expiration_timestamp.timestamp() if status.expiration_timestamp else None,
    )
