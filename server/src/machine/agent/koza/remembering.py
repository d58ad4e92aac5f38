"""Which of the portal's values a service applied last, as hashes: configure changes something only when the portal's value
changed, so that what a person changed on the machine is left alone."""
import hashlib
import json

from . import state


class Remembered:
    def __init__(self, name):
        self.path = state.REMEMBERED / f"{name}.json"
        self.values = state.read_json(self.path, {})

    def differs(self, key, value):
        return self.values.get(key) != _digest(value)

    def knows(self, key):
        return key in self.values

    def keep(self, key, value):
        self.values[key] = _digest(value)
        state.write_json(self.path, self.values)

    def forget(self, key):
        if self.values.pop(key, None):
            state.write_json(self.path, self.values)


def _digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
