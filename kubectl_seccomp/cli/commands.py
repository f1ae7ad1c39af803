"""Every command once: what it is called, what help says of it, which options it takes, and where its function is.

Plain data, in the order in which help shows it; a family of two-word names has a module of its own.
"""

from __future__ import annotations

from . import options
from .check_commands import CHECKING
from .command import Argument, Command, Example
from .option import Option, Words
from .options import CONNECTION, FAILING, FILES, FORECASTING, JUDGING, NAMESPACE, OUTPUT, PROBING, SELECTING, VERIFYING
from .profile_commands import PROFILING

COMMANDS: tuple[Command, ...] = (
    Command(
        "audit",
        "Show for every container which seccomp profile it declares, which it really gets, and why.",
        "audit.audit",
        "Looks at all namespaces unless -n says otherwise, or at manifests with -f. Only reads, unless --verify"
        " creates a short-lived pod on each node, which is removed afterwards. Exits with 1 when something was found (--fail-on),"
        " with 3 when something could not be read.",
        (
            Example("The whole cluster, worst first", "kubectl seccomp audit"),
            Example("The same, proven on every node", "kubectl seccomp audit --verify"),
            Example("Part of one namespace", "kubectl seccomp audit -n shop -l app=web"),
            Example("For scripts, failing only on high or worse", "kubectl seccomp audit -o json --fail-on high"),
            Example("Manifests, for nodes with seccompDefault", "kubectl seccomp audit -f manifests/ -R --seccomp-default on"),
            Example("A dump of another cluster", "kubectl get pods -A -o json | kubectl seccomp audit -f -"),
            Example("What seccompDefault would change", "kubectl seccomp audit --what-if seccompDefault"),
            Example("Only the names of what is unconfined", "kubectl seccomp audit -o name --failing --select explicit-unconfined"),
        ),
        None,
        (SELECTING, NAMESPACE, FILES, VERIFYING, FORECASTING, PROBING, OUTPUT, FAILING, JUDGING, CONNECTION),
    ),
    Command(
        "list",
        "List one row per container, without findings.",
        "audit.list_",
        "Looks at the current namespace, as kubectl get does, or at all of them with -A.",
        (
            Example("The current namespace", "kubectl seccomp list"),
            Example("All namespaces, with nodes and what was declared", "kubectl seccomp list -A -o wide"),
            Example("Manifests", "kubectl seccomp list -f manifests/ -R"),
        ),
        None,
        (SELECTING, NAMESPACE, FILES, OUTPUT, CONNECTION),
    ),
    *CHECKING,
    *PROFILING,
    Command(
        "explain",
        "Explain one check, or list them all.",
        "explain.explain",
        "",
        (
            Example("All checks", "kubectl seccomp explain"),
            Example("What KS101 looks at, and how to fix it", "kubectl seccomp explain KS101"),
        ),
        Argument("check_id", "ID", "Id or slug of a check, such as KS101.", words=Words.CHECKS),
    ),
    Command(
        "cleanup",
        "Remove node probe pods that a killed run has left behind, once their deadline has passed.",
        "pods.cleanup",
        "Looks in all namespaces, or only in that of -n.",
        (
            Example("Those past their deadline", "kubectl seccomp cleanup"),
            Example("All of one namespace, whatever their deadline", "kubectl seccomp cleanup --all -n shop"),
        ),
        None,
        (NAMESPACE, options.CLEANING, CONNECTION),
    ),
    Command(
        "rbac",
        "Print the minimal permissions that a feature needs, as roles to apply and bind.",
        "rbac.rbac",
        "",
        (
            Example("For audit and list", "kubectl seccomp rbac"),
            Example("For audit --verify", "kubectl seccomp rbac --verify --node-default"),
        ),
        None,
        (options.RIGHTS,),
    ),
    Command(
        "completion",
        "Make kubectl's own completion complete this plugin too.",
        "completion.completion",
        "kubectl (1.26 or newer) runs kubectl_complete-seccomp from PATH. pip, pipx and uv install that beside the plugin; krew"
        " cannot, so `install` writes it, next to krew's link or to the plugin. A shell's name prints what that shell needs.",
        (
            Example("Write kubectl_complete-seccomp", "kubectl seccomp completion install"),
            Example("What zsh needs", "kubectl seccomp completion zsh"),
        ),
        Argument("what", "install|SHELL", "install, bash, zsh, fish or powershell.", required=True, choices=(
            ("install", "write kubectl_complete-seccomp"),
            ("bash", "what bash needs"),
            ("zsh", "what zsh needs"),
            ("fish", "what fish needs"),
            ("powershell", "what PowerShell needs"),
        )),
        (options.INSTALLING,),
    ),
    Command(
        "version",
        "Print the versions of the tool, its Python, its client library and, if it answers soon, the API server.",
        "version.version",
        "",
        (
            Example("For a bug report", "kubectl seccomp version"),
            Example("For scripts, without asking the server", "kubectl seccomp version --client -o json"),
        ),
        None,
        (options.VERSIONS, CONNECTION),
    ),
)  # fmt: skip

# The start of a name of two words, and what help says of it.
FAMILIES = {"check": "Check one pod, node or profile in depth.", "profile": "Show, explain, compare and convert profiles."}


def everything() -> dict[str, Option]:
    """Return the options of all commands, by each of their names."""
    both = (options.HELP, options.VERSION)
    shared = {name: option for option in both for name in option.names}
    return shared | {name: option for command in COMMANDS for name, option in command.options.items()}


def find(words: list[str]) -> tuple[Command | None, int]:
    """Return the command that the words begin with, and of how many of them its name is made."""
    for command in COMMANDS:
        name = command.name.split()
        if words[: len(name)] == name:
            return command, len(name)
    return None, 0
