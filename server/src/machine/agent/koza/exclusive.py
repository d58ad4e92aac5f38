"""One at a time backs up, rehearses or restores, boot and agent being two processes; and what they leave about goes, also after a crash."""
import contextlib
import fcntl
import os
import sys
import threading

from . import state
from .progress import StepFailed

NICENESS = 10


@contextlib.contextmanager
def use():
    """StepFailed if somebody is at it."""
    state.BACKUPS.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(state.BACKUPS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StepFailed("this machine is just being backed up or restored") from error
        _clear_away()
        try:
            yield
        finally:
            _clear_away()


def clear_away():
    """At a start: what a crash left about, unless it is not left but in use. Whatever it is, it is no reason not to start."""
    try:
        with contextlib.suppress(StepFailed), use():
            pass
    except Exception as error:
        print(f"koza: what a backup left about stays for now: {error!r}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def in_the_background():
    """People go first. Linux gives each thread a niceness of its own, which the programs it starts inherit."""
    thread = threading.get_native_id()
    before = os.getpriority(os.PRIO_PROCESS, thread)
    os.setpriority(os.PRIO_PROCESS, thread, max(before, NICENESS))
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):      # who is not root cannot go back
            os.setpriority(os.PRIO_PROCESS, thread, before)


@contextlib.contextmanager
def scratch():
    """A folder for services' scripts. Programs of other users come through it, but cannot look around (0711)."""
    state.SCRATCH.mkdir(parents=True, mode=0o711)
    os.chmod(state.SCRATCH, 0o711)
    yield state.SCRATCH


def _clear_away():
    for folder in (state.REHEARSAL, state.SCRATCH):
        take_away(folder)


def take_away(folder):
    """A folder of ours with all that is in it, however deep: a person's may be deeper than python's stack or a path can be, which rm knows."""
    gone = os.posix_spawnp("rm", ["rm", "-rf", "--", str(folder)], os.environ)
    if os.waitpid(gone, 0)[1] != 0:
        print(f"koza: {folder} stays about", file=sys.stderr, flush=True)
