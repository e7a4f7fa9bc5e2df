"""Runs a command under the system call filter of a systemd unit: like-systemd.py UNIT COMMAND..."""
import errno
import os
import subprocess
import sys

import seccomp


def expand(name):
    """The system calls of a set such as @system-service, as this systemd has it."""
    if not name.startswith("@"):
        return {name}
    shown = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    words = [line.split("#")[0].strip() for line in shown.stdout.splitlines()[1:]]
    return set().union(*(expand(word) for word in words if word))


# Systemd allows these whatever the filter says.
allowed = expand("@default") | {"execve", "execveat"}
for line in open(sys.argv[1], encoding="utf8"):
    key, _, value = line.strip().partition("=")
    if key != "SystemCallFilter":
        continue
    calls = set().union(*(expand(word) for word in value.lstrip("~").split()))
    allowed = allowed - calls if value.startswith("~") else allowed | calls

filter = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
filter.set_attr(seccomp.Attr.CTL_NNP, True)
for call in allowed:
    try:
        filter.add_rule(seccomp.ALLOW, call)
    except (RuntimeError, OSError):
        pass  # Not a system call of this architecture.
filter.load()
os.execv(sys.argv[2], sys.argv[2:])
