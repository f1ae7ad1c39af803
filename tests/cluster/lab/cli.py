"""`scripts/cluster`: up, down, status, kubectl, run, build, user, and the faults that tests need."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import build
from .instance import MARK, STATE, Instance, can_run
from .nodes import NODES
from .start import up

# Everything behind these words is somebody else's, options too.
PASSING = ("kubectl", "run")
CANNOT = 3


def main(words: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 (it is down or failed), 2 (wrong words), 3 (this machine cannot)."""
    own, passed = _split(sys.argv[1:] if words is None else words)
    parser = _parser()
    options = parser.parse_args(own)
    reason = can_run()
    if reason:
        print(f"lab: {reason}", file=sys.stderr)
        return CANNOT
    try:
        instance = Instance(getattr(options, "name", os.environ.get("KSECCOMP_LAB_NAME") or "lab"))
        return int(COMMANDS[options.command](instance, options, passed))
    except ValueError as error:
        parser.error(str(error))


def make_user(instance: Instance, name: str, groups: tuple[str, ...] = ()) -> Path:
    """Return the kubeconfig of a user that exists by its certificate alone."""
    return instance.user(name, groups)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Return our own words, and those of the command to run: all behind `kubectl` or `run` save a leading --name and --."""
    at = 0
    while at < len(words) and words[at].startswith("--name"):
        at += 1 if "=" in words[at] else 2
    if at >= len(words) or words[at] not in PASSING:
        return words, []
    own, rest = words[: at + 1], words[at + 1 :]
    while rest and (rest[0] == "--name" or rest[0].startswith("--name=")):
        width = 1 if "=" in rest[0] else 2
        own, rest = [*own, *rest[:width]], rest[width:]
    if rest[:1] in (["-h"], ["--help"]) and words[at] == "run":
        return [*own, "--help"], []
    return own, rest[1:] if rest[:1] == ["--"] else rest


def _parser() -> argparse.ArgumentParser:
    named = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    # No default here: that of the command's parser would overwrite what came before the command.
    named.add_argument("--name", default=argparse.SUPPRESS, help="which instance (default: $KSECCOMP_LAB_NAME or lab)")
    parser = argparse.ArgumentParser(
        prog="scripts/cluster", description="A real Kubernetes for the tests.", parents=[named], allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[named], allow_abbrev=False)

    start = command("up", "start it, building what is missing; prints the kubeconfig's path")
    start.add_argument("--nodes", default=",".join(node.name for node in NODES), help="which nodes (default: %(default)s)")
    start.add_argument("--bare", action="store_true", help="etcd and API server only")
    command("down", "end it and remove every trace").add_argument("--all", action="store_true", help="every instance")
    command("status", "tell what runs; exit code 1 when it is down")
    command("kubectl", "run kubectl as its admin").usage = "scripts/cluster [--name NAME] kubectl ARGS…"
    command("run", "run a command in its network, as its admin").usage = "scripts/cluster run [--name NAME] -- CMD…"
    command("build", "only build; prints the folder")
    user = command("user", "make a user without any rights; prints the kubeconfig's path")
    user.add_argument("user", metavar="NAME")
    user.add_argument("--group", action="append", default=[], metavar="G")
    command("restart-apiserver", "end the API server and start it again")
    nodes = [node.name for node in NODES]
    command("stop-kubelet", "end a node's kubelet").add_argument("node", choices=nodes)
    command("start-kubelet", "start a node's kubelet again").add_argument("node", choices=nodes)
    return parser


def _up(instance: Instance, options: argparse.Namespace, _: list[str]) -> int:
    up(instance, [name for name in options.nodes.split(",") if name], options.bare)
    print(instance.kubeconfig)
    return 0


def _down(instance: Instance, options: argparse.Namespace, _: list[str]) -> int:
    present = sorted(path.name for path in STATE.iterdir() if path.is_dir()) if STATE.exists() else []
    for name in present if options.all else [instance.name]:
        Instance(name).down()
    return 0


def _status(instance: Instance, _options: argparse.Namespace, _: list[str]) -> int:
    count = len(instance.processes())
    if not instance.is_up:
        print(f"{instance.name} is {f'started halfway: {count} processes' if count else 'down'}")
        return 1
    kind = " (bare)" if instance.facts["bare"] else ""
    print(f"{instance.name} is up{kind}: {count} processes, logs in {instance.home / 'log'}")
    print(instance.kubectl("get", "nodes", "-o", "wide", check=False) if not kind else "", end="")
    return 0


def _build(_instance: Instance, _options: argparse.Namespace, _: list[str]) -> int:
    print(build.ensure())
    return 0


def _kubectl(instance: Instance, _options: argparse.Namespace, passed: list[str]) -> int:
    return _exec(instance, [str(instance.binaries / "bin" / "kubectl"), *passed])


def _run(instance: Instance, _options: argparse.Namespace, passed: list[str]) -> int:
    if not passed:
        raise ValueError("run needs a command: scripts/cluster run -- CMD…")
    return _exec(instance, passed)


def _exec(instance: Instance, words: list[str]) -> int:
    _must_run(instance)
    command = instance.enter(words)
    sys.stdout.flush()
    os.execvpe(command[0], command, {key: value for key, value in instance.environment.items() if key != MARK})


def _user(instance: Instance, options: argparse.Namespace, _: list[str]) -> int:
    _must_run(instance)
    print(instance.user(options.user, tuple(options.group)))
    return 0


def _restart_apiserver(instance: Instance, _options: argparse.Namespace, _: list[str]) -> int:
    _must_run(instance)
    instance.restart_apiserver()
    return 0


def _stop_kubelet(instance: Instance, options: argparse.Namespace, _: list[str]) -> int:
    _must_run(instance)
    instance.stop_kubelet(options.node)
    return 0


def _start_kubelet(instance: Instance, options: argparse.Namespace, _: list[str]) -> int:
    _must_run(instance)
    instance.start_kubelet(options.node)
    return 0


def _must_run(instance: Instance) -> None:
    if not Path("/run/netns", instance.netns).exists():
        raise SystemExit(f"lab: {instance.name} is down: scripts/cluster up --name {instance.name}")


COMMANDS = {
    "up": _up, "down": _down, "status": _status, "build": _build, "kubectl": _kubectl, "run": _run, "user": _user,
    "restart-apiserver": _restart_apiserver, "stop-kubelet": _stop_kubelet, "start-kubelet": _start_kubelet,
}  # fmt: skip
