"""Benchmarks on a control plane with as many pretended pods and nodes as wanted: `scripts/bench`."""
