"""A machine that serves one site with others: which of its units run, and what its web server sends to the first one. (How to run:
test_metadata.py.)"""
import contextlib
import pathlib
import re
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True          # agent/ and services/ are embedded as they lie there
MACHINE = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(MACHINE / "agent"), str(MACHINE / "services/wordpress")]

import sharing                          # noqa: E402 (found by the line above)
from koza import hands                  # noqa: E402


class Places(unittest.TestCase):
    def setUp(self):
        kept = contextlib.ExitStack()
        self.addCleanup(kept.close)
        root = pathlib.Path(kept.enter_context(tempfile.TemporaryDirectory()))
        for name, path in (("FIRST", root / "first.env"), ("SECRET", root / "secret"), ("SITE_CONF", root / "first.conf"), ("ENABLED", root)):
            kept.enter_context(mock.patch.object(sharing, name, path))
        kept.enter_context(mock.patch.dict("os.environ", {"APACHE_UNIT": "web", "MARIADB_UNIT": "database"}))
        kept.enter_context(mock.patch.object(hands, "run", self.run_program))
        kept.enter_context(mock.patch.object(hands, "succeeds", lambda *command: self.run_program(*command) or True))
        self.root, self.done = root, []

    def run_program(self, *command):
        """systemctl, as far as files tell of it."""
        self.done.append([word for word in command[1:] if not word.startswith("--")])
        for unit in set(command) & {*sharing.SHARED, *sharing.FOLLOWS}:
            link = self.root / f"{unit.rpartition('.')[2]}s.target.wants" / unit
            if command[1] in ("enable", "disable"):
                link.parent.mkdir(exist_ok=True)
                link.unlink(missing_ok=True)
            if command[1] == "enable":
                link.symlink_to("/dev/null")
        return ""

    def during(self, act, *arguments):
        """What was done with units meanwhile."""
        self.done = []
        act(*arguments)
        return self.done

    def alone(self):
        sharing.stand_alone()
        sharing.share(False)

    def test_a_machine_that_is_alone_has_nothing_to_do(self):
        self.assertEqual(self.during(self.alone), [])
        self.assertEqual((sharing.is_copy(), sharing.told()), (False, None))

    def test_the_first_lets_in_who_knows_the_secret_and_shuts_its_doors_when_there_are_no_copies_any_more(self):
        self.assertIn(["enable", *sharing.SHARED], self.during(sharing.share, True, "5ecret"))
        self.assertEqual((sharing.SECRET.read_text(), sharing.SECRET.stat().st_mode & 0o777), ("copy:5ecret\n", 0o600))
        self.assertEqual(sharing.told(), sharing.HERE)
        self.assertNotIn(["try-reload-or-restart", "web"], self.during(sharing.share, True, "5ecret"), "nobody is disturbed again")
        self.assertIn(["disable", *sharing.SHARED], self.during(self.alone))
        self.assertEqual(self.during(self.alone), [])
        self.assertFalse(sharing.SECRET.exists())

    def test_doors_that_a_backup_left_open_are_shut(self):
        self.run_program("systemctl", "enable", "koza-share-files.socket")
        self.assertIn(["disable", *sharing.SHARED], self.during(self.alone))

    def test_a_copy_turns_its_own_database_off_before_the_first_ones_takes_its_place(self):
        sharing.share(True, "5ecret")       # on the disk that it was made of
        done = self.during(sharing.follow, "10.73.8.1", "5ecret")
        order = [done.index(step) for step in (["disable", *sharing.SHARED], ["stop", "database"], ["enable", *sharing.FOLLOWS])]
        self.assertEqual(order, sorted(order))
        self.assertIn(["start", "koza-first-files.service"], done)
        self.assertEqual((sharing.FIRST.read_text(), sharing.SECRET.read_text(), sharing.told()), ("FIRST=10.73.8.1\n", "5ecret\n", "10.73.8.1"))
        self.assertNotIn(["try-restart", "koza-first-database.service"], self.during(sharing.follow, "10.73.8.1", "5ecret"))
        self.assertIn(["try-restart", "koza-first-database.service"], self.during(sharing.follow, "10.73.8.2", None))
        self.assertIn("http://10.73.8.2:7353", sharing.SITE_CONF.read_text())

    def test_one_that_was_a_copy_has_its_own_database_again(self):
        sharing.follow("10.73.8.1", "5ecret")
        done = self.during(self.alone)
        self.assertLess(done.index(["disable", *sharing.FOLLOWS]), done.index(["start", "database"]))
        self.assertFalse(sharing.is_copy() or sharing.SITE_CONF.exists() or sharing.SECRET.exists())

    def test_what_is_no_address_or_no_secret_is_not_written_anywhere(self):
        for address, secret in (("elsewhere", "5ecret"), ("10.73.8.1\nUser=root", "5ecret"), ("", "5ecret"), ("10.73.8.1", None), ("10.73.8.1", "a\nb")):
            with self.assertRaises(SystemExit):
                sharing.follow(address, secret)
        self.assertFalse(sharing.is_copy() or sharing.SITE_CONF.exists())


class Ways(unittest.TestCase):
    """What a copy shows itself, and what it leaves to the first machine, as the rules in files/first.conf say."""

    def leaves(self, method, path, cookie="", query="", override=""):
        values = {"REQUEST_METHOD": method, "REQUEST_URI": path, "HTTP_COOKIE": cookie, "QUERY_STRING": query, "HTTP:X-HTTP-Method-Override": override}
        text = (MACHINE / "services/wordpress/files/first.conf").read_text()
        conditions = re.findall(r"^RewriteCond %\{([\w:-]+)\} (!?)(.*?)(?: \[OR\])?$", text, re.MULTILINE)
        self.assertEqual(len(conditions), 6)
        return any(bool(re.search(pattern, values[of])) != bool(no) for of, no, pattern in conditions)

    def test_a_copy_shows_pages_and_leaves_all_that_writes_to_the_first(self):
        for path in ("/", "/2026/11/22/hello/", "/wp-content/themes/t/style.css", "/wp-json/wp/v2/posts", "/my-wp-admin/"):
            self.assertFalse(self.leaves("GET", path), path)
            self.assertTrue(self.leaves("POST", path), path)
        for path in ("/wp-admin/", "/wp-admin/post.php", "/wp-login.php", "/wp-content/uploads/2026/11/ビジョン.png", "/xmlrpc.php"):
            self.assertTrue(self.leaves("GET", path), path)

    def test_who_only_says_that_it_is_a_get_is_left_to_the_first(self):
        self.assertTrue(self.leaves("GET", "/wp-json/wp/v2/media", query="a=b&_method=POST"))
        self.assertTrue(self.leaves("GET", "/wp-json/wp/v2/media", override="POST"))
        self.assertFalse(self.leaves("GET", "/", query="payment_method=cash"))

    def test_who_signed_in_is_shown_pages_by_any_and_who_has_a_session_in_a_file_by_the_first(self):
        self.assertFalse(self.leaves("GET", "/", "wordpress_logged_in_1=anna"))
        self.assertTrue(self.leaves("GET", "/", "a=b; PHPSESSID=1"))
        self.assertFalse(self.leaves("GET", "/", "NOPHPSESSID=1"))


if __name__ == "__main__":
    unittest.main()
