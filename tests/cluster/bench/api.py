"""A plain client for the benchmarks' own requests: the API server with the admin's certificate, and etcd's JSON gateway."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import ssl
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Server:
    """One connection to the API server; one thread at a time."""

    def __init__(self) -> None:
        config = json.loads(Path(os.environ["KUBECONFIG"]).read_text())
        context = ssl.create_default_context(cafile=config["clusters"][0]["cluster"]["certificate-authority"])
        user = config["users"][0]["user"]
        context.load_cert_chain(user["client-certificate"], user["client-key"])
        self._connection = http.client.HTTPSConnection("127.0.0.1", 6443, context=context)

    def ask(self, method: str, path: str, body: object = None, kind: str = "application/json", fine: Iterable[int] = ()) -> bytes:
        """Return the answer to one request. SystemExit when it is not 2xx and not one of `fine`."""
        words = (method, path, None if body is None else json.dumps(body), {"Content-Type": kind})
        self._connection.request(*words)
        try:
            answer = self._connection.getresponse()
        except http.client.RemoteDisconnected:  # it was idle for too long
            self._connection.request(*words)
            answer = self._connection.getresponse()
        text = answer.read()
        if answer.status // 100 != 2 and answer.status not in fine:
            raise SystemExit(f"{method} {path}: {answer.status}: {text[:300]!r}")
        return text

    def stream(self, path: str) -> Iterable[Any]:
        """Yield the events of a watch until the server ends it."""
        self._connection.request("GET", path)
        for line in self._connection.getresponse():
            yield json.loads(line)

    def count(self, path: str) -> int:
        """Return how many objects a list has."""
        page = json.loads(self.ask("GET", f"{path}?limit=1"))
        return len(page["items"] or ()) + int(page["metadata"].get("remainingItemCount", 0))

    def requests(self) -> Counter[str]:
        """Return how many requests the server has ended so far, by verb, resource and subresource."""
        text = self.ask("GET", "/metrics").decode()
        found: Counter[str] = Counter()
        for labels, value in re.findall(r"^apiserver_request_total\{(.*?)\} (\S+)$", text, re.MULTILINE):
            told = dict(re.findall(r'(\w+)="(.*?)"', labels))
            name = "/".join(filter(None, (told["resource"], told["subresource"])))
            found[f"{told['verb']} {name}"] += int(float(value))
        return found

    def watches(self) -> int:
        """Return how many watches are open."""
        text = self.ask("GET", "/metrics").decode()
        return sum(
            int(float(value))
            for labels, value in re.findall(r"^apiserver_longrunning_requests\{(.*?)\} (\S+)$", text, re.MULTILINE)
            if 'verb="WATCH"' in labels
        )


class Etcd:
    """etcd's JSON gateway."""

    def __init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", 2379)

    def read(self, key: str) -> bytes:
        """Return what is stored under a key."""
        found = self._ask("/v3/kv/range", {"key": _coded(key.encode())})
        return base64.b64decode(found["kvs"][0]["value"])

    def write(self, pairs: Iterable[tuple[str, bytes]]) -> None:
        """Store all pairs at once."""
        puts = [{"requestPut": {"key": _coded(key.encode()), "value": _coded(value)}} for key, value in pairs]
        if puts:
            self._ask("/v3/kv/txn", {"success": puts})

    def _ask(self, path: str, body: object) -> Any:
        self._connection.request("POST", path, json.dumps(body))
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"etcd: {answer.status}: {text[:300]!r}")
        return json.loads(text)


def _coded(value: bytes) -> str:
    return base64.b64encode(value).decode()
