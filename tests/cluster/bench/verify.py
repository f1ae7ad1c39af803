"""`scripts/bench verify`: how long a whole cluster's nodes take to be asked, and what that costs the API server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from tests.cluster.lab.instance import Instance
from tests.cluster.lab.nodes import ADDRESS
from tests.cluster.lab.start import certificate

from .api import Server
from .measure import PRODUCT, Run, heading, measured
from .shapes import CONTAINERS, PORTS

# Fewer requests of a kind than this may be the API server's own.
FEW = 20


def verify(instance: Instance, server: Server, pods: int, nodes: int, latency: float, concurrency: int) -> None:
    """Run `audit --verify` on pods of that many nodes, of which each ends a probe after `latency` seconds, and print the figures."""
    certificate(instance, "bench-kubelet", "bench-kubelet", (), f"IP:{ADDRESS}")
    base = instance.pki / "bench-kubelet"
    words = [sys.executable, "-m", "tests.cluster.bench.kubelet", f"{base}.crt", f"{base}.key", str(latency)]
    kubelet = os.posix_spawn(words[0], words, os.environ)
    try:
        _until_up(instance)
        for stage in ((), ("--verify", "--concurrency", str(concurrency))):
            before = server.requests()
            with tempfile.TemporaryDirectory() as place:
                run = measured([PRODUCT, "audit", "-A", "-o", "json", *stage], f"{place}/out", f"{place}/err")
                after = server.requests()
                report = _summary(Path(place, "out"))
            _tell(" ".join(["audit -A -o json", *stage]), run, after - before)
        _tell_probes(report, pods, nodes, _most(instance))
    finally:
        os.kill(kubelet, signal.SIGKILL)
        os.waitpid(kubelet, 0)


def _summary(path: Path) -> dict[str, Any]:
    """Return a report's summary and its number of gaps.

    It is read by another process: a child's peak memory counts from its parent's size on (exec's `setmax_mm_hiwater_rss`).
    """
    code = "import json, sys; r = json.load(open(sys.argv[1])); print(json.dumps({**r['summary'], 'gaps': len(r['gaps'])}))"
    done = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True)
    return dict(json.loads(done.stdout))


def _most(instance: Instance) -> int:
    """Return how many probe pods there were at the same time, and begin to count anew."""
    context = ssl.create_default_context(cafile=str(instance.pki / "ca.crt"))
    with urllib.request.urlopen(f"https://{ADDRESS}:{PORTS[0]}/most", context=context, timeout=10) as answer:
        return int(answer.read())


def _until_up(instance: Instance) -> int:
    for _ in range(100):
        with contextlib.suppress(OSError):
            return _most(instance)
        time.sleep(0.1)
    raise SystemExit("the pretended kubelet does not answer")


def _tell(title: str, run: Run, requests: Counter[str]) -> None:
    print(f"\n{title} ({heading()})\n  {run.wall:.1f} s wall, {run.cpu:.1f} s CPU, {run.peak:.0f} MB peak, exit code {run.code}")
    for name, count in requests.most_common():
        if count < FEW:
            break
        print(f"  {count:7d}  {count / run.wall:6.1f}/s  {name}")


def _tell_probes(summary: dict[str, Any], pods: int, nodes: int, most: int) -> None:
    """Print what came of it; SystemExit when it is not all that there was to see."""
    observed = summary["observed"]
    containers = pods * len(CONTAINERS)
    print(f"  {nodes} nodes, {pods} pods, {containers} containers, at most {most} probes at the same time")
    print(f"  observed: {observed}; findings: {summary['findings']}; gaps: {summary['gaps']}")
    if observed["filtered"] + observed["unfiltered"] != containers or summary["findings"]["critical"]:
        raise SystemExit("not every container was seen as it is")
