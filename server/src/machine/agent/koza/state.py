"""What the agent keeps on disk, and how it writes it: whole, or not at all."""
import json
import os
import pathlib

ROOT = pathlib.Path("/")                    # what backups are of
OPT = pathlib.Path("/opt/koza")             # our code: agent/, services/, os/
ETC = pathlib.Path("/etc/koza")             # how to reach the portal, and files of ours that services include
VAR = pathlib.Path("/var/lib/koza")         # identity, settings, what was installed
LOG = pathlib.Path("/var/log/koza")         # what each install and configure said
RUN = pathlib.Path("/run/koza")             # forgotten at every boot

PORTAL = ETC / "portal.json"                # {"url", "token"}, or {"url", "proof": "aws"}
NONCE = VAR / "nonce"
IDENTITY = VAR / "identity.json"            # {"machine", "secret"}
SETTINGS = VAR / "settings.json"            # the last settings that the portal sent
INSTALLED = VAR / "installed"               # <service>: the revision that was installed
REMEMBERED = VAR / "remembered"             # <service>.json: which of the portal's values were applied last
ORDERS = VAR / "orders.json"                # {"done": 7, "unreported": {"7": {…}}}
OUTBOX = VAR / "outbox.json"                # what the portal could not be told during boot: [[path, body], …]
REPLACED = VAR / "replaced"                 # the portal said 410: be silent
INSTANCE = VAR / "instance"                 # whose disk this is: EC2's name for that machine, elsewhere a hash of its token
HTTPS = VAR / "https.json"                  # which tries to get a certificate failed, and when the next one is
CERTIFICATE = VAR / "certificate.json"      # the certificate as the portal is told of it
BASELINE = VAR / "baseline.gz"              # what the image held before anybody worked here (baseline.py)
RESTORED = VAR / "restored"                 # the id of the backup that this machine was made from
RESTORING = VAR / "restoring"               # the id of the backup of which the first change was made here
FRESH = VAR / "fresh"                       # nothing was configured here yet: a baseline can still be written
REHEARSAL = VAR / "rehearsal"               # where a backup is unpacked, on trial or before it is put in place
SCRATCH = VAR / "scratch"                   # where services prepare a backup or try one; neither outlives its order
# What no other may take for its own, in the order of forgetting: who it is, first.
OF_ONE_MACHINE = (IDENTITY, PORTAL, NONCE, SETTINGS, ORDERS, OUTBOX, REPLACED, HTTPS, CERTIFICATE, INSTANCE)
BOOT_ID = RUN / "boot-id"
TRIES = RUN / "tries"                       # how often this boot was begun
CLOCK = RUN / "clock"                       # the portal's clock minus ours, in seconds, if it was ever heard to differ
BACKUPS = RUN / "backups.lock"              # held by whoever backs up, rehearses or restores
MISSED = RUN / "missed-settings"            # this boot went by the last known settings


def write(path, content, mode=0o600):
    """Replace the file in one move: a machine that loses power keeps the old or the new one, never half of one."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    os.replace(fresh, path)


def write_json(path, value):
    write(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def read_json(path, otherwise=None):
    """The file's value; `otherwise` if it is missing or was damaged."""
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return otherwise
