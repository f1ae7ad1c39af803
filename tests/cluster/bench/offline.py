"""`scripts/bench files`: a dump of many pods and a directory of many manifests, beside the bare parsers. Needs no cluster.

usage inside: python -m tests.cluster.bench.offline json FILE | records FILE | yaml DIRECTORY     (the bare parsers)
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from . import shapes
from .measure import PRODUCT, Run, heading, measured

NODES = 3000
BARE = [sys.executable, "-m", "tests.cluster.bench.offline"]


def offline(pods: int, manifests: int, rounds: int) -> None:
    """Write the files, measure, and print the medians; what the bare parser takes is 1."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        dump, folder = f"{place}/dump.json", f"{place}/manifests"
        _dump(Path(dump), pods)
        _manifests(Path(folder), manifests)
        title = heading()
        size = Path(dump).stat().st_size / 1e6
        print(f"\n{size:.0f} MB dump of {pods} pods; {manifests} YAML files ({title}); median of {rounds} in turn")
        print(f"{'':52} {'wall s':>8} {'cpu s':>7} {'ratio':>6} {'peak MB':>8} {'not a file':>10}")
        for kind, path in (("json", dump), ("yaml", folder)):
            commands = {
                f"bare parser ({kind})": [*BARE, kind, path],
                **({"bare parser (json), records alone": [*BARE, "records", path]} if kind == "json" else {}),
                f"kubectl seccomp audit -f ({kind})": [PRODUCT, "audit", "-f", path],
                f"kubectl seccomp audit -f ({kind}) -o json": [PRODUCT, "audit", "-f", path, "-o", "json"],
            }
            _table(commands, rounds)


def _table(commands: dict[str, list[str]], rounds: int) -> None:
    figures: dict[str, list[Run]] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            figures.setdefault(name, []).append(measured(command))
    bare = statistics.median(run.cpu for run in next(iter(figures.values())))
    for name, runs in figures.items():
        wall, cpu, peak, mine = (statistics.median(getattr(run, what) for run in runs) for what in ("wall", "cpu", "peak", "anonymous"))
        print(f"{name:52} {wall:8.2f} {cpu:7.2f} {cpu / bare:6.2f} {peak:8.0f} {mine:10.0f}", flush=True)


def _object(number: int) -> str:
    text = json.dumps({**shapes.pod(shapes.kind_of(number)), "status": shapes.pod_status()}, separators=(",", ":"))
    for old, new in shapes.placeholders(number, NODES).items():
        text = text.replace(old, new)
    # As large as what an API server gives, which adds defaults and managedFields.
    return text[:-1] + ',"filling":"' + "x" * 4600 + '"}'


def _dump(path: Path, pods: int) -> None:
    with path.open("w") as file:
        file.write('{"apiVersion":"v1","kind":"List","items":[\n')
        for number in range(pods):
            file.write((",\n" if number else "") + _object(number))
        file.write("]}\n")


def _manifests(folder: Path, count: int) -> None:
    """Write deployments as people write them."""
    import yaml

    folder.mkdir()
    for number in range(count):
        pod = json.loads(_object(number * shapes.PODS_PER_APP))
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": f"app-{number}", "namespace": pod["metadata"]["namespace"]},
            "spec": {"replicas": 3, "template": {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]}},
        }
        (folder / f"{number:05d}.yaml").write_text(yaml.dump(deployment, Dumper=yaml.CSafeDumper))


def _bare(kind: str, path: str) -> None:
    if kind == "json":
        import msgspec

        msgspec.json.decode(Path(path).read_bytes())
        return
    if kind == "records":
        import msgspec

        from kubectl_seccomp.objects import ApiPod, Page

        msgspec.json.decode(Path(path).read_bytes(), type=Page[ApiPod])
        return
    import yaml

    for file in sorted(Path(path).iterdir()):
        yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)


if __name__ == "__main__":
    _bare(*sys.argv[1:])
