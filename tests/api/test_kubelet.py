"""What is asked of a kubelet through the API server."""

from __future__ import annotations

import pytest
from werkzeug import Request, Response

from kubectl_seccomp.cluster import kubelet
from kubectl_seccomp.cluster.api import Api, ApiError
from tests.api.conftest import Fake, ok, status

CONFIGZ = "/api/v1/nodes/node-a/proxy/configz"
FLAGZ = "/api/v1/nodes/node-a/proxy/flagz"


def test_configz(fake: Fake, api: Api) -> None:
    fake.on(CONFIGZ, {"kubeletconfig": {"seccompDefault": True}})
    assert kubelet.configz(api, "node-a") == b'{"kubeletconfig": {"seccompDefault": true}}'


def structured(request: Request) -> Response:
    """What a kubelet 1.36 does: it knows the object by its full name only."""
    if "as=Flagz" in request.headers["Accept"]:
        return ok({"kind": "Flagz", "flags": {}})
    return status(406, "NotAcceptable", "only the following media types are accepted")


def only_any(request: Request) -> Response:
    if request.headers["Accept"] == "*/*":
        return ok(b"seccomp-default=true", "text/plain")
    return Response("406", 406)


@pytest.mark.parametrize(
    ("answer", "body", "asked"),
    [(structured, b'{"kind": "Flagz", "flags": {}}', 1), (only_any, b"seccomp-default=true", 2)],
)
def test_flagz(fake: Fake, api: Api, answer: object, body: bytes, asked: int) -> None:
    fake.on(FLAGZ, answer)  # type: ignore[arg-type]
    assert kubelet.flagz(api, "node-a") == body
    assert len(fake.requests) == asked


def test_flagz_asks_for_the_newest_form_first(fake: Fake, api: Api) -> None:
    fake.on(FLAGZ, ok(b"x"))
    kubelet.flagz(api, "node-a")
    forms = fake.requests[0].headers["Accept"].split(", ")
    assert ["v1beta1" in forms[0], "v1alpha1" in forms[1], forms[2]] == [True, True, "text/plain"]


def test_statusz_is_asked_for_in_its_structured_form_first(fake: Fake, api: Api) -> None:
    fake.on("/api/v1/nodes/node-a/proxy/statusz", ok(b"{}"))
    assert kubelet.statusz(api, "node-a") == b"{}"
    forms = fake.requests[0].headers["Accept"].split(", ")
    assert [form.rpartition("as=")[2] for form in forms] == ["Statusz", "Statusz", "text/plain"]


@pytest.mark.parametrize(("code", "asked"), [(403, 1), (404, 1), (501, 1), (500, 2), (502, 2), (503, 2), (504, 2)])
def test_a_kubelet_that_does_not_answer_is_asked_twice_at_most(fake: Fake, api: Api, code: int, asked: int) -> None:
    fake.on(FLAGZ, status(code, "x", "no"))
    with pytest.raises(ApiError) as caught:
        kubelet.flagz(api, "node-a")
    assert caught.value.status == code
    assert len(fake.requests) == asked


def test_an_endless_answer_is_cut(fake: Fake, api: Api) -> None:
    fake.on(CONFIGZ, ok(b"x" * (kubelet.LARGEST + 1)))
    with pytest.raises(ApiError, match="larger than 4096 KiB"):
        kubelet.configz(api, "node-a")


@pytest.mark.parametrize("node", ["..", "."])
def test_a_node_name_does_not_lead_elsewhere(fake: Fake, api: Api, node: str) -> None:
    with pytest.raises(ApiError, match="invalid resource name"):
        kubelet.configz(api, node)
    assert fake.requests == []


def test_a_node_name_is_quoted(fake: Fake, api: Api) -> None:
    fake.on("/api/v1/nodes/a/b?c/proxy/configz", {})
    assert kubelet.configz(api, "a/b?c") == b"{}"
    assert fake.requests[0].environ["REQUEST_URI"] == "/api/v1/nodes/a%2Fb%3Fc/proxy/configz"
