"""Rehearsing a backup and restoring it into another machine, also if the power goes. (How to run: test_metadata.py.)"""
import contextlib
import os
import shutil
import unittest
from unittest import mock

from machines import ETC, Killed, Restoring

from koza import accounts, baseline, boot, exclusive, in_place, orders, progress, restore, services, state, tree


class RoundTrip(Restoring):
    def test_restored_into_a_new_machine_everything_is_as_it_was(self):
        before = self.taken()
        self.fresh()
        self.restore()
        self.assertEqual(self.look(), before)
        self.assertEqual((self.root / "etc/hostname").read_text(), "new\n")
        self.assertEqual(state.RESTORED.read_text(), "bak_1\n")
        self.assertEqual([path.name for path in (state.REHEARSAL, state.SCRATCH) if path.exists()], [])

    def test_a_second_machine_backed_up_after_that_holds_the_same(self):
        self.taken()
        first = self.door.manifest()
        self.fresh()
        self.restore()
        self.take()
        second = self.door.manifest()
        self.assertEqual([first[key] for key in ("files", "removed", "services")], [second[key] for key in ("files", "removed", "services")])

    def test_done_twice_it_is_as_good_as_once(self):
        before = self.taken()
        self.fresh()
        self.restore()
        self.restore()
        self.assertEqual(self.look(), before)

    def test_a_hole_stays_a_hole(self):
        with open(self.put("home/student/disk", ""), "wb") as sparse:
            sparse.truncate(64 << 20)
        self.take()
        self.fresh()
        self.restore()
        self.assertEqual((self.root / "home/student/disk").stat().st_size, 64 << 20)
        self.assertLess((self.root / "home/student/disk").stat().st_blocks * 512, 1 << 20)

    def test_what_a_newer_image_has_more_stays(self):
        self.taken()
        self.fresh()
        self.put("var/lib/newer", "the new image's")
        self.put("etc/app.d/newer", "the new image's")
        self.restore()
        self.assertTrue((self.root / "var/lib/newer").exists() and (self.root / "etc/app.d/newer").exists())

    def test_services_restore_after_files_and_before_everything_is_restarted(self):
        self.put("opt/koza/services/db/restore", '#!/bin/sh\ncat "$2/databases/one.sql" >"$OUT"\necho "notice: loaded"\n', 0o755)
        shutil.copytree(self.root / "opt", self.folder / "image/opt", dirs_exist_ok=True)
        self.taken()
        self.fresh()
        with mock.patch.object(services, "environment", lambda **more: {"PATH": os.environ["PATH"], "OUT": str(self.root / "loaded")}):
            self.assertEqual(self.restore(), ["loaded"])
        self.assertEqual((self.root / "loaded").read_text(), "a dump\n")
        self.assertEqual([command[:2] for command in self.programs],
                         [["ldconfig"], ["systemctl", "daemon-reload"], ["restart", "db"], ["systemctl", "--no-block"]])

    def test_a_folder_that_is_a_link_here_becomes_a_folder_and_nothing_lands_elsewhere(self):
        self.put("srv/www/data/page", "hers")
        self.take()
        self.fresh()
        self.put("elsewhere/page", "not hers")
        (self.root / "srv").mkdir()
        (self.root / "srv/www").symlink_to(self.root / "elsewhere")
        self.restore()
        self.assertEqual((self.root / "srv/www/data/page").read_text(), "hers")
        self.assertFalse((self.root / "srv/www").is_symlink())
        self.assertEqual([path.name for path in (self.root / "elsewhere").iterdir()], ["page"])

    def test_the_systems_own_links_are_never_replaced(self):
        self.put("lib/person", "hers")
        self.take()
        self.fresh()
        self.put("usr/lib/libc", "the system's")
        (self.root / "lib").symlink_to("usr/lib")
        self.assertIn("link of the system's", self.fails(self.restore))
        self.assertEqual((self.root / "lib/libc").read_text(), "the system's")

    def test_what_is_one_machines_alone_is_not_taken_from_a_backup_that_holds_it(self):
        with mock.patch.object(tree, "LEFT_OUT", ()):
            for path in ("etc/hostname", "etc/koza/portal.json", "var/lib/koza/installed/other"):
                self.put(path, "the other's")
            self.take()
        self.assertIn("files/etc/koza/portal.json", self.door.names())
        self.fresh()
        self.restore()
        self.assertEqual((self.root / "etc/hostname").read_text(), "new\n")
        self.assertFalse((self.root / "etc/koza/portal.json").exists() or (state.INSTALLED / "other").exists())

    def test_accounts_come_by_name_with_another_number_if_theirs_is_taken(self):
        self.put("etc/passwd", ETC["passwd"] + "anna:x:1001:1001:Anna:/home/anna:/bin/sh\nhelper:x:990:33::/:/bin/false\n")
        self.put("etc/shadow", ETC["shadow"].replace("student:*", "student:$6$hers") + "anna:$6$annas:1:0:99999:7:::\nhelper:!:1::::::\n")
        self.put("etc/group", ETC["group"].replace("sudo:x:27:", "sudo:x:27:anna") + "anna:x:1001:\n")
        self.take()
        self.fresh()
        self.put("etc/passwd", ETC["passwd"].replace("www:x:33:33", "www:x:48:48") + "newer:x:990:990::/:/bin/false\nmore:x:1001:1001::/:/bin/sh\n")
        self.put("etc/group", ETC["group"].replace("www:x:33:", "www:x:48:") + "more:x:1001:\n+nis\n")
        self.put("etc/shadow", ETC["shadow"] + "newer:!:1::::::\n", 0o640)
        for _ in range(2):
            self.restore()
            passwd = (self.root / "etc/passwd").read_text()
            self.assertIn("anna:x:1002:1002:Anna:/home/anna:/bin/sh\n", passwd)
            self.assertIn("helper:x:989:48::/:/bin/false\n", passwd)
            self.assertIn("www:x:48:48", passwd)
            self.assertIn("student:$6$hers:", (self.root / "etc/shadow").read_text())
            self.assertIn("anna:$6$annas:", (self.root / "etc/shadow").read_text())
            self.assertIn("sudo:x:27:anna\n", (self.root / "etc/group").read_text())
            self.assertIn("\n+nis\n", (self.root / "etc/group").read_text())
            self.assertEqual(passwd.count("\nanna:"), 1)
        self.assertEqual((self.root / "etc/shadow").stat().st_mode & 0o777, 0o640)

    def test_accounts_that_would_break_lines_are_refused(self):
        for name, more in (("a:b", {}), ("a\nb", {}), ("", {}), ("a", {"shell": "/bin/sh\nroot::0:0:::"}), ("a", {"subuid": "1:2\n3:4"})):
            user = {"uid": 1001, "group": "a", "comment": "", "home": "/", "shell": "/bin/sh", "password": "!", **more}
            self.assertIn("account", self.fails(accounts.restore, {"users": {name: user}, "groups": {}}))
        self.assertEqual((self.root / "etc/passwd").read_text(), ETC["passwd"])


class Rehearsing(Restoring):
    def setUp(self):
        super().setUp()
        self.before = self.taken()

    def rehearse(self):
        restore.rehearse(self.portal, "bak_1")

    def test_it_changes_nothing_and_leaves_nothing(self):
        disk = self.disk()
        self.rehearse()
        after = self.disk()
        changed = {path for path in disk.keys() | after.keys() if disk.get(path) != after.get(path)}
        self.assertEqual({path for path in changed if not path.startswith(("run/", "var/log/koza/"))}, set())
        self.assertEqual(self.programs, [])

    def test_a_service_that_cannot_restore_its_own_fails_it(self):
        self.put("opt/koza/services/db/rehearse", "#!/bin/sh\necho the dump is not as it was\nexit 1\n", 0o755)
        self.assertIn("the dump is not as it was", self.fails(self.rehearse))
        self.assertFalse(state.REHEARSAL.exists() or state.SCRATCH.exists())

    def test_a_block_that_the_portal_knows_to_be_damaged_is_named(self):
        self.door.trouble = lambda method, path, count: (409, b"block 3 is damaged") if path.endswith("/3") else None
        self.assertIn("block 3 is damaged", self.fails(self.rehearse))

    def test_a_block_that_is_damaged_anywhere_is_noticed(self):
        for number in self.door.blocks:
            for at in (0, 1500, len(self.door.blocks[number]) - 1):
                block = bytearray(self.door.blocks[number])
                block[min(at, len(block) - 1)] ^= 0x10
                with mock.patch.dict(self.door.blocks, {number: bytes(block)}):
                    # The first ten bytes of the stream say when and where it was packed, which nobody needs.
                    if number or at:
                        # Contents are random here, so at times it is the tar that makes no sense any more, or the manifest in it.
                        self.assertRegex(self.fails(self.rehearse), r"block \d+:|difference|the backup has|the backup's manifest")

    def test_a_backup_that_is_not_all_there_is_noticed(self):
        last = max(self.door.blocks)
        for missing in (0, 1, last):
            kept = {number: block for number, block in self.door.blocks.items() if number != missing}
            with mock.patch.object(self.door, "blocks", kept):
                self.assertTrue(self.fails(self.rehearse))

    def test_a_backup_of_another_machine_is_fetched_by_its_order(self):
        self.fresh()
        self.door.orders = [{"number": 1, "kind": "rehearse", "args": {"backup": "bak_1"}}]
        orders.Orders(self.portal).take_next()
        self.assertEqual(self.door.outcomes, [{"state": "done", "detail": ""}])
        self.assertNotEqual(self.look(), self.before)

    def test_a_portal_that_is_away_for_a_while_is_waited_for(self):
        self.door.trouble = lambda method, path, count: (503, b"") if count % 2 else None
        self.rehearse()

    def test_a_full_disk_is_said_and_left_as_it_was(self):
        with mock.patch("koza.room.ROOM", 1 << 60):
            self.assertIn("no room", self.fails(self.rehearse))
        self.assertFalse(state.REHEARSAL.exists())

    def test_one_at_a_time(self):
        with exclusive.use():
            self.assertIn("just being", self.fails(self.rehearse))
            self.put("var/lib/koza/rehearsal/files/x", "in use")
            exclusive.clear_away()
            self.assertTrue(state.REHEARSAL.exists())
        self.put("var/lib/koza/rehearsal/files/x", "left by a crash")
        exclusive.clear_away()
        self.assertFalse(state.REHEARSAL.exists())


class CutOff(Restoring):
    def test_cut_off_anywhere_and_done_again_everything_is_as_it_was(self):
        before = self.taken()
        moment, killed = 0, True
        while killed:
            moment += 1 if moment < 12 else 11      # there are hundreds, most of one kind
            self.fresh(f"new-{moment}")
            killed = self.is_killed_at(moment)
            if killed:
                self.assertFalse(state.RESTORED.exists(), moment)
            exclusive.clear_away()
            self.restore()
            self.assertEqual(self.look(), before, moment)
            self.assertEqual(state.RESTORED.read_text(), "bak_1\n")
            shutil.rmtree(self.root)
        self.assertGreater(moment, 100)

    def is_killed_at(self, moment):
        """Restore, but at so many changes of the disk outside of the rehearsal the power goes. Returns whether it came to that."""
        left, has_begun, real = moment, False, accounts.restore

        def begin(changed):
            nonlocal has_begun
            has_begun = True
            real(changed)

        def counted(change):
            def counting(*arguments, **more):
                nonlocal left
                left -= has_begun
                if left == 0:
                    raise Killed()
                return change(*arguments, **more)
            return counting

        with contextlib.ExitStack() as patches:
            for name in ("rename", "replace", "mkdir", "rmdir", "unlink", "symlink", "chown"):
                patches.enter_context(mock.patch.object(os, name, counted(getattr(os, name))))
            patches.enter_context(mock.patch.object(exclusive, "_clear_away"))
            patches.enter_context(mock.patch.object(accounts, "restore", begin))
            try:
                self.restore()
            except Killed:
                return True
        return False

    def test_across_file_systems_files_are_as_whole(self):
        before = self.taken()
        self.fresh()
        real = os.rename

        def rename(source, name, **places):
            if "src_dir_fd" not in places:
                raise OSError(in_place.errno.EXDEV, "another file system")
            real(source, name, **places)

        with mock.patch.object(os, "rename", rename):
            self.restore()
        self.assertEqual(self.look(), before)


class AtBoot(Restoring):
    """Where it stands among the steps of a boot."""

    def bring_up(self, **more):
        told = []

        class Steps(progress.Progress):
            def __init__(self):
                self.boot = "b"

            def post(self, path, body):
                told.extend(f"{step['step']} {step['state']}" for step in body.get("steps", []) if step["state"] != "started")

        with mock.patch.object(services.Service, "configure", lambda service: []), mock.patch.object(services.Service, "install", self.install), \
                mock.patch.object(boot, "renew_own_files"):
            self.is_up = boot.bring_up({"services": [{"name": "db", "revision": "1"}], **more}, self.portal, Steps())
        return told

    @staticmethod
    def install(service):
        state.write(state.INSTALLED / service.name, service.revision)

    def test_it_comes_before_the_first_configure_and_once(self):
        self.taken()
        self.fresh()
        self.assertEqual(self.bring_up(restore="bak_1"), ["restore done", "configure:db done", "ready done"])
        self.assertEqual(self.bring_up(restore="bak_1"), ["configure:db done", "ready done"])
        self.assertEqual(self.bring_up(restore=None), ["configure:db done", "ready done"])

    def test_if_it_fails_nothing_is_configured(self):
        self.fresh()
        with self.assertRaises(progress.StepFailed):
            self.bring_up(restore="bak_1")
        self.assertFalse(state.RESTORED.exists())

    def test_a_machine_without_an_image_makes_its_baseline_before_its_first_configure(self):
        state.BASELINE.unlink()
        shutil.rmtree(state.INSTALLED)
        self.assertEqual(self.bring_up(), ["install:db done", "baseline done", "configure:db done", "ready done"])
        self.assertTrue(state.BASELINE.exists())
        self.assertEqual(self.bring_up(), ["configure:db done", "ready done"])

    def test_cut_off_while_it_installs_it_still_makes_one(self):
        state.BASELINE.unlink()
        shutil.rmtree(state.INSTALLED)

        def cut_off(service):
            state.write(state.INSTALLED / service.name, service.revision)
            raise Killed()

        with mock.patch.object(self, "install", cut_off), self.assertRaises(Killed):
            self.bring_up()
        self.assertEqual(self.bring_up(), ["baseline done", "configure:db done", "ready done"])

    def test_a_machine_that_was_configured_before_never_makes_one(self):
        state.BASELINE.unlink()
        self.assertEqual(self.bring_up(), ["configure:db done", "ready done"])
        self.assertFalse(state.BASELINE.exists())

    def test_a_baseline_is_kept_also_where_there_is_no_service(self):
        self.put("etc/later", "a person's")
        shutil.rmtree(state.INSTALLED)
        self.assertEqual(self.bring_up(services=[]), ["ready done"])
        self.assertNotIn("etc/later", [entry.path for entry in baseline.entries(tree.Counting())])


if __name__ == "__main__":
    unittest.main()
