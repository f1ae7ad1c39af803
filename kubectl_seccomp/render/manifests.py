"""Manifests as YAML documents, with longer texts as they are read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def render(manifests: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield each manifest as a document that `kubectl apply -f -` takes."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes a text of several lines as a literal block."""

    Dumper.add_representer(
        str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
    )
    for manifest in manifests:
        yield "---\n" + yaml.dump(manifest, Dumper=Dumper, sort_keys=False, width=120)
