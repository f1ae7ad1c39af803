"""A profile's text, to the letter: what is not needed is not written."""

from __future__ import annotations

import json
from textwrap import indent

import yaml

from kubectl_seccomp.profiles.oci import ALLOW, Action, Condition, Resolved, Rule
from kubectl_seccomp.profiles.output import oci, resource

EVERYTHING = Resolved(
    Action("TRACE", 7),
    (
        Rule(0, ("read", "write"), ALLOW),
        Rule(1, ("mount",), Action("ERRNO", 1), (Condition(0, "EQ", 5), Condition(1, "MASKED_EQ", 255, 7))),
        Rule(2, ("bpf",), Action("ERRNO", 38)),
    ),
    ("SCMP_ARCH_X86_64",),
    ("SECCOMP_FILTER_FLAG_LOG",),
    listener="/run/s",
    metadata="m",
)
YAML = """\
defaultAction: SCMP_ACT_TRACE
defaultErrnoRet: 7
architectures:
- SCMP_ARCH_X86_64
flags:
- SECCOMP_FILTER_FLAG_LOG
listenerPath: /run/s
listenerMetadata: m
syscalls:
- names:
  - read
  - write
  action: SCMP_ACT_ALLOW
- names:
  - mount
  action: SCMP_ACT_ERRNO
  args:
  - index: 0
    value: 5
    op: SCMP_CMP_EQ
  - index: 1
    value: 255
    op: SCMP_CMP_MASKED_EQ
    valueTwo: 7
- names:
  - bpf
  action: SCMP_ACT_ERRNO
  errnoRet: 38
"""
HEAD = "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\nmetadata:\n  name: web\n"


def test_the_form_of_the_runtimes() -> None:
    assert oci(EVERYTHING, yaml=True) == YAML
    assert oci(EVERYTHING) == json.dumps(yaml.safe_load(YAML), indent=2) + "\n"


def test_the_form_of_a_resource() -> None:
    assert resource(EVERYTHING, "web", "prod") == f"{HEAD}  namespace: prod\nspec:\n{indent(YAML, '  ')}"
    little = Resolved(Action("ERRNO", 1), ())
    assert resource(little, "web", None) == f"{HEAD}spec:\n  defaultAction: SCMP_ACT_ERRNO\n"
    assert json.loads(resource(little, "web", None, as_json=True)) == yaml.safe_load(resource(little, "web", None))
