"""The certificate in use: Apache's site on 443, the way there from HTTP, and the services that follow. Reloaded, never restarted."""
import os
import pathlib
import re
import secrets
import subprocess
import time
import urllib.error
import urllib.request

from koza import hands, services, state
from koza.progress import StepFailed

from . import lineage

FILES = pathlib.Path(__file__).resolve().parents[1] / "files"
SITE = pathlib.Path("/etc/koza/https/site.conf")
REDIRECT = pathlib.Path("/etc/koza/https/redirect.conf")
SECONDS_FOR_APACHE = 15         # boot may have just begun to start it


class Unfit(Exception):
    """Something on this machine is in the way."""


def show(name, found, is_good):
    """Let Apache have the certificate; lead people there only if they will find it good. What was there before stays if Apache refuses.
    Returns whether anything changed."""
    texts = {SITE: "", REDIRECT: ""}
    if found:
        texts[SITE] = _fill("site.conf", {"@LISTEN@": os.environ["APACHE_LISTEN_HTTPS"], "@NAME@": name, "@FOLDER@": str(lineage.folder(name))})
    if is_good:
        names = "|".join(re.escape(each) for each in found.names)
        texts[REDIRECT] = _fill("redirect.conf", {"@NAMES@": names})
    before = {path: path.read_text(encoding="utf-8") if path.exists() else "" for path in texts}
    if texts == before:
        return False
    if found:
        _run(str(pathlib.Path(os.environ["KOZA_OS"]) / "enable-apache"), "", "koza-https", "ssl")
    for path, text in texts.items():
        hands.write(path, text)
    try:
        reload()
    except Unfit:
        for path, text in before.items():
            hands.write(path, text)
        reload()
        raise
    return True


def reload():
    """Apache takes a new certificate without dropping anybody. The FTP server reads it for every session anew."""
    try:
        _run("systemctl", "reload-or-restart", os.environ["APACHE_UNIT"])
    except Unfit:
        _run("apachectl", "configtest")     # it knows the line; systemctl only where to look for it
        raise


def tell_services(settings):
    """HTTPS began or ended: those who have something to change do so now."""
    for service in services.wanted(settings):
        try:
            service.follow_certificate()
        except StepFailed as failure:
            print(failure, *failure.log, sep="\n  ", flush=True)


def prove_challenges(name):
    """What we can see to fail ourselves, the authority is not asked for: it counts failures."""
    proof = pathlib.Path(lineage.CHALLENGES, ".well-known/acme-challenge", f"koza-{secrets.token_hex(8)}")
    state.write(proof, proof.name, 0o644)
    request = urllib.request.Request(f"http://127.0.0.1/.well-known/acme-challenge/{proof.name}", headers={"Host": name})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + SECONDS_FOR_APACHE
    try:
        while True:
            try:
                with opener.open(request, timeout=10) as answer:
                    if answer.read(200).decode(errors="replace") == proof.name:
                        return
                    trouble = "something else than the file"
            except (OSError, ValueError) as error:
                trouble = error
            if isinstance(trouble, urllib.error.HTTPError) or time.monotonic() > deadline:
                raise Unfit(f"this machine's web server does not serve /.well-known/acme-challenge/: {trouble}")
            time.sleep(0.5)
    finally:
        proof.unlink(missing_ok=True)


def _fill(file, places):
    text = (FILES / file).read_text(encoding="utf-8")
    for place, value in places.items():
        text = text.replace(place, value)
    return text


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Unfit(f"{pathlib.Path(command[0]).name}: {' '.join(said[-3:])}")
