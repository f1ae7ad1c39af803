"""Every option once: its names, what it takes, its help. Plain data: help and completion import nothing else.

An option is one record in a group here and one field, with its default, in the struct that the group fills (given.py, or
cluster.connection.Options). Commands name the groups that they take (commands.py).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


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


class Shape(StrEnum):
    """The formats of what is said about a profile."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


class FileShape(StrEnum):
    """The formats of a profile that is written."""

    JSON = "json"
    YAML = "yaml"


class To(StrEnum):
    """What `profile convert` makes."""

    OCI = "oci"
    RESOURCE = "seccompprofile"


class Decoder(StrEnum):
    """Who reads a profile file."""

    CONTAINERD = "containerd"
    CRIO = "cri-o"
    DOCKER = "docker"


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


class Kind(StrEnum):
    """How often an option may be given, and whether a value follows it."""

    FLAG = "flag"
    TEXT = "text"
    NUMBER = "number"
    LIST = "list"  # each use adds one value
    COMMAS = "commas"  # each use adds values, with commas between them


class Words(StrEnum):
    """What completes a value."""

    NOTHING = ""
    FILES = "files"
    FOLDERS = "folders"
    CHECKS = "checks"
    CONTEXTS = "contexts"
    CLUSTERS = "clusters"
    USERS = "users"
    NAMESPACES = "namespaces"
    PODS = "pods"
    NODES = "nodes"


class Option(NamedTuple):
    """One option. `field` is the struct's field that it fills, `value` how help calls what follows it."""

    field: str
    names: tuple[str, ...]
    help: str
    kind: Kind = Kind.FLAG
    value: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    words: Words = Words.NOTHING
    least: int = 0
    environment: str = ""

    @property
    def long(self) -> str:
        """Return the long name."""
        return self.names[-1]


class Group(NamedTuple):
    """Options that stand together in help. `fills` names the command's parameter for their struct, "" for one parameter each."""

    fills: str
    title: str
    options: tuple[Option, ...]


def _flag(field: str, *names: str, text: str) -> Option:
    return Option(field, names, text)


def _text(field: str, *names: str, text: str, value: str, words: Words = Words.NOTHING, default: str = "") -> Option:
    return Option(field, names, text, Kind.TEXT, value, words=words, default=default)


def _list(field: str, *names: str, text: str, value: str, words: Words = Words.NOTHING, kind: Kind = Kind.LIST) -> Option:
    return Option(field, names, text, kind, value, words=words)


def _number(field: str, *names: str, text: str, default: str, least: int = 0) -> Option:
    return Option(field, names, text, Kind.NUMBER, "N", default=default, least=least)


def _choice(field: str, *names: str, text: str, value: str, choices: type[StrEnum], default: str = "") -> Option:
    return Option(field, names, text, Kind.TEXT, value, tuple(choices), default)


HELP = _flag("help", "-h", "--help", text="Print this page.")
VERSION = _flag("version", "--version", text="Print the version.")

NAMESPACE = Group("connection", "Which pods", (
    _text("namespace", "-n", "--namespace", value="NAMESPACE", words=Words.NAMESPACES, text="Namespace to look at."),
))  # fmt: skip

SELECTING = Group("selecting", "Which pods", (
    _flag("all_namespaces", "-A", "--all-namespaces", text="Look at all namespaces."),
    _text("selector", "-l", "--selector", value="SELECTOR", text="Labels: app=web, tier!=db, 'env in (a,b)', '!canary'."),
    _text("field_selector", "--field-selector", value="SELECTOR", text="Fields, such as spec.nodeName=node-a."),
    _number("chunk_size", "--chunk-size", default="500", text="Pods per page; 0 for all at once."),
    _flag("include_finished", "--include-finished", text="Also look at pods that Succeeded."),
))  # fmt: skip

FILES = Group("files", "Manifests", (
    _list("filename", "-f", "--filename", value="FILE", words=Words.FILES, kind=Kind.COMMAS,
          text="Manifest, directory, dump, or - for stdin, instead of a cluster; can be repeated."),
    _flag("recursive", "-R", "--recursive", text="Go down into directories."),
    _choice("seccomp_default", "--seccomp-default", value="ON|OFF", choices=Assume,
            text="What to assume of the kubelet where nothing is set."),
))  # fmt: skip

OUTPUT = Group("output", "Output", (
    _choice("output", "-o", "--output", value="FORMAT", choices=Format, default="table", text="Output format."),
    _flag("no_headers", "--no-headers", text="Leave out the column heads."),
    _text("query", "--query", value="JMESPATH", text="Print the answer to a JMESPath expression over the json form."),
    _flag("allow_gaps", "--allow-gaps", text="Do not exit with 3 when something was unreadable."),
))  # fmt: skip

VERSIONS = Group("", "Output", (
    OUTPUT.options[0],
    _flag("client", "--client", text="Do not ask the API server."),
))  # fmt: skip

FAILING = Group("", "Output", (
    _flag("failing", "--failing", text="Only rows with findings; json and yaml stay whole."),
))  # fmt: skip

JUDGING = Group("judging", "Judging", (
    _choice("fail_on", "--fail-on", value="SEVERITY", choices=FailOn, default="medium", text="Exit with 1 from this severity on."),
    _list("select", "--select", value="CHECK", words=Words.CHECKS, kind=Kind.COMMAS,
          text="Only checks with this id, slug or beginning; can be repeated."),
    _list("ignore", "--ignore", value="CHECK", words=Words.CHECKS, kind=Kind.COMMAS,
          text="Without checks of this id, slug or beginning; can be repeated."),
    _text("pss_version", "--pss-version", value="VERSION", default="latest",
          text="Version of the Pod Security Standards, such as v1.37."),
))  # fmt: skip

FAILING_FROM = Group("judging", "Judging", JUDGING.options[:1])
# For what has no containers to hold against the Pod Security Standards.
JUDGING_NODES = Group("judging", "Judging", JUDGING.options[:3])

EVERY_NODE = Group("", "Which nodes", (
    _flag("every", "--all", text="All nodes of the cluster."),
))  # fmt: skip

PROBE_NAMESPACE = _text("probe_namespace", "--probe-namespace", value="NAME", words=Words.NAMESPACES, default="kube-system",
                        text="Namespace of the node probe.")  # fmt: skip

PROBING = Group("probing", "Node probe and exec", (
    Option("image", ("--image",), "Image of the node probe: anything with sh.", Kind.TEXT, "IMAGE",
           environment="KUBECTL_SECCOMP_IMAGE"),
    PROBE_NAMESPACE,
    _text("kubelet_root", "--kubelet-root", value="DIR", text="The kubelet's --root-dir, if it cannot be found out."),
    _number("timeout", "--timeout", default="60", least=1, text="Seconds for each exec and each probe."),
    _flag("dry_run", "--dry-run", text="Print the probe pods that would be created, and create none."),
))  # fmt: skip

VERIFYING = Group("verifying", "Proof", (
    _flag("verify", "--verify", text="Ask every node what its containers have, by one short-lived pod each."),
    _flag("exec_", "--exec", text="Exec into every running container and read what it has."),
    _text("nodes", "--nodes", value="SELECTOR", text="With --verify: only nodes with these labels."),
    _number("max_nodes", "--max-nodes", default="", least=1, text="With --verify: ask at most so many nodes."),
    _number("concurrency", "--concurrency", default="16", least=1, text="With --verify: ask so many nodes at the same time."),
))  # fmt: skip

# For a command that always asks the nodes.
ASKING = Group("verifying", "Which nodes", (
    _text("nodes", "--nodes", value="SELECTOR", text="Only nodes with these labels."),
    _number("max_nodes", "--max-nodes", default="", least=1, text="Ask at most so many nodes."),
    _number("concurrency", "--concurrency", default="16", least=1, text="Ask so many nodes at the same time."),
))  # fmt: skip

PROVING = Group("proving", "Node probe and exec", (
    _flag("no_node", "--no-node", text="Create no probe pod on the node."),
    _flag("no_exec", "--no-exec", text="Do not exec into containers."),
))  # fmt: skip

RIGHTS = Group("", "For what", (
    _flag("verify", "--verify", text="For audit --verify, all of check, and cleanup: probe pods in their namespace."),
    _flag("exec_", "--exec", text="For audit --exec and check pod: exec."),
    _flag("node_default", "--node-default", text="For the kubelets' own default: get nodes/proxy, which is more than reading."),
    PROBE_NAMESPACE,
))  # fmt: skip

CLEANING = Group("", "Which probe pods", (
    _flag("every", "--all", text="Also those whose time is not over yet."),
    PROBE_NAMESPACE,
))  # fmt: skip

# For a profile that a node's probe reads.
READING = Group("probing", "Node probe, for node/NAME:PATH", PROBING.options[:4])

LOADING = Group("loading", "Where it would be loaded", (
    _choice("decoder", "--decoder", value="RUNTIME", choices=Decoder,
            text="Who reads the file; containerd, or what the node has, unless given."),
    _list("capabilities", "--capabilities", value="LIST", kind=Kind.COMMAS,
          text="The container's capabilities: default, all, none, or names, such as default,SYS_ADMIN."),
    _text("arch", "--arch", value="ARCH", text="The node's architecture; amd64 or the node's unless given."),
    _text("kernel", "--kernel", value="VERSION", text="The node's kernel; 6.1 or the node's unless given."),
    _text("runtime", "--runtime", value="NAME@VERSION", text="The OCI runtime, such as runc@1.2 or crun."),
    _text("libseccomp", "--libseccomp", value="VERSION", text="The release whose names the OCI runtime knows."),
))  # fmt: skip

SHAPES = Group("", "Output", (
    _choice("output", "-o", "--output", value="FORMAT", choices=Shape, default="table", text="Output format."),
))  # fmt: skip

EXPLAINING = Group("", "Which calls", (
    _list("syscall", "--syscall", value="NAME", kind=Kind.COMMAS, text="Names or numbers of calls; can be repeated."),
))  # fmt: skip

CONVERTING = Group("", "Output", (
    _choice("to", "--to", value="FORM", choices=To, text="What to make of it."),
    _choice("output", "-o", "--output", value="FORMAT", choices=FileShape,
            text="Output format; json for oci and yaml for seccompprofile unless given."),
    _text("name", "--name", value="NAME", text="Name of the SeccompProfile, if not that of the file."),
))  # fmt: skip

INSTALLING = Group("", "Installing", (
    _text("folder", "--dir", value="DIR", words=Words.FOLDERS, text="Where to write it; it must be on PATH."),
))  # fmt: skip

CONNECTION = Group("connection", "Connection", (
    _text("kubeconfig", "--kubeconfig", value="FILE", words=Words.FILES, text="Path to the kubeconfig file."),
    _text("context", "--context", value="NAME", words=Words.CONTEXTS, text="Kubeconfig context to use."),
    _text("cluster", "--cluster", value="NAME", words=Words.CLUSTERS, text="Kubeconfig cluster to use."),
    _text("user", "--user", value="NAME", words=Words.USERS, text="Kubeconfig user to use."),
    _text("server", "-s", "--server", value="URL", text="Address and port of the API server."),
    _text("token", "--token", value="TOKEN", text="Bearer token for the API server."),
    _text("certificate_authority", "--certificate-authority", value="FILE", words=Words.FILES,
          text="Certificate file of the authority."),
    _text("client_certificate", "--client-certificate", value="FILE", words=Words.FILES, text="Client certificate file."),
    _text("client_key", "--client-key", value="FILE", words=Words.FILES, text="Client key file."),
    _flag("insecure_skip_tls_verify", "--insecure-skip-tls-verify", text="Do not check the server's certificate."),
    _text("tls_server_name", "--tls-server-name", value="NAME", text="Name to check the server's certificate against."),
    _text("as_user", "--as", value="USER", text="User to impersonate."),
    _list("as_groups", "--as-group", value="GROUP", text="Group to impersonate; can be repeated."),
    _text("as_uid", "--as-uid", value="UID", text="UID to impersonate."),
    _list("as_user_extra", "--as-user-extra", value="KEY=VALUE", text="Extra field to impersonate; can be repeated."),
    _text("request_timeout", "--request-timeout", value="TIME", text="Limit of one request, such as 5s or 1m; 0 for the default."),
    _flag("disable_compression", "--disable-compression", text="Ask for uncompressed answers."),
    _text("username", "--username", value="NAME", text="Name for basic authentication."),
    _text("password", "--password", value="PASSWORD", text="Password for basic authentication."),
    _text("proxy_url", "--proxy-url", value="URL", text="Proxy on the way to the API server."),
    _flag("via_kubectl", "--via-kubectl", text="Read through kubectl; neither exec nor probe pods."),
    _number("verbosity", "-v", "--v", default="", text="kubectl's verbosity: from 6 on, a line for each request."),
))  # fmt: skip
