"""JSON as Go's encoding/json decodes it into structs (Go 1.20 to 1.25), which is how every runtime reads a profile file.

Keys match without regard to case, the last of equal keys wins (of objects and lists Go keeps what the last one does not say
from those before it; that is not followed here), unknown keys are ignored, null leaves a field as it was (and empties a
list), types are strict: a number in quotes, a fraction, a negative number for an unsigned field is an error. There are no
comments, no trailing commas and no byte order mark. Bytes that are not UTF-8 are replaced inside of strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

# Go itself stops at 10,000 levels and takes numbers of any length; nobody needs more than this.
DEEPEST = 400
# A whole string (also one that never ends, so that no text is scanned twice), or one bracket.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{\]}]', re.DOTALL)


class Refused(Exception):
    """A runtime would refuse the file; the text ends a sentence that begins with the file: "is empty"."""


class NotJudged(Exception):
    """The file is beyond what is looked at here; the text ends a sentence that begins with the file."""


def decode(raw: bytes) -> Mapping[str, object] | None:
    """Return the top-level object with lower-cased keys at every level, None for null.

    Raises Refused for what Go would refuse, NotJudged for what is nested too deeply or has absurdly long numbers.
    """
    if not raw.strip():
        raise Refused("is empty")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Refused("begins with a byte order mark, which is not JSON")
    if _is_deep(raw):
        raise NotJudged(f"is nested more than {DEEPEST} levels deep: not judged")
    try:
        decoded = json.loads(raw.decode("utf-8", "replace"), object_pairs_hook=_fold, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Refused(f"is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg})") from error
    except ValueError as error:  # Python stops at numbers of 4300 digits
        raise NotJudged("has a number of thousands of digits: not judged") from error
    if decoded is None or isinstance(decoded, dict):
        return decoded
    raise Refused("is JSON, but not an object")


def _is_deep(raw: bytes) -> bool:
    """Return whether brackets are nested deeper than DEEPEST."""
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for token in _TOKEN.finditer(raw):
        if token[0] in (b"[", b"{"):
            depth += 1
        elif token[0] in (b"]", b"}"):
            depth -= 1
        if depth > DEEPEST:
            return True
    return False


def _fold(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        name = folded(key)
        if value is not None or not isinstance(found.get(name), str):
            found[name] = value
    return found


def folded(key: str) -> str:
    """Return a key as keys are compared."""
    # Two letters beyond ASCII fold to ASCII ones: the long s and the Kelvin sign (encoding/json fold.go).
    return key.lower().replace("\u017f", "s")


def _no_constant(name: str) -> object:
    raise Refused(f"is not valid JSON ({name})")


def text(document: Mapping[str, object], key: str) -> str:
    """Return a string field, empty when absent or of another type (schema.py tells of those)."""
    value = document.get(key)
    return value if isinstance(value, str) else ""


def texts(document: Mapping[str, object], key: str) -> list[str]:
    """Return a list of strings, empty as above; null in it is the empty string."""
    values = document.get(key)
    return [value or "" for value in values] if isinstance(values, list) else []


def objects(document: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    """Return a list of objects, empty as above; null in it is an empty object."""
    values = document.get(key)
    return [value or {} for value in values] if isinstance(values, list) else []


def unsigned(document: Mapping[str, object], key: str) -> int:
    """Return a number, 0 as above."""
    value = document.get(key)
    return value if isinstance(value, int) else 0


def mapping(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return an object field, empty as above."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}
