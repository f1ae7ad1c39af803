"""data/syscalls.txt: numbers from the PyPI package system-calls, names from the machine's libseccomp.

libseccomp is asked because a profile's names mean what it resolves them to: it keeps calls that the kernel has removed, and calls
the ARM one arm_sync_file_range. What later releases added is listed below, from the differences of src/syscalls.csv between the
tags v2.5.0 to v2.6.1; a distribution's library may know more than its version says (Debian's 2.5.4 knows 2.5.5's names).
"""

import ast
import ctypes
import ctypes.util
import sys
import tempfile
import zipfile
from pathlib import Path

from .writing import DATA, DATE, Failed, run

PACKAGE, VERSION = "system-calls", "7.2"
# libseccomp's names of the architectures, and the package's.
ARCHITECTURES = {
    "x86_64": "x86_64",
    "x86": "i386",
    "x32": "x32",
    "aarch64": "arm64",
    "arm": "arm",
    "s390x": "s390x",
    "ppc64le": "powerpc64",
    "riscv64": "riscv64",
}
X32_BIT = 0x40000000
BASE = "2.5.0"
ADDED = {
    "2.5.2": """close_range epoll_pwait2 landlock_add_rule landlock_create_ruleset landlock_restrict_self memfd_secret mount_setattr
        process_madvise quotactl_fd""",
    "2.5.3": "process_mrelease",
    "2.5.4": "futex_waitv set_mempolicy_home_node",
    "2.5.5": "cachestat fchmodat2 futex_requeue futex_wait futex_wake map_shadow_stack",
    "2.5.6": """getxattrat listmount listxattrat lsm_get_self_attr lsm_list_modules lsm_set_self_attr mseal removexattrat riscv_hwprobe
        setxattrat statmount uretprobe""",
    "2.6.1": "file_getattr file_setattr listns open_tree_attr rseq_slice_yield uprobe",
}
SINCE = {name: version for version, names in ADDED.items() for name in names.split()}
# Known on this architecture only later than elsewhere.
LATER = {("x32", "map_shadow_stack"): "2.5.6", ("s390x", "memfd_secret"): "2.5.5", ("riscv64", "memfd_secret"): "2.5.5"}
UNKNOWN = -1  # __NR_SCMP_ERROR; other negative numbers stand for calls of other architectures
HEAD = f"""\
# Syscall numbers by name and architecture. Written by scripts/refresh_data: change that, not this.
# Origin: PyPI {PACKAGE} {VERSION} (Linux {{linux}}, MIT) and the names of libseccomp {{library}}; what libseccomp added since
# {BASE}: the differences of src/syscalls.csv between its tags up to v2.6.1. {DATE}
# since: the libseccomp release that first knows the name ({BASE}: that one or older); NUMBER@RELEASE: only from then on here.
"""


def files():
    """Return {path: text}."""
    linux, tables = _package()
    library = _Library()
    names = sorted(set(library.names(tables)) | {name for table in tables.values() for name in table})
    if new := [name for name in names if name not in SINCE and not library.knows(name)]:
        raise Failed(f"which libseccomp release knows {', '.join(new)}? Say so in {Path(__file__).name}")
    rows = [" ".join(("name", "since", *ARCHITECTURES))]
    for name in names:
        cells = (_cell(library, arch, name, tables[arch].get(name)) for arch in ARCHITECTURES)
        rows.append(" ".join((name, SINCE.get(name, BASE), *cells)))
    return {DATA / "syscalls.txt": HEAD.format(linux=linux, library=library.version) + "\n".join(rows) + "\n"}


def _cell(library, arch, name, known):
    number, later = library.resolved(arch, name, known), LATER.get((arch, name))
    return "-" if number is None else f"{number}@{later}" if later else str(number)


def _package():
    """Return the Linux version of the package, and name -> number per architecture; its files are read, not run."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = [f"{PACKAGE}=={VERSION}", "--no-deps", "--only-binary=:all:", "--dest", folder]
        pip = [Path(sys.base_prefix) / "bin" / "python3", "-m", "pip"]
        run([*pip, "download", "--quiet", "--disable-pip-version-check", *wanted], f"downloading {PACKAGE}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            linux = _value(wheel.read("system_calls/linux_version.py"))
            tables = {arch: _value(wheel.read(f"system_calls/tables/{name}.py")) for arch, name in ARCHITECTURES.items()}
    tables["x32"] = {name: number | X32_BIT for name, number in tables["x32"].items()}
    return linux, tables


def _value(source):
    return ast.literal_eval(next(node for node in ast.parse(source).body if isinstance(node, ast.Assign)).value)


class _Library:
    """The machine's libseccomp."""

    def __init__(self):
        found = ctypes.util.find_library("seccomp")
        if not found:
            raise Failed("the syscall tables need libseccomp on this machine (Debian: libseccomp2)")
        self._library = ctypes.CDLL(found)
        self._library.seccomp_arch_resolve_name.restype = ctypes.c_uint32
        self._library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
        self._tokens = {name: ctypes.c_uint32(self._library.seccomp_arch_resolve_name(name.encode())) for name in ARCHITECTURES}
        self.version = _installed(found)

    def names(self, tables):
        """Yield what it knows beside the tables' names: it can be asked by number only. Its own calls have negative numbers."""
        highest = max(number for arch, table in tables.items() if arch != "x32" for number in table.values() if number < 0x10000)
        for token in self._tokens.values():
            for number in (*range(-20000, UNKNOWN), *range(highest + 1)):
                found = self._library.seccomp_syscall_resolve_num_arch(token, number)
                if found:
                    yield ctypes.string_at(found).decode()

    def knows(self, name):
        return any(self._resolve(arch, name) != UNKNOWN for arch in ARCHITECTURES)

    def resolved(self, arch, name, number):
        """Return the call's number where a rule on this name has an effect, None where it has none."""
        answer = self._resolve(arch, name)
        if answer >= 0:
            return answer
        multiplexed = -300 < answer < -100  # a sub-call of socketcall or ipc, with or without a number of its own
        return number if answer == UNKNOWN or multiplexed or (arch, name) in LATER else None

    def _resolve(self, arch, name):
        return self._library.seccomp_syscall_resolve_name_arch(self._tokens[arch], name.encode())


def _installed(library):
    """Return the library's version as Debian has it, else as it says itself."""
    try:
        return run(["dpkg-query", "-W", "-f=${Version} of Debian", "libseccomp2"], "asking for libseccomp's version")
    except Failed:
        function = ctypes.CDLL(library).seccomp_version
        function.restype = ctypes.POINTER(ctypes.c_uint * 3)
        return ".".join(map(str, function().contents))
