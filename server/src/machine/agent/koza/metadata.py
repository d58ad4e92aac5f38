"""What EC2 tells a machine about itself (its metadata service, in version 2 only).

Only a machine of EC2 asks: anywhere else nobody has that address, and asking would be waiting.
"""
import http.client
import os
import pathlib
import urllib.parse

from .portal import Away

URL = "http://169.254.169.254"          # KOZA_METADATA_URL names another, for tests
SECONDS = 2                             # for one question: who answers is the machine's own host
FIRMWARE = pathlib.Path("/sys/class/dmi/id")
CONTAINER = pathlib.Path("/run/systemd/container")      # systemd makes it inside one


def is_ec2():
    """Whether this machine is EC2's, by what its firmware says of itself."""
    if CONTAINER.exists():              # it sees its host's firmware
        return False
    vendor = _firmware("sys_vendor")
    if vendor == "Xen":                 # machines before Nitro (t2): the vendor is anybody's, the UUID begins with ec2
        uuid = _firmware("product_uuid").lower()
        try:
            return uuid.startswith("ec2") or bytes.fromhex(uuid[:8])[::-1].hex().startswith("ec2")      # in either byte order
        except ValueError:
            return False
    return vendor == "Amazon EC2" or _firmware("board_asset_tag").startswith("i-")


def instance_id():
    """Which instance this is. Nitro's firmware knows; older machines have to ask."""
    tag = _firmware("board_asset_tag")
    return tag if tag.startswith("i-") else _get("/latest/meta-data/instance-id") or "unknown"


def user_data():
    """The text that the machine was launched with; empty if there is none."""
    return _get("/latest/user-data") or ""


def identity_document():
    """Who this machine is, signed by AWS: PKCS#7 in base64, without armour and here without line breaks."""
    document = _get("/latest/dynamic/instance-identity/rsa2048")
    if not document:
        raise Away("the metadata service has no identity document yet")
    return "".join(document.split())


def _firmware(name):
    try:
        return (FIRMWARE / name).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _get(path):
    """The text at that path; None if there is none."""
    token = _ask("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    if not token:
        raise Away("the metadata service gives no token")
    return _ask("GET", path, {"X-aws-ec2-metadata-token": token})


def _ask(method, path, headers):
    url = urllib.parse.urlsplit(os.environ.get("KOZA_METADATA_URL", URL))
    connection = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=SECONDS)
    try:
        connection.request(method, url.path.rstrip("/") + path, headers=headers)
        answer = connection.getresponse()
        status, text = answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise Away(f"the metadata service: {error}") from error
    finally:
        connection.close()
    if status == 404:
        return None
    if status != 200:
        raise Away(f"the metadata service answered {status}")
    return text
