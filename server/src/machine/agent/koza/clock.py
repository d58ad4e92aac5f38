"""What time it is, where this machine's own clock may be wrong: by the portal's, as every answer of it tells."""
import email.utils
import time

from . import state

TRUSTED_SECONDS = 300           # as far as the portal itself lets clocks differ


def heard(date):
    """Note how far the clock is off, from an answer's Date. Only a change is worth writing."""
    try:
        offset = email.utils.parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError):
        return
    if abs(offset - _offset()) > TRUSTED_SECONDS / 2:
        state.write_json(state.CLOCK, round(offset))


def now():
    offset = _offset()
    return time.time() + (offset if abs(offset) > TRUSTED_SECONDS else 0)


def remark():
    """A sentence to add to a failure that the clock may have caused; empty if it is right."""
    offset = _offset()
    if abs(offset) <= TRUSTED_SECONDS:
        return ""
    amount = f"{abs(offset) / 86400:.1f} days" if abs(offset) > 86400 else f"{abs(offset) / 3600:.1f} hours" if abs(offset) > 3600 else \
        f"{abs(offset) / 60:.0f} minutes"
    return f" (This machine's clock is {amount} {'behind' if offset > 0 else 'ahead of'} the portal's; with it no certificate can be judged.)"


def _offset():
    return state.read_json(state.CLOCK, 0)
