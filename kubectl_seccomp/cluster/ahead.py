"""Pages asked for before they are wanted: the token of the next page stands in the first bytes of each.

So the server encodes and sends one page while another one is decoded and judged. What an early token brought is used only if
the whole page confirms it: a page that had to be asked for again may have ended elsewhere.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable

from .api import ApiError

# List requests at the same time: the server's priority and fairness takes each for as many seats as it is expensive.
MOST_IN_FLIGHT = 2
# Pages that were read and wait to be decoded, or are being read.
MOST_AHEAD = 2
# How much of a page is looked at: a token is as long as the name of the pod at which the next page begins.
ENOUGH = 4096

# In JSON the list's metadata comes before its items, and holds no object itself (apimachinery meta/v1, ListMeta).
_JSON = re.compile(rb'\A\s*\{[^\[{]*"metadata"\s*:\s*\{[^\[{}]*"continue"\s*:\s*"([^"\\]+)"')

# Asks for the page of a token, and tells the first bytes until that returns True.
Ask = Callable[[str, Callable[[bytes], bool]], bytes]


def next_token(beginning: bytes) -> str | None:
    """Return the token of the next page out of the first bytes of a page, None where they do not show one."""
    found = _JSON.match(beginning)
    return found[1].decode("utf-8", "replace") if found else None


class _Page:
    """One page on its way: its body or its error, once it has come."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.body: bytes | None = None
        self.error: ApiError | None = None
        self.come = False


class Ahead:
    """The pages of one list. Whoever takes them does so in one thread; `stop` when no more are wanted."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._change = threading.Condition()
        self._coming: deque[_Page] = deque()
        self._flying = 0

    def take(self, token: str) -> bytes:
        """Return the page of a token, "" for the first one. Raises what asking for it raised."""
        with self._change:
            page = self._coming[0] if self._coming and self._coming[0].token == token else None
            if page is None:
                self._coming.clear()
                page = _Page(token)
                self._coming.append(page)
            else:
                self._change.wait_for(lambda: page.come)
        if page.body is None and page.error is None:
            self._fetch(page)
        with self._change:
            self._coming.popleft()
            self._change.notify_all()
        if page.error is not None:
            raise page.error
        assert page.body is not None
        return page.body

    def stop(self) -> None:
        """Ask for nothing more. Requests that are under way end by themselves, and nobody waits for them."""
        with self._change:
            self._coming.clear()
            self._change.notify_all()

    def _fetch(self, page: _Page) -> None:
        with self._change:
            self._flying += 1
        try:
            page.body = self._ask(page.token, lambda beginning: self._heard(page, beginning))
        except ApiError as error:
            page.error = error
        finally:
            with self._change:
                self._flying -= 1
                page.come = True
                self._change.notify_all()

    def _heard(self, page: _Page, beginning: bytes) -> bool:
        """Send for the next page once the first bytes tell its token, and return whether they need not be told again."""
        token = next_token(beginning[:ENOUGH])
        if token is None:
            return len(beginning) >= ENOUGH
        with self._change:
            if self._coming and self._coming[-1] is page and token != page.token:
                following = _Page(token)
                self._coming.append(following)
                # A daemon, because a server that hangs must not hold up the end of the program.
                threading.Thread(target=self._follow, args=(following,), daemon=True).start()
        return True

    def _follow(self, page: _Page) -> None:
        with self._change:
            self._change.wait_for(lambda: page not in self._coming or self._may_fly(page))
            if page not in self._coming:
                return
        self._fetch(page)

    def _may_fly(self, page: _Page) -> bool:
        return self._flying < MOST_IN_FLIGHT and self._coming.index(page) < MOST_AHEAD
