"""Once a second: reads what is wished, has HAProxy do it, and writes down how the targets are. README.md draws it."""
import http.client
import json
import pathlib
import subprocess
import time

from . import https, proxy, wish
from .files import replace
from .health import Health

HEALTH = pathlib.Path("/run/koza/health.json")


def main():
    """Runs until the unit is stopped."""
    guest, health, done, told, trouble = wish.Guest(), Health(), None, None, None
    while True:
        try:
            wished, site = wish.read(guest), https.site()
            if (wished, site) != done:
                https.shows(proxy.apply(wished, site))
                done = (wished, site)
            answer = {"at": int(time.time()), "targets": health.of(proxy.targets(), time.monotonic()), "https": https.told()}
            replace(HEALTH, json.dumps(answer))
            # Last: who cannot have a certificate goes on with the rest.
            if wished.https != told:
                https.tell(wished.https)
                told = wished.https
            now = None
        except (OSError, http.client.HTTPException, subprocess.SubprocessError) as error:
            now = str(error)
        if now not in (None, trouble):
            print(f"something does not answer, and is asked again: {now}", flush=True)
        trouble = now
        time.sleep(1)


main()
