"""One at a time backs up, rehearses or restores, boot and agent being two processes; and what they leave about goes, also after a crash."""
import contextlib
import fcntl
import os
import shutil

from . import state
from .progress import StepFailed


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
    """At a start: what a crash left about, unless it is not left but in use."""
    with contextlib.suppress(StepFailed), use():
        pass


@contextlib.contextmanager
def scratch():
    """A folder for services' scripts. Programs of other users come through it, but cannot look around (0711)."""
    state.SCRATCH.mkdir(parents=True, mode=0o711)
    os.chmod(state.SCRATCH, 0o711)
    yield state.SCRATCH


def _clear_away():
    for folder in (state.REHEARSAL, state.SCRATCH):
        shutil.rmtree(folder, ignore_errors=True)
