"""Users and groups, carried by name. Numbers are each machine's own: a system user may have another one in another image.

    of_baseline() ──► in the baseline, passwords as hashes of their hashes
    changed(baseline) ──► what the baseline does not have, or has otherwise: goes into a backup
    restore(changed) ──► missing ones are added (with their number if it is free), others get shell, home, password and memberships. Nobody is removed

The files are written here and not by useradd: it refuses names that other programs once allowed, and programs may be half replaced.
"""
import fcntl
import hashlib
import os
import re
import time

from . import state
from .progress import StepFailed

NOBODYS = range(65534, 65537)               # nobody's, and no number at all
FIELDS = {"passwd": 7, "shadow": 9, "group": 4, "gshadow": 4, "subuid": 3, "subgid": 3}
NUMBERS = {"passwd": (2, 3), "group": (2,), "subuid": (1, 2), "subgid": (1, 2)}
NUMBER = re.compile(r"[0-9]{1,10}")
KEYS = {"users": ("uid", "group", "comment", "home", "shell", "password"), "groups": ("gid", "members")}
PLAIN = re.compile(r"[^:,\n/\0]+")


def _etc(name):
    return state.ROOT / "etc" / name


def _lines(name):
    try:
        return _etc(name).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def _read(name):
    """A file's accounts as lists of fields, by name and in order."""
    return {line.split(":")[0]: line.split(":") for line in _lines(name) if _is_account(name, line)}


def _is_account(name, line):
    """Whether it is one that programs would take for one, with numbers where they belong. Other lines stay where they are."""
    fields = line.split(":")
    return len(fields) == FIELDS[name] and not line.startswith(("#", "+", "-", ":")) and all(NUMBER.fullmatch(fields[at]) for at in NUMBERS.get(name, ()))


def now():
    """{"users": {name: …}, "groups": {name: …}} as this machine has them."""
    shadow, groups = _read("shadow"), _read("group")
    by_number = {fields[2]: name for name, fields in groups.items()}
    ranges = {kind: _read(kind) for kind in ("subuid", "subgid")}
    users = {}
    for name, inline, uid, gid, comment, home, shell in _read("passwd").values():
        users[name] = {"uid": int(uid), "group": by_number.get(gid, gid), "comment": comment, "home": home, "shell": shell,
                       "password": shadow[name][1] if name in shadow else inline,
                       **{kind: ":".join(lines[name][1:]) for kind, lines in ranges.items() if name in lines}}
    members = {name: {"gid": int(fields[2]), "members": sorted(filter(None, fields[3].split(",")))}
               for name, fields in groups.items()}
    return {"users": users, "groups": members}


def of_baseline():
    return _veiled(now())


def changed(baseline):
    present = now()
    veiled = _veiled(present)
    return {kind: {name: present[kind][name] for name, account in veiled[kind].items() if baseline[kind].get(name) != account}
            for kind in ("users", "groups")}


def _veiled(accounts):
    return {**accounts, "users": {
        name: {**user, "password": hashlib.sha256(user["password"].encode(errors="surrogateescape")).hexdigest()}
        for name, user in accounts["users"].items()}}


def restore(accounts):
    """Again with the same result."""
    refuse_what_cannot_be(accounts)
    with open(_etc(".pwd.lock"), "w") as lock:      # what useradd and passwd wait for
        fcntl.lockf(lock, fcntl.LOCK_EX)
        passwd, shadow, groups, gshadow = (_read(name) for name in ("passwd", "shadow", "group", "gshadow"))
        for name, group in accounts["groups"].items():
            if name not in groups:
                groups[name] = [name, "x", str(_free(group["gid"], {fields[2] for fields in groups.values()})), ""]
            members = list(dict.fromkeys(filter(None, groups[name][3].split(",") + group["members"])))
            groups[name][3] = ",".join(members)
            if gshadow:
                gshadow.setdefault(name, [name, "!", "", ""])[3] = groups[name][3]
        for name, user in accounts["users"].items():
            gid = groups[user["group"]][2] if user["group"] in groups else user["group"]
            uid = passwd[name][2] if name in passwd else str(_free(user["uid"], {fields[2] for fields in passwd.values()}))
            passwd[name] = [name, "x", uid, gid, user["comment"], user["home"], user["shell"]]
            fields = shadow.setdefault(name, [name, "", str(int(time.time() // 86400)), "0", "99999", "7", "", "", ""])
            fields[1] = user["password"]
        for name, table in (("group", groups), ("gshadow", gshadow), ("passwd", passwd), ("shadow", shadow)):
            _write(name, table)
        for kind in ("subuid", "subgid"):
            missing = {name: [name, user[kind]] for name, user in accounts["users"].items() if kind in user and name not in _read(kind)}
            if missing:
                _write(kind, missing, kept=_lines(kind))


def _free(wanted, taken):
    """That number if nobody has it, else the next one of its kind: system accounts are counted downward."""
    step, number = (-1, min(wanted, 999)) if wanted < 1000 else (1, wanted)
    while str(number) in taken or number in NOBODYS:
        number += step
    return number


def refuse_what_cannot_be(accounts):
    """What lacks something, is of another kind, or would break the lines it is written into."""
    for kind, keys in KEYS.items():
        for name, account in accounts[kind].items():
            if not PLAIN.fullmatch(name) or not isinstance(account, dict) or not all(_fits(account.get(key), key) for key in keys) \
                    or not all(re.fullmatch("[0-9]+:[0-9]+", str(account[key])) for key in ("subuid", "subgid") if key in account):
                raise StepFailed(f"the backup has an account that cannot be one: {name!r}")


def _fits(value, key):
    if key in ("uid", "gid"):
        return isinstance(value, int) and value >= 0
    if key == "members":
        return isinstance(value, list) and all(isinstance(name, str) and PLAIN.fullmatch(name) for name in value)
    return isinstance(value, str) and not re.search("[:\n\0]", value)


def _write(name, table, kept=None):
    """With the owner and mode it has (a group may read shadow), and with the lines that are no accounts."""
    path = _etc(name)
    present = path.stat() if path.exists() else None
    if not table and not present:
        return
    kept = [line for line in _lines(name) if not _is_account(name, line)] if kept is None else kept
    fresh = path.with_name(f".{name}.koza-new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("".join(f"{line}\n" for line in [*map(":".join, table.values()), *kept]))
        if present:
            os.fchown(file.fileno(), present.st_uid, present.st_gid)
        os.fchmod(file.fileno(), present.st_mode & 0o7777 if present else 0o600 if "shadow" in name else 0o644)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
