"""Putting an unpacked backup in the places it came from.

Rules that stay true: each file is the old or the new one, never half of one (it is moved, or written beside and then moved); no link is
followed on the way; what belongs to one machine only is never touched, whatever the backup holds; doing it again gives the same.

A folder of the backup's may be a link on this machine, in an image that is a little newer. When the backup was taken it was a folder, or
nothing in it would be told, so here it becomes one: followed, the file would land where the backup says nothing of, and a machine on which
nobody has worked yet loses nothing by the link. Only the system's own links in / (bin, lib …) are kept at any price.
"""
import errno
import os
import shutil
import stat

from . import dress, state, tree
from .progress import StepFailed
from .unpacked import enter

BESIDE = ".koza-restoring"      # one at a time, so one name will do, and a power cut leaves no more than one about


class InPlace:
    def __init__(self, unpacked, counting):
        self.unpacked, self.counting = unpacked, counting

    def put(self):
        files = [entry for entry in self.unpacked.manifest["files"] if self.counting.has(entry["path"], entry["type"] == tree.FOLDER)]
        for path in sorted(self.unpacked.manifest["removed"], key=tree.place, reverse=True):
            self._take_away(path)
        for entry in files:
            self._put(entry)
        for entry in reversed(files):           # innermost first, when nothing more is put into them
            if entry["type"] == tree.FOLDER:
                self._put_on(entry)

    def _take_away(self, path):
        if not self.counting.has(path, True):
            return
        *folders, name = path.split("/")
        try:
            parent = enter(state.ROOT, folders)
        except OSError:
            return                              # where it was is gone, too, or is a link by now
        try:
            if stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode):
                os.rmdir(name, dir_fd=parent)   # a newer image may have more in there than the backup knows of
            else:
                os.unlink(name, dir_fd=parent)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
                raise
        finally:
            os.close(parent)

    def _put(self, entry):
        *folders, name = entry["path"].split("/")
        parent = enter(state.ROOT, folders, make=True, in_the_way=self._make_room)
        try:
            is_folder = entry["type"] == tree.FOLDER
            if is_folder != _is_folder(name, parent):
                self._make_room(parent, [*folders, name])
                if is_folder:
                    os.mkdir(name, 0o700, dir_fd=parent)
            if not is_folder:
                self._move(entry, name, parent)
        finally:
            os.close(parent)

    def _move(self, entry, name, parent):
        source = self.unpacked.path("files/" + entry["path"])
        dress.put_on(source, entry)             # once more: by now this machine may have its owner
        try:
            os.rename(source, name, dst_dir_fd=parent)
            return
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        # Another file system.
        self._clear(parent, BESIDE)
        if entry["type"] == tree.LINK:
            os.symlink(os.readlink(source), BESIDE, dir_fd=parent)
        else:
            descriptor = os.open(BESIDE, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=parent)
            with open(source, "rb") as old, open(descriptor, "wb") as new:
                shutil.copyfileobj(old, new, tree.PIECE)
        dress.put_on(BESIDE, entry, parent)
        os.rename(BESIDE, name, src_dir_fd=parent, dst_dir_fd=parent)

    def _put_on(self, entry):
        *folders, name = entry["path"].split("/")
        parent = enter(state.ROOT, folders)
        try:
            dress.put_on(name, entry, parent)
        finally:
            os.close(parent)

    def _make_room(self, parent, names):
        path = "/".join(names)
        try:
            is_link = stat.S_ISLNK(os.lstat(names[-1], dir_fd=parent).st_mode)
        except FileNotFoundError:
            return
        if len(names) == 1 and is_link:
            raise StepFailed(f"the backup has another thing at /{path}, which is a link of the system's")
        if any(mount == path or mount.startswith(path + "/") for mount in self.counting.mounts):
            raise StepFailed(f"the backup has another thing at /{path}, where something is mounted")
        if self.counting.leads_to_left_out(path):
            raise StepFailed(f"the backup has another thing at /{path}, in which lies what is this machine's alone")
        self._clear(parent, names[-1])

    def _clear(self, parent, name):
        if _is_folder(name, parent):
            here = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
            try:
                for inner in os.listdir(here):
                    self._clear(here, inner)
            finally:
                os.close(here)
            os.rmdir(name, dir_fd=parent)
        else:
            try:
                os.unlink(name, dir_fd=parent)
            except FileNotFoundError:
                pass


def _is_folder(name, parent):
    try:
        return stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode)
    except FileNotFoundError:
        return False
