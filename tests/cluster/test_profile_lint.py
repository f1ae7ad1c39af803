"""`profile lint` on files of real nodes: as the node's own runtime reads them."""

from __future__ import annotations

import pytest

from tests.cluster.conftest import Lab

WORST = {"empty": "KS311", "wrapped": "KS312", "broken": "KS310", "badaction": "KS314", "log": "KS360", "custom-profile": "KS359"}


def test_files_of_two_nodes(lab: Lab) -> None:
    operands = [f"node/node-a:profiles/{name}.json" for name in WORST]
    done = lab.run("profile", "lint", *operands, "node/node-d:profiles/empty.json", "-o", "json")
    assert done.code == 1
    profiles = {entry["file"]: entry["problems"] for entry in done.json["profiles"]}
    assert {name: profiles[f"node/node-a:profiles/{name}.json"][0]["id"] for name in WORST} == WORST
    assert set(profiles["node/node-a:profiles/empty.json"][0]["runtimes"]) == {"containerd+runc", "containerd+crun"}
    (empty,) = profiles["node/node-d:profiles/empty.json"]
    assert empty["runtimes"] == {"cri-o+runc": "no filter", "cri-o+crun": "no filter"}


@pytest.mark.parametrize("operand", ["node/node-a:profiles/absent.json", "node/node-z:profiles/empty.json"])
def test_what_is_not_there(lab: Lab, operand: str) -> None:
    done = lab.run("profile", "lint", operand)
    assert (done.code, done.stdout) == (3, "")
    assert done.stderr.startswith("error: ")
