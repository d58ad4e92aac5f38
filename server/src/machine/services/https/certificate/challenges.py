"""What we can see to fail ourselves, the authority is not asked for: it counts failures."""
import pathlib
import secrets
import time
import urllib.error
import urllib.request

from koza import state

from . import lineage

SECONDS_FOR_WEB_SERVER = 15     # boot may have just begun to start it


class Unfit(Exception):
    """Something on this machine is in the way."""


def prove(name):
    """The web server shows what lies in the folder for challenges, asked by that name."""
    proof = pathlib.Path(lineage.CHALLENGES, ".well-known/acme-challenge", f"koza-{secrets.token_hex(8)}")
    state.write(proof, proof.name, 0o644)
    request = urllib.request.Request(f"http://127.0.0.1/.well-known/acme-challenge/{proof.name}", headers={"Host": name})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + SECONDS_FOR_WEB_SERVER
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
