"""Go modules: fetched through the module proxy, read as files; and containerd's profile, evaluated."""

import functools
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from .writing import Failed, run

PROGRAM = Path(__file__).parent / "go"


@functools.cache
def folder(module):
    """Return where "example.com/module@v1.2.3" is on this machine."""
    run(["go", "mod", "download", module], f"downloading {module}", cwd="/")  # with -json its error would not be on stderr
    return Path(json.loads(run(["go", "mod", "download", "-json", module], f"finding {module}", cwd="/"))["Dir"])


def evaluated(module, questions):
    """Return containerd's default profile of this module for each question: {"Arch", "New" (kernel >= 4.8), "Caps"}."""
    with tempfile.TemporaryDirectory() as place:
        work = Path(place) / "go"
        shutil.copytree(PROGRAM, work)
        (work / "seccomp").mkdir()
        source = (folder(module) / "contrib" / "seccomp" / "seccomp_default.go").read_text()
        (work / "seccomp" / "profile.go").write_text(_asking(source, module))
        environment = os.environ | {"GOFLAGS": "-mod=mod", "GOWORK": "off"}
        answer = run(["go", "run", "."], f"evaluating {module}", cwd=work, env=environment, input=json.dumps(questions))
    return json.loads(answer)


def _asking(source, module):
    """Return the source with package asked in place of what tells the machine that it runs on."""
    source, imports = re.subn(r"(?m)^import \(", 'import (\n\t"refresh/asked"', source)
    source, runtimes = re.subn(r'(?m)^\t"runtime"$', "", source)
    source = re.sub(r'(?m)^\t"github\.com/containerd/containerd[\w./]*/kernelversion"$', "", source)
    source, asked = re.subn(r"\b(?:runtime|kernelversion)\.(?=[A-Z])", "asked.", source)
    if not (imports == runtimes == 1 and asked):
        raise Failed(f"{module} asks for its architecture in a way that is not understood here")
    return source
