"""What the portal wishes of HTTPS: the settings of the service `https`, checked at the door."""
import dataclasses
import hashlib
import json
import re
from typing import Optional

NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


@dataclasses.dataclass(frozen=True)
class Wish:
    names: tuple = ()                       # the first is the one that people are led to
    directory: Optional[str] = None         # of the certificate authority
    is_allowed: bool = False                # to ask for a certificate that it has not had before
    contact: Optional[str] = None           # a mail address
    trusted_root: Optional[str] = None      # PEM: by whom the authority itself is vouched for, where the system does not know
    external_account: Optional[tuple] = None    # (key id, HMAC key): who we are to an authority that wants to know

    @property
    def name(self):
        return self.names[0] if self.names else None

    def digest(self):
        """Changes if there is a reason to ask again at once."""
        return hashlib.sha256(json.dumps(dataclasses.astuple(self)).encode()).hexdigest()


def of(settings):
    """The wish in the machine's settings. What is not there or makes no sense is no wish: the machine stays on HTTP."""
    own = next((service.get("settings") for service in settings.get("services", []) if service.get("name") == "https"), None) or {}
    names = tuple(name.lower().rstrip(".") for name in own.get("names") or [])
    if not all(NAME.fullmatch(name) for name in names):
        names = ()
    account = own.get("external_account") or {}
    return Wish(
        names=names,
        directory=own.get("directory") or None,
        is_allowed=own.get("is_allowed") is True,
        contact=(own.get("contact") or "").replace("mailto:", "", 1) or None,
        trusted_root=own.get("trusted_root") or None,
        external_account=(account["key_id"], account["hmac_key"]) if account.get("key_id") and account.get("hmac_key") else None,
    )
