"""What a systemd unit lets its service do, without systemd: run as a program, it takes that away
from itself and becomes the command that follows.

    python unit.py UNIT DROP-IN... -- COMMAND...
"""

import ctypes
import os
import pathlib
import subprocess
import sys

PR_SET_NO_NEW_PRIVS = 38
ALLOW, EPERM = 0x7FFF0000, 0x00050001  # libseccomp's actions
MASKED_EQUAL = 7
PROT_WRITE, PROT_EXEC = 2, 4


class Compare(ctypes.Structure):
    """`struct scmp_arg_cmp`: the argument, masked by `a`, equals `b`."""
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def lines(*files: pathlib.Path) -> list[tuple[str, str]]:
    """The keys and values of units and their drop-ins, in order."""
    found = []
    for file in files:
        for line in file.read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith(("#", ";")):
                found.append((key.strip(), value.strip()))
    return found


def group(name: str) -> set[str]:
    """The system calls of a name, or of one of systemd's groups."""
    if not name.startswith("@"):
        return {name}
    shown = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True,
                           capture_output=True, text=True).stdout
    words = [line.strip() for line in shown.splitlines()[1:]]
    return set().union(*(group(word) for word in words if word and not word.startswith("#")))


def allowed(unit: list[tuple[str, str]]) -> set[str]:
    """The system calls that `SystemCallFilter=` leaves, line by line as systemd reads it."""
    calls: set[str] = set()
    for value in (value for key, value in unit if key == "SystemCallFilter"):
        named = set().union(*(group(word) for word in value.removeprefix("~").split()))
        calls = calls - named if value.startswith("~") else calls | named
    return calls


def confine(unit: list[tuple[str, str]]) -> None:
    """Takes away what the unit takes away: privileges, system calls, memory that is written and run."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p

    def load(otherwise: int, rules) -> None:
        context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(otherwise)))
        for action, call, *compare in rules:
            number = seccomp.seccomp_syscall_resolve_name(call.encode())
            if number >= 0:  # systemd passes over what this kernel's headers don't know
                array = (Compare * len(compare))(*compare)
                added = seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(action), number,
                                                       len(compare), array)
                assert added == 0, call
        assert seccomp.seccomp_load(context) == 0

    calls = allowed(unit)
    assert ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    if ("MemoryDenyWriteExecute", "yes") in unit:
        both = PROT_WRITE | PROT_EXEC
        load(ALLOW, [(EPERM, "mmap", Compare(2, MASKED_EQUAL, both, both)),
                     (EPERM, "mprotect", Compare(2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC)),
                     (EPERM, "pkey_mprotect", Compare(2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC))])
    # What loads the filter isn't in it; all that comes after is a program's own.
    load(EPERM, [(ALLOW, call) for call in sorted(calls | {"execve"})])


if __name__ == "__main__":
    split = sys.argv.index("--")
    command = sys.argv[split + 1:]
    confine(lines(*map(pathlib.Path, sys.argv[1:split])))
    os.execvp(command[0], command)
