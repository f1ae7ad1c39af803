"""The benchmarks' command line: starts a control plane, fills it, measures, and ends it."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from tests.cluster.lab.instance import Instance
from tests.cluster.lab.start import up

from .api import Server
from .fill import fill
from .measure import ROOT
from .offline import offline
from .pods import compare
from .verify import verify

DOC = """Wall time, CPU time and peak memory on a control plane with many pods.

pods      audit and list beside the bare download and kubectl's own commands, for each number of pods in turn
files     audit -f of a dump and of many manifests, beside the bare parsers; starts nothing
verify    audit --verify against pretended kubelets, and what the API server has to do for it
"""


def main() -> int:
    """Run one benchmark and return its exit code."""
    options = _parser().parse_args()
    if options.what == "files":
        offline(int(options.pods or 100_000), options.manifests, options.rounds)
        return 0
    instance = Instance(options.name)
    if options.inside:
        _inside(instance, options)
        return 0
    if not (instance.kubeconfig.exists() and instance.processes()):
        instance.down()
        up(instance, [], bare=True)
    try:
        command = instance.enter([sys.executable, str(ROOT / "scripts" / "bench"), "--inside", *sys.argv[1:]])
        return subprocess.run(command, check=False, env=_environment(instance)).returncode
    finally:
        if not options.keep:
            instance.down()


def _environment(instance: Instance) -> dict[str, str]:
    return {**{key: value for key, value in instance.environment.items() if key != "KSECCOMP_LAB"}, "PYTHONPATH": str(ROOT)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=DOC, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pods", "files", "verify"])
    parser.add_argument("--pods", help="how many pods; pods takes several numbers, such as 1000,10000 (default: 20000; verify: 30000)")
    parser.add_argument("--nodes", type=int, help="on how many nodes (default: 3000; verify: 1000)")
    parser.add_argument("--manifests", type=int, default=5_000, help="files: how many YAML files (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="pods: how often each command runs (default: %(default)s)")
    parser.add_argument(
        "--latency", type=float, default=1.0, help="verify: seconds from a probe's creation to its end (default: %(default)s)"
    )
    parser.add_argument("--concurrency", type=int, default=16, help="verify: nodes asked at the same time (default: %(default)s)")
    parser.add_argument("--name", default="bench", help="the instance's name (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="leave the control plane running, for the next benchmark")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser


def _inside(instance: Instance, options: argparse.Namespace) -> None:
    server = Server()
    asks = options.what == "verify"
    nodes = options.nodes or (1000 if asks else 3000)
    for pods in map(int, (options.pods or ("30000" if asks else "20000")).split(",")):
        began = time.monotonic()
        fill(server, pods, nodes)
        print(f"filled in {time.monotonic() - began:.0f} s", file=sys.stderr)
        if asks:
            verify(instance, server, pods, nodes, options.latency, options.concurrency)
        else:
            compare(instance, server, pods, nodes, options.rounds)
