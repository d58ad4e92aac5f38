"""Once a second: reads what is wished, has HAProxy do it, and writes down how the targets are. README.md draws it."""
import http.client
import json
import pathlib
import time

from . import proxy, wish
from .health import Health

HEALTH = pathlib.Path("/run/koza/health.json")


def main():
    """Runs until the unit is stopped."""
    health, done, trouble = Health(), None, None
    while True:
        try:
            wished = wish.read()
            if wished != done:
                proxy.apply(wished)
                done = wished
            answer = {"at": int(time.time()), "targets": health.of(proxy.targets(), time.monotonic())}
            proxy.replace(HEALTH, json.dumps(answer))
            now = None
        except (OSError, http.client.HTTPException) as error:
            now = str(error)
        if now not in (None, trouble):
            print(f"something does not answer, and is asked again: {now}", flush=True)
        trouble = now
        time.sleep(1)


main()
