"""Declared, effective and observed seccomp profile of every container, with the reason."""

__version__ = "0.1.0"
