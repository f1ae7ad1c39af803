"""The command line run inside of the test's process: what it prints and its exit code. What is about the process itself starts one."""

from __future__ import annotations

import io
import sys
from typing import NamedTuple

import pytest

from kubectl_seccomp.cli.main import run_app


class Done(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str


def run(*words: str, stdin: bytes = b"", program: str = "kubectl-seccomp", **environment: str) -> Done:
    out, err = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8"))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="utf-8", write_through=True))
        with pytest.raises(SystemExit) as ended:
            run_app(program, list(words))
        code = ended.value.code
        sys.stdout.flush()
        assert isinstance(code, int)
        return Done(code, out.getvalue().decode(), err.getvalue().decode())
