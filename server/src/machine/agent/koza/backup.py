"""Taking a backup "by difference": what is not as in the baseline, and what services carry in another form, sent while it is made.

    services' back-up ──► scratch ─┐
    baseline.difference ───────────┴──► tar (pax) ──► gzip ──► blocks ──► portal          manifest.json comes last

Rules that stay true: nothing is copied beside itself, and memory does not grow with what files hold; the manifest tells of the bytes that went
into the tar, whatever became of the file meanwhile; a file that vanishes or changes while it is read breaks nothing.
Left out: devices, sockets and pipes; extended attributes, capabilities among them; that two names were one file (each is a file of its own).
"""
import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
import time

from . import accounts, baseline, dress, exclusive, services, state, tree, unpacked
from .blocks import Outgoing
from .progress import StepFailed

LEVEL = 6


def take(portal, backup):
    """Back this machine up and send it. Begun again, it begins with block 0. Returns what there is to say of it."""
    if not state.BASELINE.exists():
        raise StepFailed("this machine cannot be backed up: it has no baseline (its image, or its first boot, is of a release that made none)")
    with exclusive.use(), exclusive.in_the_background(), exclusive.scratch() as scratch:
        counting = tree.Counting()
        baseline.refuse_what_was_moved(counting)
        wanted = _services_here()
        notices = [notice for service in wanted for notice in service.back_up(scratch / service.name)]
        outgoing = Outgoing(portal, backup)
        with gzip.GzipFile(fileobj=outgoing, mode="wb", compresslevel=LEVEL, mtime=0) as packed, \
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=tree.PIECE, copybufsize=tree.PIECE) as tar:
            told = Taking(tar, counting).all(wanted, scratch)
        outgoing.close(**told)
    return notices


def _services_here():
    """Those that this machine has. Of what one leaves out of the files, nobody would hear if its `back-up` did not run."""
    settings = state.read_json(state.SETTINGS)
    if settings is None:
        raise StepFailed("this machine cannot be backed up: it does not know its settings")
    here = [service for service in services.wanted(settings) if service.is_installed()]
    silent = sorted(services.that_leave_out() - {service.name for service in here})
    if silent:
        raise StepFailed(f"this machine cannot be backed up: its settings know nothing of what is installed: {', '.join(silent)}")
    return here


class Taking:
    """What goes into the tar, and what was said of it."""

    def __init__(self, tar, counting):
        self.tar, self.counting = tar, counting
        self.files, self.removed, self.services, self.size = [], [], {}, 0      # `files` as lines of JSON: a dict each would take much more
        self.manifest_size = 0

    def all(self, wanted, scratch):
        """Everything, the manifest last. Returns what the portal is told."""
        for path, found in baseline.difference(self.counting):
            told = found and self._put(path, found)
            if told:
                self.files.append(json.dumps(told))
                self._make_room_in_manifest(len(self.files[-1]))
            elif not found:
                self.removed.append(path)
                self._make_room_in_manifest(len(path))
        for service in wanted:
            self.services[service.name] = [self._put_of_service(service.name, path, scratch) for path in _files_below(scratch / service.name)]
        self._put_manifest()
        dumps = [file for files in self.services.values() for file in files if file["path"].startswith("databases/")]
        return {"files": len(self.files), "removed": len(self.removed), "databases": len(dumps), "size": self.size}

    def _put(self, path, found):
        """Into the tar, and into the manifest. None if it is gone by now."""
        kind = tree.type_of(found)
        try:
            if kind == tree.FILE:
                with tree.open_file(path) as file:
                    found = os.fstat(file.fileno())
                    told = _manifest_entry(path, kind, found)
                    return {**told, "size": found.st_size, "sha256": self._add(_header("files/" + path, told, found.st_size), file)}
            told = _manifest_entry(path, kind, found)
            if kind == tree.LINK:
                told["target"] = os.readlink(tree.whole(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StepFailed(f"/{path} cannot be read: {error.strerror}") from error
        self._add(_header("files/" + path, told))
        return told

    def _put_of_service(self, name, path, scratch):
        whole = scratch / name / path
        told = {"path": str(path), "size": whole.stat().st_size}
        header = tarfile.TarInfo(f"services/{name}/{path}")
        header.size, header.mode = told["size"], 0o600
        with open(whole, "rb") as file:
            return {**told, "sha256": self._add(header, file)}

    def _put_manifest(self):
        rest = {"removed": self.removed, "accounts": accounts.changed(baseline.known_accounts()), "services": self.services}
        text = f'{{"schema": 1, "taken_at": {int(time.time())}, "files": [\n' + ",\n".join(self.files) + "\n], " + json.dumps(rest)[1:] + "\n"
        manifest = text.encode("ascii")
        self.manifest_size = 0
        self._make_room_in_manifest(len(manifest))
        header = tarfile.TarInfo("manifest.json")
        header.size, header.mode = len(manifest), 0o600
        self.tar.addfile(header, io.BytesIO(manifest))

    def _make_room_in_manifest(self, size):
        """What could not be read again is not taken."""
        self.manifest_size += size
        if self.manifest_size > unpacked.MANIFEST_SIZE:
            raise StepFailed(f"this machine cannot be backed up: too many files differ from its image ({len(self.files)} and more)")

    def _add(self, header, file=None):
        """Exactly as many bytes as the header says: what a file lacks by now is zeros, what it has grown by is not read."""
        contents = Exactly(file, header.size)
        self.tar.addfile(header, contents)
        self.tar.members.clear()            # tarfile would remember them all
        self.size += header.size
        return contents.digest.hexdigest()


class Exactly:
    """A file as its header promised it, whatever becomes of it; and the checksum of that."""

    def __init__(self, file, size):
        self.file, self.left, self.digest = file, size, hashlib.sha256()

    def read(self, size):
        """As many bytes as are asked for, which tarfile relies on."""
        pieces, missing = [], min(size, self.left)
        while missing:
            pieces.append(self.file.read(missing) or bytes(missing))
            missing -= len(pieces[-1])
            self.left -= len(pieces[-1])
            self.digest.update(pieces[-1])
        return b"".join(pieces)


def _manifest_entry(path, kind, found):
    user, group = dress.names_of(found)
    return {"path": path, "type": kind, "mode": tree.mode(found), "user": user, "group": group, "uid": found.st_uid, "gid": found.st_gid,
            "mtime": dress.seconds(found.st_mtime_ns)}


def _header(name, told, size=0):
    header = tarfile.TarInfo(name)
    header.type = {tree.FILE: tarfile.REGTYPE, tree.FOLDER: tarfile.DIRTYPE, tree.LINK: tarfile.SYMTYPE}[told["type"]]
    header.linkname, header.size, header.mode = told.get("target", ""), size, told["mode"]
    header.uid, header.gid, header.uname, header.gname = told["uid"], told["gid"], told["user"], told["group"]
    header.pax_headers = {"mtime": told["mtime"]}       # as text: a number would lose what is behind the microseconds
    return header


def _files_below(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if stat.S_ISREG(path.lstat().st_mode))
