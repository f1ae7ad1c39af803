"""Makes the self-contained bundle of this machine's platform, and the krew manifest for it."""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Never

from kubectl_seccomp import __version__

from . import archive, elf, licences, manifest

ROOT = Path(__file__).parent.parent
CONSTRAINTS = ROOT / "krew" / "constraints.txt"
LARGEST = 15_000_000
# glibc of Debian 12, where the tests run; a release is built on an older system and says --glibc 2.28.
GLIBC = "2.36"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
# Before the first commit there is no time to take: the earliest that a zip can hold.
_EARLIEST = 315532800


def main() -> int:
    """Run `scripts/bundle`."""
    options = _parser().parse_args()
    if os.name == "posix" and not sysconfig.get_config_var("Py_ENABLE_SHARED") and sys.platform == "linux":
        _fail(f"{sys.executable} has no shared libpython, which a bundle needs: build Python with --enable-shared")
    options.output.mkdir(parents=True, exist_ok=True)
    python = _environment(options.venv or options.work / "venv")
    folder = _freeze(python, options.work)
    _add_texts(python, options.work, folder)
    target = options.output / manifest.archive_name(__version__, this_platform())
    archive.write(folder, target, epoch())
    _judge(folder, target, elf.parse(options.glibc))
    print(f"manifest  {manifest.write(options.output, __version__, options.homepage)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bundle", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where archive and manifest go (default: dist)")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bundle", help="where it is built (default: build/bundle)")
    parser.add_argument("--venv", type=Path, help="virtual environment to make or to take (default: WORK/venv)")
    parser.add_argument("--glibc", default=GLIBC, help=f"newest glibc that it may need (default: {GLIBC})")
    parser.add_argument("--homepage", default=manifest.NOWHERE, help="address of the repository that has the releases")
    return parser


def this_platform() -> str:
    """Return this machine's platform as krew names it, such as linux_amd64."""
    return f"{platform.system().lower()}_{_ARCHITECTURES[platform.machine().lower()]}"


def epoch() -> int:
    """Return the one time that everything in the bundle carries: SOURCE_DATE_EPOCH, else that of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None and shutil.which("git"):
        asked = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
        given = asked.stdout.strip()
    return int(given or _EARLIEST)


def _environment(venv: Path) -> Path:
    """Make a virtual environment with exactly what the constraints name, or take the one that is there; return its Python."""
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    mark = venv / "made-from"
    wanted = f"{sys.version} {hashlib.sha256(CONSTRAINTS.read_bytes()).hexdigest()}"
    if not mark.is_file() or mark.read_text() != wanted:
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        flags = ["--quiet", "--disable-pip-version-check", "--no-compile", "--require-hashes", "--only-binary", ":all:"]
        subprocess.run([python, "-m", "pip", "install", *flags, "-r", CONSTRAINTS], check=True)
        mark.write_text(wanted)
    return python


def _freeze(python: Path, work: Path) -> Path:
    """Run PyInstaller and return the folder that it made."""
    # The order of sets must not depend on this run, nor stripped files on an earlier one, nor byte code on one that was kept.
    fixed = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch()), "PYINSTALLER_CONFIG_DIR": str(work / "cache")}
    fixed |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(work / "no-byte-code")}
    places = ["--distpath", str(work / "dist"), "--workpath", str(work / "steps")]
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR", *places]
    subprocess.run([*command, str(ROOT / "krew" / "bundle.spec")], check=True, env={**os.environ, **fixed})
    return work / "dist" / "kubectl-seccomp"


def _add_texts(python: Path, work: Path, folder: Path) -> None:
    """Put our licence and those of everything that was taken in at the bundle's root."""
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    site = Path(subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True).strip())
    modules = {name.split(".")[0] for name, _, _ in _listed(work / "steps" / "bundle" / "PYZ-00.toc")}
    own = (str(site), sys.base_prefix)
    libraries = [
        Path(source)
        for _, source, kind in _listed(work / "steps" / "bundle" / "COLLECT-00.toc")
        if kind == "BINARY" and not source.startswith(own)
    ]
    text = licences.collect(modules, libraries, site)
    (folder / "THIRD_PARTY_LICENSES.txt").write_text(text, encoding="utf-8", newline="\n")


def _listed(toc: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (name, source, kind) of what PyInstaller took in, from the record that it leaves."""
    for part in ast.literal_eval(toc.read_text(encoding="utf-8")):
        if isinstance(part, list):
            yield from (entry for entry in part if isinstance(entry, tuple))


def _judge(folder: Path, target: Path, allowed: elf.Version) -> None:
    """Print what was made, and fail when it breaks a promise."""
    content = target.read_bytes()
    print(f"archive   {target}\nsize      {len(content)} bytes (at most {LARGEST})\nsha256    {hashlib.sha256(content).hexdigest()}")
    if sys.platform == "linux":
        highest, path = elf.floor(path for path in folder.rglob("*") if path.is_file())
        asks = f"{elf.show(highest)} by {path.relative_to(folder) if path else '-'}"
        print(f"glibc     {asks} (at most {elf.show(allowed)})")
        if highest > allowed:
            _fail(f"the bundle needs glibc {asks}, more than {elf.show(allowed)}: build it on an older system")
    print(f"--help    {_help_time(folder):.0f} ms, the best of ten")
    if len(content) > LARGEST:
        _fail(f"the archive has {len(content)} bytes, more than {LARGEST}")


def _help_time(folder: Path) -> float:
    """Return how many milliseconds `--help` takes at best."""
    program = folder / ("kubectl-seccomp.exe" if os.name == "nt" else "kubectl-seccomp")
    times = []
    for _ in range(10):
        started = time.perf_counter()
        subprocess.run([program, "--help"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return 1000 * min(times)


def _fail(message: str) -> Never:
    print(f"scripts/bundle: {message}", file=sys.stderr)
    sys.exit(1)
