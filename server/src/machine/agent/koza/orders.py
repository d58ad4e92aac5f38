"""Orders: numbered from 1, carried out in order, each once even if the machine dies between doing and telling."""
import traceback

from . import backup, restore, services, state
from .portal import Away, Refused, Replaced
from .progress import LOG_LINES, StepFailed


class Orders:
    def __init__(self, portal):
        self.portal = portal
        kept = state.read_json(state.ORDERS) or {}
        self.done, self.unreported = kept.get("done", 0), kept.get("unreported", {})

    def take_next(self):
        """One long poll, then whatever it brought."""
        self._report()
        answer = self.portal.get(f"/machines/v1/orders?after={self.done}", timeout=40)
        for order in sorted(answer["orders"], key=lambda order: order["number"]):
            if order["number"] > self.done:
                outcome = self._carry_out(order)
                self.done = order["number"]
                self.unreported[str(order["number"])] = outcome
                self._keep()
            self._report()

    def _carry_out(self, order):
        arguments = order.get("args") or {}
        try:
            if order["kind"] == "configure":
                from .run import configure
                if not configure(self.portal):
                    return {"state": "failed", "detail": "a step failed; the boot steps say which"}
            # A backup takes minutes, and what is ordered after it waits. That is as it should be: a backup is of one state of the machine.
            elif order["kind"] in ("back_up", "reset") and restore.is_due(state.read_json(state.SETTINGS) or {}):
                # What was to be restored would be lost to the backup, and values applied now would pass for applied after it.
                return {"state": "failed", "detail": "this machine's own backup is still to be restored"}
            elif order["kind"] == "back_up":
                return {"state": "done", "detail": "\n".join(backup.take(self.portal, arguments.get("backup"))[:LOG_LINES])}
            elif order["kind"] == "rehearse":
                restore.rehearse(self.portal, arguments.get("backup"))
            elif order["kind"] == "restart":
                self._service(arguments).restart()
            elif order["kind"] == "reset":
                self._service(arguments).reset()
            else:
                return {"state": "failed", "detail": f"this machine does not know the order {order['kind']}"}
        except StepFailed as failure:
            return {"state": "failed", "detail": "\n".join([str(failure), *failure.log])}
        except (Away, Replaced):        # the order is begun anew, or never again
            raise
        except Exception as error:      # a full disk, a damaged file, a mistake of ours: nothing that carrying it out again would mend
            traceback.print_exc()
            return {"state": "failed", "detail": str(error) if isinstance(error, (OSError, Refused)) else repr(error)}
        return {"state": "done", "detail": ""}

    def _service(self, arguments):
        for service in services.wanted(state.read_json(state.SETTINGS) or {"services": []}):
            if service.name == arguments.get("service"):
                return service
        raise StepFailed(f"this machine has no service {arguments.get('service')}")

    def _report(self):
        for number, outcome in sorted(self.unreported.items(), key=lambda item: int(item[0])):
            try:
                self.portal.post(f"/machines/v1/orders/{number}", outcome)
            except Refused:
                pass                    # the portal no longer wants to know
            del self.unreported[number]
            self._keep()

    def _keep(self):
        state.write_json(state.ORDERS, {"done": self.done, "unreported": self.unreported})
