"""The json form of a pod as a mapping: the one place that knows the contract's names and their order. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..model import Decision, Effective, PodReport

Record = dict[str, object]


class Recorder:
    """Makes records of pods. What a decision says is converted once, however many containers share the decision.

    `convert` turns a value of the model into what the format wants: plain mappings and lists, or encoded json.
    """

    def __init__(self, convert: Callable[[object], object]) -> None:
        self._convert = convert
        # The decision is kept beside its record, so that its id is not given to another one.
        self._known: dict[int, tuple[Decision, Record]] = {}

    def pod(self, pod: PodReport) -> Record:
        """Return the record of one pod or manifest object."""
        record = self.outer(pod)
        record["containers"] = [
            {
                "name": member.name,
                "type": member.type.value,
                "line": member.line,
                "image": member.image,
                "privileged": member.privileged,
                **self.decision(member.decision),
            }
            for member in pod.containers
        ]
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

    def decision(self, decision: Decision) -> Record:
        """Return the part of a container's record that equal containers share; the same object each time."""
        known = self._known.get(id(decision))
        if known is None:
            known = self._known[id(decision)] = (decision, self._decided(decision))
        return known[1]

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
