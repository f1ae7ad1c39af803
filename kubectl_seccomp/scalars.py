"""The scalars of YAML as Kubernetes resolves them. Pure.

The rules are those of go.yaml.in/yaml 2.4 `resolve.go` and of sigs.k8s.io/yaml 1.6 `convertToJSONableObject`: `yes`, `on` and
`y` are true, a leading zero is octal, dates stay text.
"""

from __future__ import annotations

import base64
import math
import re

_TAGS = "tag:yaml.org,2002:"
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_INT = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]{1,16})|0[bB]([01]{1,64})|0[oO]?([0-7]{1,22})|(0|[1-9][0-9]{0,19}))")
_BASES = (16, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_TAGS}bool": (bool,),
    f"{_TAGS}int": (int,),
    f"{_TAGS}float": (float, int),
    f"{_TAGS}null": (type(None),),
}


def scalar(tag: str | None, plain: bool, text: str) -> str | bool | int | float | None:
    """Return the value of a scalar with this tag ("tag:yaml.org,2002:bool"), or, without one, as it is written.

    Raises ValueError, with a sentence, for a text that its tag does not allow. Tags of other origin mean nothing, as in Go.
    """
    if tag is None:
        return resolve(text) if plain else text
    if tag == f"{_TAGS}binary":
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    if tag not in _TYPES:
        return text
    value = resolve(text)
    if not isinstance(value, _TYPES[tag]) or (isinstance(value, bool) and tag != f"{_TAGS}bool"):
        raise ValueError(f'"{text[:40]}" is not of type {tag.removeprefix(_TAGS)}')
    return float(value) if isinstance(value, int) and tag == f"{_TAGS}float" else value


def resolve(text: str) -> str | bool | int | float | None:
    """Return the value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in "0123456789+-." else text


def key_text(value: object) -> str | None:
    """Return the text a mapping's key has in JSON, None for what cannot be a key."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def _number(text: str) -> str | int | float:
    """Return the number a text stands for, or the text. Integers have 64 bits; whole floats are integers, as in JSON."""
    digits = text.replace("_", "")
    match = _INT.fullmatch(digits)
    if match is not None:
        base, written = next((base, part) for base, part in zip(_BASES, match.groups()[1:], strict=True) if part)
        value = int(f"{match[1]}{written}", base)
        if -(1 << 63) <= value < (1 << 63 if match[1] else 1 << 64):
            return value
    if _FLOAT.fullmatch(digits) and math.isfinite(number := float(digits)):
        return int(number) if number.is_integer() and abs(number) < 1 << 63 else number
    return text
