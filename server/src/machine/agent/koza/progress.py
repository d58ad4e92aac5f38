"""Tells the portal each step as it happens, from a thread of its own: reporting never slows the boot, and order is kept.

What could not be told by the end stays in the outbox, and `koza-agent run` sends it when the portal is back.
"""
import contextlib
import sys
import threading
import time

from . import machine, state
from .portal import Away, Refused, Replaced

LOG_LINES = 20


class StepFailed(Exception):
    def __init__(self, why, log=()):
        super().__init__(why)
        self.log = list(log)


class Progress:
    def __init__(self, portal, boot):
        self.portal, self.boot = portal, boot
        self._waiting = []              # [(path, body)] in the order they must arrive
        self._changed = threading.Condition()
        self._closing = False
        self._may_send = threading.Event()      # there is a secret to sign with
        self._thread = threading.Thread(target=self._send_all, daemon=True)
        self._thread.start()

    def may_send(self):
        self._may_send.set()

    @contextlib.contextmanager
    def step(self, name):
        """Report the step as started, and then as done or failed. A failure goes on to the caller. What is put into the list that
        comes with it is told with `done`."""
        began, notices = time.monotonic(), []
        self._say(name, "started", 0)
        try:
            yield notices
        except Exception as error:
            log = list(getattr(error, "log", ())) + [str(error) or repr(error)]
            self._say(name, "failed", began, log[-LOG_LINES:])
            raise
        self._say(name, "done", began, notices[-LOG_LINES:])

    def post(self, path, body):
        """Send something else in order with the steps."""
        with self._changed:
            self._waiting.append((path, body))
            self._changed.notify()

    def close(self, seconds=3):
        """Wait until everything was told; keep the rest for later."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._may_send.set()
        self._thread.join(seconds)
        with self._changed:
            if self._waiting:
                state.write_json(state.OUTBOX, (state.read_json(state.OUTBOX) or []) + self._waiting)
                self._waiting = []

    def _say(self, name, what, began, log=None):
        milliseconds = round((time.monotonic() - began) * 1000) if began else 0
        step = {"step": name, "state": what, "ms": milliseconds}
        if log:
            step["log"] = log
        print(f"{name}: {what}" + (f" after {milliseconds} ms" if began else ""), *(log or []), sep="\n  ", file=sys.stderr, flush=True)
        self.post("/machines/v1/progress", {"boot": self.boot, "steps": [step]})

    def _send_all(self):
        self._may_send.wait()
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting or not self.portal.identity:
                    return
                count, path, body = self._next()
            try:
                self.portal.post(path, body)
            except Away:
                if self._closing:
                    return
                time.sleep(1)
                continue
            except Replaced:
                count = len(self._waiting)
            except Refused as refusal:          # telling it again would be refused again
                print(f"{path}: {refusal}", file=sys.stderr)
            with self._changed:
                del self._waiting[:count]

    def _next(self):
        """The next thing to tell; steps that wait together are told together."""
        path, body = self._waiting[0]
        count = 1
        if path.endswith("/progress"):
            steps = []
            for count, (other, told) in enumerate(self._waiting, 1):
                if other != path:
                    count -= 1
                    break
                steps += told["steps"]
            body = {"boot": self.boot, "steps": steps}
        return count, path, body


def send_outbox(portal):
    """Tell what could not be told. Raises Away while the portal still does not answer.

    Steps of an earlier boot are dropped: told now, they would pass for news of this one.
    """
    waiting = [
        [path, body] for path, body in state.read_json(state.OUTBOX) or []
        if body.get("boot") in (None, machine.boot_id())
    ]
    while waiting:
        try:
            portal.post(*waiting[0])
        except Refused as refusal:
            print(f"{waiting[0][0]}: {refusal}", file=sys.stderr)
        waiting.pop(0)
        state.write_json(state.OUTBOX, waiting)
    state.OUTBOX.unlink(missing_ok=True)
