"""Restoring a backup: on trial beside everything (rehearse), or for good on a machine that nobody has worked on yet (restore).

    fetch ──► unpack into /var/lib/koza/rehearsal ──► compare with the manifest ─┬─► rehearse: services try theirs ──► all of it away
                                                                                └─► restore: accounts, files, services, restarts ──► `restored`

Rules that stay true: nothing is changed before all of the backup has been fetched and compared; cut off anywhere, doing it again gives the
same; `restoring` is written before the first change and stays, and nothing but `restored`, written last, says that it was done.
"""
import contextlib
import os
import subprocess

from . import accounts, baseline, exclusive, services, state, tree
from .blocks import Incoming
from .in_place import InPlace
from .portal import Away, Replaced
from .progress import LOG_LINES, StepFailed
from .unpacked import Unpacked


def is_due(settings):
    """Also where one was begun and never ended: whatever settings say by now, that machine is neither the one nor the other."""
    return bool(settings.get("restore")) and _said(state.RESTORED) != settings["restore"] or bool(_half_done())


def rehearse(portal, backup):
    """StepFailed tells what is not as it was."""
    with exclusive.use(), exclusive.in_the_background(), exclusive.scratch(), _failures_told():
        baseline.refuse_what_was_moved(tree.Counting())
        settings = state.read_json(state.SETTINGS)
        if settings is None:
            raise StepFailed("this machine does not know its settings")
        for service in _services_in(_fetched(portal, backup), settings):
            service.rehearse(_folder_of(service))


def restore(portal, settings):
    """Returns what there is to say of it."""
    with exclusive.use(), exclusive.scratch(), _failures_told():
        if _half_done() not in (None, settings.get("restore")):
            raise StepFailed(f"the restore of {_half_done()} was begun here and never ended; nothing else can be made of this machine")
        unpacked = _fetched(portal, settings["restore"])
        brought = _services_in(unpacked, settings)
        os.sync()       # what is moved over the system's own files is on the disk, or a power cut would leave a name without its content
        state.write(state.RESTORING, settings["restore"] + "\n", 0o644)
        accounts.restore(unpacked.manifest["accounts"])
        InPlace(unpacked, tree.Counting()).put()
        # Both only say something of what the backup brought, such as a unit that cannot be read: no reason to have no machine.
        for command in (["ldconfig"], ["systemctl", "daemon-reload"]):
            subprocess.run(command, check=False, capture_output=True)
        notices = []
        # An `install` on this machine may have applied the portal's values; what comes back now has the old ones.
        for service in services.wanted(settings):
            services.forget(service.name)
        for service in brought:
            notices += service.restore(_folder_of(service))
        notices += _start_afresh(settings)
        os.sync()
        state.write(state.RESTORED, settings["restore"] + "\n", 0o644)
        return notices


def _half_done():
    """The backup whose restore was begun here and never ended."""
    begun = _said(state.RESTORING)
    return None if begun == _said(state.RESTORED) else begun


def _said(marker):
    try:
        return marker.read_text().strip()
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
    accounts.refuse_what_cannot_be(unpacked.manifest["accounts"])
    return unpacked


def _services_in(unpacked, settings):
    """Those that the backup has something of. What nobody here can take over would be missing without a word."""
    here = {service.name: service for service in services.wanted(settings) if service.is_installed()}
    missing = sorted(name for name, files in unpacked.manifest["services"].items() if files and name not in here)
    if missing:
        raise StepFailed(f"the backup has something of {', '.join(missing)}, which this machine does not have")
    return [service for name, service in here.items() if name in unpacked.manifest["services"]]


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
    except (StepFailed, Away, Replaced):
        raise
    except Exception as error:          # whatever a stranger's backup can lead to is an answer, and no end of the agent
        raise StepFailed(f"the backup cannot be restored here: {error if isinstance(error, OSError) else repr(error)}") from error
