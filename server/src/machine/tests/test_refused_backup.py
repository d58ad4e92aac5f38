"""What would make a backup that cannot be restored, or lacks something without a word, is refused and told. (How to run: test_metadata.py.)"""
import shutil
import unittest
from unittest import mock

from machines import ETC, Restoring

from koza import accounts, backup, baseline, orders, restore, state, tree, unpacked


class WhatWasMoved(Restoring):
    def move(self, path):
        (self.root / "data").mkdir(exist_ok=True)
        shutil.move(self.root / path, self.root / "data/moved")
        (self.root / path).symlink_to("/".join([".."] * path.count("/") + ["data/moved"]))

    def test_a_folder_that_holds_what_is_one_machines_and_became_a_link_is_told(self):
        for path in ("var/lib", "etc/ssh", "var/log"):
            self.take()
            self.fresh(f"moved-{path.replace('/', '-')}")
            self.move(path)
            self.assertIn(f"/{path}", self.fails(self.take))
            self.assertIn(f"/{path}", self.fails(restore.rehearse, self.portal, "bak_1"))
            if path == "etc/ssh":
                shutil.rmtree(self.root / "data")       # a link that leads nowhere is in the way, too
                self.assertIn(f"/{path}", self.fails(restore.rehearse, self.portal, "bak_1"))
            self.become("old")

    def test_a_link_that_the_image_has_is_none_that_was_made(self):
        self.move("var/log")
        baseline.write()
        self.take()
        (self.root / "var/log").unlink()
        (self.root / "var/log").symlink_to("../data")
        self.assertIn("/var/log", self.fails(self.take))

    def test_it_wipes_nothing_on_another_machine(self):
        with mock.patch.object(baseline, "refuse_what_was_moved"):
            self.move("etc/ssh")
            self.take()
        self.fresh()
        (self.root / "etc/ssh/ssh_host_ed25519_key").write_text("the new one's")
        self.assertIn("alone", self.fails(self.restore))
        self.assertEqual((self.root / "etc/ssh/ssh_host_ed25519_key").read_text(), "the new one's")
        self.assertFalse((self.root / "etc/ssh").is_symlink())


class WhatIsMounted(Restoring):
    def test_what_lies_below_a_disk_that_was_mounted_since_is_not_gone(self):
        with mock.patch.object(tree, "mounts", lambda: ["mnt/other", "var/www"]):
            shutil.rmtree(self.root / "var/www")
            self.put("var/www/of-the-disk", "x")
            self.assertEqual(self.backed_up(), {})
        self.assertEqual(self.door.manifest()["removed"], [])

    def test_names_of_mounts_are_taken_as_they_are(self):
        with mock.patch.object(tree, "mounts", lambda: ["mnt/*.d"]):
            self.assertTrue(tree.Counting().has("mnt/a.d", True))
            self.assertFalse(tree.Counting().has("mnt/*.d/x", True))


class WhatServicesHold(Restoring):
    def test_settings_that_cannot_be_read_are_no_settings_without_services(self):
        state.write(state.SETTINGS, "{")
        self.assertIn("settings", self.fails(self.take))
        self.assertEqual(self.door.asked, [])

    def test_a_service_that_leaves_something_out_must_be_backed_up(self):
        for listed in ([], [{"name": "db", "revision": "2"}]):
            state.write_json(state.SETTINGS, {"services": listed})
            self.assertIn("db", self.fails(self.take))

    def test_what_a_service_made_must_find_that_service(self):
        self.take()
        state.write_json(state.SETTINGS, {"services": []})
        self.assertIn("db", self.fails(restore.rehearse, self.portal, "bak_1"))
        state.SETTINGS.unlink()
        self.assertIn("settings", self.fails(restore.rehearse, self.portal, "bak_1"))
        self.fresh()
        before = self.look()
        self.assertIn("db", self.fails(restore.restore, self.portal, {"restore": "bak_1", "services": []}))
        self.assertEqual(self.look(), before)


class WhatCannotBeReadAgain(Restoring):
    def test_a_manifest_that_is_too_large_is_not_taken(self):
        self.work()
        for size in (100, 2000):            # while files are still told, and at the end
            with mock.patch.object(unpacked, "MANIFEST_SIZE", size):
                self.assertIn("too many", self.fails(self.take))
        self.assertEqual(self.door.told, {})

    def test_ranges_that_are_none_are_not_carried(self):
        self.put("etc/passwd", ETC["passwd"] + "anna:x:1001:1000::/home/anna:/bin/sh\n")
        self.put("etc/subuid", "anna:100000:65536 \nstudent:1:2\n")
        self.take()
        self.assertNotIn("subuid", self.door.manifest()["accounts"]["users"]["anna"])
        restore.rehearse(self.portal, "bak_1")
        self.fresh()
        self.restore()

    def test_a_rehearsal_looks_at_accounts(self):
        good = {"uid": 1, "group": "a", "comment": "", "home": "/", "shell": "/bin/sh", "password": "!"}
        for wrong in (1, {}, {**good, "uid": "1"}, {**good, "home": "/\n"}, {**good, "subuid": "1:2 "}):
            with mock.patch.object(accounts, "changed", lambda baseline, wrong=wrong: {"users": {"anna": wrong}, "groups": {}}):
                self.take()
            self.assertIn("'anna'", self.fails(restore.rehearse, self.portal, "bak_1"))
        with mock.patch.object(accounts, "changed", lambda baseline: {"users": {"anna": good}, "groups": {"a": {"gid": 1, "members": ["x"]}}}):
            self.take()
        restore.rehearse(self.portal, "bak_1")


class WhatNobodyForesaw(Restoring):
    def order(self, kind):
        self.door.orders = [{"number": 1, "kind": kind, "args": {"backup": "bak_1"}}]
        self.door.outcomes = []
        state.ORDERS.unlink(missing_ok=True)
        orders.Orders(self.portal).take_next()
        return self.door.outcomes

    def test_an_account_without_a_number_is_none(self):
        self.put("etc/passwd", ETC["passwd"] + "odd:x::1000::/:/bin/sh\n")
        self.assertEqual(self.order("back_up"), [{"state": "done", "detail": ""}])
        self.fresh()
        self.put("etc/passwd", ETC["passwd"] + "odd:x::1000::/:/bin/sh\n")
        self.restore()
        self.assertIn("odd:x::1000::/:/bin/sh\n", (self.root / "etc/passwd").read_text())

    def test_a_damaged_baseline_fails_the_order(self):
        whole = state.BASELINE.read_bytes()
        for damaged in (whole[:len(whole) // 2], whole[:20] + b"\xff" * 20 + whole[40:], b""):
            state.BASELINE.write_bytes(damaged)
            self.assertEqual([outcome["state"] for outcome in self.order("back_up")], ["failed"])

    def test_whatever_happens_an_order_is_carried_out_once(self):
        self.take()
        for kind, place in (("back_up", (backup, "_services_here")), ("rehearse", (restore, "_fetched"))):
            with mock.patch.object(*place, side_effect=KeyError("nobody knows")):
                outcome, = self.order(kind)
            self.assertEqual(outcome["state"], "failed")
            self.assertIn("nobody knows", outcome["detail"])


if __name__ == "__main__":
    unittest.main()
