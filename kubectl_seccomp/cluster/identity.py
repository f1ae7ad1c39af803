"""Whom to impersonate, as headers (client-go 1.37: transport/round_trippers.go `impersonatingRoundTripper`)."""

from __future__ import annotations

from urllib.parse import quote

from ..fault import Fault
from .connection import Options
from .entries import User

Headers = tuple[tuple[str, str], ...]


def impersonation(user: User, options: Options) -> Headers:
    """Return the Impersonate headers: each flag stands in place of the same field of the user entry.

    Of --as-user-extra each key stands in place of the same key. Raises Fault (2) for a flag that cannot be obeyed.
    """
    name, uid = options.as_user or user.as_user, options.as_uid or user.as_uid
    groups = options.as_groups or user.as_groups or ()
    extra = {**(user.as_user_extra or {}), **_extra(options.as_user_extra)}
    if not name:
        if uid or groups or extra:
            raise Fault("requesting uid, groups or user-extra without impersonating a user", "give --as", 2)
        return ()
    headers = [("Impersonate-User", name)]
    if uid:
        headers.append(("Impersonate-Uid", uid))
    headers += [("Impersonate-Group", group) for group in groups]
    for key, values in extra.items():
        # `headerKeyEscape`: what no header name may hold is percent-encoded.
        escaped = quote(key, safe="!#$&'*+-.^_`|~")
        headers += [(f"Impersonate-Extra-{escaped}", value) for value in values]
    return tuple(headers)


def _extra(flags: list[str]) -> dict[str, list[str]]:
    extra: dict[str, list[str]] = {}
    for flag in flags:
        key, separator, value = flag.partition("=")
        if not key or not separator:
            raise Fault("--as-user-extra must be key=value", code=2)
        extra.setdefault(key, []).append(value)
    return extra


def check_headers(headers: Headers) -> None:
    """Raise Fault for a value that would break out of its header."""
    for name, value in headers:
        # Lone surrogates are what Python makes of arguments that are not UTF-8.
        if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in value):
            raise Fault(f"the value for the header {name} holds a line break or another control character")
