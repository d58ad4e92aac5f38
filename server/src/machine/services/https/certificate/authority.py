"""Asking the certificate authority, by certbot, and understanding what it said.

certbot's own sentences are for people and change; its log has every answer of the authority word for word, and that is what is read:
RFC 8555's problem documents, Retry-After, and the failed proofs inside authorizations.
"""
import calendar
import dataclasses
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.parse
from typing import Optional

from koza import hands

from . import lineage

SETTINGS = pathlib.Path("/etc/koza/https/certbot.ini")
TRUSTED = pathlib.Path("/etc/koza/https/trusted-root.pem")
LOGS = pathlib.Path("/var/log/koza/certbot")
SECONDS = 600
SECONDS_FOR_NETWORK = 10        # boot may have just begun to bring it up
NAMESPACE = "urn:ietf:params:acme:error:"

ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+:", re.MULTILINE)
STATUS = re.compile(r"^HTTP (\d{3})$", re.MULTILINE)
RETRY_AFTER = re.compile(r"^retry-after: *(.+)$", re.MULTILINE | re.IGNORECASE)
RETRY_SAID = re.compile(r"retry after (\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d) ?(?:UTC|Z)")
ERROR = re.compile(r"^(?:\w+\.)+(\w*(?:Error|Exception|Timeout)\w*): (.+)$", re.MULTILINE)
# The one part of a long error that says something: "[Errno 111] Connection refused", "certificate verify failed: … (_ssl.c:992)".
REASON = re.compile(r"(?:\[Errno -?\d+\] |certificate verify failed: )([^'\"()]*[^'\"() ])")


@dataclasses.dataclass(frozen=True)
class No:
    """The authority, or the way to it, said no."""
    kind: str                   # away, here, refused, limited (decision.PAUSES)
    problem: str                # ACME's word for it (dns, rateLimited, …), or "away", "here"
    said: str
    retry_after: float = 0


def ask(wish, now) -> Optional[No]:
    """Ask for a certificate. None: it is there."""
    no = _unreachable(wish.directory) or _ask(wish, now)
    if no and no.problem == "accountDoesNotExist":
        # It has forgotten us (test authorities do, with every start): then we are new there.
        lineage.forget_account(wish.directory)
        no = _ask(wish, now)
    return no


def _unreachable(directory):
    """Whether nobody answers there, without the seconds that certbot takes to find out."""
    url = urllib.parse.urlsplit(directory)
    deadline = time.monotonic() + SECONDS_FOR_NETWORK
    while True:
        try:
            socket.create_connection((url.hostname, url.port or 443), timeout=5).close()
            return None
        except OSError as error:
            if time.monotonic() > deadline:
                return No("away", "away", f"the certificate authority cannot be reached: {url.hostname}: {error.strerror or error}")
        time.sleep(0.5)


def _ask(wish, now):
    _write_settings(wish)
    log = LOGS / "letsencrypt.log"
    log.unlink(missing_ok=True)
    names = [word for name in wish.names for word in ("--domain", name)]
    environment = dict(os.environ, **({"REQUESTS_CA_BUNDLE": str(TRUSTED)} if wish.trusted_root else {}))
    try:
        done = subprocess.run(
            ["certbot", "certonly", "--config", str(SETTINGS), "--cert-name", wish.name, *names,
             # Whether it is time is our decision, and the timer that came with certbot leaves this one alone.
             "--force-renewal", "--renew-with-new-domains", "--no-autorenew"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env=environment, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return No("away", "away", f"the certificate authority took longer than {SECONDS} s")
    if done.returncode == 0:
        return None
    print(done.stdout, done.stderr, sep="\n", flush=True)
    return understand(log.read_text(encoding="utf-8", errors="replace") if log.exists() else done.stderr, now)


def _write_settings(wish):
    """In a file, because everybody on a machine can read the arguments of its processes."""
    lines = ["# Koza's, written by koza-certificate.", "non-interactive = True", "agree-tos = True", "authenticator = webroot",
             f"webroot-path = {lineage.CHALLENGES}", "preferred-challenges = http", "key-type = ecdsa", f"server = {wish.directory}",
             f"logs-dir = {LOGS}", "max-log-backups = 0",
             f"email = {wish.contact}" if wish.contact else "register-unsafely-without-email = True"]
    if wish.external_account:
        lines += [f"eab-kid = {wish.external_account[0]}", f"eab-hmac-key = {wish.external_account[1]}"]
    hands.write(SETTINGS, "\n".join(lines) + "\n", 0o600)
    if wish.trusted_root:
        hands.write(TRUSTED, wish.trusted_root)


def understand(log, now) -> No:
    """The last no in certbot's log. What the authority said counts before what certbot makes of it."""
    found = None
    for entry in ENTRY.split(log):
        if "Received response:" in entry:
            found = _answer(entry, now) or found
    if found:
        return found
    errors = ERROR.findall(log)
    if errors:
        name, said = errors[-1]
        if not re.search(r"connection|timeout|timed out|ssl|max retries", name + said, re.IGNORECASE):
            return No("here", "here", _short(f"certbot: {said}"))
        reason = REASON.search(said)
        return No("away", "away", _short(f"the certificate authority cannot be reached: {reason[1] if reason else said}"))
    lines = [line for line in log.splitlines() if line.strip()]
    return No("here", "here", _short("certbot: " + (lines[-1] if lines else "it said nothing")))


def _answer(entry, now):
    """The no in one answer; None if it is none."""
    head, _, body = entry.partition("\n\n")
    status = STATUS.search(head)
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        value = {}
    if status and int(status[1]) >= 400 or str(value.get("type", "")).startswith(NAMESPACE):
        return _problem(value, int(status[1]) if status else 0, RETRY_AFTER.search(head), now)
    failed = next((challenge["error"] for challenge in value.get("challenges") or [] if challenge.get("error")), None)
    failed = failed or value.get("error")
    if failed:
        name = (value.get("identifier") or {}).get("value")
        return _problem({**failed, "identifier": name}, 0, None, now)
    return None


def _problem(value, status, retry_after, now):
    word = str(value.get("type", "")).rpartition(":")[2] or "away"
    if word == "badNonce":
        return None                         # certbot asks again by itself
    parts = [value, *(value.get("subproblems") or [])]
    said = "; ".join(str(part["detail"]) for part in parts if part.get("detail")) or f"the certificate authority answered {status}"
    if value.get("identifier"):
        said = f"{value['identifier']}: {said}"
    seconds = max(_seconds(retry_after[1], now) if retry_after else 0, _until(said, now))
    if word == "rateLimited" or status == 429:
        return No("limited", "rateLimited", _short(said), seconds)
    if status >= 500 or word in ("away", "serverInternal"):
        return No("away", "away", _short(said), seconds)
    return No("refused", word, _short(said), seconds)


def _seconds(text, now):
    """Retry-After is a number of seconds or a date."""
    text = text.strip()
    if text.isdigit():
        return int(text)
    try:
        return max(0, calendar.timegm(time.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")) - now)
    except ValueError:
        return 0


def _until(said, now):
    """Let's Encrypt also says it in words."""
    found = RETRY_SAID.search(said)
    return max(0, calendar.timegm(time.strptime(found[1].replace("T", " "), "%Y-%m-%d %H:%M:%S")) - now) if found else 0


def _short(said):
    said = " ".join(said.split())
    return said if len(said) <= 400 else said[:399] + "…"
