"""The machines of one environment may serve one site (docs/machines.md, "Serving one site"). The first keeps it; its copies are hands of it:

    visitor ─► copy: Apache, PHP ─► the database's usual socket ─┐
                        ├ forms, wp-admin, uploads ──────────────┼─► first machine (or the balancer, which leads there)
                        └ the site's files, every ten seconds ◄──┘   :7351 database · :7352 files · :7353 the site itself

Nothing of the site is changed for that: it asks for its database where it always did. On a copy the file FIRST says that it is one;
units go by it. What of a copy's own database there is stays on its disk, unused.
"""
import ipaddress
import os
import pathlib
import sys

import apache
from koza import hands

HERE = "here"
FIRST = pathlib.Path("/etc/koza/wordpress/first.env")
SECRET = pathlib.Path("/etc/koza/wordpress/first.secret")       # who knows it may have the site's files, wp-config.php among them
SITE_CONF = pathlib.Path("/etc/koza/wordpress/first.conf")
ENABLED = pathlib.Path("/etc/systemd/system")
FILES = pathlib.Path(__file__).resolve().parent / "files"
SHARED = ("koza-share-database.socket", "koza-share-files.socket", "koza-share-web.socket")
BEHIND_SHARED = ("koza-share-database.service", "koza-share-web.service")
FOLLOWS = ("koza-first-database.socket", "koza-first-files.timer")
BEHIND_FOLLOWS = ("koza-first-database.service", "koza-first-files.service")


def is_copy():
    """Whether the site is another machine's, and this one a hand of it."""
    return FIRST.exists()


def told():
    """What this machine was told last."""
    if is_copy():
        return FIRST.read_text().strip().removeprefix("FIRST=")
    return HERE if SITE_CONF.exists() else None


def share(is_shared, secret=None):
    """The first machine's part: whether copies are let in."""
    if is_shared:
        _keep(secret, "copy:")
        apache.says(SITE_CONF, (FILES / "shared.conf").read_text())
        hands.run("systemctl", "enable", "--quiet", "--now", *SHARED)
    elif SITE_CONF.exists() or _is_any_enabled(SHARED):
        hands.run("systemctl", "disable", "--quiet", "--now", *SHARED)
        hands.run("systemctl", "stop", *BEHIND_SHARED)
        SECRET.unlink(missing_ok=True)
        apache.says(SITE_CONF, None)


def follow(first_at, secret):
    """A copy's part: the first machine is reached at this address."""
    try:
        first = ipaddress.IPv4Address(first_at)
    except ValueError:
        sys.exit(f"the first machine's address is none: {first_at!r}")
    if _is_any_enabled(SHARED):         # a copy of a first machine that had copies already
        hands.run("systemctl", "disable", "--quiet", "--now", *SHARED)
    _keep(secret, "")
    is_new = hands.write(FIRST, f"FIRST={first}\n")
    apache.says(SITE_CONF, (FILES / "first.conf").read_text().replace("@FIRST@", str(first)))
    hands.run("systemctl", "stop", os.environ["MARIADB_UNIT"])
    hands.run("systemctl", "enable", "--quiet", "--now", *FOLLOWS)
    if is_new:
        # It may lead to where the first one was before; and nobody is shown an older site than there is.
        hands.run("systemctl", "try-restart", "koza-first-database.service")
        if not hands.succeeds("systemctl", "start", "koza-first-files.service"):
            print("notice: the first machine does not hand out the site's files yet; it is asked again every ten seconds")


def stand_alone():
    """Who was a copy has a site of its own again."""
    if _is_any_enabled(FOLLOWS):        # also on a machine that is made of a copy's backup
        hands.run("systemctl", "disable", "--quiet", "--now", *FOLLOWS)
        hands.run("systemctl", "stop", *BEHIND_FOLLOWS)
    if is_copy():
        SECRET.unlink(missing_ok=True)
        FIRST.unlink()
        apache.says(SITE_CONF, None)
        hands.run("systemctl", "start", os.environ["MARIADB_UNIT"])


def _keep(secret, whose):
    """Without a new one that which is there stays."""
    if secret is not None or not SECRET.exists():
        if not secret or not secret.isalnum():
            sys.exit("the portal sent no secret for the site's files")
        hands.write(SECRET, f"{whose}{secret}\n", 0o600)


def _is_any_enabled(units):
    return any((ENABLED / f"{unit.rpartition('.')[2]}s.target.wants" / unit).is_symlink() for unit in units)
