"""The long-running part: what boot could not tell, signs of use each minute, the certificate as it changes, orders as they come."""
import random
import sys
import threading
import time

from . import boot, certificate, exclusive, machine, restore, state
from .orders import Orders
from .portal import Away, Portal, Refused, Replaced
from .progress import Progress, send_outbox
from .signs import Signs

SILENT = 78         # koza-agent.service does not restart us after this


def run():
    if state.REPLACED.exists():
        return SILENT
    portal = Portal.known()
    if not portal.identity:
        print("koza-agent: this machine is nobody yet; koza-boot.service goes on trying", file=sys.stderr)
        return 1
    exclusive.clear_away()
    for task in (send_signs, certificate.tell_changes):
        threading.Thread(target=task, args=(portal,), daemon=True).start()
    pause = 1
    while True:
        try:
            catch_up(portal)
            Orders(portal).take_next()
            pause = 1
        except Replaced:
            state.write(state.REPLACED, "")
            return SILENT
        except (Away, Refused) as error:
            print(f"koza-agent: {error}; trying again in {pause} s", file=sys.stderr, flush=True)
            time.sleep(pause)
            pause = min(pause * 2, 30)


def catch_up(portal):
    """If the machine came up without the portal: tell it now, and take the settings that were missed."""
    if state.OUTBOX.exists():
        send_outbox(portal)
    if state.MISSED.exists():
        known = state.read_json(state.SETTINGS)
        if boot.fetch_settings(portal) != known:
            configure(portal)


def configure(portal):
    """Fetch settings and run every configure again, reporting like a boot. Returns whether all went well."""
    progress = Progress(portal, machine.boot_id())
    progress.may_send()
    try:
        with progress.step("settings"):
            settings = boot.fetch_settings(portal)
            machine.take_name_and_clock(settings)
        if restore.is_due(settings):        # only a boot restores, and configured first the machine would be somebody's already
            return False
        return boot.bring_up(settings, portal, progress)
    finally:
        progress.close()


def send_signs(portal):
    """At the end of each minute, what was used in it. A minute that cannot be told now is told later, for an hour."""
    signs, waiting = Signs(), []
    pause = random.uniform(0, 20)       # so that a class's machines do not all tell in the same second
    while True:
        minute = int(time.time() // 60)
        time.sleep((minute + 1) * 60 - time.time())
        settings = state.read_json(state.SETTINGS) or {}
        waiting = [*waiting, {"minute": minute, **signs.count(settings)}][-60:]
        time.sleep(pause)
        try:
            while waiting:
                portal.post("/machines/v1/signs", waiting[0])
                waiting.pop(0)
        except Away:
            pass
        except Refused as refusal:
            print(f"koza-agent: signs: {refusal}", file=sys.stderr, flush=True)
            waiting.pop(0)
        except Replaced:
            return
