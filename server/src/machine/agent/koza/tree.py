"""The files of this machine as backups see them: which count, in which order, and what they are.

    walk() ──► (path, lstat) of every file, folder and link that counts, folders before what is in them, names by their bytes
    Entry      what is compared: type, mode, owner, size, and the content as a checksum or a link's target

Paths have no leading slash. A name that is no UTF-8 is carried as python does it (surrogateescape) and survives JSON. Links are never followed.
"""
import collections
import errno
import hashlib
import os
import re
import stat

from . import services, state

# What no backup holds, and why. `*` stands for anything within one name; what lies below is meant, too.
LEFT_OUT = (
    ("not on the disk, or not for long", "dev proc sys run tmp var/tmp var/run var/lock lost+found"),
    ("the kernel's: what the new machine starts from is its own", "boot lib/modules usr/lib/modules swapfile swap.img"),
    ("a log that is kept by machine-id, and large", "var/log/journal"),
    ("who this machine is: a new one is somebody else (copied.py), and no two machines share a key",
     "etc/koza var/lib/koza etc/machine-id var/lib/dbus/machine-id etc/ssh/ssh_host_* etc/letsencrypt var/lib/letsencrypt var/log/letsencrypt "
     "var/lib/systemd/random-seed var/lib/systemd/credential.secret var/lib/amazon"),
    ("how it is called and connected, which comes from around it",
     "etc/hostname etc/hosts etc/resolv.conf etc/fstab etc/network etc/netplan etc/systemd/network etc/sysconfig/network* "
     "etc/NetworkManager/system-connections var/lib/NetworkManager var/lib/dhcp var/lib/dhclient var/lib/cloud"),
    ("accounts are carried by name (accounts.py): numbers of system users differ between images",
     "etc/passwd etc/passwd- etc/shadow etc/shadow- etc/group etc/group- etc/gshadow etc/gshadow- etc/subuid etc/subuid- etc/subgid etc/subgid- "
     "etc/.pwd.lock"),
    ("ours: installed and configured anew, and a machine whose agent was switched off would be deaf",
     "opt/koza opt/koza.new opt/koza.old var/log/koza var/lib/koza-acme var/lib/koza-wordpress "
     "etc/systemd/system/koza-agent.service* etc/systemd/system/koza-boot.service* etc/systemd/system/koza-ssh-host-keys.service* "
     "etc/systemd/system/*.wants/koza-agent.service etc/systemd/system/*.wants/koza-boot.service "
     "etc/systemd/system/*.wants/koza-ssh-host-keys.service"),
    ("made anew from what is restored (ldconfig)", "etc/ld.so.cache"),
)
# Of these, folders count and nothing else: a program whose folder is missing does not start, what it kept there it can get again.
FOLDERS_ONLY = ("var/cache",)
FILE, FOLDER, LINK = "file", "directory", "link"
PIECE = 1 << 20
GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ESTALE)

Entry = collections.namedtuple("Entry", "path type mode uid gid size content")


class Counting:
    """Which paths count on this machine. Services add what their script `back-up` carries in another form (left-out.txt), operating
    systems what is easily had again (NOT_IN_BACKUPS)."""

    def __init__(self, services_paths=None, system_paths=None):
        own = [path for _why, paths in LEFT_OUT for path in paths.split()]
        own = [path.strip("/") for path in own + (services.left_out() if services_paths is None else services_paths)]
        system = services.os_names()["NOT_IN_BACKUPS"].split() if system_paths is None else system_paths
        self.mounts = frozenset(mounts() + swap_files())
        patterns = [_pattern(path.strip("/")) for path in [*own, *system]]
        # What lies below a mount is meant, too: the baseline may be of a day when nothing was mounted there.
        self.left_out = re.compile(rf"(?:{'|'.join([*patterns, *map(re.escape, self.mounts)])})(?:/|\Z)", re.DOTALL)
        self.ways = frozenset(path[:at] for path in own for at, letter in enumerate(path) if letter == "/")
        self._ways = re.compile(rf"(?:{'|'.join(map(_pattern, self.ways))})\Z", re.DOTALL)

    def has(self, path, is_folder):
        if self.left_out.match(path):
            return False
        return is_folder or not path.startswith(tuple(f"{folder}/" for folder in FOLDERS_ONLY))

    def leads_to_left_out(self, path):
        """Whether something that is left out could lie below. (What is easily had again does not matter.)"""
        return bool(self._ways.match(path))


def _pattern(path):
    return re.escape(path).replace(r"\*", "[^/]*")


def mounts():
    """Where something else is mounted. Asked of the kernel: device numbers change within a btrfs, too, and an overlay's differ by file."""
    paths = []
    for line in _lines("/proc/self/mountinfo"):
        place = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), line.split(b" ")[4])
        if place != b"/":
            paths.append(os.fsdecode(place)[1:])
    return paths


def swap_files():
    return [os.fsdecode(line.split()[0])[1:] for line in _lines("/proc/swaps")[1:] if line.startswith(b"/")]


def _lines(path):
    try:
        with open(path, "rb") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def walk(counting):
    pending = [_inside("", counting)]
    while pending:
        found = next(pending[-1], None)
        if found is None:
            pending.pop()
            continue
        yield found
        if stat.S_ISDIR(found[1].st_mode):
            pending.append(_inside(found[0] + "/", counting))


def _inside(folder, counting):
    try:
        names = sorted(os.listdir(whole(folder)), key=os.fsencode)
    except (FileNotFoundError, NotADirectoryError):
        return                              # it was there a moment ago
    for name in names:
        try:
            found = os.lstat(whole(folder + name))
        except FileNotFoundError:
            continue
        if type_of(found) and counting.has(folder + name, stat.S_ISDIR(found.st_mode)):
            yield folder + name, found


def place(path):
    """What orders paths as walk() does."""
    return os.fsencode(path).split(b"/")


def whole(path):
    return os.path.join(state.ROOT, path)


def type_of(found):
    """None for what is no content: devices, sockets, pipes."""
    kinds = ((stat.S_ISREG, FILE), (stat.S_ISDIR, FOLDER), (stat.S_ISLNK, LINK))
    return next((kind for is_one, kind in kinds if is_one(found.st_mode)), None)


def entry(path, found):
    """What a baseline keeps of it. FileNotFoundError if it is gone by now."""
    kind = type_of(found)
    content = checksum(path) if kind == FILE else os.readlink(whole(path)) if kind == LINK else None
    return Entry(path, kind, mode(found), found.st_uid, found.st_gid, found.st_size if kind == FILE else 0, content)


def mode(found):
    return 0o777 if stat.S_ISLNK(found.st_mode) else stat.S_IMODE(found.st_mode)


def checksum(path):
    digest = hashlib.sha256()
    with open_file(path) as file:
        for piece in iter(lambda: file.read(PIECE), b""):
            digest.update(piece)
    return digest.hexdigest()


def open_file(path):
    """The regular file there, unbuffered. FileNotFoundError if it is something else by now: a link would lead away, a pipe would wait."""
    try:
        descriptor = os.open(whole(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in GONE:
            raise FileNotFoundError(error.errno, error.strerror, path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(f"{path} is no file any more")
    return open(descriptor, "rb", buffering=0)
