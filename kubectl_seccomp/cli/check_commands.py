"""The commands of the family `check`: each proves what one thing has."""

from __future__ import annotations

from .command import Argument, Command, Example
from .option import Words
from .options import ASKING, CONNECTION, EVERY_NODE, FAILING_FROM, JUDGING, JUDGING_NODES, MATRIX, NAMESPACE, OUTPUT, PROBING, PROVING

CHECKING = (
    Command(
        "check pod",
        "Prove what the containers of a pod have: declared, effective and observed, and what to do.",
        "pods.check_pod",
        "Execs into each container to read the Seccomp line of its process. When the pod has a Localhost profile, or exec cannot tell"
        " (no shell, no permission, --no-exec), a short-lived pod on its node looks at the file and at the process, and is removed"
        " afterwards.",
        (
            Example("A pod of the current namespace", "kubectl seccomp check pod web-0"),
            Example("Two pods of another namespace, without a probe pod", "kubectl seccomp check pod web-0 db-0 -n shop --no-node"),
            Example("For scripts", "kubectl seccomp check pod web-0 -o json"),
        ),
        Argument("names", "NAME", "Pods of one namespace.", many=True, required=True, words=Words.PODS),
        (NAMESPACE, PROBING, PROVING, OUTPUT, JUDGING, CONNECTION),
    ),
    Command(
        "check node",
        "Show what a node has: kernel, kubelet, runtime, profile files, and who uses them.",
        "nodes.check_node",
        "Creates a short-lived pod on each node and removes it afterwards, and lists the pods of the cluster to tell which of the"
        " node's profile files are in use. A node that is not ready, runs Windows or has no machine behind it is not asked; a"
        " cordoned one only when it is named.",
        (
            Example("One node", "kubectl seccomp check node node-a"),
            Example("All of them, with the files' hashes and users", "kubectl seccomp check node --all -o wide"),
            Example("For scripts", "kubectl seccomp check node --all -o json"),
        ),
        Argument("names", "NAME", "Nodes.", many=True, words=Words.NODES),
        (EVERY_NODE, PROBING, OUTPUT, JUDGING_NODES, CONNECTION),
    ),
    Command(
        "check profile",
        "Compare a Localhost profile's file across all nodes, with who uses it there and who could land there.",
        "matrix.check_profile",
        "Takes paths as in a pod's localhostProfile. Creates a short-lived pod on each node and removes it afterwards. Exits with 1"
        " when a workload that uses the file could land on a node where it is missing, does not load or has no effect, with 3 when no"
        " node has a path and no pod uses it.",
        (
            Example("One file on all nodes", "kubectl seccomp check profile profiles/app.json"),
            Example("With owners, modes and times", "kubectl seccomp check profile profiles/app.json -o wide"),
            Example("Two files on some nodes", "kubectl seccomp check profile a.json b.json --nodes '!gpu'"),
            Example("For scripts, with full hashes", "kubectl seccomp check profile profiles/app.json -o json"),
        ),
        Argument("paths", "PATH", "Paths below the kubelet's seccomp directory.", many=True, required=True),
        (ASKING, PROBING, MATRIX, FAILING_FROM, CONNECTION),
    ),
)
