"""A machine beside others behind a balancer: its answers say which it is, and a balancer's looks are no visits. (How to run:
test_metadata.py.)"""
import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True          # agent/ and services/ are embedded as they lie there
MACHINE = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(MACHINE / "agent"), str(MACHINE / "services/wordpress")]

from koza import hands, signs      # noqa: E402 (found by the line above)


def script(path):
    loader = importlib.machinery.SourceFileLoader(path.name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(path.name, loader))
    loader.exec_module(module)
    return module


class Labels(unittest.TestCase):
    def setUp(self):
        kept = contextlib.ExitStack()
        self.addCleanup(kept.close)
        self.configure = script(MACHINE / "services/wordpress/configure")
        self.file = pathlib.Path(kept.enter_context(tempfile.TemporaryDirectory())) / "label.conf"
        kept.enter_context(mock.patch.object(self.configure, "LABEL", self.file))
        kept.enter_context(mock.patch.dict("os.environ", {"APACHE_UNIT": "web.service"}))
        self.apache = kept.enter_context(mock.patch.object(hands, "succeeds", return_value=True))

    def told(self, label):
        """What the step has to say."""
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.configure.tell_which_machine(label)
        return said.getvalue()

    def test_answers_name_the_machine_after_a_reload_and_only_one(self):
        for label in ("c5-1", "c5-1", "c5-2"):
            self.assertEqual(self.told(label), "")
            self.assertEqual(self.file.read_text(), f'Header always set Koza-Machine "{label}"\n')
        self.assertEqual(self.apache.call_args_list, [mock.call("systemctl", "try-reload-or-restart", "web.service")] * 2)

    def test_without_a_label_there_is_no_header_and_nothing_to_reload(self):
        for label in (None, ""):
            self.told(label)
        self.assertFalse(self.file.exists())
        self.apache.assert_not_called()
        self.told("c5-1")
        self.told(None)
        self.assertFalse(self.file.exists())
        self.assertEqual(self.apache.call_count, 2)

    def test_what_apache_would_not_understand_is_no_label(self):
        for label in ('c5"', "c5\nLoadModule", "%{x}e", "c5 1", "c" * 65, "講座"):
            self.assertIn("notice: ", self.told(label), label)
        self.assertFalse(self.file.exists())

    def test_a_web_server_that_does_not_read_its_settings_is_told_and_holds_up_nothing(self):
        self.apache.return_value = False
        self.assertIn("notice: ", self.told("c5-1"))


class Looks(unittest.TestCase):
    def test_a_balancer_that_looks_whether_the_machine_is_well_is_no_use_of_it(self):
        line = '10.0.1.9 - - [22/Nov/2026:15:46:57 +0900] "GET / HTTP/1.1" 200 5120 "-" "{}"'
        for agent, is_use in (("Mozilla/5.0", True), ("ELB-HealthChecker/2.0", False), ("koza-probe/1", False)):
            self.assertEqual(not signs.is_no_use(line.format(agent)), is_use, agent)


if __name__ == "__main__":
    unittest.main()
