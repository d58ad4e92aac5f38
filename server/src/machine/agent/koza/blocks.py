"""A backup on its way: a stream cut into blocks that are told and fetched one by one (docs/machines.md, "Backups").

    Outgoing.write ──► PUT …/blocks/0, 1, 2 … ──► Outgoing.close ──► POST how many, how large
    Incoming.read  ◄── GET …/blocks/0, 1, 2 … until there is no next one

Both hold one block and no more. The portal may be away for ten minutes at any of them; a no is final.
"""
from .portal import Refused, retry
from .progress import StepFailed

SIZE = 4 << 20
PATIENCE = 600                  # seconds, for each block


class Outgoing:
    def __init__(self, portal, backup):
        self.portal, self.backup = portal, backup
        self.count, self.bytes = 0, 0
        self._waiting, self._is_over = bytearray(), False

    def write(self, data):
        if self._is_over:               # gzip and tarfile still have something to say when they are closed
            return len(data)
        self._waiting += data
        while len(self._waiting) >= SIZE:
            self._send(bytes(self._waiting[:SIZE]))
            del self._waiting[:SIZE]
        return len(data)

    def flush(self):
        """Nothing: only the last block may be short."""

    def close(self, **told):
        """The whole stream was written."""
        if self._waiting:
            self._send(bytes(self._waiting))
            self._waiting.clear()
        told = {"blocks": self.count, "bytes": self.bytes, **told}
        self._ask(lambda: self.portal.post(f"/machines/v1/backups/{self.backup}", told))

    def _send(self, block):
        self._ask(lambda: self.portal.put(f"/machines/v1/backups/{self.backup}/blocks/{self.count}", block))
        self.count, self.bytes = self.count + 1, self.bytes + len(block)

    def _ask(self, ask):
        self._is_over = True
        try:
            retry(ask, PATIENCE)
            self._is_over = False
        except Refused as refusal:
            raise StepFailed(f"the backup was not taken in: {refusal}") from refusal


class Incoming:
    def __init__(self, portal, backup):
        self.portal, self.backup = portal, backup
        self.number = 0                 # of the block to fetch next
        self._rest, self._has_ended = memoryview(b""), False

    def read(self, size=-1):
        """At most so many bytes, as any stream; all that is left if it is not said how many."""
        if size < 0:
            return b"".join(iter(lambda: self.read(SIZE), b""))
        if not self._rest and not self._has_ended:
            self._rest = memoryview(self._fetch())
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)

    def where(self):
        return f"block {max(self.number - 1, 0)}"

    def _fetch(self):
        try:
            block = retry(lambda: self.portal.get_bytes(f"/machines/v1/backups/{self.backup}/blocks/{self.number}"), PATIENCE)
        except Refused as refusal:
            if refusal.status == 404 and self.number > 0:
                self._has_ended = True
                return b""
            raise StepFailed(f"the backup cannot be fetched: {refusal}") from refusal
        self.number += 1
        return block
