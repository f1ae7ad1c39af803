"""Every option once: its name, its type, its help. Commands name the groups they take.

A command function takes one struct per group (`connection: Options`), and `takes` spreads the group's options over the
command line, so that a new option is one line here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer
from msgspec import Struct

from ..cluster.connection import Options


class Format(StrEnum):
    """The output formats."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"
    NAME = "name"
    MARKDOWN = "markdown"


# Formats for programs: always UTF-8.
MACHINE = (Format.JSON, Format.YAML, Format.CSV)


class FailOn(StrEnum):
    """From which severity on the exit code is 1."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    NEVER = "never"


class Assume(StrEnum):
    """What to assume of the kubelet's default in manifests."""

    ON = "on"
    OFF = "off"


class Selecting(Struct, frozen=True):
    """Which pods."""

    all_namespaces: bool = False
    selector: str | None = None
    field_selector: str | None = None
    chunk_size: int = 500
    include_finished: bool = False


class Files(Struct, frozen=True):
    """Manifests instead of a cluster."""

    filename: list[str] = []
    recursive: bool = False
    seccomp_default: Assume | None = None


class Output(Struct, frozen=True):
    """How to print."""

    output: Format = Format.TABLE
    no_headers: bool = False
    query: str | None = None
    allow_gaps: bool = False


class Judging(Struct, frozen=True):
    """What counts."""

    fail_on: FailOn = FailOn.MEDIUM
    select: list[str] = []
    ignore: list[str] = []
    pss_version: str = "latest"


class Probing(Struct, frozen=True):
    """How a node is asked."""

    image: str = ""
    probe_namespace: str = "kube-system"
    kubelet_root: str | None = None
    timeout: int = 60
    no_node: bool = False
    no_exec: bool = False


def _opt(*names: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, show_default=bool(more.pop("show", False)), **more)


def _level(text: object) -> int:
    """Take "-v=6", too, as kubectl does: typer hands the sign over with the value, and the default as it is."""
    return int(str(text).removeprefix("="))


_TEXT = str | None
GROUPS: dict[type[Struct], dict[str, Any]] = {
    Options: {
        "kubeconfig": Annotated[_TEXT, _opt("--kubeconfig", text="Path to the kubeconfig file.")],
        "context": Annotated[_TEXT, _opt("--context", text="Kubeconfig context to use.")],
        "cluster": Annotated[_TEXT, _opt("--cluster", text="Kubeconfig cluster to use.")],
        "user": Annotated[_TEXT, _opt("--user", text="Kubeconfig user to use.")],
        "namespace": Annotated[_TEXT, _opt("-n", "--namespace", text="Namespace to look at.")],
        "server": Annotated[_TEXT, _opt("-s", "--server", text="Address and port of the API server.")],
        "token": Annotated[_TEXT, _opt("--token", text="Bearer token for the API server.")],
        "certificate_authority": Annotated[_TEXT, _opt("--certificate-authority", text="Certificate file of the authority.")],
        "client_certificate": Annotated[_TEXT, _opt("--client-certificate", text="Client certificate file.")],
        "client_key": Annotated[_TEXT, _opt("--client-key", text="Client key file.")],
        "insecure_skip_tls_verify": Annotated[bool, _opt("--insecure-skip-tls-verify", text="Do not check the server's certificate.")],
        "tls_server_name": Annotated[_TEXT, _opt("--tls-server-name", text="Name to check it against.")],
        "as_user": Annotated[_TEXT, _opt("--as", text="User to impersonate.")],
        "as_groups": Annotated[list[str], _opt("--as-group", text="Group to impersonate; can be repeated.")],
        "as_uid": Annotated[_TEXT, _opt("--as-uid", text="UID to impersonate.")],
        "as_user_extra": Annotated[list[str], _opt("--as-user-extra", text="key=value to impersonate; can be repeated.")],
        "request_timeout": Annotated[
            _TEXT,
            _opt("--request-timeout", text="Limit of one request, such as 5s or 1m; 0 for the default."),
        ],
        "disable_compression": Annotated[bool, _opt("--disable-compression", text="Ask for uncompressed answers.")],
        "username": Annotated[_TEXT, _opt("--username", text="Name for basic authentication.")],
        "password": Annotated[_TEXT, _opt("--password", text="Password for basic authentication.")],
        "proxy_url": Annotated[_TEXT, _opt("--proxy-url", text="Proxy on the way to the API server.")],
        "via_kubectl": Annotated[bool, _opt("--via-kubectl", text="Read through kubectl; neither exec nor probe pods.")],
        "verbosity": Annotated[
            int,
            _opt("-v", "--v", text="kubectl's verbosity: from 6 on, a line for each request.", parser=_level, metavar="LEVEL"),
        ],
    },
    Selecting: {
        "all_namespaces": Annotated[bool, _opt("-A", "--all-namespaces", text="Look at all namespaces.")],
        "selector": Annotated[_TEXT, _opt("-l", "--selector", text="Label selector, as kubectl takes it.")],
        "field_selector": Annotated[_TEXT, _opt("--field-selector", text="Field selector, such as spec.nodeName=node-a.")],
        "chunk_size": Annotated[int, _opt("--chunk-size", text="Pods per page; 0 for all at once.", min=0)],
        "include_finished": Annotated[bool, _opt("--include-finished", text="Also look at pods that Succeeded.")],
    },
    Files: {
        "filename": Annotated[
            list[str],
            _opt("-f", "--filename", text="Manifest, directory, dump, or - for stdin; can be repeated."),
        ],
        "recursive": Annotated[bool, _opt("-R", "--recursive", text="Go down into directories.")],
        "seccomp_default": Annotated[
            Assume | None,
            _opt("--seccomp-default", text="With -f: what to assume of the kubelet where nothing is set."),
        ],
    },
    Output: {
        "output": Annotated[Format, _opt("-o", "--output", text="Output format.", show=True)],
        "no_headers": Annotated[bool, _opt("--no-headers", text="Leave out the column heads.")],
        "query": Annotated[_TEXT, _opt("--query", text="JMESPath expression over the json form.")],
        "allow_gaps": Annotated[bool, _opt("--allow-gaps", text="Do not exit with 3 when something was unreadable.")],
    },
    Judging: {
        "fail_on": Annotated[FailOn, _opt("--fail-on", text="Exit with 1 from this severity on.", show=True)],
        "select": Annotated[list[str], _opt("--select", text="Only checks with this id, slug or beginning; can be repeated.")],
        "ignore": Annotated[list[str], _opt("--ignore", text="Without checks of this id, slug or beginning; can be repeated.")],
        "pss_version": Annotated[str, _opt("--pss-version", text="Version of the Pod Security Standards.", show=True)],
    },
    Probing: {
        "image": Annotated[
            str,
            _opt("--image", text="Image of the node probe: anything with sh.", envvar="KUBECTL_SECCOMP_IMAGE"),
        ],
        "probe_namespace": Annotated[str, _opt("--probe-namespace", text="Namespace of the node probe.", show=True)],
        "kubelet_root": Annotated[_TEXT, _opt("--kubelet-root", text="The kubelet's --root-dir, if it cannot be found out.")],
        "timeout": Annotated[int, _opt("--timeout", text="Seconds for exec and probe each.", show=True, min=1)],
        "no_node": Annotated[bool, _opt("--no-node", text="Create no probe pod on the node.")],
        "no_exec": Annotated[bool, _opt("--no-exec", text="Do not exec into containers.")],
    },
}


def takes(**groups: type[Struct]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Spread the options of each group over the command's signature and hand them back as one struct per group.

    The keyword is the name of the command function's parameter that receives the struct.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        own = inspect.signature(command, eval_str=True).parameters.values()
        kept = [parameter for parameter in own if parameter.name not in groups]
        spread = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_default(group, name), annotation=kind)
            for group in groups.values()
            for name, kind in GROUPS[group].items()
        ]

        @functools.wraps(command)
        def call(**values: Any) -> int:
            structs = {name: group(**{key: values.pop(key) for key in GROUPS[group]}) for name, group in groups.items()}
            return command(**values, **structs)

        parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in kept] + spread
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return call

    return decorate


def _default(group: type[Struct], name: str) -> Any:
    return getattr(group(), name)
