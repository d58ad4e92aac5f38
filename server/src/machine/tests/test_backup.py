"""What a backup holds and how it is sent, against a portal on loopback that keeps blocks. Machines live in folders. (How to run: test_metadata.py.)"""
import hashlib
import io
import json
import os
import shutil
import tarfile
import unittest
from unittest import mock

from machines import ETC, Killed, Machines

from koza import backup, baseline, blocks, exclusive, machine, orders, portal, restore, state, tree


class WhatDiffers(Machines):
    def test_nothing_differs_on_a_machine_that_nobody_touched(self):
        self.assertEqual(self.backed_up(), {})
        self.assertEqual(self.door.manifest()["removed"], [])

    def test_a_touch_is_no_change(self):
        os.utime(self.root / "etc/app.conf", (1, 1))
        self.assertEqual(self.backed_up(), {})

    def test_a_change_that_puts_size_and_time_back_is_one(self):
        before = (self.root / "etc/app.conf").stat()
        self.put("etc/app.conf", "a = 2\n")
        os.utime(self.root / "etc/app.conf", ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(list(self.backed_up()), ["etc/app.conf"])

    def test_a_mode_alone_is_a_change(self):
        (self.root / "etc/app.conf").chmod(0o600)
        (self.root / "var/www").chmod(0o2775)
        self.assertEqual({path: oct(entry["mode"]) for path, entry in self.backed_up().items()}, {"etc/app.conf": "0o600", "var/www": "0o2775"})

    @unittest.skipUnless(os.getuid() == 0, "only root gives files away")
    def test_an_owner_alone_is_a_change(self):
        os.chown(self.root / "etc/app.conf", 12345, -1)
        self.assertEqual(self.backed_up()["etc/app.conf"]["uid"], 12345)

    def test_what_is_gone_is_told(self):
        shutil.rmtree(self.root / "var/www")
        (self.root / "etc/issue").unlink()
        self.assertEqual(self.backed_up(), {})
        self.assertEqual(self.door.manifest()["removed"], ["etc/issue", "var/www", "var/www/page"])

    def test_a_folder_in_the_place_of_a_file_and_the_other_way_round(self):
        (self.root / "etc/issue").unlink()
        self.put("etc/issue/inside", "x")
        shutil.rmtree(self.root / "var/www")
        self.put("var/www", "x")
        self.assertEqual(list(self.backed_up()), ["etc/issue", "etc/issue/inside", "var/www"])
        self.assertEqual(self.door.manifest()["removed"], ["var/www/page"])

    def test_a_pipe_in_the_place_of_a_file_is_as_if_it_was_gone(self):
        (self.root / "etc/issue").unlink()
        os.mkfifo(self.root / "etc/issue")
        self.assertEqual((self.backed_up(), self.door.manifest()["removed"]), ({}, ["etc/issue"]))

    def test_what_is_one_machines_or_easily_had_again_is_left_out(self):
        for path in ("etc/hostname", "etc/machine-id", "etc/ssh/ssh_host_ed25519_key", "var/lib/koza/identity.json", "var/cache/app/new", "run/pid",
                     "var/lib/db/data", "var/lib/lists/list", "mnt/other/file", "etc/letsencrypt/live/key", "var/log/journal/1/log", "etc/passwd-",
                     "etc/systemd/system/multi-user.target.wants/koza-agent.service", "swapfile", "boot/vmlinuz", "opt/koza/release"):
            self.put(path, "changed")
        (self.root / "etc/koza").mkdir()
        self.assertEqual(list(self.backed_up()), ["etc/systemd", "etc/systemd/system", "etc/systemd/system/multi-user.target.wants"])
        self.assertEqual(self.door.manifest()["removed"], [])

    def test_names_that_only_begin_like_those_are_in(self):
        self.put("etc/hostname.old", "x")
        self.put("opt/koza-mine/file", "x")
        self.put("var/cachet/file", "x")
        self.put("boots", "x")
        self.assertEqual({"etc/hostname.old", "opt/koza-mine/file", "var/cachet/file", "boots"} - self.backed_up().keys(), set())

    def test_a_folder_of_a_cache_is_in_without_what_is_in_it(self):
        self.put("var/cache/bind/zone", "x")
        (self.root / "var/cache/link").symlink_to("bind")
        self.assertEqual(list(self.backed_up()), ["var/cache/bind"])

    def test_a_baseline_of_an_agent_that_counted_more_does_no_harm(self):
        with mock.patch.object(tree, "LEFT_OUT", ()), mock.patch("koza.services.left_out", lambda: []):
            baseline.write()
        (self.root / "var/lib/db/data").unlink()
        self.take()
        self.assertEqual((self.door.told["files"], self.door.told["removed"]), (0, 0))

    def test_where_something_is_mounted_is_asked_of_the_kernel(self):
        lines = [b"22 1 0:20 / / rw - btrfs /dev/loop0 rw", b"23 22 0:21 / /srv/with\\040space rw shared:1 - tmpfs none rw"]
        with mock.patch.object(tree, "_lines", lambda path: lines):
            self.assertEqual(self.real_mounts(), ["srv/with space"])

    real_mounts = staticmethod(tree.mounts)

    def test_accounts_are_carried_if_they_changed(self):
        self.put("etc/passwd", ETC["passwd"] + "anna:x:1001:1001::/home/anna:/bin/sh\n")
        self.put("etc/shadow", ETC["shadow"].replace("student:*", "student:$6$hash") + "anna:!:1:0:99999:7:::\n")
        self.put("etc/group", ETC["group"].replace("sudo:x:27:", "sudo:x:27:anna") + "anna:x:1001:\n")
        self.take()
        carried = self.door.manifest()["accounts"]
        self.assertEqual((set(carried["users"]), set(carried["groups"])), ({"anna", "student"}, {"anna", "sudo"}))
        self.assertEqual(carried["users"]["student"]["password"], "$6$hash")
        self.assertNotIn(b"$6$hash", baseline.gzip.open(state.BASELINE).read())


class Taking(Machines):
    def test_the_manifest_tells_what_is_in_the_tar(self):
        self.work()
        self.take()
        with tarfile.open(fileobj=io.BytesIO(self.door.stream()), mode="r:gz") as tar:
            names = tar.getnames()
            self.assertEqual(names[-1], "manifest.json")
            manifest = json.load(tar.extractfile("manifest.json"))
            for entry in manifest["files"]:
                member = tar.getmember("files/" + entry["path"])
                self.assertEqual((member.mode, member.uid, member.uname, member.pax_headers["mtime"]),
                                 (entry["mode"], entry["uid"], entry["user"], entry["mtime"]))
                if entry["type"] == "file":
                    self.assertEqual(hashlib.sha256(tar.extractfile(member).read()).hexdigest(), entry["sha256"])
            self.assertEqual(tar.extractfile("services/db/databases/one.sql").read(), b"a dump\n")
        self.assertEqual(self.door.told["files"], len(manifest["files"]))
        self.assertEqual((self.door.told["removed"], self.door.told["databases"]), (2, 1))
        self.assertNotIn("home/student/pipe", [entry["path"] for entry in manifest["files"]])

    def test_all_blocks_but_the_last_are_of_one_size(self):
        self.work()
        self.take()
        sizes = [len(self.door.blocks[number]) for number in sorted(self.door.blocks)]
        self.assertGreater(len(sizes), 2)
        self.assertEqual(set(sizes[:-1]), {blocks.SIZE})
        self.assertLessEqual(sizes[-1], blocks.SIZE)

    def while_it_is_read(self, path, change, size=200_000):
        """The backup's entry of a file to which that happens just after it was opened; the tar is as whole as ever."""
        self.put(path, b"x" * size)
        real = tree.open_file

        class Changing(io.RawIOBase):
            def __init__(self, file):
                self.file = file
                self.fileno = file.fileno

            def read(self, amount=-1):
                if not self.file.tell():
                    change(self_root / path)
                return self.file.read(amount)

        self_root = self.root
        with mock.patch.object(tree, "open_file", lambda name: Changing(real(name)) if name == path else real(name)):
            entry = self.backed_up()[path]
        with tarfile.open(fileobj=io.BytesIO(self.door.stream()), mode="r:gz") as tar:
            content = tar.extractfile("files/" + path).read()
        self.assertEqual((entry["size"], entry["sha256"]), (len(content), hashlib.sha256(content).hexdigest()))
        restore.rehearse(self.portal, "bak_1")
        return content

    def test_a_file_that_shrinks_while_it_is_read_ends_in_zeros(self):
        content = self.while_it_is_read("home/student/log", lambda path: os.truncate(path, 5))
        self.assertEqual(content, b"x" * 5 + bytes(199_995))

    def test_a_file_that_grows_while_it_is_read_is_told_as_it_was(self):
        content = self.while_it_is_read("home/student/log", lambda path: path.open("ab").write(b"y" * 300_000))
        self.assertEqual(content, b"x" * 200_000)

    def test_a_file_that_is_rewritten_while_it_is_read_is_told_as_it_was_read(self):
        content = self.while_it_is_read("home/student/log", lambda path: path.write_bytes(b"z" * 200_000))
        self.assertEqual(len(content), 200_000)

    def test_what_vanishes_or_becomes_something_else_is_left_out(self):
        for name in ("a", "b", "c", "d"):
            self.put(f"home/student/{name}", "x")
        self.put("home/student/folder/inside", "x")
        (self.root / "home/student/link").symlink_to("a")
        real = baseline.difference

        def changing(counting):
            for path, found in real(counting):
                whole = self.root / path
                if path.endswith("/b"):
                    whole.unlink()
                elif path.endswith("/c"):
                    whole.unlink()
                    whole.symlink_to("/etc/shadow")
                elif path.endswith("/d"):
                    whole.unlink()
                    os.mkfifo(whole)
                elif path.endswith("/folder"):
                    shutil.rmtree(whole)
                elif path.endswith("/link"):
                    whole.unlink()
                yield path, found

        with mock.patch.object(baseline, "difference", changing):
            self.assertEqual(list(self.backed_up()), ["home/student/a", "home/student/folder"])
        restore.rehearse(self.portal, "bak_1")

    def test_what_vanishes_while_it_is_compared_is_gone(self):
        real = tree.entry

        def gone(path, found):
            if path == "etc/issue":
                raise FileNotFoundError(path)
            return real(path, found)

        with mock.patch.object(tree, "entry", gone):
            self.assertEqual(self.backed_up(), {})
        self.assertEqual(self.door.manifest()["removed"], ["etc/issue"])

    def test_a_machine_without_a_baseline_says_so(self):
        self.assertTrue(machine.facts("b")["knows_backups"])
        state.BASELINE.unlink()
        self.assertFalse(machine.facts("b")["knows_backups"])
        self.assertIn("no baseline", self.fails(self.take))
        self.assertEqual(self.door.asked, [])

    def test_a_service_that_cannot_be_backed_up_fails_the_order(self):
        self.put("opt/koza/services/db/back-up", "#!/bin/sh\necho no server\nexit 3\n", 0o755)
        self.assertIn("no server", self.fails(self.take))
        self.assertEqual(self.door.asked, [])

    def test_what_a_service_has_to_say_is_the_orders_detail(self):
        self.put("opt/koza/services/db/back-up", "#!/bin/sh\necho notice: one view is broken\n", 0o755)
        self.door.orders = [{"number": 1, "kind": "back_up", "args": {"backup": "bak_1"}}]
        orders.Orders(self.portal).take_next()
        self.assertEqual(self.door.outcomes, [{"state": "done", "detail": "one view is broken"}])

    def test_it_is_done_in_the_background(self):
        with mock.patch.object(os, "setpriority", wraps=os.setpriority) as priority:
            self.take()
            restore.rehearse(self.portal, "bak_1")
        for call in priority.call_args_list[::2]:
            self.assertEqual(call.args[2], max(exclusive.NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))


class Sending(Machines):
    def setUp(self):
        super().setUp()
        self.work()

    def test_a_portal_that_is_away_for_a_while_misses_nothing(self):
        self.door.trouble = lambda method, path, count: (503, b"") if count % 3 else None
        self.take()
        restore.rehearse(self.portal, "bak_1")

    def test_a_portal_that_stays_away_leaves_the_order_to_be_begun_anew(self):
        self.door.orders = [{"number": 1, "kind": "back_up", "args": {"backup": "bak_1"}}]
        self.door.trouble = lambda method, path, count: (503, b"") if method == "PUT" else None
        with mock.patch.object(blocks, "PATIENCE", 0.2), self.assertRaises(portal.Away):
            orders.Orders(self.portal).take_next()
        self.assertEqual(self.door.outcomes, [])
        self.door.trouble = None
        orders.Orders(self.portal).take_next()
        self.assertEqual(self.door.outcomes, [{"state": "done", "detail": ""}])

    def test_a_no_stops_it_at_once(self):
        for status in (409, 413):
            self.door.asked.clear()
            self.door.trouble = lambda method, path, count, status=status: (status, b"nobody wants it") if path.endswith("/2") else None
            self.assertIn("nobody wants it", self.fails(self.take))
            self.assertEqual([path.rpartition("/")[2] for _, path in self.door.asked], ["0", "1", "2"])

    def test_what_does_not_match_fails_the_order(self):
        self.door.orders = [{"number": 1, "kind": "back_up", "args": {"backup": "bak_1"}}]
        self.door.trouble = lambda method, path, count: (422, b"one block is missing") if method == "POST" and "/backups/" in path else None
        orders.Orders(self.portal).take_next()
        self.assertEqual(self.door.outcomes[0]["state"], "failed")
        self.assertIn("one block is missing", self.door.outcomes[0]["detail"])

    def test_cut_off_at_any_request_it_is_begun_anew_and_whole(self):
        self.door.orders = [{"number": 1, "kind": "back_up", "args": {"backup": "bak_1"}}]
        for answered in (False, True):
            moment, killed = 0, True
            while killed:
                moment += 1
                state.ORDERS.unlink(missing_ok=True)
                self.door.blocks, self.door.told, self.door.outcomes = {}, {}, []
                killed = self.is_killed_at(moment, answered)
                exclusive.clear_away()
                orders.Orders(self.portal).take_next()
                self.assertEqual({outcome["state"] for outcome in self.door.outcomes}, {"done"}, (moment, answered))
                self.assertEqual(len(self.door.stream()), self.door.told["bytes"])
                self.assertFalse(state.SCRATCH.exists())
            self.assertGreater(moment, 5)
        restore.rehearse(self.portal, "bak_1")

    def is_killed_at(self, moment, answered):
        """Carry the order out, but at so many requests the power goes, before or after the portal has heard. Returns whether it came to that."""
        left, real = moment, portal.Portal._exchange

        def exchange(*arguments):
            nonlocal left
            left -= 1
            if left == 0 and answered:
                real(*arguments)
            if left == 0:
                raise Killed()
            return real(*arguments)

        with mock.patch.object(portal.Portal, "_exchange", exchange), mock.patch.object(exclusive, "_clear_away"):
            try:
                orders.Orders(self.portal).take_next()
            except Killed:
                return True
        return False


if __name__ == "__main__":
    unittest.main()
