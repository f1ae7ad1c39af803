"""kubeconfig files merged into one, by client-go's rules (tools/clientcmd 1.37: loader.go, api/v1/conversion.go)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from ..fault import Fault
from .entries import Cluster, Extension, User, read_file


class Context(Struct, frozen=True):
    """A context entry."""

    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None


class _NamedCluster(Struct, frozen=True):
    name: str = ""
    cluster: Cluster | None = None


class _NamedUser(Struct, frozen=True):
    name: str = ""
    user: User | None = None


class NamedContext(Struct, frozen=True):
    """A context entry with its name."""

    name: str = ""
    context: Context | None = None


class _File(Struct, frozen=True, rename="kebab"):
    current_context: str | None = None
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[NamedContext] | None = None


class Config(Struct):
    """All files together: of equal names, the one in the first file wins."""

    current_context: str = ""
    clusters: dict[str, Cluster] = {}
    users: dict[str, User] = {}
    contexts: dict[str, Context] = {}


V = TypeVar("V")


def load(explicit: str | None, environment: Mapping[str, str]) -> Config:
    """Return all kubeconfig files as one: `explicit` alone, else those in KUBECONFIG, else the one in the home directory.

    Raises Fault for a file that is wrong or cannot be read. A missing file counts only when it is the explicit one.
    """
    config = Config()
    if explicit:
        _add(config, explicit)
        return config
    home = environment.get("HOME") or environment.get("USERPROFILE")
    usual = [os.path.join(home, ".kube", "config")] if home else []
    listed = environment.get("KUBECONFIG") or ""
    for path in listed.split(os.pathsep) if listed else usual:
        if path and not _missing(path):
            _add(config, path)
    return config


def _missing(path: str) -> bool:
    """Whether there is no such file; a file that may be there and cannot be looked at is not missing."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _add(config: Config, path: str) -> None:
    file, folder = _read(Path(path)), os.path.dirname(os.path.abspath(path))
    config.current_context = config.current_context or file.current_context or ""
    _merge(config.clusters, ((each.name, _placed_cluster(each.cluster or Cluster(), folder)) for each in file.clusters or ()), path)
    _merge(config.users, ((each.name, _placed_user(each.user or User(), folder)) for each in file.users or ()), path)
    _merge(config.contexts, ((each.name, each.context or Context()) for each in file.contexts or ()), path)


def _merge(known: dict[str, V], listed: Iterable[tuple[str, V]], path: str) -> None:
    own: set[str] = set()
    for name, value in listed:
        if name in own:
            raise Fault(f'error loading config file {path}: duplicate name "{name}" in list')
        own.add(name)
        known.setdefault(name, value)


def _read(path: Path) -> _File:
    from ..yamls import Broken, documents, mistyped

    # What follows a first document is not read (sigs.k8s.io/yaml).
    first = next(documents(read_file(path, "kubeconfig")), None)
    if isinstance(first, Broken):
        # Only its line: the words of the error quote the file.
        raise Fault(f"error loading config file {path}: it is not valid YAML in line {first.line}")
    loaded = first.value if first is not None else None
    try:
        return msgspec.convert(loaded if loaded is not None else {}, _File)
    except msgspec.ValidationError as error:
        raise Fault(f"error loading config file {path}: {mistyped(error)}") from error


def _placed_cluster(cluster: Cluster, folder: str) -> Cluster:
    extensions = [Extension(each.name, _unnumbered(each.extension)) for each in cluster.extensions or ()]
    return structs.replace(cluster, certificate_authority=_placed(cluster.certificate_authority, folder), extensions=extensions)


def _unnumbered(value: Any) -> Any:
    """Return a value without the numbers of lines that our YAML reader puts into some lists."""
    from ..yamls import LINE

    if isinstance(value, dict):
        return {key: _unnumbered(each) for key, each in value.items() if key != LINE}
    return [_unnumbered(each) for each in value] if isinstance(value, list) else value


def _placed_user(user: User, folder: str) -> User:
    plugin = user.exec
    # A bare command is looked up in PATH; one with a slash is relative to its file, like every other path.
    if plugin is not None and os.sep in plugin.command:
        plugin = structs.replace(plugin, command=_placed(plugin.command, folder) or "")
    return structs.replace(
        user,
        token_file=_placed(user.token_file, folder),
        client_certificate=_placed(user.client_certificate, folder),
        client_key=_placed(user.client_key, folder),
        exec=plugin,
    )


def _placed(path: str | None, folder: str) -> str | None:
    """Return a path as Go's filepath.Join gives it: `..` is taken out of the text, whatever links there are."""
    if not path or os.path.isabs(path):
        return path or None
    return os.path.normpath(os.path.join(folder, path))
