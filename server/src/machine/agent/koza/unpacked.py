"""A backup, unpacked into a folder of ours and compared with what it says of itself.

    blocks ──► gzip (its checksum is checked to the end) ──► tar ──► <folder>/files/…, <folder>/services/…, the manifest ──► differences()

Whoever made the stream, names in it are taken for hostile: none leads out of the folder, no link is followed on the way, nothing comes twice.
Unpacking into a folder that was new and is root's alone (0700) makes that enough.
"""
import gzip
import hashlib
import json
import os
import re
import stat
import tarfile
import zlib

from . import dress, room, tree
from .progress import StepFailed

MANIFEST_SIZE = 256 << 20
ZEROS = bytes(tree.PIECE)
KINDS = {tarfile.REGTYPE: tree.FILE, tarfile.AREGTYPE: tree.FILE, tarfile.DIRTYPE: tree.FOLDER, tarfile.SYMTYPE: tree.LINK}


class Unpacked:
    def __init__(self, folder):
        self.folder = folder
        self.manifest, self.names = None, set()
        self._folders = []                      # their modes come last, or nothing could be put into some

    def take(self, incoming):
        self.folder.mkdir(mode=0o700)
        try:
            with gzip.GzipFile(fileobj=incoming, mode="rb") as packed:
                with tarfile.open(fileobj=packed, mode="r|", errorlevel=2) as tar:
                    for header in iter(tar.next, None):
                        self._unpack(tar, header)
                        tar.members.clear()     # tarfile would remember them all
                while packed.read(tree.PIECE):  # to the end, which tells whether all of it was right
                    pass
        except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError, ValueError) as error:
            raise StepFailed(f"the backup cannot be read at {incoming.where()}: {error}") from error
        if self.manifest is None:
            raise StepFailed("the backup ends before it has told what is in it")
        for path, header in reversed(self._folders):
            dress.put_on(path, _said_by(header))

    def path(self, name):
        return os.path.join(self.folder, name)

    def _unpack(self, tar, header):
        if self.manifest is not None or header.name in self.names:
            raise StepFailed(f"the backup has {header.name!r} twice, or too late")
        kind = KINDS.get(header.type)
        first, *others = header.name.split("/")
        if header.name == "manifest.json" and kind == tree.FILE and header.size <= MANIFEST_SIZE:
            self.manifest = _manifest_in(json.loads(tar.extractfile(header).read()))
            return
        is_service = first == "services" and len(others) > 1 and kind == tree.FILE
        if not (is_service or first == "files" and others) or not is_plain(others) or kind is None or header.issparse():
            raise StepFailed(f"the backup has {header.name!r}, which cannot be restored")
        self.names.add(header.name)
        try:
            parent = enter(self.folder, [first, *others[:-1]], make=True)
        except NotADirectoryError as error:
            raise StepFailed(f"the backup has {header.name!r}, which leads through something that is no folder") from error
        try:
            path = self.path(header.name)
            if kind == tree.LINK:
                os.symlink(header.linkname, others[-1], dir_fd=parent)
            elif kind == tree.FOLDER:
                os.mkdir(others[-1], 0o700, dir_fd=parent)
                self._folders.append((path, header))
            else:
                self._write(tar.extractfile(header), others[-1], parent)
            if kind != tree.FOLDER and not is_service:
                dress.put_on(path, _said_by(header))
        except FileExistsError as error:
            raise StepFailed(f"the backup has {header.name!r} in the place of something else") from error
        finally:
            os.close(parent)

    @staticmethod
    def _write(source, name, parent):
        """Zeros become holes, as they may have been."""
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent)
        with open(descriptor, "wb", buffering=0) as file:
            for piece in iter(lambda: source.read(tree.PIECE), b""):
                if not room.is_left(descriptor):
                    raise StepFailed("the disk has no room to unpack the backup")
                if piece == ZEROS[:len(piece)]:
                    file.seek(len(piece), os.SEEK_CUR)
                else:
                    view = memoryview(piece)
                    while view:
                        view = view[file.write(view):]
            file.truncate()

    def differences(self):
        """In words, what is on the disk now and not as the manifest says, one after the other."""
        said = {"files/" + entry["path"]: entry for entry in self.manifest["files"]}
        said.update((f"services/{name}/{file['path']}", file) for name, files in self.manifest["services"].items() for file in files)
        for name in sorted(self.names - said.keys()):
            yield f"{name!r} is not in the manifest"
        for name, entry in said.items():
            if name not in self.names:
                yield f"{name!r} is missing"
                continue
            for what, expected, found in self._compared(name, entry):
                if expected != found:
                    yield f"{name!r}: {what} is {found!r}, not {expected!r}"

    def _compared(self, name, entry):
        found = os.lstat(self.path(name))
        kind = tree.type_of(found)
        yield "type", entry.get("type", tree.FILE), kind
        if "size" in entry:
            yield "size", entry["size"], found.st_size
            yield "checksum", entry["sha256"], self._checksum(name) if kind == tree.FILE else None
        if "type" not in entry:                 # of a service's file nothing else is told
            return
        yield "mode", entry["mode"], tree.mode(found)
        yield "owner", (entry["user"], entry["group"]), dress.names_of(found, entry)
        yield "time", entry["mtime"], dress.seconds(found.st_mtime_ns)
        if "target" in entry:
            yield "target", entry["target"], os.readlink(self.path(name)) if kind == tree.LINK else None

    def _checksum(self, name):
        digest = hashlib.sha256()
        with open(self.path(name), "rb", buffering=0) as file:
            for piece in iter(lambda: file.read(tree.PIECE), b""):
                digest.update(piece)
        return digest.hexdigest()


def _said_by(header):
    return {"mode": header.mode, "user": header.uname, "uid": header.uid, "group": header.gname, "gid": header.gid,
            "mtime": header.pax_headers.get("mtime", str(header.mtime)), "type": KINDS[header.type]}


def is_plain(names):
    """Whether they lead down, one folder each."""
    return all(name not in ("", ".", "..") and "\0" not in name for name in names)


def enter(folder, names, make=False, in_the_way=None):
    """A descriptor of that folder below, reached without following any link. What is no folder is shown to `in_the_way`, which makes room
    or raises; who gives none gets the OSError."""
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for depth, name in enumerate(names):
            if make:
                try:
                    os.mkdir(name, 0o755, dir_fd=here)
                except FileExistsError:
                    if in_the_way and not stat.S_ISDIR(os.lstat(name, dir_fd=here).st_mode):
                        in_the_way(here, names[:depth + 1])
                        os.mkdir(name, 0o755, dir_fd=here)
            there = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            os.close(here)
            here = there
        return here
    except (OSError, StepFailed):
        os.close(here)
        raise


FILE_KEYS = {"path": str, "type": str, "mode": int, "user": str, "group": str, "uid": int, "gid": int, "mtime": str}
CONTENT = {tree.FILE: {"size": int, "sha256": str}, tree.FOLDER: {}, tree.LINK: {"target": str}}


def _manifest_in(manifest):
    """The manifest, if it is one."""
    try:
        is_one = manifest["schema"] == 1 and all(
            _has(entry, {**FILE_KEYS, **CONTENT[entry["type"]]}) and is_plain(entry["path"].split("/"))
            and re.fullmatch(r"-?\d+(\.\d+)?", entry["mtime"]) for entry in manifest["files"]
        ) and all(isinstance(path, str) and is_plain(path.split("/")) for path in manifest["removed"]) and all(
            is_plain([name]) and _has(file, {"path": str, "size": int, "sha256": str}) and is_plain(file["path"].split("/"))
            for name, files in manifest["services"].items() for file in files
        ) and all(isinstance(manifest["accounts"][kind], dict) for kind in ("users", "groups"))
    except (AttributeError, KeyError, TypeError):
        is_one = False
    if not is_one:
        raise StepFailed("the backup's manifest is none that this machine understands")
    return manifest


def _has(entry, keys):
    return all(isinstance(entry.get(key), kind) for key, kind in keys.items())
