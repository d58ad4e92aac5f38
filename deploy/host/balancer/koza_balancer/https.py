"""HTTPS: has koza-certificate look after a certificate, and knows what it wants shown."""
import dataclasses
import json
import pathlib
import re
import subprocess

from .files import replace

SETTINGS = pathlib.Path("/var/lib/koza/settings.json")      # as a machine's agent has them: koza-certificate is theirs
FACT = pathlib.Path("/var/lib/koza/certificate.json")       # what koza-certificate tells
SITE = pathlib.Path("/etc/koza/https/site.json")            # what it wants shown (serving.py)
SHOWN = pathlib.Path("/run/koza/shown")                     # what is shown
NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
NOTHING_TO_SAY = ("asking", "turn")     # it will be told when it may ask, and answers when it has


@dataclasses.dataclass(frozen=True)
class Site:
    """A certificate to show."""
    name: str
    fingerprint: str
    is_good: bool                       # people are led there
    written_at: int = 0                 # a file that was put right is another one


def tell(text):
    """Koza wants the certificate so from now on; as it always did, too: it has a look."""
    try:
        wished = json.loads(text or "{}")
    except ValueError:
        wished = {}
    replace(SETTINGS, json.dumps({"services": [{"name": "https", "settings": wished}]}), 0o600)
    subprocess.run(["systemctl", "start", "--no-block", "koza-certificate.service"], check=True)


def site():
    """What is to be shown; None: nothing."""
    wanted = _read(SITE)
    if not NAME.fullmatch(str(wanted.get("name"))):
        return None
    return Site(wanted["name"], wanted.get("fingerprint", ""), wanted.get("is_good") is True, SITE.stat().st_mtime_ns)


def shows(now):
    """HAProxy shows this, or nothing."""
    replace(SHOWN, now.fingerprint if now else "")


def told():
    """For health.json: what is served, and what is in the way."""
    fact = _read(FACT)
    said = fact.get("said") if fact.get("problem") not in NOTHING_TO_SAY and fact.get("state") != "off" else None
    is_shown = fact.get("is_served") and SHOWN.exists() and SHOWN.read_text(encoding="utf-8") == fact.get("fingerprint")
    return {"fingerprint": fact["fingerprint"] if is_shown else None, "said": said}


def _read(path):
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
