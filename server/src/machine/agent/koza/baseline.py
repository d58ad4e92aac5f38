"""What the image held before anybody worked on the machine, and what is different by now.

    write() ──► /var/lib/koza/baseline.gz: a line of JSON that tells the accounts, then one for each path, in tree.walk's order
    difference() ──► both walked side by side, so that neither is ever held in memory: what is new or changed, and what is gone

Files differ by checksum, never by time: a `touch` is no change, and a change that puts the time back is one.
"""
import gzip
import json
import os

from . import accounts, state, tree
from .progress import StepFailed

LEVEL = 6


def write():
    """Whole, or not at all: StepFailed."""
    try:
        _write(tree.Counting())
    except OSError as error:
        raise StepFailed(f"the baseline cannot be written: {error}") from error


def _write(counting):
    state.BASELINE.parent.mkdir(parents=True, exist_ok=True)
    fresh = state.BASELINE.with_name(".baseline.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=LEVEL, mtime=0) as packed:
            _say(packed, {"schema": 1, "accounts": accounts.of_baseline()})
            for path, found in tree.walk(counting):
                try:
                    _say(packed, tree.entry(path, found))
                except FileNotFoundError:
                    pass                    # gone between listing and reading
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, state.BASELINE)


def _say(packed, line):
    packed.write(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")


def known_accounts():
    with gzip.open(state.BASELINE, "rb") as lines:
        return json.loads(next(lines))["accounts"]


def entries(counting):
    """The baseline's entries, of which an older agent may have counted some that this one does not."""
    with gzip.open(state.BASELINE, "rb") as lines:
        next(lines)
        for line in lines:
            before = tree.Entry(*json.loads(line))
            if counting.has(before.path, before.type == tree.FOLDER):
                yield before


def refuse_what_was_moved(counting):
    """A folder on the way to something left out that is a link now: behind it, the same things have names that no rule knows, and would be
    carried; and another machine would have to give up its own for the link."""
    links = {}
    for way in counting.ways:
        for path in state.ROOT.glob(way) if "*" in way else [state.ROOT / way]:      # glob sees no link that leads nowhere
            if path.is_symlink():
                links[str(path.relative_to(state.ROOT))] = os.readlink(path)
    for before in entries(counting) if links else ():
        if before.type == tree.LINK and links.get(before.path) == before.content:
            del links[before.path]
    if links:
        moved = ", ".join(f"/{path}" for path in sorted(links))
        raise StepFailed(f"this machine cannot be backed up: it became a link to another place, and holds what is one machine's alone: {moved}")


def difference(counting):
    """(path, lstat) of what is new or changed, (path, None) of what is gone."""
    known, present = entries(counting), tree.walk(counting)
    before, now = next(known, None), next(present, None)
    while before or now:
        if now is None or before and tree.place(before.path) < tree.place(now[0]):
            yield before.path, None
            before = next(known, None)
            continue
        is_known = before is not None and before.path == now[0]
        try:
            if not is_known or _differs(before, *now):
                yield now
        except FileNotFoundError:
            yield before.path, None         # while it was being read
        now = next(present, None)
        if is_known:
            before = next(known, None)


def _differs(before, path, found):
    told = (before.type, before.mode, before.uid, before.gid)
    if told != (tree.type_of(found), tree.mode(found), found.st_uid, found.st_gid):
        return True
    if before.type == tree.FILE and before.size != found.st_size:
        return True
    return before.content != tree.entry(path, found).content
