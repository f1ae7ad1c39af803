"""The formats that every report has, by name; each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ..model import Report
from .choices import Format
from .given import Output


def machine(report: Report, output: Output, *, failing: bool, pods: bool = False, judged: bool = True) -> Iterator[str]:
    """Return the report in a format that is read by programs.

    `pods` makes names those of pods, not of their owners; `judged` is unset where findings were not looked for.
    """
    match output.output:
        case Format.JSON:
            from ..render.json import render as json

            return json(report)
        case Format.YAML:
            from ..render.yaml import render as yaml

            return yaml(report)
        case Format.CSV:
            from ..render.csv import render as csv

            return csv(report, headers=not output.no_headers, failing=failing)
        case Format.NAME:
            from ..render.names import render as names

            return names(report, failing=failing, pods=pods)
        case Format.MARKDOWN | Format.TABLE | Format.WIDE:
            from ..render.markdown import render as markdown

            return markdown(report, failing=failing, judged=judged)
        case missing:
            assert_never(missing)
