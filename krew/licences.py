"""THIRD_PARTY_LICENSES.txt: the licence of everything in the bundle that is not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

_RULE = "=" * 78
_FILES = ("licen", "copying", "notice", "authors")
# The program that unpacks nothing but starts Python; under GPL-2.0-or-later with an exception for what is made with it.
_STARTER = "pyinstaller"


def collect(modules: set[str], libraries: Iterable[Path], site: Path) -> str:
    """Return the text for the top-level modules and the system's libraries in a bundle made from the packages in `site`."""
    parts = [_part("Python", _python()), *_packages(modules, site), *_system(libraries)]
    head = "The bundle of kubectl seccomp holds, beside its own code (LICENSE), what is listed here with its licence.\n"
    return head + "".join(parts)


def _part(title: str, text: str) -> str:
    return f"\n{_RULE}\n{title}\n{_RULE}\n\n{text.strip()}\n"


def _python() -> str:
    library = Path(os.__file__).parent
    system = sorted(Path("/usr/share/licenses").glob("python3*-libs/LICENSE"))
    places = [library / "LICENSE.txt", library.parent / "LICENSE.txt", *system]
    return next(path for path in places if path.is_file()).read_text(encoding="utf-8", errors="replace")


def _packages(modules: set[str], site: Path) -> Iterator[str]:
    for found in sorted(distributions(path=[str(site)]), key=lambda found: found.name.lower()):
        if found.name.lower() == _STARTER or _top_level(found) & modules:
            licence = [found.metadata[key] for key in ("License-Expression", "License") if key in found.metadata]
            yield _part(f"{found.name} {found.version}", "\n\n".join([*licence, *_texts(found)]))


def _top_level(found: Distribution) -> set[str]:
    """Return the modules that a distribution installs."""
    first = [path.parts[0] for path in found.files or () if path.suffix in (".py", ".so", ".pyd")]
    return {name.split(".")[0] for name in first}


def _texts(found: Distribution) -> Iterator[str]:
    for path in sorted(found.files or ()):
        inside = any(part.endswith(".dist-info") for part in path.parts)
        if inside and path.name.lower().startswith(_FILES):
            yield path.read_text(encoding="utf-8")


def _system(libraries: Iterable[Path]) -> Iterator[str]:
    """Yield the terms of the operating system's packages that libraries were taken from, as far as it has a package manager."""
    owners: dict[str, list[str]] = {}
    for library in sorted(libraries):
        owners.setdefault(_owner(library), []).append(library.name)
    for owner, names in sorted(owners.items()):
        yield _part(f"{', '.join(names)} ({owner or 'from the build machine'})", "\n\n".join(_terms(owner)))


def _owner(library: Path) -> str:
    """Return the package that a file came with, "" if none is known."""
    for path in dict.fromkeys((library, library.resolve(), Path(f"/usr{library}"))):
        for command in (["dpkg-query", "-S", str(path)], ["rpm", "-qf", "--queryformat", "%{NAME}: ", str(path)]):
            if shutil.which(command[0]):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode == 0:
                    return done.stdout.split(":")[0]
    return ""


def _terms(owner: str) -> Iterator[str]:
    paths = [Path("/usr/share/doc") / owner / "copyright"]
    if owner and shutil.which("rpm"):
        listed = subprocess.run(["rpm", "-q", "--licensefiles", owner], capture_output=True, text=True, check=False).stdout
        paths += [Path(line) for line in sorted(listed.splitlines())]
    for path in paths:
        if owner and path.is_file():
            yield path.read_text(encoding="utf-8", errors="replace")
