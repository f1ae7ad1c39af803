"""`scripts/cluster`: up, down, status, kubectl, run, build, user."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import build
from .instance import Instance, can_run, instances, orphans
from .nodes import NODES
from .start import certificate, kubeconfig, up


def main() -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args()
    instance = Instance(options.name)
    reason = can_run()
    if reason:
        print(f"lab: {reason}", file=sys.stderr)
        return 3
    return int(globals()[f"_{options.command}"](instance, options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/cluster", description="A real Kubernetes for the tests.")
    parser.add_argument("--name", default=os.environ.get("KSECCOMP_LAB_NAME", "lab"), help="which instance (default: lab)")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start it, building what is missing; prints the kubeconfig's path")
    start.add_argument("--nodes", default=",".join(node.name for node in NODES))
    start.add_argument("--bare", action="store_true", help="etcd and API server only")
    end = commands.add_parser("down", help="end it and remove every trace")
    end.add_argument("--all", action="store_true", help="end every instance")
    end.add_argument("--orphans", action="store_true", help="end those that tests started which are no more")
    commands.add_parser("status", help="tell whether it runs")
    commands.add_parser("build", help="only build")
    for name, text in (("kubectl", "run kubectl as its admin"), ("run", "run a command inside its network")):
        commands.add_parser(name, help=text, add_help=False).add_argument("words", nargs=argparse.REMAINDER)
    user = commands.add_parser("user", help="make a user without any rights; prints the kubeconfig's path")
    user.add_argument("user")
    user.add_argument("--group", action="append", default=[])
    return parser


def _up(instance: Instance, options: argparse.Namespace) -> int:
    if instance.kubeconfig.exists() and instance.processes():
        build.say(f"{instance.name} is up already")
    else:
        instance.down()
        up(instance, options.nodes.split(","), options.bare)
    print(instance.kubeconfig)
    return 0


def _down(instance: Instance, options: argparse.Namespace) -> int:
    names = instances() if options.all else orphans() if options.orphans else [instance.name]
    for name in names:
        Instance(name).down()
    return 0


def _status(instance: Instance, _options: argparse.Namespace) -> int:
    if not instance.processes():
        print(f"{instance.name} is down")
        return 1
    print(f"{instance.name} is up: {len(instance.processes())} processes, logs in {instance.home / 'log'}")
    print(instance.kubectl("get", "nodes", "-o", "wide", check=False), end="")
    return 0


def _build(_instance: Instance, _options: argparse.Namespace) -> int:
    print(build.ensure())
    return 0


def _kubectl(instance: Instance, options: argparse.Namespace) -> int:
    return _exec(instance, [str(instance.binaries / "bin" / "kubectl"), *options.words])


def _run(instance: Instance, options: argparse.Namespace) -> int:
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    return _exec(instance, words)


def _exec(instance: Instance, words: list[str]) -> int:
    if not Path("/run/netns", instance.netns).exists():
        print(f"lab: {instance.name} is down: scripts/cluster up", file=sys.stderr)
        return 3
    command = instance.enter(words)
    environment = {key: value for key, value in instance.environment.items() if key != "KSECCOMP_LAB"}
    os.execvpe(command[0], command, environment)


def _user(instance: Instance, options: argparse.Namespace) -> int:
    print(make_user(instance, options.user, tuple(options.group)))
    return 0


def make_user(instance: Instance, name: str, groups: tuple[str, ...] = ()) -> Path:
    """Return the kubeconfig of a user that exists by its certificate alone."""
    certificate(instance, f"user-{name}", name, groups)
    return kubeconfig(instance, f"user-{name}", instance.pki / f"user-{name}.kubeconfig")
