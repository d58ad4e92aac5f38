"""Whose machine this is: user-data names the portal, and tells by a token or an instance's name whether this disk was another machine's.

    metadata (EC2) or the seed's token ─► not the one whose disk this is? copied.py forgets that one ─► /etc/koza/portal.json
"""
import hashlib
import json
import pathlib

from . import copied, metadata, state
from .portal import Away, retry

SEED = pathlib.Path("/var/lib/cloud/seed/nocloud-net/user-data")        # the image's template writes it for each new machine
KEPT_BY_CLOUD_INIT = pathlib.Path("/var/lib/cloud/instance/user-data.txt")
SEED_SECONDS = 600              # a machine that is nobody yet has nothing else to do than to ask
KNOWN_SECONDS = 3               # one that is somebody does not wait for the metadata service


def read():
    """On a baked image cloud-init sleeps, so take /etc/koza/portal.json out of the user-data ourselves: from the file that the image's
    template wrote, or on EC2 from the metadata service. Raises Away if that does not answer, StepFailed if another machine whose disk
    this was could not be left behind."""
    on_ec2 = metadata.is_ec2()
    leave_other_machine_behind(on_ec2)
    if state.PORTAL.exists():
        return
    for file in (SEED, KEPT_BY_CLOUD_INIT):
        if take_portal_from(_text(file)):
            return
    if on_ec2:
        take_portal_from(retry(metadata.user_data, SEED_SECONDS))


def leave_other_machine_behind(on_ec2):
    """A disk that was copied from another machine says who that one was. Here it is somebody new, and this machine's own user-data
    counts. Where nothing tells (no seed, or one that cannot be read), the machine is who it was."""
    here = _instance() if on_ec2 else _made_with(portal_in(_text(SEED)))
    if not here:
        return
    before = _text(state.INSTANCE).strip()
    if not before and not on_ec2:
        before = _made_with(_text(state.PORTAL))    # made by an agent that did not note it
    if before == here and state.INSTANCE.exists():
        return
    if before and before != here:
        state.write(state.INSTANCE, before + "\n", 0o644)       # portal.json says it no longer when it is forgotten
        KEPT_BY_CLOUD_INIT.unlink(missing_ok=True)
        copied.forget_the_other()
    state.write(state.INSTANCE, here + "\n", 0o644)


def take_portal_from(user_data):
    portal = portal_in(user_data)
    if portal:
        state.write(state.PORTAL, portal)
    return bool(portal)


def portal_in(user_data):
    """What user-data wants to be in portal.json. Ours is JSON below `#` lines, and so it is YAML as well: cloud-init and we both
    understand it."""
    lines = user_data.splitlines()
    try:
        files = json.loads("\n".join(line for line in lines if not line.startswith("#"))).get("write_files", [])
        return next((file["content"] for file in files if file.get("path") == str(state.PORTAL)), "")
    except (ValueError, AttributeError, KeyError, TypeError):
        return ""


def _instance():
    """EC2's name for this machine; None if it cannot be asked just now and the machine knows who it is."""
    known = state.PORTAL.exists()
    try:
        return retry(metadata.instance_id, KNOWN_SECONDS if known else SEED_SECONDS)
    except Away:
        if known:
            return None
        raise


def _made_with(portal):
    """What tells machines apart where there is no EC2: no two are made with the same token. None if there is none."""
    try:
        token = json.loads(portal)["token"]
        return "token-" + hashlib.sha256(token.encode()).hexdigest()[:32]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _text(path):
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
