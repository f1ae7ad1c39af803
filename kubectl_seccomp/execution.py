"""`audit --exec`: what every running container has, read by exec while the pods pass; bounded in number and time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, repeat

from .cluster.api import Api
from .cluster.execs import read_status
from .facts import Observed
from .model import Gap
from .pods import Container, Pod, containers, runs
from .proof import still_there
from .words import Observation

AT_ONCE = 16
BATCH = 64  # pods whose containers are asked before the first of them is passed on


def executed(
    api: Api, pods: Iterable[Pod | Gap], observed: MutableMapping[tuple[str, str], Observed], timeout: float
) -> Iterator[Pod | Gap]:
    """Pass the pods on after their running containers were asked; the answers are put into `observed`, by UID and name.

    Exec goes by names: each pod is read again afterwards, and what was said of a container that was replaced is not believed.

    `timeout` is in seconds for one container. What a node has said stands where exec gives no answer.
    """
    rest = iter(pods)

    def ask(each: tuple[Pod, Container]) -> Observed:
        pod, member = each
        return read_status(api.connection, pod.metadata.namespace or "", pod.name, member.name, timeout)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(rest, BATCH)):
            asked = [(pod, member) for pod in batch if isinstance(pod, Pod) for member in containers(pod) if runs(member)]
            said: dict[str, tuple[Pod, dict[str, Observed]]] = {}
            for (pod, member), value in zip(asked, pool.map(ask, asked), strict=True):
                said.setdefault(pod.metadata.uid or "", (pod, {}))[1][member.name] = value
            gaps: list[Gap] = []
            pairs = said.values()
            checked = pool.map(still_there, repeat(api), (pod for pod, _ in pairs), (values for _, values in pairs), repeat(gaps))
            for uid, values in zip(said, checked, strict=True):
                _keep(observed, uid, values)
            yield from gaps
            yield from batch


def _keep(observed: MutableMapping[tuple[str, str], Observed], uid: str, values: dict[str, Observed]) -> None:
    for name, value in values.items():
        if value.state is not Observation.FAILED or (uid, name) not in observed:
            observed[uid, name] = value
