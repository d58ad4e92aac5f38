"""What the services' configure scripts do with their hands: read settings, write files, run programs, remember."""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys

from . import state
from .remembering import Remembered

__all__ = ["Remembered", "certificate", "machine_settings", "own_settings", "run", "set_password", "succeeds", "user_exists", "write", "write_once"]


def own_settings():
    """The settings of this one service: the file named as the script's argument."""
    return state.read_json(sys.argv[1], {})


def machine_settings():
    return state.read_json(state.SETTINGS, {})


def certificate():
    """The name and the folder of the certificate that this machine serves HTTPS with; None while it has none that is good."""
    fact = state.read_json(state.CERTIFICATE, {})
    return {"name": fact["name"], "folder": f"/etc/letsencrypt/live/{fact['name']}"} if fact.get("is_served") else None


def write(path, content, mode=0o644, owner=None, group=None):
    """Make the file say just this, if it does not yet. Returns whether it was changed. For files of ours only."""
    path = pathlib.Path(path)
    try:
        same = path.read_text(encoding="utf-8") == content
    except FileNotFoundError:
        same = False
    if not same:
        state.write(path, content, 0o600)
    if owner or group:
        shutil.chown(path, owner, group)
    os.chmod(path, mode)
    return not same


def write_once(path, content, mode=0o644, owner=None, group=None):
    """Write the file only if there is none: from then on it is the person's."""
    if pathlib.Path(path).exists():
        return False
    return write(path, content, mode, owner, group)


def run(*command, stdin=None):
    """Run a program and return what it prints; if it fails, say what it said and stop the script."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} answered {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def user_exists(name):
    try:
        pwd.getpwnam(name)
        return True
    except KeyError:
        return False


def set_password(user, password):
    """Set a user's password without showing it to anybody who lists processes."""
    digest = run("openssl", "passwd", "-6", "-stdin", stdin=password + "\n").strip()
    run("chpasswd", "--encrypted", stdin=f"{user}:{digest}\n")


def succeeds(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
