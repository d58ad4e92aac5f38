"""What is true of the machine itself: its release, its name and clock, and the facts it reports."""
import os
import pathlib
import socket
import uuid

from . import state
from .remembering import Remembered


def boot_id():
    """One id per boot. The kernel's own is the host's in a container, so we make ours; /run forgets it in time."""
    if not state.BOOT_ID.exists():
        state.write(state.BOOT_ID, str(uuid.uuid4()), 0o644)
    return state.BOOT_ID.read_text()


def release():
    """The release of Koza that /opt/koza came from."""
    path = state.OPT / "release"
    return path.read_text().strip() if path.exists() else "unknown"


def take_name_and_clock(settings):
    """Host name and time zone, each only when the portal's value changed: a person's own choice stays."""
    remembered = Remembered("machine")
    name, zone = settings.get("name"), settings.get("time_zone")
    if name and remembered.differs("name", name):
        state.write("/etc/hostname", name + "\n", 0o644)
        hosts = [line for line in pathlib.Path("/etc/hosts").read_text().splitlines() if not line.startswith("127.0.1.1")]
        state.write("/etc/hosts", "\n".join([*hosts, f"127.0.1.1 {name}"]) + "\n", 0o644)
        socket.sethostname(name)
        remembered.keep("name", name)
    if zone and remembered.differs("time_zone", zone):
        zone_file = pathlib.Path("/usr/share/zoneinfo") / zone
        if zone_file.is_file():
            fresh = pathlib.Path("/etc/localtime.new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(zone_file)
            os.replace(fresh, "/etc/localtime")
            if pathlib.Path("/etc/timezone").exists():
                state.write("/etc/timezone", zone + "\n", 0o644)
            remembered.keep("time_zone", zone)


def facts(boot):
    files = [pathlib.Path(f"/etc/ssh/ssh_host_{kind}_key.pub") for kind in ("ed25519", "ecdsa")]     # those that our sshd shows
    keys = [" ".join(file.read_text().split()[:2]) for file in files if file.exists()]
    disk = os.statvfs("/")
    told = {"boot": boot, "host_keys": keys, "knows_copies": True,     # on a copy of this disk the agent becomes somebody new
            "knows_backups": state.BASELINE.exists(), "knows_serving": True,
            "root_disk": {"size_bytes": disk.f_blocks * disk.f_frsize, "free_bytes": disk.f_bavail * disk.f_frsize}}
    certificate = state.read_json(state.CERTIFICATE)
    return {**told, "certificate": certificate} if certificate else told
