"""What a person changed inside a container: what is there and not as in its image, and what of the image is gone."""
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile

from koza import hands
from koza.unpacked import enter, is_plain

# Podman's, or of one run only.
NOT_A_PERSONS = re.compile(r"/(run|proc|sys|dev|tmp)(/|\Z)|/etc/(hosts|hostname|resolv\.conf|mtab)\Z")
CHANGES, GONE = "changes.tar", "gone.json"
TRIAL = "koza-rehearsal"        # the container into which changes are put on trial


def exists(container):
    return hands.succeeds("podman", "container", "exists", container)


def write(container, folder):
    differs = json.loads(hands.run("podman", "diff", "--format", "json", container))
    kept = {path for kind in ("added", "changed") for path in differs.get(kind) or [] if not NOT_A_PERSONS.match(path)}
    gone = sorted(path for path in differs.get("deleted") or [] if not NOT_A_PERSONS.match(path))
    (folder / GONE).write_text(json.dumps(gone) + "\n")
    with subprocess.Popen(["podman", "export", container], stdout=subprocess.PIPE) as export:
        with tarfile.open(fileobj=export.stdout, mode="r|") as whole, tarfile.open(folder / CHANGES, "w", format=tarfile.PAX_FORMAT) as changes:
            for entry in whole:
                is_content = entry.isfile() or entry.issym() or entry.isdir() or entry.islnk()
                if "/" + entry.name.strip("/") in kept and is_content:
                    changes.addfile(entry, whole.extractfile(entry) if entry.isreg() else None)
    if export.returncode != 0:
        sys.exit(f"podman export answered {export.returncode}")


def read(container, folder):
    """Twice is as good as once."""
    with open(folder / CHANGES, "rb") as changes:
        done = subprocess.run(["podman", "cp", "--archive=false", "-", f"{container}:/"], stdin=changes, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"podman cp answered {done.returncode}: {done.stderr.strip()}")
    gone = json.loads((folder / GONE).read_text())
    root = hands.run("podman", "mount", container).strip()
    try:
        for path in reversed(gone):
            take_away(root, path.strip("/").split("/"))
    finally:
        hands.run("podman", "umount", container)


def told(folder):
    """What counts of the changes in that folder, files by their checksums: a person's may be larger than the machine's memory."""
    with tarfile.open(folder / CHANGES, "r|") as tar:
        contents = {entry.name: (entry.type, entry.mode, entry.linkname, checksum(tar.extractfile(entry)) if entry.isreg() else None)
                    for entry in tar if not entry.isdir()}
    return contents, (folder / GONE).read_text()


def checksum(file):
    digest = hashlib.sha256()
    for piece in iter(lambda: file.read(1 << 20), b""):
        digest.update(piece)
    return digest.hexdigest()


def take_away(root, names):
    if not is_plain(names):
        sys.exit(f"{'/'.join(names)!r} is no path")
    try:
        parent = enter(root, names[:-1])
    except OSError:
        return                          # not there, or through a link
    try:
        if stat.S_ISDIR(os.lstat(names[-1], dir_fd=parent).st_mode):
            shutil.rmtree(os.path.join(root, *names))
        else:
            os.unlink(names[-1], dir_fd=parent)
    except FileNotFoundError:
        pass
    finally:
        os.close(parent)
