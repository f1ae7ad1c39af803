"""`completion`: what makes kubectl's own completion reach this plugin."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..fault import Fault
from .boundary import put, say
from .main import COMPLETE

NAME = "kubectl_complete-seccomp"
PLUGIN = "kubectl-seccomp"
_MARK = "# Written by `kubectl seccomp completion install`"
SHIM = f"""#!/bin/sh
{_MARK}: kubectl runs it to complete the words behind `kubectl seccomp`.
exec {PLUGIN} {COMPLETE} "$@"
"""
_LOAD = {
    "bash": ("source <(kubectl completion bash)", "in ~/.bashrc; needs the package bash-completion"),
    "zsh": ("source <(kubectl completion zsh)", "in ~/.zshrc, after: autoload -U compinit; compinit"),
    "fish": ("kubectl completion fish | source", "in ~/.config/fish/config.fish"),
    "powershell": ("kubectl completion powershell | Out-String | Invoke-Expression", "in $PROFILE"),
}


def completion(what: str, folder: str | None = None) -> int:
    """Write kubectl_complete-seccomp, or print what a shell needs."""
    if what == "install":
        return _install(Path(folder).expanduser() if folder else _usual())
    if folder:
        raise Fault("--dir only works with `completion install`", "see: kubectl seccomp completion --help", 2)
    put(_instructions(what))
    return 0


def _instructions(shell: str) -> list[str]:
    """Return comments only, so that it does no harm to source them like another program's completion."""
    line, where = _LOAD[shell]
    lines = ["# kubectl's own completion completes this plugin too. Load it", f"# {where}:", f"#   {line}"]
    found = shutil.which(NAME)
    if found:
        lines += [f"# {NAME} is there:", f"#   {found}"]
    else:
        lines += [f"# {NAME} is not on PATH; write it, once:", "#   kubectl seccomp completion install"]
    return [f"{line}\n" for line in lines]


def _usual() -> Path:
    """Return krew's folder of links when the plugin is in it, else the folder of the plugin that PATH leads to."""
    root = os.environ.get("KREW_ROOT")
    krew = Path(root) / "bin" if root else Path.home() / ".krew" / "bin"
    if (krew / PLUGIN).exists():
        return krew
    plugin = shutil.which(PLUGIN)
    if plugin is None:
        raise Fault(f"{PLUGIN} is not on PATH, so kubectl would not find what belongs to it", "choose a folder with --dir")
    return Path(plugin).parent


def _install(folder: Path) -> int:
    if os.name == "nt":
        raise Fault("kubectl on Windows cannot run a shell script", "pip and uv install kubectl_complete-seccomp.exe")
    path = folder / NAME
    if _written(path):
        put([f"{path} already exists\n"])
    else:
        _write(path)
        put([f"wrote {path}\n"])
    _tell_what_is_missing(path)
    return 0


def _written(path: Path) -> bool:
    """Whether it is there, ours. Fault when something else has its name."""
    if not os.path.lexists(path):
        return False
    plugin = shutil.which(PLUGIN)
    if plugin and path.exists() and os.path.samefile(path, plugin):
        return True
    try:
        start = path.read_bytes()[:4096]
    except OSError as error:
        raise Fault(f"cannot read {path}: {error.strerror}", "it is left as it is") from error
    if start == SHIM.encode() or b"kubectl_seccomp.__main__" in start:
        return os.access(path, os.X_OK) or _make_executable(path)
    if _MARK.encode() in start:
        return False
    raise Fault(f"{path} was not written by this command: it is left as it is", "move it away, or give another folder with --dir")


def _make_executable(path: Path) -> bool:
    try:
        path.chmod(0o755)
    except OSError as error:
        raise Fault(f"cannot make {path} executable: {error.strerror}") from error
    return True


def _write(path: Path) -> None:
    """Write it beside its place first: a running completion never sees half of it."""
    beside = path.with_name(f".{NAME}.{os.getpid()}")
    try:
        beside.write_text(SHIM)
        beside.chmod(0o755)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Fault(
            f"cannot write {path}: {error.strerror}", "choose another folder with --dir, such as one of your own on PATH"
        ) from error


def _tell_what_is_missing(path: Path) -> None:
    found = shutil.which(NAME)
    if found is None:
        say(f"hint: {path.parent} is not on PATH: kubectl will not find it there")
    elif not os.path.samefile(found, path):
        say(f"warning: kubectl finds {found} first")
    if shutil.which(PLUGIN) is None:
        say(f"hint: {PLUGIN} is not on PATH: completion runs it")
    shell = Path(os.environ.get("SHELL", "")).name
    line, where = _LOAD.get(shell, _LOAD["bash"])
    say(f"kubectl's own completion must be loaded: {line} ({where})")
