"""Checks a manifest and its archives as krew would, installs them as krew does, and runs the result through kubectl."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .bundle import this_platform
from .install import install
from .rules import Manifest, Platform, Refused, read


def main() -> int:
    """Run `scripts/check_krew`."""
    options = _parser().parse_args()
    try:
        manifest = read(options.manifest)
        print(f"{options.manifest}: krew takes it ({len(manifest.spec.platforms)} platforms)")
        with tempfile.TemporaryDirectory(prefix="krew-") as folder:
            for platform, archive in _archives(manifest, options.archives or options.manifest.parent, every=options.all):
                _check(manifest, platform, archive, Path(folder), options)
    except Refused as refused:
        print(f"scripts/check_krew: {refused}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/check_krew", description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--archives", type=Path, help="folder of the archives (default: that of the manifest)")
    parser.add_argument("--all", action="store_true", help="fail when the archive of a platform is not there")
    parser.add_argument("--run", action="store_true", help="run version and audit with the kubectl on PATH and the current cluster")
    parser.add_argument("--pod", metavar="NAME", help="with --run: also check this pod")
    return parser


def _archives(manifest: Manifest, folder: Path, *, every: bool) -> Iterator[tuple[Platform, Path]]:
    for platform in manifest.spec.platforms:
        path = folder / platform.uri.rsplit("/", 1)[-1]
        if path.is_file():
            yield platform, path
        elif every:
            raise Refused(f"{path} is not there")


def _check(manifest: Manifest, platform: Platform, archive: Path, folder: Path, options: argparse.Namespace) -> None:
    pairs = [f"{system}_{arch}" for system, arch in platform.pairs()]
    try:
        link = install(manifest, platform, archive.read_bytes(), folder / pairs[0])
    except Refused as refused:
        raise Refused(f"{archive.name}: {refused}") from None
    print(f"{archive.name}: installed as {link.name} -> {os.path.relpath(link.resolve(), folder)}")
    if options.run and this_platform() in pairs:
        for words in (["version"], ["audit"], *([["check", "pod", options.pod]] if options.pod else [])):
            run(words, link.parent)


def run(words: list[str], folder: Path) -> None:
    """Run the plugin in a folder through kubectl; Refused when it says nothing or ends otherwise than documented."""
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["kubectl", "seccomp", *words], env=environment, capture_output=True, text=True, check=False)
    shown = f"kubectl seccomp {' '.join(words)}"
    if done.returncode not in (0, 1) or not done.stdout:
        raise Refused(f"{shown} ended with {done.returncode}: {done.stderr.strip()}")
    print(f"{shown}: exit code {done.returncode}, {len(done.stdout.splitlines())} lines")
