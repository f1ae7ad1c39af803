"""Wall and CPU time and peak memory of commands."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = str(ROOT / ".venv" / "bin" / "kubectl-seccomp")


@dataclass(frozen=True)
class Run:
    """One run of a command: seconds of wall and CPU, MB at its peak (all of it, and what is not a file's), its exit code, and the CPU
    seconds of the server that it asked.
    """

    wall: float
    cpu: float
    peak: float
    code: int = 0
    server: float = 0.0
    anonymous: float = 0.0


def measured(command: list[str], output: str = "/dev/null", errors: str = "/dev/null", server: int | None = None) -> Run:
    """Return what one run took; `output` and `errors` are files that it writes, `server` is a process id."""
    began, before = time.monotonic(), cpu_of(server)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, number, path, flags, 0o600) for number, path in ((1, output), (2, errors))]
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    anonymous = 0.0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        anonymous = max(anonymous, _anonymous(pid))
        time.sleep(0.02)
    _, status, used = os.wait4(pid, 0)
    wall, cpu = time.monotonic() - began, used.ru_utime + used.ru_stime
    return Run(wall, cpu, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), cpu_of(server) - before, anonymous)


def until_it_ends(command: list[str], after: float) -> tuple[float, int]:
    """Interrupt a command after so many seconds, as Ctrl-C does; return the seconds until it has ended, and its exit code."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(after)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        code = process.wait()
        return time.monotonic() - began, code


def _anonymous(pid: int) -> float:
    """Return the MB of a process's memory that is no file's."""
    found = re.search(r"^RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def cpu_of(pid: int | None) -> float:
    """Return the CPU seconds that a living process has used so far."""
    if pid is None:
        return 0.0
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def heading() -> str:
    """Return where and when this was measured, for the table's title."""
    processor = next((line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?")
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({processor}), load {os.getloadavg()[0]:.1f} before"
