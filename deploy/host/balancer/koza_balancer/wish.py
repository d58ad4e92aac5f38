"""What this balancer should do, as the config of its own instance says it.

The keys are those of a profile that server/cloud-incus/src/target_group.rs writes, and one of the instance's own (listener.rs there).
"""
import dataclasses
import http.client
import ipaddress
import json
import re
import socket

GUEST_API = "/dev/incus/sock"
SECONDS = 5                             # for one question: who answers is our own host
STICKY = "user.koza.sticky"
TARGET = "user.koza.target."
PASSAGE = "user.koza.passage"
HTTPS = "user.koza.listener.https"
MACHINE = re.compile(r"[a-z0-9][a-z0-9-]*")     # as instances are named; anything else has no place in HAProxy's settings


@dataclasses.dataclass(frozen=True)
class Wish:
    """Where requests go. A target that drains is not in it: it gets no new ones, and the old worker finishes what it has."""
    is_sticky: bool
    targets: tuple                      # of (machine, address), by name
    passage: tuple | None = None        # (address, addresses): who is led to whom
    https: str = ""                     # what koza-certificate is told, as JSON


def of(settings):
    """Reads it from the instance's keys."""
    found = []
    for key, value in settings.items():
        machine = key.removeprefix(TARGET)
        if key != machine and MACHINE.fullmatch(machine) and _is_address(value):
            found.append((machine, value))
    return Wish(settings.get(STICKY) == "true", tuple(sorted(found)), _passage(settings.get(PASSAGE) or ""), settings.get(HTTPS) or "")


def read(guest):
    """Asks the guest API; OSError or HTTPException if it does not answer."""
    keys = [path.rsplit("/", 1)[-1] for path in json.loads(guest.get("/1.0/config") or "[]")]
    asked = {key: guest.get(f"/1.0/config/{key}") for key in keys if key in (STICKY, PASSAGE, HTTPS) or key.startswith(TARGET)}
    return of({key: value for key, value in asked.items() if value is not None})


def _passage(text):
    """`10.73.8.1 from 10.73.8.2 10.73.8.3`; who is not well named is nobody."""
    to, _, those = text.partition(" from ")
    who = tuple(address for address in those.split() if _is_address(address))
    return (to, who) if who and _is_address(to) else None


def _is_address(text):
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


class Guest(http.client.HTTPConnection):
    """The guest API, by one connection that stays open: where one opens or closes just as another is asked something, Incus' daemon may die of
    it (6.0; lxc/incus, issue 3618)."""

    def __init__(self):
        super().__init__("incus")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(GUEST_API)

    def get(self, path):
        """The text at that path; None if there is none."""
        try:
            self.request("GET", path)
            answer = self.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self.close()                # the next question opens another
            raise
        if answer.status == 404:        # taken away since it was listed
            return None
        if answer.status != 200:
            raise http.client.HTTPException(f"{path}: {answer.status} {text[:200]}")
        return text
