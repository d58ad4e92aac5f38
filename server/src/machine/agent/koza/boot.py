"""The story of a boot, told step by step:

    seed ─► hello (once in a machine's life) ─► settings ─► install what the image lacks ─┬───────────────────┬─► configure ─► facts ─► ready
                                            │                                             └─ baseline, restore ┘ (once in a machine's life)
                                            └─ purpose "bake": install everything ─► check ─► clean ─► power off
"""
import io
import os
import shutil
import sys
import tarfile

from . import bake, baseline, exclusive, machine, metadata, restore, seed, services, state
from .portal import Away, Portal, Refused, Replaced, retry
from .progress import Progress, StepFailed

FIRST_FETCH_SECONDS = 600       # a new machine has nothing to go by, so it waits long
LATER_FETCH_SECONDS = 3         # a known one comes up with what it knew
TRIES = 5                       # of a whole boot, half a minute apart (koza-boot.service); then it is for people to look


def boot():
    """What koza-boot.service runs. Answers 0 if the machine is up, or if trying again would be of no use."""
    tries = (state.read_json(state.TRIES) or 0) + 1
    state.write_json(state.TRIES, tries)
    return 0 if try_to_boot() or tries >= TRIES else 1


def try_to_boot():
    """Returns whether there is nothing left to try."""
    try:
        seed.read()
        if state.REPLACED.exists():     # asked only now: a copy of that one's disk is somebody new
            return True
        portal = Portal.known()
    except Away as error:
        print(f"koza-boot: {error}", file=sys.stderr)
        state.TRIES.unlink()            # it waits for its user-data as long as for its portal
        return False
    except StepFailed as failure:
        print(f"koza-boot: {failure}", *failure.log, sep="\n  ", file=sys.stderr)
        return False
    except Refused as error:
        print(f"koza-boot: {error}", file=sys.stderr)
        return False
    exclusive.clear_away()
    progress = Progress(portal, machine.boot_id())
    try:
        with progress.step("settings"):
            become_somebody(portal)
            progress.may_send()
            settings = fetch_settings(portal)
            machine.take_name_and_clock(settings)
        if settings.get("purpose") == "bake":
            bake.bake(settings, progress)
            return True
        return bring_up(settings, portal, progress)
    except Replaced:
        state.write(state.REPLACED, "")
        return True
    except Away as error:
        print(f"koza-boot: {error}", file=sys.stderr)
        state.TRIES.unlink()            # a new machine waits for its portal as long as it takes
        return False
    except (Refused, StepFailed) as error:
        print(f"koza-boot: {error}", file=sys.stderr)
        return False
    finally:
        progress.close()


def become_somebody(portal):
    if portal.identity:
        return
    known = state.read_json(state.PORTAL)
    if known.get("proof") == "aws":
        become_somebody_by_document(portal)
    else:
        retry(lambda: portal.hello({"token": known["token"]}, machine.release()), FIRST_FETCH_SECONDS)


def become_somebody_by_document(portal):
    """Machines launched together share one user-data text, so each shows who it is by a document that AWS signed.

    It may be up before the portal has written down what that launch brought; until then the portal does not know it.
    """
    document = retry(metadata.identity_document, FIRST_FETCH_SECONDS)
    unknown = None

    def hello():
        nonlocal unknown
        unknown = None
        try:
            portal.hello({"document": document}, machine.release())
        except Refused as refusal:
            if refusal.status != 404:
                raise
            unknown = refusal
            raise Away(str(refusal)) from refusal

    try:
        retry(hello, FIRST_FETCH_SECONDS)
    except Away:
        if unknown:
            raise unknown               # after ten minutes it is a no
        raise


def fetch_settings(portal):
    """The portal's settings; the last known ones if it does not answer and this is not the first boot."""
    known = state.read_json(state.SETTINGS)
    patience = LATER_FETCH_SECONDS if known else FIRST_FETCH_SECONDS
    try:
        settings = retry(lambda: portal.get("/machines/v1/settings", timeout=min(patience, 10)), patience)
    except Away:
        if not known:
            raise
        state.write(state.MISSED, "")
        return known
    state.MISSED.unlink(missing_ok=True)
    if settings != known:
        state.write_json(state.SETTINGS, settings)
    return settings


def bring_up(settings, portal, progress):
    """Install what is missing, configure everything, report. Used at boot and by the order `configure`. Returns whether all went well.

    Before the first configure comes what only a machine knows that nobody has worked on: what it is like, and whose work it goes on with."""
    wanted = services.wanted(settings)
    if not state.BASELINE.exists() and not any(state.INSTALLED.glob("*")):
        state.write(state.FRESH, "")
    failed = install_missing(wanted, portal, progress)
    if state.FRESH.exists():            # what could not be installed yet will count as a difference: a larger backup, not a wrong one
        with progress.step("baseline"):
            baseline.write()
        state.FRESH.unlink()
    if restore.is_due(settings):
        with progress.step("restore") as notices:
            if failed:
                raise StepFailed(f"not restored: {', '.join(failed)} could not be installed")
            notices += restore.restore(portal, settings)
    services.let_rest(wanted)
    failed += services.configure_all([service for service in wanted if service.name not in failed], progress)
    progress.post("/machines/v1/facts", machine.facts(progress.boot))
    try:
        with progress.step("ready"):
            if failed:
                raise StepFailed(f"not ready: {', '.join(failed)} failed")
    except StepFailed:
        return False
    return True


def install_missing(wanted, portal, progress):
    missing, failed = [service for service in wanted if not service.is_installed()], []
    if missing and any(state.INSTALLED.glob("*")):      # this image is of an older release: its scripts may be, too
        renew_own_files(portal)
    for service in missing:
        try:
            with progress.step(f"install:{service.name}"):
                service.install()
        except StepFailed:
            failed.append(service.name)
    return failed


def renew_own_files(portal):
    """Replace /opt/koza's services and operating systems by the portal's. The agent itself is renewed for its next start."""
    try:
        tar = tarfile.open(fileobj=io.BytesIO(portal.bundle()))
    except (Away, Refused, tarfile.TarError) as error:
        print(f"koza-boot: no newer files: {error}", file=sys.stderr)
        return
    fresh, old = state.OPT.with_name("koza.new"), state.OPT.with_name("koza.old")
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    with tar:
        tar.extractall(fresh)
    os.rename(state.OPT, old)
    os.rename(fresh, state.OPT)
    shutil.rmtree(old, ignore_errors=True)
