"""What is true of the machine itself: who it is, how it was seeded, its name and clock, and the facts it reports."""
import json
import os
import pathlib
import socket
import uuid

from . import metadata, state
from .portal import Away, retry
from .remembering import Remembered

KEPT_BY_CLOUD_INIT = pathlib.Path("/var/lib/cloud/instance/user-data.txt")
SEEDS = (pathlib.Path("/var/lib/cloud/seed/nocloud-net/user-data"), KEPT_BY_CLOUD_INIT)
SEED_SECONDS = 600              # a machine that is nobody yet has nothing else to do than to ask
KNOWN_SECONDS = 3               # one that is somebody does not wait for the metadata service


def read_seed():
    """On a baked image cloud-init sleeps, so take /etc/koza/portal.json out of the user-data ourselves: from the file that the image's
    template wrote, or on EC2 from the metadata service. Raises Away if that does not answer."""
    on_ec2 = metadata.is_ec2()
    if on_ec2:
        leave_other_instance_behind()
    if state.PORTAL.exists():
        return
    for seed in SEEDS:
        try:
            text = seed.read_text(encoding="utf-8")
        except OSError:
            continue
        if take_portal_from(text):
            return
    if on_ec2:
        take_portal_from(retry(metadata.user_data, SEED_SECONDS))


def take_portal_from(user_data):
    """Our user-data is JSON below `#` lines, and so it is YAML as well: cloud-init and we both understand it."""
    lines = user_data.splitlines()
    try:
        files = json.loads("\n".join(line for line in lines if not line.startswith("#"))).get("write_files", [])
    except ValueError:
        return False
    for file in files:
        if file.get("path") == str(state.PORTAL):
            state.write(state.PORTAL, file["content"])
            return True
    return False


def leave_other_instance_behind():
    """A disk that was copied from another instance says who that one was. Here it is somebody new, and this instance's own user-data
    counts. (An image that Koza baked has nothing of this: bake.forget_ourselves.)"""
    known = state.PORTAL.exists()
    try:
        instance = retry(metadata.instance_id, KNOWN_SECONDS if known else SEED_SECONDS)
    except Away:
        if known:
            return
        raise
    before = state.INSTANCE.read_text().strip() if state.INSTANCE.exists() else None
    if before == instance:
        return
    if before:
        for path in (*state.OF_ONE_MACHINE, KEPT_BY_CLOUD_INIT):
            path.unlink(missing_ok=True)
    state.write(state.INSTANCE, instance + "\n", 0o644)


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
    told = {"boot": boot, "host_keys": keys,
            "root_disk": {"size_bytes": disk.f_blocks * disk.f_frsize, "free_bytes": disk.f_bavail * disk.f_frsize}}
    certificate = state.read_json(state.CERTIFICATE)
    return {**told, "certificate": certificate} if certificate else told
