"""The certificate in use: Apache's site on 443, the way there from HTTP, and the services that follow. Reloaded, never restarted."""
import os
import pathlib
import re
import subprocess

from koza import hands, services
from koza.progress import StepFailed

from . import lineage
from .challenges import Unfit

FILES = pathlib.Path(__file__).resolve().parents[1] / "files"
SITE = pathlib.Path("/etc/koza/https/site.conf")
REDIRECT = pathlib.Path("/etc/koza/https/redirect.conf")


def environment():
    """What programs of this machine find in theirs."""
    return services.environment()


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
