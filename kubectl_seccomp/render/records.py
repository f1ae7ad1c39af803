"""The json form of a pod as a mapping: the one place that knows the contract's names and their order. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from ..model import ContainerReport, Decision, Effective, Head, PodReport, Tail

Made = TypeVar("Made")
Record = dict[str, object]


def once(make: Callable[[Decision], Made]) -> Callable[[Decision], Made]:
    """Return what gives `make`'s answer, made once however many containers share the decision."""
    # The decision is kept beside its answer, so that its id is not given to another one.
    known: dict[int, tuple[Decision, Made]] = {}

    def answer(decision: Decision) -> Made:
        found = known.get(id(decision))
        if found is None:
            found = known[id(decision)] = (decision, make(decision))
        return found[1]

    return answer


def opening(head: Head) -> Record:
    """Return what every report begins with."""
    made = msgspec.to_builtins(head)
    return {key: made[key] for key in ("apiVersion", "kind", "generatedAt", "tool", "scope")}


def closing(tail: Tail) -> Record:
    """Return what a report of pods ends with."""
    made: Record = msgspec.to_builtins({"summary": tail.summary, "gaps": tail.gaps, "complete": tail.complete})
    return made


def member_record(member: ContainerReport) -> Record:
    """Return the part of a container's record that is its own."""
    return {
        "name": member.name,
        "type": member.type.value,
        "line": member.line,
        "image": member.image,
        "privileged": member.privileged,
    }


class Recorder:
    """Makes records of pods; `decision` gives the part of a container's that equal containers share, the same object each time.

    `convert` turns a value of the model into what the format wants: plain mappings and lists, or encoded json.
    """

    def __init__(self, convert: Callable[[object], object]) -> None:
        self._convert = convert
        self.decision = once(self._decided)

    def pod(self, pod: PodReport) -> Record:
        """Return the record of one pod or manifest object."""
        record = self.outer(pod)
        record["containers"] = [member_record(member) | self.decision(member.decision) for member in pod.containers]
        return record

    def outer(self, pod: PodReport) -> Record:
        """Return the record of one pod without its containers."""
        return {
            "apiVersion": pod.api_version,
            "kind": pod.kind,
            "namespace": pod.namespace,
            "name": pod.name,
            "node": pod.node,
            "owner": self._convert(pod.owner),
            "file": pod.file,
            "document": pod.document,
            "pss": self._convert(pod.pss),
        }

    def _decided(self, decision: Decision) -> Record:
        convert = self._convert
        return {
            "declared": convert(decision.declared),
            "effective": convert(_effective(decision.effective)),
            "profileFile": convert(decision.file),
            "observed": convert(decision.observed),
            "verdict": decision.verdict.value if decision.verdict else None,
            "strength": convert(decision.strength),
            "forecast": convert(decision.forecast),
            "findings": convert([template.id for template in decision.templates]),
        }


def _effective(effective: Effective) -> Record:
    return {
        "type": effective.type.value,
        "localhostProfile": effective.localhost_profile,
        "decidedBy": effective.decided_by.value,
        "certainty": effective.certainty.value,
        "explanation": effective.explanation,
    }


def plain() -> Recorder:
    """Return a recorder of mappings, lists, strings, numbers, booleans and None."""
    return Recorder(msgspec.to_builtins)
