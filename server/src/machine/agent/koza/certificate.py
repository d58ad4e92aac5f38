"""Telling the portal of the machine's certificate, which comes and changes by itself (services/https)."""
import sys
import time

from . import machine, state
from .portal import Away, Refused, Replaced

SECONDS = 3


def tell_changes(portal):
    """Post the facts when the certificate's differ from those told last; at first in any case, because boot may have told older ones."""
    told = None
    while True:
        fact = state.read_json(state.CERTIFICATE)
        if fact and fact != told:
            try:
                portal.post("/machines/v1/facts", machine.facts(machine.boot_id()))
                told = fact
            except Away:
                pass
            except Refused as refusal:
                print(f"koza-agent: facts: {refusal}", file=sys.stderr, flush=True)
                told = fact
            except Replaced:
                return
        time.sleep(SECONDS)
