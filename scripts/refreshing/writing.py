"""Data files: written only when something but their date changes."""

import datetime
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "kubectl_seccomp" / "data"
DATE = "REFRESHED"


class Failed(Exception):
    """Says in one sentence why nothing could be written."""


def run(command, doing, **more):
    """Return what a command prints; `doing` says what for, in the sentence that tells of its failure."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout
    except FileNotFoundError as error:
        raise Failed(f"{doing} needs {command[0]}, which is not on this machine") from error
    except subprocess.CalledProcessError as error:
        said = [line for line in error.stderr.splitlines() if line.strip()]
        raise Failed(f"{doing} failed (is the network there?): {said[-1] if said else error}") from error


def put(path, text, check):
    """Write one file, or only compare; return whether it was the same. `text` may have DATE where the date goes."""
    there = path.read_text() if path.exists() else ""
    before, _, after = text.partition(DATE)
    same = there == text or (
        DATE in text and re.fullmatch(re.escape(before) + r"\d{4}-\d\d-\d\d" + re.escape(after), there) is not None
    )
    if not same and not check:
        path.write_text(text.replace(DATE, datetime.datetime.now(tz=datetime.UTC).date().isoformat()))
    state = "unchanged" if same else "differs" if check else "written"
    print(f"{path.relative_to(ROOT)}: {state}")
    return same
