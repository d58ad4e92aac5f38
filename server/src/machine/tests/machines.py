"""Machines that live in folders, and a portal on loopback that keeps their backups: what test_backup.py and its like play with."""
import contextlib
import http.server
import io
import json
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile
import threading
import unittest
from unittest import mock

sys.dont_write_bytecode = True          # agent/ is embedded as it lies there
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "agent"))

from koza import backup, baseline, blocks, portal, progress, restore, services, state, tree       # noqa: E402 (found by the line above)

ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\nwww:x:33:33::/var/www:/usr/sbin/nologin\nstudent:x:1000:1000:Koza:/home/student:/bin/bash\n",
    "shadow": "root:*:1:0:99999:7:::\nwww:*:1:0:99999:7:::\nstudent:*:1:0:99999:7:::\n",
    "group": "root:x:0:\nwww:x:33:\nstudent:x:1000:\nsudo:x:27:\n", "gshadow": "root:*::\nwww:!::\nstudent:!::\nsudo:*::\n",
    "hostname": "old\n", "issue": "Welcome\n", "app.conf": "a = 1\n",
}


class Killed(BaseException):
    """The machine lost its power."""


class Door:
    """The portal's machine door, as far as backups go. `trouble(method, path, count)` may answer in its place."""

    def __init__(self):
        self.blocks, self.told, self.asked, self.orders, self.outcomes, self.trouble = {}, {}, [], [], [], None
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            wbufsize = -1               # an answer in one piece: a second one would wait for the first to be acknowledged

            def _handle(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                door.asked.append((self.command, self.path))
                answer = door.trouble and door.trouble(self.command, self.path, len(door.asked))
                status, content = answer or door.answer(self.command, self.path.split("/")[3:], body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = _handle

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, method, words, body):
        if words[0].startswith("orders?"):
            return 200, json.dumps({"orders": self.orders}).encode()
        if words[0] == "orders":
            self.outcomes.append(json.loads(body))
        elif method == "PUT":
            self.blocks[int(words[3])] = body
        elif method == "POST":
            self.told = json.loads(body)
            whole = self.stream()
            if self.told["bytes"] != len(whole):
                return 422, b"not what was told"
        elif int(words[3]) not in self.blocks:
            return 404, b"no such block"
        else:
            return 200, self.blocks[int(words[3])]
        return 204, b""

    def stream(self):
        return b"".join(self.blocks[number] for number in range(self.told["blocks"]))

    def keep(self, stream):
        """As if a machine had sent it."""
        self.blocks = {number: stream[at:at + blocks.SIZE] for number, at in enumerate(range(0, len(stream), blocks.SIZE))}

    def names(self):
        with tarfile.open(fileobj=io.BytesIO(self.stream()), mode="r:gz") as tar:
            return tar.getnames()

    def manifest(self):
        with tarfile.open(fileobj=io.BytesIO(self.stream()), mode="r:gz") as tar:
            return json.load(tar.extractfile("manifest.json"))


class Machines(unittest.TestCase):
    """A machine in a folder; `becomes` makes another one of it. What it would do to the machine around it is noted, not done."""

    def setUp(self):
        self.kept = contextlib.ExitStack()
        self.addCleanup(self.kept.close)
        self.folder = pathlib.Path(self.kept.enter_context(tempfile.TemporaryDirectory()))
        self.places = {name: value for name, value in vars(state).items() if isinstance(value, pathlib.Path)}
        self.programs = []
        for patch in (
            mock.patch.object(services, "os_names", lambda: {"NOT_IN_BACKUPS": "/var/lib/lists"}),
            mock.patch.object(services, "environment", lambda **more: {"PATH": os.environ["PATH"], **more}),
            mock.patch.object(tree, "mounts", lambda: ["mnt/other"]), mock.patch.object(tree, "swap_files", lambda: []),
            mock.patch.object(services.Service, "restart", lambda service: self.programs.append(["restart", service.name])),
            mock.patch.object(restore.subprocess, "run", self.run_program), mock.patch.object(os, "sync"), mock.patch.object(os, "fsync"),
            mock.patch.object(blocks, "SIZE", 4000), mock.patch.object(blocks, "PATIENCE", 2),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            self.kept.enter_context(patch)
        self.door = Door()
        self.addCleanup(self.door.server.server_close)
        self.addCleanup(self.door.server.shutdown)
        self.portal = portal.Portal(self.door.url, {"machine": "mch_1", "secret": "5" * 64})
        self.become("old")
        for name, text in ETC.items():
            self.put(f"etc/{name}", text)
        for path in ("var/cache/app/kept", "run/pid", "opt/koza/release", "etc/ssh/ssh_host_ed25519_key", "var/lib/db/data", "var/lib/lists/list",
                     "mnt/other/file", "var/www/page", "home/student/.profile"):
            self.put(path, "the image's")
        (self.root / "var/log/koza").mkdir(parents=True)
        self.put("opt/koza/services/db/left-out.txt", "# It is dumped.\n/var/lib/db\n")
        self.put("opt/koza/services/db/back-up", '#!/bin/sh\nmkdir "$2/databases"\necho "a dump" >"$2/databases/one.sql"\n', 0o755)
        state.write(state.INSTALLED / "db", "1\n")
        state.write_json(state.SETTINGS, {"services": [{"name": "db", "revision": "1"}]})
        baseline.write()
        shutil.copytree(self.root, self.folder / "image", symlinks=True)

    run_real = staticmethod(services.subprocess.run)

    def run_program(self, command, **more):
        if str(command[0]).startswith(str(self.folder)):
            return self.run_real(command, **more)
        self.programs.append(command)
        return mock.Mock(returncode=0, stdout="", stderr="")

    def become(self, name):
        self.root = self.folder / name
        for place, value in self.places.items():
            setattr(state, place, self.root / value.relative_to("/"))
            self.addCleanup(setattr, state, place, value)
        patch = mock.patch.object(services, "SERVICES", state.OPT / "services")
        patch.start()
        self.addCleanup(patch.stop)

    def put(self, path, content, mode=0o644):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def take(self):
        backup.take(self.portal, "bak_1")

    def backed_up(self):
        self.take()
        return {entry["path"]: entry for entry in self.door.manifest()["files"]}

    def fails(self, do, *arguments):
        """Returns what is said."""
        with self.assertRaises(progress.StepFailed) as caught:
            do(*arguments)
        return "\n".join([str(caught.exception), *caught.exception.log])

    def work(self):
        """What a student may do, and some of what one may do by mistake."""
        home = self.root / "home/student"
        for name in (b"new\nline", b"not-\xff-utf8", b"with space", b"\xe8\xac\x9b\xe5\xba\xa7", b"n" * 250, b"-rf", b"back\\slash"):
            path = os.path.join(os.fsencode(home), name)
            with open(path, "wb") as file:
                file.write(b"hers " + name)
        deep = home / "/".join(["folder"] * 60)
        deep.mkdir(parents=True)
        (deep / "leaf").write_bytes(os.urandom(9000))
        os.link(home / "with space", home / "linked")
        for name, target in (("dangling", "/nowhere"), ("absolute", "/etc/shadow"), ("to-a-folder", "folder"), ("with\nnewline", "a\nb"), ("up", "../..")):
            (home / name).symlink_to(target)
        (home / "empty").mkdir(mode=0o711)
        with open(home / "sparse", "wb") as sparse:
            sparse.truncate(3 << 20)
            sparse.write(b"begin")
        (home / "setuid").write_text("x")
        (home / "setuid").chmod(0o6755)
        (home / "sticky").mkdir()
        (home / "sticky").chmod(0o1777)
        (home / "nobody-may").write_text("x")
        (home / "nobody-may").chmod(0)
        self.put("etc/app.conf", "a = 2\n")
        (self.root / "etc/issue").unlink()
        shutil.rmtree(self.root / "var/www")
        (self.root / "var/www").symlink_to("/home/student")
        os.utime(home / "dangling", ns=(1, 1_700_000_000_123_456_789), follow_symlinks=False)
        os.utime(home / "setuid", ns=(1, 1_700_000_000_987_654_321))
        os.utime(home / "empty", ns=(1, -1_500_000_000))
        os.mkfifo(home / "pipe")

    def look(self):
        """What counts of a machine, and how it is."""
        seen = {}
        for path, found in tree.walk(tree.Counting()):
            entry = tree.entry(path, found)
            seen[path] = entry[1:] if entry.type == tree.FOLDER else (*entry[1:], found.st_mtime_ns)
        return seen


class Restoring(Machines):
    def fresh(self, name="new"):
        """Another machine of the same image."""
        shutil.copytree(self.folder / "image", self.folder / name, symlinks=True)
        self.become(name)
        (self.root / "etc/hostname").write_text(f"{name}\n")

    def restore(self):
        return restore.restore(self.portal, {"restore": "bak_1", "services": state.read_json(state.SETTINGS)["services"]})

    def taken(self):
        self.work()
        self.take()
        return self.look()

    def disk(self):
        """Everything, also what is no content of a backup."""
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()}
