"""A restore that was begun and never ended, what comes before its first change, and what is left about. (How to run: test_metadata.py.)"""
import os
import shutil
import time
import unittest
from unittest import mock

from machines import Restoring

from koza import accounts, boot, exclusive, orders, progress, remembering, restore, run, services, state


class HalfRestored(Restoring):
    def setUp(self):
        super().setUp()
        self.put("opt/koza/services/db/restore", "#!/bin/sh\nexit 1\n", 0o755)
        shutil.copytree(self.root / "opt", self.folder / "image/opt", dirs_exist_ok=True)
        self.taken()
        self.fresh()
        self.fails(self.restore)

    def test_it_is_no_machine_whatever_settings_say_by_now(self):
        configured = []
        with mock.patch.object(services.Service, "configure", configured.append), mock.patch.object(progress.Progress, "post"):
            for backup in (None, "bak_2"):
                with self.assertRaises(progress.StepFailed) as caught:
                    boot.bring_up({"services": [{"name": "db", "revision": "1"}], "restore": backup}, self.portal, progress.Progress(self.portal, "b"))
                self.assertIn("bak_1", str(caught.exception))
        self.assertEqual(configured, [])

    def test_the_same_backup_is_restored_to_its_end(self):
        self.put("opt/koza/services/db/restore", "#!/bin/sh\n", 0o755)
        self.restore()
        self.assertFalse(restore.is_due({"restore": None}))

    def test_before_the_first_change_nothing_was_begun(self):
        self.fresh("newer")
        self.door.trouble = lambda method, path, count: (409, b"damaged")
        self.fails(self.restore)
        self.assertFalse(restore.is_due({"restore": None}))

    def test_orders_that_would_hide_it_fail(self):
        state.write_json(state.SETTINGS, {"services": [{"name": "db", "revision": "1"}]})
        with mock.patch.object(services.Service, "reset") as reset:
            for number, kind in enumerate(("back_up", "reset", "configure"), 1):
                self.door.orders = [{"number": number, "kind": kind, "args": {"service": "db", "backup": "bak_9"}}]
                with mock.patch.object(run, "configure", lambda portal: not restore.is_due({})):
                    orders.Orders(self.portal).take_next()
        self.assertEqual([outcome["state"] for outcome in self.door.outcomes], ["failed"] * 3)
        self.assertFalse(reset.called)


class BeforeTheFirstChange(Restoring):
    def test_orders_wait_for_what_is_still_to_be_restored(self):
        state.write_json(state.SETTINGS, {"services": [{"name": "db", "revision": "1"}], "restore": "bak_1"})
        with mock.patch.object(services.Service, "reset") as reset:
            for number, kind in enumerate(("back_up", "reset"), 1):
                self.door.orders = [{"number": number, "kind": kind, "args": {"service": "db", "backup": "bak_9"}}]
                orders.Orders(self.portal).take_next()
        self.assertEqual([outcome["state"] for outcome in self.door.outcomes], ["failed"] * 2)
        self.assertFalse(reset.called)

    def test_what_was_unpacked_is_on_the_disk(self):
        self.taken()
        self.fresh()
        told, real = [], accounts.restore
        with mock.patch.object(os, "sync", lambda: told.append("on the disk")), \
                mock.patch.object(accounts, "restore", lambda changed: (told.append("changed"), real(changed))):
            self.restore()
        self.assertEqual(told[:2], ["on the disk", "changed"])

    def test_what_an_install_applied_is_applied_again(self):
        """Values come at the end of an install, old ones with the restore, and then those of the portal count."""
        password = self.put("opt/koza/password", "")
        self.put("opt/koza/services/db/restore", f"#!/bin/sh\necho old >{self.folder}/new/opt/koza/password\n", 0o755)
        shutil.copytree(self.root / "opt", self.folder / "image/opt", dirs_exist_ok=True)
        self.taken()
        self.fresh()
        password = self.root / "opt/koza/password"
        shutil.rmtree(state.INSTALLED)

        def configure(service):
            remembered = remembering.Remembered(service.name)
            if remembered.differs("password", "new"):
                password.write_text("new\n")
                remembered.keep("password", "new")
            return []

        def install(service):
            configure(service)
            state.write(state.INSTALLED / service.name, service.revision)

        with mock.patch.object(services.Service, "configure", configure), mock.patch.object(services.Service, "install", install), \
                mock.patch.object(boot, "renew_own_files"), mock.patch.object(progress.Progress, "post"):
            boot.bring_up({"services": [{"name": "db", "revision": "1"}], "restore": "bak_1"}, self.portal, progress.Progress(self.portal, "b"))
        self.assertEqual(password.read_text(), "new\n")


class LeftAbout(Restoring):
    def test_a_folder_deeper_than_python_can_count_goes(self):
        here = os.getcwd()
        state.SCRATCH.mkdir(parents=True)
        os.chdir(state.SCRATCH)
        try:
            for _ in range(2500):
                os.mkdir("folder-with-a-name")
                os.chdir("folder-with-a-name")
            with open("leaf", "w") as leaf:
                leaf.write("x")
        finally:
            os.chdir(here)
        exclusive.clear_away()
        self.assertFalse(state.SCRATCH.exists())

    def test_what_cannot_be_taken_away_keeps_nobody_from_starting(self):
        for trouble in (RecursionError(), PermissionError(), ValueError()):
            with mock.patch.object(exclusive, "take_away", side_effect=trouble):
                exclusive.clear_away()


class Stopped(Restoring):
    def fails_with(self, text):
        """The word of a script, and the number of the program that it left writing."""
        self.put("opt/koza/services/db/back-up", '#!/bin/sh\nsleep 60 &\necho $! >"$2/number"\nwait\n', 0o755)
        folder = self.folder / "made"
        shutil.rmtree(folder, ignore_errors=True)
        self.assertIn(text, self.fails(services.wanted(state.read_json(state.SETTINGS))[0].back_up, folder))
        number = int((folder / "number").read_text())
        for _ in range(50):
            try:
                with open(f"/proc/{number}/stat") as told:
                    if told.read().rpartition(")")[2].split()[0] in "ZX":
                        return
            except FileNotFoundError:
                return
            time.sleep(0.1)
        self.fail("it goes on")

    def test_who_takes_too_long_is_stopped_with_what_they_started(self):
        with mock.patch.object(services, "BACKUP_SECONDS", 1):
            self.fails_with("longer than 1 s")

    def test_who_fills_the_disk_is_stopped_with_what_they_started(self):
        with mock.patch("koza.room.ROOM", 1 << 60):
            self.fails_with("no room")


if __name__ == "__main__":
    unittest.main()
