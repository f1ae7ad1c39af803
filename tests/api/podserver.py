"""A fake API server for single pods: what becomes of a created pod, and which requests fail, is said by a test."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from werkzeug import Request, Response

from tests.api.conftest import status

POD = re.compile(r"/api/v1/namespaces/([^/]+)/pods(?:/([^/]+)(/log)?)?$")
Log = Callable[[dict[str, Any]], bytes]


def answer_of(pod: dict[str, Any], *lines: str) -> bytes:
    """The log of a probe that has these lines to say."""
    nonce = pod["metadata"]["labels"]["kubectl-seccomp/run"]
    body = "\n".join([f"start {nonce}", *lines, f"lines {len(lines) + 1}", ""]).encode()
    return body + f"end {nonce} {hashlib.sha256(body).hexdigest()}\n".encode()


class PodServer:
    """Pods by name. `statuses` are shown one after the other by GET, the last one for ever.

    `refusals` maps a method to answers that come before anything else; `lost` lets the POST make the pod and then fail;
    `appears` is how many GETs a lost pod stays invisible; `lingers` how many it outlives its deletion (None: until force).
    """

    def __init__(self) -> None:
        self.pods: dict[str, dict[str, Any]] = {}
        self.made: list[dict[str, Any]] = []
        self.seen: list[tuple[str, str, Any]] = []
        self.statuses: list[dict[str, Any]] = [{"phase": "Pending"}, {"phase": "Succeeded"}]
        self.log: Log = answer_of
        self.events: list[dict[str, Any]] = []
        self.node: Response | dict[str, Any] = status(404, "NotFound", 'nodes "node-a" not found')
        self.refusals: dict[str, Iterator[Response | None]] = {}
        self.created: str | None = None
        self.lost = False
        self.appears = 0
        self.lingers: int | None = 1
        self.hook: Callable[[str], None] = lambda _method: None

    def __call__(self, request: Request) -> Response:
        body = json.loads(request.get_data() or b"null")
        self.seen.append((request.method, request.full_path.rstrip("?"), body))
        self.hook(request.method)
        refusal = next(self.refusals.get(request.method, iter(())), None)
        if refusal is not None:
            return Response(refusal.get_data(), refusal.status, refusal.headers)
        match = POD.match(request.path)
        if match is None:
            return self._other(request.path)
        _, name, log = match.groups()
        if request.method == "POST":
            return self._create(body)
        pod = self.pods.get(name or "")
        if request.method == "GET" and name is None:
            return _json({"kind": "PodList", "items": list(self.pods.values()), "metadata": {}})
        if pod is None:
            return status(404, "NotFound", f'pods "{name}" not found')
        if request.method == "DELETE":
            return self._delete(pod, body)
        return Response(self.log(pod), 200, content_type="text/plain") if log else self._get(pod)

    def methods(self, *names: str) -> list[str]:
        return [method for method, _, _ in self.seen if method in names]

    def _create(self, body: dict[str, Any]) -> Response:
        own = {"uid": f"uid-{len(self.made) + 1}", "creationTimestamp": self.created}
        pod = {**body, "metadata": {**body["metadata"], **own}, "status": {"phase": "Pending"}}
        self.made.append(pod)
        self.pods[body["metadata"]["name"]] = pod
        if self.lost:
            pod["invisible"] = self.appears
            return status(504, "Timeout", "request did not complete within the requested timeout")
        return _json(pod, 201)

    def _get(self, pod: dict[str, Any]) -> Response:
        name = pod["metadata"]["name"]
        if pod.get("invisible", 0) > 0:
            pod["invisible"] -= 1
            return status(404, "NotFound", f'pods "{name}" not found')
        if "deletionTimestamp" in pod["metadata"] and self.lingers is not None:
            pod["lingers"] = pod.get("lingers", self.lingers) - 1
            if pod["lingers"] < 0:
                del self.pods[name]
                return status(404, "NotFound", f'pods "{name}" not found')
        current = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return _json({**pod, "status": current})

    def _delete(self, pod: dict[str, Any], body: dict[str, Any]) -> Response:
        wanted = body.get("preconditions", {}).get("uid")
        if wanted not in (None, pod["metadata"]["uid"]):
            return status(409, "Conflict", "the UID in the precondition does not match")
        pod["metadata"]["deletionTimestamp"] = "2026-11-24T00:00:00Z"
        if body["gracePeriodSeconds"] == 0:
            del self.pods[pod["metadata"]["name"]]
        return _json(pod)

    def _other(self, path: str) -> Response:
        if path.endswith("/events"):
            return _json({"kind": "EventList", "items": self.events, "metadata": {}})
        if isinstance(self.node, Response):
            return Response(self.node.get_data(), self.node.status, self.node.headers)
        return _json(self.node)


def _json(body: dict[str, Any], code: int = 200) -> Response:
    return Response(json.dumps(body), code, content_type="application/json")
