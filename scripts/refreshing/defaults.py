"""data/defaults.json: the runtimes' default profiles, by ranges of versions, from Go modules.

Ranges and modules are listed here. A range ends with the last version whose source was compared; each module named is read, and
those of one variant must say the same.
"""

import hashlib
import json

import msgspec

from kubectl_seccomp.profiles.defaults import Table, evaluate

from . import containerd, docker
from .containerd import NEW, OLD, canonical
from .neutral import Pool, dump
from .writing import DATA, DATE, ROOT, Failed

FIXTURE = ROOT / "tests" / "fixtures" / "defaults.json"
RECORDED = {("amd64", NEW, "default"), ("amd64", OLD, "all"), ("arm64", NEW, "none"), ("s390x", NEW, "all but SYS_ADMIN")}

# Ranges by variant, one per line of releases, and the modules read for it. Boundaries: the differences of
# contrib/seccomp/seccomp_default.go between all of containerd's tags; of CRI-O's vendored pkg/seccomp and its
# internal/config/seccomp; of moby's profiles/seccomp and its vendored moby/profiles.
CONTAINERD = {
    "1.2.0-1.2.5": "1.2.5",
    "1.2.6-1.2.14": "1.2.10",
    "1.3.0-1.3.7": "1.3.0",
    "1.3.8-1.3.10 1.4.1-1.4.1": "1.4.1",
    "1.4.0-1.4.0": "1.4.0",
    "1.4.2-1.4.9": "1.4.3",
    "1.4.10-1.4.13": "1.4.13",
    "1.5.0-1.5.5": "1.5.1",
    "1.5.6-1.5.18": "1.5.7",
    "1.6.0-1.6.6": "1.6.1",
    "1.6.7-1.6.8": "1.6.8",
    "1.6.9-1.6.15": "1.6.15",
    "1.6.16-1.6.21": "1.6.19",
    "1.6.22-1.6.27": "1.6.24",
    "1.6.28-1.6.39": "1.6.36",
    "1.7.0-1.7.2": "1.7.2",
    "1.7.3-1.7.12": "1.7.6",
    "1.7.13-1.7.31": "1.7.27",
    "1.7.32-1.7.35": "1.7.32 1.7.35",
    "2.0.0-2.0.8 2.1.0-2.1.9": "2.0.5 2.1.4 2.1.9",
    "2.0.9-2.0.13": "2.0.13",
    "2.0.14-2.0.14": "2.0.14",
    "2.2.0-2.2.3 2.3.0-2.3.0": "2.2.2",
    "2.2.4-2.2.9 2.3.1-2.3.6 2.4.0-2.4.1": "2.2.9 2.3.6 2.4.1",
    "2.3.7-2.3.7 2.4.2-2.4.2": "2.3.7 2.4.2",
}
CRIO = {
    "1.20.0-1.20.2": ("github.com/containers/common@v0.21.0", ()),
    "1.20.3-1.20.9": ("github.com/containers/common@v0.26.3", ()),
    "1.21.0-1.21.7": ("github.com/containers/common@v0.35.4", ()),
    "1.22.0-1.22.5": ("github.com/containers/common@v0.43.2", ()),
    "1.23.0-1.23.5": ("github.com/containers/common@v0.46.1-0.20211001143714-161e078e4c7f", ()),
    "1.24.0-1.24.6": ("github.com/containers/common@v0.46.1-0.20211001143714-161e078e4c7f", docker.UNSHARE),
    "1.25.0-1.25.5 1.26.0-1.26.4 1.27.0-1.27.8 1.28.0-1.28.11 1.29.0-1.29.8 1.30.0-1.30.5": (
        "github.com/containers/common@v0.57.4",
        docker.UNSHARE,
    ),
    "1.29.9-1.29.13 1.30.6-1.30.14": ("github.com/containers/common@v0.57.4", docker.NAMESPACES),
    "1.31.0-1.31.13 1.32.0-1.32.13": ("github.com/containers/common@v0.60.2", docker.NAMESPACES),
    "1.33.0-1.33.13 1.34.0-1.34.11 1.35.0-1.35.0": ("github.com/containers/common@v0.63.0", docker.NAMESPACES),
    "1.35.1-1.35.6 1.36.0-1.36.3": ("go.podman.io/common@v0.66.2-0.20260126213724-1e46b0756b39", docker.NAMESPACES),
}
DOCKER = {
    "20.10.0-20.10.3": "20.10.2",
    "20.10.4-20.10.9": "20.10.5",
    "20.10.10-20.10.17": "20.10.14",
    "20.10.18-20.10.21 20.10.23-20.10.25": "20.10.21 20.10.24",
    "20.10.22-20.10.22": "20.10.22",
    "20.10.26-20.10.27": "20.10.27",
    "23.0.0-23.0.6 24.0.0-24.0.2": "23.0.3",
    "23.0.7-23.0.9 24.0.3-24.0.9": "24.0.7",
    "23.0.10-23.0.18": "23.0.15",
    "25.0.0-25.0.2": "25.0.0",
    "25.0.3-25.0.17 26.0.0-26.0.2 26.1.0-26.1.5 27.0.1-27.0.3 27.1.0-27.1.2 27.2.0-27.2.1 27.3.0-27.3.1 27.4.0-27.4.1 "
    "27.5.0-27.5.1 28.0.0-28.0.4 28.1.0-28.1.1": "25.0.5",
    "28.2.0-28.2.2 28.3.0-28.3.3 28.4.0-28.4.0 28.5.0-28.5.2 29.0.0-29.0.4 29.1.0-29.1.5 29.2.0-29.2.1 29.3.0-29.3.1 "
    "29.4.0-29.4.1": "28.2.2 28.3.3 profiles:0.1.0",
    "29.4.3-29.4.3 29.5.0-29.5.3 29.6.0-29.6.2 29.7.0-29.7.2": "profiles:0.2.3",
}
ABOUT = f"""The profiles behind RuntimeDefault. Written by scripts/refresh_data: change that, not this. {DATE}
Origin, by variant: `source`, Go modules under Apache-2.0 (containerd contrib/seccomp; moby profiles/seccomp; containers-common
pkg/seccomp with the changes of CRI-O internal/config/seccomp). Names are in order and once; docs/data.md tells the rest.""".split("\n")


def files():
    """Return {path: text}."""
    pool, variants, found = Pool(), [], {}
    printed = {}
    families = (("containerd", "containerd", _containerd(printed)), ("CRI-O", "cri-o", _crio()), ("Docker", "docker", _docker()))
    for title, runtime, entries in families:
        for ranges, source, head, rules in entries:
            spans = [span.split("-") for span in ranges.split()]
            entry = {"name": f"{title} {spans[0][0]}", "runtime": runtime, "ranges": spans, "source": source}
            variants.append(entry | head | {"rules": [pool.index(rule) for rule in rules]})
            twin = found.setdefault(json.dumps([runtime, head, rules]), ranges)
            if twin != ranges:
                raise Failed(f"{title} {twin} and {ranges} have the same profile: make them one")
    text = dump(ABOUT, pool, variants)
    return {DATA / "defaults.json": text, FIXTURE: _digests(text, printed)}


def _digests(text, printed):
    """Return the fixture's text: digests of some printed profiles. Fails where the data says something else than was printed."""
    table = msgspec.json.decode(text, type=Table)
    lines = []
    for variant in (each for each in table.variants if each.name in printed):
        for (arch, kernel, caps), profile in printed[variant.name].items():
            expected = canonical(profile)
            if canonical(msgspec.to_builtins(evaluate(table, variant, caps, arch, kernel))) != expected:
                raise Failed(f"{variant.name} on {arch}, kernel {kernel}, with {caps}: the data is not what was printed")
            title = next(title for title, each in containerd.SETS.items() if each == caps)
            if (arch, kernel, title) in RECORDED:
                lines.append([variant.name, arch, kernel, title, hashlib.sha256(expected.encode()).hexdigest()[:16]])
    return '{"all": ' + json.dumps(containerd.CAPS) + ',\n"printed": [\n' + ",\n".join(json.dumps(line) for line in lines) + "\n]}\n"


def _containerd(printed):
    """Yield the variants, and keep what was printed for each by its name."""
    for ranges, versions in CONTAINERD.items():
        modules = [_module("github.com/containerd/containerd", version) for version in versions.split()]
        profiles = [containerd.profile(module) for module in modules]
        printed[f"containerd {ranges.partition('-')[0]}"] = profiles[0][2]
        yield ranges, modules[0], *_same(modules, [profile[:2] for profile in profiles])


def _crio():
    for ranges, (module, removed) in CRIO.items():
        yield ranges, module, *docker.crio(module, removed)


def _docker():
    for ranges, versions in DOCKER.items():
        modules = [
            f"github.com/moby/profiles/seccomp@v{version.removeprefix('profiles:')}"
            if version.startswith("profiles:")
            else f"github.com/docker/docker@v{version}+incompatible"
            for version in versions.split()
        ]
        yield ranges, modules[0], *_same(modules, [docker.docker(module) for module in modules])


def _module(path, version):
    return f"{path}{'' if version.startswith('1.') else '/v2'}@v{version}"


def _same(modules, found):
    """Return what was found in all of them."""
    for module, other in zip(modules, found, strict=True):
        if other != found[0]:
            raise Failed(f"{modules[0]} and {module} differ: make them two variants")
    return found[0]
