"""The json form as YAML, written while the pods arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from ..model import Report
from .json import parts

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def render(report: Report) -> Iterator[str]:
    """Yield the report as one YAML document with the keys of the json form, in its order."""
    for key, value in parts(report):
        if isinstance(value, bytes):
            yield _dump({key: msgspec.json.decode(value)})
            continue
        empty = True
        for item in value:
            yield (f"{key}:\n" if empty else "") + _dump([msgspec.json.decode(item)])
            empty = False
        if empty:
            yield f"{key}: []\n"


def _dump(value: object) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=4096)
    return text
