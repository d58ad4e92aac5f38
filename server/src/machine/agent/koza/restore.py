"""Restoring a backup: on trial beside everything (rehearse), or for good on a machine that nobody has worked on yet (restore).

    fetch ──► unpack into /var/lib/koza/rehearsal ──► compare with the manifest ─┬─► rehearse: services try theirs ──► all of it away
                                                                                └─► restore: accounts, files, services, restarts ──► `restored`

Rules that stay true: nothing is changed before all of the backup has been fetched and compared; cut off anywhere, doing it again gives the
same; nothing but `restored` says that it was done, and that is written last.
"""
import contextlib
import os
import subprocess
import tarfile

from . import accounts, exclusive, services, state, tree
from .blocks import Incoming
from .in_place import InPlace
from .progress import LOG_LINES, StepFailed
from .unpacked import Unpacked


def is_due(settings):
    return bool(settings.get("restore")) and _restored() != settings["restore"]


def rehearse(portal, backup):
    """StepFailed tells what is not as it was."""
    with exclusive.use(), exclusive.scratch(), _failures_told():
        for service in _services_in(_fetched(portal, backup)):
            service.rehearse(_folder_of(service))


def restore(portal, settings):
    """Returns what there is to say of it."""
    with exclusive.use(), exclusive.scratch(), _failures_told():
        unpacked = _fetched(portal, settings["restore"])
        accounts.restore(unpacked.manifest["accounts"])
        InPlace(unpacked, tree.Counting()).put()
        # Both only say something of what the backup brought, such as a unit that cannot be read: no reason to have no machine.
        for command in (["ldconfig"], ["systemctl", "daemon-reload"]):
            subprocess.run(command, check=False, capture_output=True)
        notices = []
        for service in _services_in(unpacked):
            notices += service.restore(_folder_of(service))
        notices += _start_afresh(settings)
        os.sync()
        state.write(state.RESTORED, settings["restore"] + "\n", 0o644)
        return notices


def _restored():
    try:
        return state.RESTORED.read_text().strip()
    except FileNotFoundError:
        return None


def _fetched(portal, backup):
    unpacked = Unpacked(state.REHEARSAL)
    unpacked.take(Incoming(portal, backup))
    differences, count = [], 0
    for difference in unpacked.differences():
        count += 1
        if count < LOG_LINES / 2:
            differences.append(difference)
    if count:
        raise StepFailed(f"the backup is not what was taken: {count} difference{'s' if count > 1 else ''}", differences)
    return unpacked


def _services_in(unpacked):
    """Those that both the backup and this machine have."""
    return [service for service in services.wanted(state.read_json(state.SETTINGS, {"services": []}))
            if service.name in unpacked.manifest["services"] and service.is_installed()]


def _folder_of(service):
    """What its `back-up` made; an empty folder if that was nothing."""
    folder = state.REHEARSAL / "services" / service.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _start_afresh(settings):
    """Everything of ours has read its settings before these were restored. What does not start is the person's, and the probes tell."""
    notices = []
    for service in services.wanted(settings):
        try:
            service.restart()
        except StepFailed as failure:
            notices += [f"{failure}: {line}" for line in failure.log[:1]] or [str(failure)]
    # What the person added to those that start by themselves. Not waited for: this boot is one of them.
    subprocess.run(["systemctl", "--no-block", "start", "default.target"], check=False, capture_output=True)
    return notices


@contextlib.contextmanager
def _failures_told():
    try:
        yield
    except (OSError, OverflowError, RecursionError, tarfile.TarError) as error:
        raise StepFailed(f"the backup cannot be restored here: {error}") from error
