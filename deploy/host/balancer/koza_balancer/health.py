"""How the targets are, in the words that server/cloud-incus/src/health.rs reads."""
STARTS_WITHIN = 15                      # seconds; a target that was never up for longer does not start, it is down


class Health:
    """Remembers which targets were up already: one that was not is only starting, at first."""

    def __init__(self):
        self._since = {}
        self._was_up = set()

    def of(self, targets, now):
        """The word for each target."""
        self._since = {machine: self._since.get(machine, now) for machine in targets}
        self._was_up = {machine for machine, is_up in targets.items() if is_up or machine in self._was_up}
        return {machine: self._word(machine, is_up, now) for machine, is_up in targets.items()}

    def _word(self, machine, is_up, now):
        if is_up:
            return "up"
        is_new = machine not in self._was_up and now - self._since[machine] < STARTS_WITHIN
        return "starting" if is_new else "down"
