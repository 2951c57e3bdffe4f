"""Which function's process holds the other end of a connection on loopback, by Linux's own tables (proc(5))."""

from collections.abc import Iterable
from pathlib import Path

_TABLE = Path("/proc/net/tcp")


def holder(pids: Iterable[int], client_port: int, server_port: int) -> int | None:
    """The process among ``pids`` that connected from one port of 127.0.0.1 to the other; None if it is another's."""
    inode = _inode(client_port, server_port)
    return next((pid for pid in pids if inode and f"socket:[{inode}]" in _open_files(pid)), None)


def _inode(client_port: int, server_port: int) -> str | None:
    ends = f"0100007F:{client_port:04X}", f"0100007F:{server_port:04X}"
    for line in _TABLE.read_text().splitlines()[1:]:
        columns = line.split()
        if (columns[1], columns[2]) == ends:
            return columns[9]
    return None


def _open_files(pid: int) -> set[str]:
    found = set()
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            found.add(str(entry.readlink()))
    except (FileNotFoundError, ProcessLookupError):  # closed, or ended, while we looked
        return found
    return found
