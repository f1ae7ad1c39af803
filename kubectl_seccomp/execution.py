"""`audit --exec`: what every running container has, read by exec while the pods pass; bounded in number and time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from .cluster.connection import Connection
from .cluster.execs import read_status
from .model import Gap, Observation, Observed
from .pods import Container, Pod, containers, runs

AT_ONCE = 16
BATCH = 64  # pods whose containers are asked before the first of them is passed on


def executed(
    connection: Connection, pods: Iterable[Pod | Gap], observed: MutableMapping[tuple[str, str], Observed], timeout: float
) -> Iterator[Pod | Gap]:
    """Pass the pods on after their running containers were asked; the answers are put into `observed`, by UID and name.

    `timeout` is in seconds for one container. What a node has said stands where exec gives no answer.
    """
    rest = iter(pods)

    def ask(each: tuple[Pod, Container]) -> Observed:
        pod, member = each
        return read_status(connection, pod.metadata.namespace or "", pod.name, member.name, "/proc/self/status", timeout)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(rest, BATCH)):
            asked = [(pod, member) for pod in batch if isinstance(pod, Pod) for member in containers(pod) if runs(member)]
            for (pod, member), said in zip(asked, pool.map(ask, asked), strict=True):
                key = (pod.metadata.uid or "", member.name)
                if said.state is not Observation.FAILED or key not in observed:
                    observed[key] = said
            yield from batch
