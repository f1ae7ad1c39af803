"""The data that scripts/refresh_data writes: each file says where it comes from, and can be read."""

from __future__ import annotations

import re

import msgspec

from kubectl_seccomp import data
from kubectl_seccomp.profiles.defaults import Table, evaluate


def test_the_files_say_where_they_come_from() -> None:
    head = "\n".join(line for line in data.read("syscalls.txt").decode().splitlines() if line.startswith("#"))
    about = "\n".join(msgspec.json.decode(data.read("defaults.json"), type=Table).about)
    for text in (head, about):
        assert "Written by scripts/refresh_data" in text
        assert "Origin" in text
        assert len(re.findall(r"20\d\d-\d\d-\d\d", text)) == 1


def test_a_rule_that_is_like_another_one_is_read_whole() -> None:
    text = """{"about": [], "rules": [{"names": "a b c"}, {"like": 0, "add": "d", "drop": "a"}, {"like": 1, "drop": "b c"}],
        "variants": [{"name": "x", "runtime": "docker", "ranges": [["1.0.0", "1.0.1"]], "source": "", "defaultAction": "SCMP_ACT_ERRNO",
        "architectures": {}, "rules": [2, 1, 0]}]}"""
    table = msgspec.json.decode(text, type=Table)
    assert [rule.names for rule in evaluate(table, table.variants[0], (), "amd64", (6, 1)).syscalls] == [
        ("d",),
        ("b", "c", "d"),
        ("a", "b", "c"),
    ]
