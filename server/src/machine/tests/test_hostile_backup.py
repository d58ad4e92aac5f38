"""Backups whose maker means harm, or whose bytes are none. (How to run: test_metadata.py.)"""
import gzip
import hashlib
import io
import json
import os
import pathlib
import tarfile
import unittest

from machines import Restoring

from koza import dress


class Hostile(Restoring):
    """Streams that no agent makes."""

    def stream(self, *entries, manifest=None, **more):
        """Entries as (name, type, target or content)."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
            for name, kind, content in entries:
                header = tarfile.TarInfo(name)
                header.type, header.mode = kind, 0o755
                header.uid, header.gid = os.getuid(), os.getgid()
                header.linkname = content if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
                header.size = len(content) if kind == tarfile.REGTYPE else 0
                tar.addfile(header, io.BytesIO(content.encode()) if header.size else None)
            said = {"schema": 1, "taken_at": 1, "files": [], "removed": [], "accounts": {"users": {}, "groups": {}}, "services": {}, **more}
            content = json.dumps(said if manifest is None else manifest).encode()
            header = tarfile.TarInfo("manifest.json")
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
        self.door.keep(packed.getvalue())

    def refused(self):
        outside = self.disk()
        said = self.fails(self.restore)
        after = self.disk()
        self.assertEqual({path for path in outside.keys() | after.keys() if outside.get(path) != after.get(path)} - {"run/koza/backups.lock"}, set())
        self.assertFalse(pathlib.Path("/tmp/koza-hostile").exists() or (self.folder / "koza-hostile").exists())
        return said

    def test_names_that_lead_out_are_refused(self):
        for name in ("/tmp/koza-hostile", "files//tmp/koza-hostile", "files/../../../koza-hostile", "../koza-hostile", "files/a/../../../koza-hostile",
                     "files/./x", "files/..", "files", "koza-hostile", "services/db", "services/../x/y", "etc/passwd", "manifest.json/x"):
            self.stream((name, tarfile.REGTYPE, "x"))
            self.assertIn("cannot be restored", self.refused(), name)

    def test_nothing_is_written_through_a_link(self):
        for target in ("/tmp", "../../../..", "."):
            self.stream(("files/door", tarfile.SYMTYPE, target), ("files/door/koza-hostile", tarfile.REGTYPE, "x"))
            self.assertIn("no folder", self.refused())
            self.stream(("files/door", tarfile.SYMTYPE, target), ("files/door", tarfile.REGTYPE, "x"))
            self.assertIn("twice", self.refused())
            self.stream(("files/door", tarfile.SYMTYPE, target), ("files/door/inner/koza-hostile", tarfile.REGTYPE, "x"))
            self.assertIn("no folder", self.refused())

    def test_devices_pipes_and_hard_links_are_refused(self):
        for kind, content in ((tarfile.CHRTYPE, ""), (tarfile.BLKTYPE, ""), (tarfile.FIFOTYPE, ""), (tarfile.LNKTYPE, "/etc/passwd")):
            self.stream(("files/x", kind, content))
            self.assertIn("cannot be restored", self.refused())

    def test_something_twice_is_refused(self):
        self.stream(("files/x", tarfile.REGTYPE, "1"), ("files/x", tarfile.REGTYPE, "2"))
        self.assertIn("twice", self.refused())
        self.stream(("files/x/y", tarfile.REGTYPE, "1"), ("files/x", tarfile.REGTYPE, "2"))
        self.assertIn("in the place of", self.refused())

    def test_what_the_manifest_does_not_tell_is_a_difference(self):
        self.stream(("files/x", tarfile.REGTYPE, "1"))
        self.assertIn("'files/x' is not in the manifest", self.refused())

    def test_what_is_not_as_the_manifest_says_is_a_difference(self):
        user, group = dress.names_of(os.stat(self.root))
        right = {"path": "x", "type": "file", "mode": 0o755, "user": user, "group": group, "uid": os.getuid(), "gid": os.getgid(), "mtime": "0.000000000",
                 "size": 1, "sha256": hashlib.sha256(b"1").hexdigest()}
        for key, wrong in (("mode", 0o700), ("user", "somebody-else"), ("size", 2), ("sha256", "0" * 64), ("mtime", "1.000000000"), ("path", "y")):
            self.stream(("files/x", tarfile.REGTYPE, "1"), files=[{**right, key: wrong}])
            if key == "user" and right["uid"] == 0:
                continue                        # a name that nobody has here is believed if the number is right
            self.assertIn("difference", self.refused(), key)
        self.stream(("files/x", tarfile.REGTYPE, "1"), files=[right])
        self.restore()
        self.assertEqual((self.root / "x").read_text(), "1")

    def test_a_manifest_that_leads_out_is_refused(self):
        for more in ({"removed": ["../x"]}, {"removed": ["/etc/passwd"]}, {"removed": [1]}, {"schema": 2}, {"files": [{}]}, {"services": {"..": [{}]}},
                     {"services": {"db": [{"path": "../x", "size": 1, "sha256": ""}]}}, {"accounts": {}}, {"accounts": {"users": [], "groups": {}}}):
            self.stream(**more)
            self.assertIn("manifest", self.refused(), more)
        for manifest in ([], 1, {}, "x"):
            self.stream(manifest=manifest)
            self.assertIn("manifest", self.refused(), manifest)

    def test_a_stream_that_is_none_is_refused(self):
        for stream in (b"x" * 9000, gzip.compress(b"x" * 9000), gzip.compress(b""), b""):
            self.door.keep(stream or b"\0")
            self.assertTrue(self.refused())


if __name__ == "__main__":
    unittest.main()
