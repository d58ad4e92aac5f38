"""What lies in /etc/letsencrypt, the one folder with keys and certificates (and so the one that a backup takes along).

certbot calls a certificate and those that came before it a lineage. Ours bear the machine's name and have our folder for challenges;
what a person has made with certbot beside them is not touched.
"""
import configparser
import dataclasses
import pathlib
import shutil
import ssl
import subprocess

HOME = pathlib.Path("/etc/letsencrypt")
CHALLENGES = "/var/lib/koza-acme"


@dataclasses.dataclass(frozen=True)
class Found:
    names: tuple
    not_before: int
    not_after: int
    issuer: str
    serial: str
    fingerprint: str
    directory: str

    def covers(self, names):
        return bool(names) and set(names) <= set(self.names)


def folder(name):
    return HOME / "live" / name


def find(name):
    """The newest certificate for that name; None if there is none, or one without its key."""
    try:
        said = _openssl("x509", "-in", folder(name) / "cert.pem", "-noout", "-dates", "-serial", "-issuer", "-nameopt", "RFC2253",
                        "-fingerprint", "-sha256", "-ext", "subjectAltName", "-pubkey")
        key = _openssl("pkey", "-in", folder(name) / "privkey.pem", "-pubout")
    except (OSError, subprocess.SubprocessError):
        return None
    if key.strip() not in said or not (folder(name) / "fullchain.pem").exists():
        return None
    return dataclasses.replace(understand(said), directory=_renewal(name).get("server", ""))


def understand(said):
    """From what openssl prints of a certificate."""
    values = dict(line.split("=", 1) for line in said.splitlines() if "=" in line and not line.startswith((" ", "-")))
    names = [part.strip()[4:] for line in said.splitlines() for part in line.split(",") if part.strip().startswith("DNS:")]
    return Found(
        names=tuple(names),
        not_before=ssl.cert_time_to_seconds(values["notBefore"]),
        not_after=ssl.cert_time_to_seconds(values["notAfter"]),
        issuer=values["issuer"].strip(),
        serial=values["serial"].lower(),
        fingerprint=next(values[key] for key in values if key.lower().startswith("sha256 fingerprint")).replace(":", "").lower(),
        directory="",
    )


def forget(name):
    """Away with a certificate, its key and those before it."""
    for path in (HOME / "live" / name, HOME / "archive" / name):
        shutil.rmtree(path, ignore_errors=True)
    (HOME / "renewal" / f"{name}.conf").unlink(missing_ok=True)


def forget_those_of_others(names):
    """No machine keeps a key for a name that is not its own: after a change of name, or on a copy of another machine's disk."""
    for path in sorted((HOME / "renewal").glob("*.conf")):
        if path.stem not in names and CHALLENGES in _renewal(path.stem).get("webroot_path", ""):
            forget(path.stem)


def forget_account(directory):
    """The authority no longer knows the account that we have there."""
    shutil.rmtree(HOME / "accounts" / directory.split("://", 1)[-1], ignore_errors=True)


def _renewal(name):
    """What certbot noted of how the certificate was come by."""
    noted = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        noted.read_string("[lineage]\n" + (HOME / "renewal" / f"{name}.conf").read_text(encoding="utf-8"))
        return dict(noted["renewalparams"])
    except (OSError, configparser.Error, KeyError):
        return {}


def _openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=20, check=True).stdout
