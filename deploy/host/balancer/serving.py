"""The certificate in use, at a balancer. In the image this lies where machines have Apache's half (services/https/certificate/serving.py): the
rest of koza-certificate is theirs.

HAProxy's settings are written by koza_balancer alone, which finds here what to show and notes what HAProxy took.
"""
import json
import os
import pathlib
import time

from koza import hands, state

from . import lineage
from .challenges import Unfit

PEM = pathlib.Path("/etc/koza/https/site.pem")      # as HAProxy wants it: the certificate, those between, the key
SITE = pathlib.Path("/etc/koza/https/site.json")    # {"name", "fingerprint", "is_good"}, or null
SHOWN = state.RUN / "shown"                         # the fingerprint of the one that HAProxy shows
SECONDS_FOR_HAPROXY = 15


def environment():
    """What the programs that koza-certificate runs find in theirs."""
    return {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "HOME": "/root", "LC_ALL": "C.UTF-8"}


def show(name, found, is_good):
    """Let HAProxy have the certificate; lead people there only if they will find it good. Returns whether anything changed."""
    site = {"name": name, "fingerprint": found.fingerprint, "is_good": is_good} if found else None
    is_changed = site != state.read_json(SITE)
    if found:
        folder = lineage.folder(name)
        texts = ((folder / file).read_text(encoding="utf-8") for file in ("fullchain.pem", "privkey.pem"))
        is_changed |= hands.write(PEM, "".join(texts), 0o600)
    if not is_changed:
        return False
    # Also where it says what it said: that it was written is what koza_balancer goes by.
    state.write(SITE, json.dumps(site))
    reload()
    if not found:
        PEM.unlink(missing_ok=True)
    return True


def reload():
    """Waits until HAProxy shows what it should; what it refused once it is given once more."""
    wanted = (state.read_json(SITE) or {}).get("fingerprint", "")
    if SITE.exists() and SHOWN.exists() and SHOWN.read_text(encoding="utf-8") != wanted:
        os.utime(SITE)
    deadline = time.monotonic() + SECONDS_FOR_HAPROXY
    while not SHOWN.exists() or SHOWN.read_text(encoding="utf-8") != wanted:
        if time.monotonic() > deadline:
            raise Unfit("HAProxy does not show it")
        time.sleep(0.2)


def tell_services(_settings):
    """Nobody else is here."""
