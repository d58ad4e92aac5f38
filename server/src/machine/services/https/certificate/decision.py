"""Whether to ask for a certificate now, if that failed when again, and what is told of it. No input and no output: tests run it through
years.

A certificate is renewed when a third of its life is left, or a little earlier, each machine at another moment: 30 days before the end
of one of 90 days, 53 hours before the end of one of 160 hours.
"""
import dataclasses
import random
from typing import Optional

MINUTE, HOUR, DAY = 60, 3600, 86400
LEFT_WHEN_RENEWED = 1 / 3
SPREAD = 1 / 12                 # of its life, over which machines that began together are spread

# After what kind of failure: the first pause, which doubles, and the longest one.
PAUSES = {
    "away": (MINUTE, HOUR),                 # the authority does not answer, or says that it is its own fault
    "here": (MINUTE, HOUR),                 # this machine is not ready for it
    "refused": (5 * MINUTE, 12 * HOUR),     # Let's Encrypt listens no more after five failed proofs an hour
    "limited": (HOUR, DAY),                 # the authority has had enough, and did not say until when
}
LONGEST_PAUSE = 8 * DAY                     # what an authority may ask for; the longest limit known counts a week
JITTER = 1.25


@dataclasses.dataclass(frozen=True)
class Memory:
    """What is known of tries that failed."""
    tries: int = 0                          # one after the other, of the same kind
    try_at: float = 0
    digest: Optional[str] = None            # of the wish that was tried
    kind: Optional[str] = None
    problem: Optional[str] = None
    said: Optional[str] = None


def is_good(found, names, now):
    """Whether browsers would take it for the machine's first name. (One that begins in the future means that a clock is wrong, and
    then most likely ours.)"""
    return found is not None and found.covers(names[:1]) and now < found.not_after


def renewal_at(found):
    life = found.not_after - found.not_before
    share = int(found.fingerprint[:8], 16) / 0x100000000        # as if by chance, but always the same for this certificate
    return found.not_after - life * (LEFT_WHEN_RENEWED + SPREAD * share)


def why_not(wish, found, memory, now):
    """Why there is nothing to ask for now: "off", "done", "turn" or "later". None: the machine is to ask."""
    if not wish.names or not wish.directory:
        return "off"
    is_as_wished = found is not None and found.covers(wish.names) and found.directory == wish.directory
    if is_as_wished and now < renewal_at(found):
        return "done"
    # What it has it may renew: that takes nothing from the others who share a domain's weekly number.
    if not is_as_wished and not wish.is_allowed:
        return "turn"
    # A pause longer than any that is made is from a clock that was wrong.
    if memory.digest == wish.digest() and now < memory.try_at <= now + LONGEST_PAUSE * JITTER:
        return "later"
    return None


def after_failure(memory, wish, now, no):
    """When to try again: never before the authority wants to be asked; and machines that failed together do not come back together."""
    tries = memory.tries if memory.digest == wish.digest() and memory.kind == no.kind else 0
    first, longest = PAUSES[no.kind]
    pause = max(min(first * 2 ** min(tries, 16), longest), min(no.retry_after, LONGEST_PAUSE)) * random.uniform(1, JITTER)
    return Memory(tries + 1, now + pause, wish.digest(), no.kind, no.problem, no.said)


def after_boot(memory):
    """A machine that was away may come back to another network: only what the authority itself said holds still."""
    return Memory() if memory.kind in ("away", "here") else memory


def next_look(wish, found, memory, reason):
    """When something will have to be done; None: nothing is to be foreseen."""
    moments = []
    if reason == "later":
        moments.append(memory.try_at)
    if reason == "done":
        moments.append(renewal_at(found))
    if found and reason != "done":
        moments.append(found.not_after)     # from then on nobody is led there
    return min(moments, default=None)


def fact(wish, found, memory, trouble, reason, now, was_served=False, remark=""):
    """What the portal is told (docs/machines.md), and what other services go by."""
    # An Apache that refuses to read its settings again goes on with those that it has.
    is_served = is_good(found, wish.names, now) and (was_served or not trouble)
    said, problem = memory.said and memory.said + remark, memory.problem
    if trouble:
        said, problem = trouble, "here"
    elif reason == "asking":
        said, problem = "the certificate is being asked for", "asking"
    elif reason == "turn":
        said, problem = "the portal has not yet allowed this machine to ask for a certificate", "turn"
    elif reason == "off" and not is_served:
        said, problem = "this machine has no name to have a certificate for", None
    if is_served:
        state = "issued"
        if reason == "asking" and not trouble:
            said = problem = None           # a renewal, which nobody has to notice
    elif reason == "off":
        state = "off"
    else:
        state = "refused" if memory.kind == "refused" and reason == "later" else "waiting"
    return {
        "state": state, "is_served": is_served, "name": wish.name,
        "names": list(found.names) if found else [],
        "not_before": found and found.not_before, "not_after": found and found.not_after,
        "issuer": found and found.issuer, "serial": found and found.serial, "fingerprint": found and found.fingerprint,
        "directory": (found and found.directory) or wish.directory,
        "said": said, "problem": problem, "try_again_at": round(memory.try_at) if reason == "later" else None,
    }
