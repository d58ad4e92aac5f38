"""HAProxy: has it read new settings, and asks it how its targets are."""
import csv
import os
import pathlib
import socket
import subprocess

from . import settings

CONFIG = pathlib.Path("/etc/haproxy/haproxy.cfg")
STATE = pathlib.Path("/run/koza/targets")
ADMIN = "/run/haproxy/admin.sock"
SECONDS = 5


def apply(wish):
    """Puts the wish into force. Connections that are open stay so; settings that HAProxy refuses never take the place of good ones."""
    new = CONFIG.with_suffix(".new")
    new.write_text(settings.text(wish, STATE), encoding="utf-8")
    checked = subprocess.run(["haproxy", "-c", "-q", "-f", new], capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        print(f"HAProxy refuses its new settings and keeps the old ones: {checked.stderr}", flush=True)
        return
    try:
        known = _ask("show servers state")
    except OSError:                     # it does not run: everything begins anew
        known = ""
    replace(STATE, settings.state(wish, known))
    os.replace(new, CONFIG)
    subprocess.run(["systemctl", "reload-or-restart", "haproxy"], check=True)


def targets():
    """The targets that are up, and those that are not; OSError if HAProxy does not answer."""
    rows = csv.DictReader(_ask("show stat").removeprefix("# ").splitlines())
    return {row["svname"]: row["status"].startswith("UP") for row in rows if row["pxname"] == "targets" and row["svname"] != "BACKEND"}


def replace(path, text):
    """Writes a file whole or not at all."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def _ask(command):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as admin:
        admin.settimeout(SECONDS)
        admin.connect(ADMIN)
        admin.sendall(f"{command}\n".encode())
        return b"".join(iter(lambda: admin.recv(65536), b"")).decode()
