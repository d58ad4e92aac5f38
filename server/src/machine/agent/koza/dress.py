"""What a file wears: owner and group (by name first: numbers of system users differ between images), mode, time."""
import grp
import os
import pwd

from . import tree


def put_on(path, entry, parent=None):
    """`entry` as the manifest tells it."""
    uid, gid = _number(pwd.getpwnam, entry["user"], entry["uid"]), _number(grp.getgrnam, entry["group"], entry["gid"])
    os.chown(path, uid, gid, dir_fd=parent, follow_symlinks=False)
    if entry["type"] != tree.LINK:
        os.chmod(path, entry["mode"], dir_fd=parent)        # after chown, which takes setuid away
    time = nanoseconds(entry["mtime"])
    os.utime(path, ns=(time, time), dir_fd=parent, follow_symlinks=False)


def names_of(found, said=None):
    """Who owns it; empty if nobody here has that number. A name `said` that nobody has here is taken for right if the number is."""
    user, group = _name(pwd.getpwuid, found.st_uid), _name(grp.getgrgid, found.st_gid)
    if said and _number(pwd.getpwnam, said["user"]) is None and said["uid"] == found.st_uid:
        user = said["user"]
    if said and _number(grp.getgrnam, said["group"]) is None and said["gid"] == found.st_gid:
        group = said["group"]
    return user, group


def seconds(nanoseconds):
    """As pax headers tell times, and exactly."""
    sign, amount = "-" if nanoseconds < 0 else "", abs(nanoseconds)
    return f"{sign}{amount // 10**9}.{amount % 10**9:09d}"


def nanoseconds(seconds):
    whole, _, part = seconds.lstrip("-").partition(".")
    amount = int(whole) * 10**9 + int(part[:9].ljust(9, "0"))
    return -amount if seconds.startswith("-") else amount


def _name(ask, number):
    try:
        return ask(number)[0]
    except KeyError:
        return ""


def _number(ask, name, otherwise=None):
    try:
        return ask(name)[2] if name else otherwise
    except KeyError:
        return otherwise
