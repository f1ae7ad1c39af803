"""The krew manifest of a release: the template, filled for the archives that were made."""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "krew" / "seccomp.yaml"
# Stands for the address of releases until there is one; the top-level domain can never be anybody's.
NOWHERE = "https://kubectl-seccomp.invalid"
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64")
_ENTRY = re.compile(r"^  - selector:\n(?:    .*\n)+", re.MULTILINE)


def archive_name(version: str, platform: str) -> str:
    """Return the file name of the archive for a platform such as linux_amd64."""
    return f"kubectl-seccomp_{version}_{platform}.tar.gz"


def fill(template: str, version: str, homepage: str, sums: dict[str, str]) -> str:
    """Return the manifest with the entries of the platforms in `sums` (platform -> SHA-256), without the template's comment."""

    def entry(match: re.Match[str]) -> str:
        platform = next(name for name in PLATFORMS if f"SHA256_{name}\n" in match[0])
        return match[0].replace(f"SHA256_{platform}", sums[platform]) if platform in sums else ""

    text = _ENTRY.sub(entry, re.sub(r"\A(?:#.*\n)+", "", template))
    return text.replace("HOMEPAGE", homepage.rstrip("/")).replace("VERSION", version)


def sums(folder: Path, version: str) -> dict[str, str]:
    """Return the SHA-256 of each platform's archive that is in the folder."""
    paths = {platform: folder / archive_name(version, platform) for platform in PLATFORMS}
    return {platform: hashlib.sha256(path.read_bytes()).hexdigest() for platform, path in paths.items() if path.is_file()}


def write(folder: Path, version: str, homepage: str) -> Path:
    """Write seccomp.yaml for the archives in the folder and return its path."""
    path = folder / "seccomp.yaml"
    path.write_text(fill(TEMPLATE.read_text(), version, homepage, sums(folder, version)), newline="\n")
    return path


def main() -> int:
    """Run `scripts/krew_manifest`."""
    from kubectl_seccomp import __version__

    parser = argparse.ArgumentParser(prog="scripts/krew_manifest", description="Fill the krew manifest for the archives in a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--homepage", default=NOWHERE, help="address of the repository that has the releases")
    parser.add_argument("--all", action="store_true", help="fail unless every platform's archive is there")
    options = parser.parse_args()
    missing = [platform for platform in PLATFORMS if platform not in sums(options.folder, __version__)]
    if missing and options.all:
        print(f"no archive for {', '.join(missing)} in {options.folder}", file=sys.stderr)
        return 1
    print(write(options.folder, __version__, options.homepage))
    return 0
