"""HAProxy: has it read new settings, and asks it how its targets are."""
import csv
import os
import pathlib
import socket
import subprocess

from . import settings
from .files import replace

CONFIG = pathlib.Path("/etc/haproxy/haproxy.cfg")
STATE = pathlib.Path("/run/koza/targets")
ADMIN = "/run/haproxy/admin.sock"
SECONDS = 5


def apply(wish, site):
    """Puts the wish into force, and shows the site's certificate. Connections that are open stay so. Returns what is shown: a certificate that
    HAProxy refuses keeps nobody from the machines, and settings that it refuses never take the place of good ones."""
    new = CONFIG.with_suffix(".new")
    for shown in (site, None) if site else (None,):
        new.write_text(settings.text(wish, STATE, shown), encoding="utf-8")
        checked = subprocess.run(["haproxy", "-c", "-q", "-f", new], capture_output=True, text=True, check=False)
        if checked.returncode == 0:
            break
        print(f"HAProxy refuses its new settings{' with the certificate' if shown else ', and keeps the old ones'}: {checked.stderr}", flush=True)
    else:
        return None
    try:
        known = _ask("show servers state")
    except OSError:                     # it does not run: everything begins anew
        known = ""
    replace(STATE, settings.state(wish, known))
    os.replace(new, CONFIG)
    subprocess.run(["systemctl", "reload-or-restart", "haproxy"], check=True)
    return shown


def targets():
    """The targets that are up, and those that are not; OSError if HAProxy does not answer."""
    rows = csv.DictReader(_ask("show stat").removeprefix("# ").splitlines())
    return {row["svname"]: row["status"].startswith("UP") for row in rows if row["pxname"] == "targets" and row["svname"] != "BACKEND"}


def _ask(command):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as admin:
        admin.settimeout(SECONDS)
        admin.connect(ADMIN)
        admin.sendall(f"{command}\n".encode())
        return b"".join(iter(lambda: admin.recv(65536), b"")).decode()
