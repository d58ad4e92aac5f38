"""Talking with the portal's machine door: hello, signed requests, a clock that may be wrong.

Every failure is one of three: Away (try again later), Refused (asking again will not help), Replaced (be silent for ever).
"""
import email.utils
import hashlib
import hmac
import http.client
import json
import secrets
import time
import urllib.parse

from . import clock, state


LARGE_SECONDS = 120             # for a few MiB over a slow line


class Away(Exception):
    """The portal does not answer, or answers that it cannot just now."""


class Refused(Exception):
    """The portal understood and said no."""

    def __init__(self, status, detail):
        super().__init__(f"the portal answered {status}: {detail}")
        self.status = status


class Replaced(Exception):
    """Another machine has taken this one's place."""


class Portal:
    def __init__(self, url, identity=None):
        self.url = urllib.parse.urlsplit(url)
        self.identity = identity
        self.clock_offset = 0           # the portal's clock minus ours, in seconds

    @staticmethod
    def known():
        """The portal that user-data or an earlier boot named."""
        portal = state.read_json(state.PORTAL)
        if not portal:
            raise Refused(0, f"{state.PORTAL} is missing: user-data did not name a portal")
        return Portal(portal["url"], state.read_json(state.IDENTITY))

    def hello(self, proof, release):
        """Exchange a proof (the one-time token, or a signed document) for a secret of our own. The nonce is on disk before we ask, so
        asking again is safe."""
        if not state.NONCE.exists():
            state.write(state.NONCE, secrets.token_hex(32))
        answer = self._ask("POST", "/machines/v1/hello", {**proof, "nonce": state.NONCE.read_text(), "release": release}, signed=False)
        self.identity = {"machine": answer["machine"], "secret": answer["secret"]}
        state.write_json(state.IDENTITY, self.identity)

    def get(self, path, timeout=10):
        return self._ask("GET", path, timeout=timeout)

    def post(self, path, body):
        return self._ask("POST", path, body)

    def put(self, path, content):
        """Bytes as they are. What is large takes its time."""
        self._ask("PUT", path, content, timeout=LARGE_SECONDS)

    def get_bytes(self, path):
        return self._ask("GET", path, timeout=LARGE_SECONDS, raw=True)

    def bundle(self):
        """The tar of /opt/koza at the portal's release."""
        return self._ask("GET", "/machines/v1/bundle", signed=False, timeout=60, raw=True)

    def _ask(self, method, path, body=None, signed=True, timeout=10, raw=False):
        payload = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        content_type = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        for attempt in (1, 2):
            offset = self.clock_offset
            status, headers, content = self._exchange(method, path, payload, content_type, signed, timeout, offset)
            if status == 401 and attempt == 1 and self._correct_clock(headers.get("Date"), offset):
                continue
            break
        if 200 <= status < 300:
            return content if raw else json.loads(content or b"null")
        if status == 410:
            raise Replaced()
        if status >= 500 or status in (408, 429):
            raise Away(f"the portal answered {status}")
        raise Refused(status, content[:200].decode(errors="replace"))

    def _exchange(self, method, path, payload, content_type, signed, timeout, offset):
        secure = self.url.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(self.url.hostname, self.url.port or (443 if secure else 80), timeout=timeout)
        path = self.url.path.rstrip("/") + path
        headers = {"Content-Type": content_type, "User-Agent": "koza-agent"}
        if signed:
            headers.update(self._signature(method, path, payload, offset))
        try:
            connection.request(method, path, payload or None, headers)
            answer = connection.getresponse()
            clock.heard(answer.headers.get("Date"))
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Away(f"{self.url.netloc}: {error}") from error
        finally:
            connection.close()

    def _signature(self, method, path, payload, offset):
        timestamp = str(int(time.time() + offset))
        message = "\n".join((method, path, timestamp, hashlib.sha256(payload).hexdigest()))
        digest = hmac.new(self.identity["secret"].encode(), message.encode(), hashlib.sha256).hexdigest()
        return {"Koza-Machine": self.identity["machine"], "Koza-Timestamp": timestamp, "Koza-Signature": digest}

    def _correct_clock(self, date, used):
        """After a 401: if the portal's Date is far from the clock that was used, believe the portal; asking again is then worth it."""
        if not date or not self.identity:
            return False
        self.clock_offset = email.utils.parsedate_to_datetime(date).timestamp() - time.time()
        return abs(self.clock_offset - used) > 60


def retry(ask, seconds):
    """Ask until the portal answers, for so many seconds. Quickly at first: a machine's network comes up in just these moments."""
    started, pause = time.monotonic(), 0.05
    while True:
        try:
            return ask()
        except Away:
            passed = time.monotonic() - started
            if passed + pause > seconds:
                raise
        time.sleep(pause)
        if passed > 5:
            pause = min(pause * 1.5, 5)
