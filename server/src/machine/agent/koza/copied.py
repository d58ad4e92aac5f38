"""This disk is a copy of another machine's, which goes on running. What no two machines may share is forgotten here, in this order:

    identity, settings, orders, portal.json ─► host name, machine-id, journal ─► `copied` of each service (SSH's and HTTPS's keys)

Rules that stay true: nothing is said in the other's name from the first step on; whose disk this is (state.INSTANCE) changes last, by
whoever calls this, so a machine that is cut off in the middle forgets the rest on its next try, and doing it twice does no harm;
what a person made stays, and so does what was applied (state.REMEMBERED), else a password that they changed would be set back.

(An image that Koza baked has nothing of this: bake.forget_ourselves.)
"""
import pathlib
import shutil
import subprocess
import uuid

from . import services, state
from .remembering import Remembered

MACHINE_ID = pathlib.Path("/etc/machine-id")
DBUS_MACHINE_ID = pathlib.Path("/var/lib/dbus/machine-id")      # a link to the other one, or made by itself in older days
JOURNALS = pathlib.Path("/var/log/journal")     # in each folder one machine's


def forget_the_other():
    for path in state.OF_ONE_MACHINE:
        if path != state.INSTANCE:
            path.unlink(missing_ok=True)
    shutil.rmtree(state.VAR / "services", ignore_errors=True)
    # A copy is given its own host name from outside, so the portal's counts once more though it may be the same.
    Remembered("machine").forget("name")
    take_machine_id()
    services.leave_other_machine_behind()


def take_machine_id():
    """A new one, as systemd makes them. systemd itself, the network's DHCP client and D-Bus read it at boot only and take it up at the
    next one; the journal does so now, because whoever reads it looks under the new one."""
    fresh = uuid.uuid4().hex
    state.write(MACHINE_ID, fresh + "\n", 0o444)
    if not DBUS_MACHINE_ID.is_symlink():
        DBUS_MACHINE_ID.unlink(missing_ok=True)
    subprocess.run(["systemctl", "restart", "systemd-journald.service"], check=False, capture_output=True)
    for journal in JOURNALS.glob("*"):
        if journal.name != fresh:
            shutil.rmtree(journal, ignore_errors=True)
