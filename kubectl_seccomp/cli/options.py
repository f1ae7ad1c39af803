"""Every option once: its names, what it takes, its help. Plain data: help and completion import nothing else.

An option is one record in a group here and one field, with its default, in the struct that the group fills (given.py, or
cluster.connection.Options). Commands name the groups that they take (commands.py).
"""

from __future__ import annotations

from .choices import Assume, Decoder, FailOn, FileShape, Format, Shape, To, WhatIf
from .option import Group, Kind, Option, Words, choice, flag, listed, number, text

HELP = flag("help", "-h", "--help", text="Print this page.")
VERSION = flag("version", "--version", text="Print the version.")

NAMESPACE = Group("connection", "Which pods", (
    text("namespace", "-n", "--namespace", value="NAMESPACE", words=Words.NAMESPACES, text="Namespace to look at."),
))  # fmt: skip

SELECTING = Group("selecting", "Which pods", (
    flag("all_namespaces", "-A", "--all-namespaces", text="Look at all namespaces."),
    text("selector", "-l", "--selector", value="SELECTOR", text="Labels: app=web, tier!=db, 'env in (a,b)', '!canary'."),
    text("field_selector", "--field-selector", value="SELECTOR", text="Fields, such as spec.nodeName=node-a."),
    number("chunk_size", "--chunk-size", default="500", text="Pods per page; 0 for all at once."),
    flag("include_finished", "--include-finished", text="Also look at pods that Succeeded."),
))  # fmt: skip

RECURSIVE = flag("recursive", "-R", "--recursive", text="Search directories recursively.")

FILES = Group("files", "Manifests", (
    listed("filename", "-f", "--filename", value="FILE", words=Words.FILES, kind=Kind.COMMAS,
          text="Manifest, directory, dump, or - for stdin, instead of a cluster; can be repeated."),
    RECURSIVE,
    choice("seccomp_default", "--seccomp-default", value="ON|OFF", choices=Assume,
            text="What to assume of the kubelet's default where nothing is set."),
))  # fmt: skip

OUTPUT = Group("output", "Output", (
    choice("output", "-o", "--output", value="FORMAT", choices=Format, default="table", text="Output format."),
    flag("no_headers", "--no-headers", text="Leave out the column headers."),
    text("query", "--query", value="JMESPATH", text="Print the result of a JMESPath expression on the json form."),
    flag("allow_gaps", "--allow-gaps", text="Do not exit with 3 when something could not be read."),
))  # fmt: skip

# For a report that has no row per container.
MATRIX = Group("output", "Output", (
    OUTPUT.options[0]._replace(choices=(Format.TABLE, Format.WIDE, Format.JSON, Format.YAML)), *OUTPUT.options[1:],
))  # fmt: skip

SHAPE = choice("output", "-o", "--output", value="FORMAT", choices=Shape, default="table", text="Output format.")

VERSIONS = Group("", "Output", (
    SHAPE,
    flag("client", "--client", text="Do not ask the API server."),
))  # fmt: skip

FAILING = Group("", "Output", (
    flag("failing", "--failing", text="Only rows with findings; json and yaml stay whole."),
    number("limit", "--limit", default="", least=1,
           text="Show only this many rows, or findings in json and yaml, worst first; all are counted."),
))  # fmt: skip

JUDGING = Group("judging", "Judging", (
    choice("fail_on", "--fail-on", value="SEVERITY", choices=FailOn, default="medium",
           text="Exit with 1 on findings of this severity or worse."),
    listed("select", "--select", value="CHECK", words=Words.CHECKS, kind=Kind.COMMAS,
          text="Only checks whose id or slug is this or begins with it; can be repeated."),
    listed("ignore", "--ignore", value="CHECK", words=Words.CHECKS, kind=Kind.COMMAS,
          text="Leave out checks whose id or slug is this or begins with it; can be repeated."),
    text("pss_version", "--pss-version", value="VERSION", default="latest",
          text="Version of the Pod Security Standards, such as v1.37."),
))  # fmt: skip

FAILING_FROM = Group("judging", "Judging", JUDGING.options[:1])
# For what has no containers to hold against the Pod Security Standards.
JUDGING_NODES = Group("judging", "Judging", JUDGING.options[:3])

EVERY_NODE = Group("", "Which nodes", (
    flag("every", "--all", text="All nodes of the cluster."),
))  # fmt: skip

PROBE_NAMESPACE = text("probe_namespace", "--probe-namespace", value="NAME", words=Words.NAMESPACES, default="kube-system",
                        text="Namespace of the node probe.")  # fmt: skip

PROBING = Group("probing", "Node probe and exec", (
    Option("image", ("--image",), "Image of the node probe: anything with sh.", Kind.TEXT, "IMAGE",
           environment="KUBECTL_SECCOMP_IMAGE"),
    PROBE_NAMESPACE,
    text("kubelet_root", "--kubelet-root", value="DIR", text="The kubelet's --root-dir, where it cannot be found out."),
    number("timeout", "--timeout", default="60", least=1, text="Seconds for each exec and each probe."),
    flag("dry_run", "--dry-run", text="Print the probe pods that would be created, and create none."),
))  # fmt: skip

VERIFYING = Group("verifying", "Proof", (
    flag("verify", "--verify", text="Ask every node what its containers really have, by one short-lived pod per node."),
    flag("exec_", "--exec", text="Exec into every running container and read what it has."),
    text("nodes", "--nodes", value="SELECTOR", text="With --verify or --what-if: only nodes with these labels."),
    number("max_nodes", "--max-nodes", default="", least=1, text="With --verify: ask at most this many nodes."),
    text("earlier", "--earlier", value="FILE", words=Words.FILES,
         text="With --verify: an earlier json report, for the hash that a changed profile file had then."),
    number("concurrency", "--concurrency", default="16", least=1, text="With --verify: ask this many nodes at the same time."),
))  # fmt: skip

# For a command that always asks the nodes.
ASKING = Group("verifying", "Which nodes", (
    text("nodes", "--nodes", value="SELECTOR", text="Only nodes with these labels."),
    number("max_nodes", "--max-nodes", default="", least=1, text="Ask at most this many nodes."),
    number("concurrency", "--concurrency", default="16", least=1, text="Ask this many nodes at the same time."),
))  # fmt: skip

FORECASTING = Group("", "Forecast", (
    choice("what_if", "--what-if", value="seccompDefault", choices=WhatIf,
           text="Show, as table, json or yaml, which containers would change, and what they would lose, if the kubelets (or those of"
                " --nodes) had it."),
))  # fmt: skip

PROVING = Group("proving", "Node probe and exec", (
    flag("no_node", "--no-node", text="Create no probe pod on the node."),
    flag("no_exec", "--no-exec", text="Do not exec into containers."),
))  # fmt: skip

RIGHTS = Group("", "For what", (
    flag("verify", "--verify", text="For audit --verify, all of check, and cleanup: probe pods in their namespace."),
    flag("exec_", "--exec", text="For audit --exec and check pod: exec."),
    flag("node_default", "--node-default", text="For the kubelets' own default: get nodes/proxy, which allows more than reading."),
    PROBE_NAMESPACE,
))  # fmt: skip

CLEANING = Group("", "Which probe pods", (
    flag("every", "--all", text="Also those whose deadline has not passed yet."),
    PROBE_NAMESPACE,
))  # fmt: skip

# For a profile that a node's probe reads.
READING = Group("probing", "Node probe, for node/NAME:PATH", PROBING.options[:4])

LOADING = Group("loading", "Where it would be loaded", (
    choice("decoder", "--decoder", value="RUNTIME", choices=Decoder,
            text="Which runtime reads the file; containerd or the node's own unless given."),
    listed("capabilities", "--capabilities", value="LIST", kind=Kind.COMMAS,
          text="The container's capabilities: default, all, none, or names, such as default,SYS_ADMIN."),
    text("arch", "--arch", value="ARCH", text="The node's architecture; amd64 or the node's unless given."),
    text("kernel", "--kernel", value="VERSION", text="The node's kernel; 6.1 or the node's unless given."),
    text("runtime", "--runtime", value="NAME@VERSION", text="The OCI runtime, such as runc@1.2 or crun."),
    text("libseccomp", "--libseccomp", value="VERSION", text="The OCI runtime's libseccomp release, such as 2.5.4."),
))  # fmt: skip

LINTING = Group("", "Output", (SHAPE, RECURSIVE))

SHAPES = Group("", "Output", (SHAPE,))

EXPLAINING = Group("", "Which syscalls", (
    listed("syscall", "--syscall", value="NAME", kind=Kind.COMMAS, text="Names or numbers of syscalls; can be repeated."),
))  # fmt: skip

CONVERTING = Group("", "Output", (
    choice("to", "--to", value="FORM", choices=To, text="The form to write."),
    choice("output", "-o", "--output", value="FORMAT", choices=FileShape,
            text="Output format; json for oci and yaml for seccompprofile unless given."),
    text("name", "--name", value="NAME", text="Name of the SeccompProfile, if not that of the file."),
))  # fmt: skip

GENERATING = Group("", "Output", (
    choice("to", "--to", value="FORM", choices=To, default="oci", text="The form to write."),
    *CONVERTING.options[1:],
))  # fmt: skip
# A profile that is made: for which nodes.
MAKING = Group("loading", "Where it will be loaded", (LOADING.options[2], LOADING.options[4]))

INSTALLING = Group("", "Installing", (
    text("folder", "--dir", value="DIR", words=Words.FOLDERS, text="Where to write it; it must be on PATH."),
))  # fmt: skip

CONNECTION = Group("connection", "Connection", (
    text("kubeconfig", "--kubeconfig", value="FILE", words=Words.FILES, text="Path to the kubeconfig file."),
    text("context", "--context", value="NAME", words=Words.CONTEXTS, text="Kubeconfig context to use."),
    text("cluster", "--cluster", value="NAME", words=Words.CLUSTERS, text="Kubeconfig cluster to use."),
    text("user", "--user", value="NAME", words=Words.USERS, text="Kubeconfig user to use."),
    text("server", "-s", "--server", value="URL", text="Address and port of the API server."),
    text("token", "--token", value="TOKEN", text="Bearer token for the API server."),
    text("certificate_authority", "--certificate-authority", value="FILE", words=Words.FILES,
          text="Certificate file of the certificate authority."),
    text("client_certificate", "--client-certificate", value="FILE", words=Words.FILES, text="Client certificate file."),
    text("client_key", "--client-key", value="FILE", words=Words.FILES, text="Client key file."),
    flag("insecure_skip_tls_verify", "--insecure-skip-tls-verify", text="Do not check the server's certificate."),
    text("tls_server_name", "--tls-server-name", value="NAME", text="Name to check the server's certificate against."),
    text("as_user", "--as", value="USER", text="User to impersonate."),
    listed("as_groups", "--as-group", value="GROUP", text="Group to impersonate; can be repeated."),
    text("as_uid", "--as-uid", value="UID", text="UID to impersonate."),
    listed("as_user_extra", "--as-user-extra", value="KEY=VALUE", text="Extra field to impersonate; can be repeated."),
    text("request_timeout", "--request-timeout", value="TIME", text="Timeout of one request, such as 5s or 1m; 0 for the default."),
    flag("disable_compression", "--disable-compression", text="Ask for uncompressed responses."),
    text("username", "--username", value="NAME", text="User name for basic authentication."),
    text("password", "--password", value="PASSWORD", text="Password for basic authentication."),
    text("proxy_url", "--proxy-url", value="URL", text="Proxy to reach the API server through."),
    flag("via_kubectl", "--via-kubectl", text="Read through kubectl; exec and probe pods are then not possible."),
    number("verbosity", "-v", "--v", default="", text="kubectl's verbosity: from 6 on, a line for each request."),
))  # fmt: skip
