"""What a machine forgets whose disk was another machine's, and what it does not. (How to run: test_metadata.py.)"""
import contextlib
import json
import pathlib
import shutil
import unittest
from unittest import mock

from test_metadata import NITRO, OnEc2, user_data

from koza import boot, copied, portal, progress, seed, services, state
from koza.remembering import Remembered

PORTAL = "http://203.0.113.1"
PERSONS = ("var/www/html/wp-config.php", "var/www/html/index.php", "home/ftp-user/main.tex", "etc/koza/wordpress/host.php")


class Killed(BaseException):
    """The machine lost its power."""


class Copies(OnEc2):
    """A machine that lives in a folder. Scripts and programs are noted, not run."""

    def setUp(self):
        super().setUp()
        for patch in (mock.patch.object(services, "SERVICES", self.root / "opt/koza/services"), mock.patch.object(state.os, "fsync")):
            patch.start()
            self.addCleanup(patch.stop)
        for script in ("ssh/copied", "https/copied", "https/clean", "ftp_tex/clean", "wordpress/copied", "wordpress/clean"):
            self.put(services.SERVICES / script, "")

    def put(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def live_as(self, token):
        """A machine that has become somebody and was worked with. It has no WordPress."""
        for service in ("ssh", "https", "ftp_tex"):
            self.put(state.INSTALLED / service, "revision")
        self.seed.write_text(user_data(url=PORTAL, token=token))
        seed.read()
        for path in state.OF_ONE_MACHINE:
            if path not in (state.PORTAL, state.INSTANCE):
                self.put(path, "the other's")
        self.put(state.VAR / "services/ssh.json", "the other's")
        self.put(copied.MACHINE_ID, "0" * 32 + "\n")
        self.put(copied.DBUS_MACHINE_ID, "0" * 32 + "\n")
        self.put(copied.JOURNALS / ("0" * 32) / "system.journal", "the other's")
        self.put(self.kept_by_cloud_init, user_data(url=PORTAL, token=token))
        for name in PERSONS:
            self.put(self.root / name, "a person's")
        remembered = Remembered("machine")
        remembered.keep("name", "c5")
        remembered.keep("time_zone", "Asia/Tokyo")
        Remembered("wordpress").keep("admin_password", "first")
        self.scripts.clear()
        self.programs.clear()

    def copy(self, token):
        """The template of the other machine's image writes its seed; nothing else is different on the disk."""
        self.seed.write_text(user_data(url=PORTAL, token=token))

    def disk(self):
        return {str(path.relative_to(self.root)): path.read_text() for path in self.root.rglob("*") if path.is_file()}

    def changed(self, before):
        after = self.disk()
        return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}

    def names(self, *paths):
        return {str(path.relative_to(self.root)) for path in paths}


class OnIncus(Copies):
    def setUp(self):
        super().setUp()
        self.live_as("first")

    def test_a_copy_forgets_the_other_machine_and_nothing_else(self):
        self.copy("second")
        before = self.disk()
        seed.read()
        self.assertEqual(self.changed(before), self.names(
            *state.OF_ONE_MACHINE, state.VAR / "services/ssh.json", state.REMEMBERED / "machine.json",
            copied.MACHINE_ID, copied.DBUS_MACHINE_ID, copied.JOURNALS / ("0" * 32) / "system.journal", self.kept_by_cloud_init))
        self.assertEqual([path.name for path in state.OF_ONE_MACHINE if path.exists()], ["portal.json", "instance"])
        self.assertEqual(self.known(), {"url": PORTAL, "token": "second"})
        self.assertRegex(copied.MACHINE_ID.read_text(), r"^[0-9a-f]{32}\n$")
        self.assertNotEqual(copied.MACHINE_ID.read_text(), "0" * 32 + "\n")
        self.assertEqual(copied.MACHINE_ID.stat().st_mode & 0o777, 0o444)
        self.assertEqual(self.scripts, ["https/copied", "ssh/copied"])      # of those that are installed, and no clean
        self.assertIn(["systemctl", "restart", "systemd-journald.service"], self.programs)

    def test_what_a_person_changed_is_not_set_back(self):
        self.copy("second")
        seed.read()
        self.assertFalse(Remembered("wordpress").differs("admin_password", "first"))
        self.assertFalse(Remembered("machine").differs("time_zone", "Asia/Tokyo"))
        self.assertTrue(Remembered("machine").differs("name", "c5"))
        for name in PERSONS:
            self.assertEqual((self.root / name).read_text(), "a person's")

    def test_it_is_forgotten_once(self):
        self.copy("second")
        seed.read()
        before = self.disk()
        self.scripts.clear()
        seed.read()
        self.assertEqual((self.changed(before), self.scripts), (set(), []))

    def test_a_copy_of_a_copy_and_a_copy_of_a_replaced_machine_are_somebody_new(self):
        for token in ("second", "third"):
            self.copy(token)
            seed.read()
            self.assertEqual(self.known()["token"], token)
            state.write(state.REPLACED, "")
            state.write_json(state.IDENTITY, {"machine": "mch_other", "secret": "0" * 64})
        self.copy("fourth")
        with mock.patch.object(boot, "become_somebody", side_effect=portal.Refused(404, "no")) as hello:
            self.assertFalse(boot.try_to_boot())
        hello.assert_called_once()
        self.assertFalse(state.REPLACED.exists())

    def test_a_replaced_machine_is_silent(self):
        before = self.disk()
        with mock.patch.object(boot, "become_somebody") as hello:
            self.assertTrue(boot.try_to_boot())
        hello.assert_not_called()
        self.assertEqual(self.changed(before), set())

    def test_the_machine_itself_is_no_copy(self):
        before = self.disk()
        for seeded in (user_data(url=PORTAL, token="first"), user_data(url="http://203.0.113.9", token="first"), "", "#cloud-config\n",
                       "#cloud-config\n[1]\n", '{"write_files": [{"path": "/etc/koza/por', user_data(url=PORTAL, proof="aws"),
                       user_data(url=PORTAL, token=None), json.dumps({"write_files": [{"path": str(state.PORTAL), "content": "{"}]})):
            self.seed.write_text(seeded)
            seed.read()
            self.assertEqual(self.changed(before) - self.names(self.seed), set(), seeded)
        self.seed.write_bytes(b"\xff\xfe")
        seed.read()
        self.seed.unlink()
        seed.read()
        self.assertEqual(self.changed({**before, "seed": ""}), {"seed"})
        self.assertEqual(self.scripts, [])

    def test_a_machine_of_an_older_agent_is_no_copy_and_its_copy_is_one(self):
        state.INSTANCE.unlink()                         # that agent noted nothing
        before = self.disk()
        seed.read()
        self.assertEqual(self.changed(before), self.names(state.INSTANCE))
        state.INSTANCE.unlink()
        self.copy("second")
        seed.read()
        self.assertFalse(state.IDENTITY.exists())
        self.assertEqual(self.known()["token"], "second")

    def test_a_copy_is_one_though_cloud_init_was_quicker(self):
        self.copy("second")
        state.write_json(state.PORTAL, {"url": PORTAL, "token": "second"})     # no baked image: cloud-init is awake
        seed.read()
        self.assertFalse(state.IDENTITY.exists())
        self.assertEqual(self.known()["token"], "second")
        self.assertEqual(self.scripts, ["https/copied", "ssh/copied"])

    def test_a_first_boot_is_no_copy(self):
        for path in state.OF_ONE_MACHINE:
            path.unlink()
        self.copy("second")
        seed.read()
        self.assertEqual(self.known()["token"], "second")
        self.assertEqual(self.scripts, [])

    def test_cut_off_anywhere_the_next_try_forgets_the_rest(self):
        for older_agent in (False, True):
            moment, killed = 0, True
            while killed:
                moment += 1
                for folder in ("etc", "var"):
                    shutil.rmtree(self.root / folder)
                self.live_as("first")
                if older_agent:
                    state.INSTANCE.unlink()
                self.copy("second")
                with self.subTest(moment=moment, older_agent=older_agent):
                    killed = self.is_killed_at(moment)
                    if state.IDENTITY.exists():
                        self.assertEqual((self.known()["token"], self.scripts, state.NONCE.exists()), ("first", [], True))
                    seed.read()
                    self.assertEqual([path.name for path in state.OF_ONE_MACHINE if path.exists()], ["portal.json", "instance"])
                    self.assertEqual(self.known()["token"], "second")
                    self.assertNotEqual(copied.MACHINE_ID.read_text(), "0" * 32 + "\n")
                    self.assertEqual(set(self.scripts), {"https/copied", "ssh/copied"})
                    self.assertEqual([path for path in copied.JOURNALS.iterdir()], [])
            self.assertGreater(moment, 15)

    def is_killed_at(self, moment):
        """Read the seed, but at so many changes of the disk the power goes. Returns whether it came to that."""
        left = moment

        def counted(change):
            def counting(*arguments, **more):
                nonlocal left
                left -= 1
                if left == 0:
                    raise Killed()
                return change(*arguments, **more)
            return counting

        with contextlib.ExitStack() as patches:
            for owner, name in ((pathlib.Path, "unlink"), (shutil, "rmtree"), (state, "write"), (services, "run_script"),
                                (copied.subprocess, "run")):
                patches.enter_context(mock.patch.object(owner, name, counted(getattr(owner, name))))
            try:
                seed.read()
            except Killed:
                return True
        return False


class OnEc2Too(Copies):
    def setUp(self):
        super().setUp()
        self.firmware_says(**NITRO)
        self.launched_with(url=PORTAL, token="first")
        self.live_as("first")
        self.seed.unlink()                              # there is none on EC2

    def test_a_copy_forgets_as_much_as_anywhere(self):
        self.firmware_says(board_asset_tag="i-0cccccccccccccccc")
        self.launched_with(url=PORTAL, token="second")
        before = self.disk()
        seed.read()
        self.assertEqual(self.changed(before), self.names(
            *state.OF_ONE_MACHINE, state.VAR / "services/ssh.json", state.REMEMBERED / "machine.json",
            copied.MACHINE_ID, copied.DBUS_MACHINE_ID, copied.JOURNALS / ("0" * 32) / "system.journal", self.kept_by_cloud_init))
        self.assertEqual(self.known()["token"], "second")
        self.assertEqual(self.scripts, ["https/copied", "ssh/copied"])

    def test_the_same_instance_is_no_copy_whatever_its_user_data_says(self):
        self.launched_with(url=PORTAL, token="second")
        before = self.disk()
        seed.read()
        self.assertEqual((self.changed(before), self.scripts), (set(), []))


class Failures(Copies):
    def test_a_key_that_cannot_be_forgotten_keeps_the_machine_from_saying_hello(self):
        self.live_as("first")
        self.copy("second")
        refusal = progress.StepFailed("services/ssh/copied answered 1", ["no entropy"])
        with mock.patch.object(services, "run_script", side_effect=refusal), mock.patch.object(boot, "become_somebody") as hello:
            self.assertFalse(boot.try_to_boot())
        hello.assert_not_called()
        self.assertFalse(state.IDENTITY.exists())
        with mock.patch.object(boot, "become_somebody", side_effect=portal.Refused(404, "no")) as hello:
            boot.try_to_boot()
        hello.assert_called_once()
        self.assertEqual(self.scripts, ["https/copied", "ssh/copied"])


if __name__ == "__main__":
    unittest.main()
