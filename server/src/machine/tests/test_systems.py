"""Which folder of os/ is this machine's. (How to run: test_metadata.py.)"""
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True          # agent/ is embedded as it lies there
MACHINE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(MACHINE / "agent"))

from koza import progress, services, state      # noqa: E402 (found by the line above)

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'
AMAZON = 'NAME="Amazon Linux"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n'


class Systems(unittest.TestCase):
    def on(self, os_release):
        file = tempfile.NamedTemporaryFile("w", suffix=".os-release")
        self.addCleanup(file.close)
        file.write(os_release)
        file.flush()
        for patch in (mock.patch.object(state, "OPT", MACHINE), mock.patch.object(services, "OS_RELEASE", pathlib.Path(file.name))):
            patch.start()
            self.addCleanup(patch.stop)

    def test_debian_12(self):
        self.on(DEBIAN)
        self.assertEqual(services.os_folder(), MACHINE / "os/debian-12")
        self.assertEqual(services.os_names()["APACHE_UNIT"], "apache2.service")

    def test_amazon_linux_2023(self):
        self.on(AMAZON)
        self.assertEqual(services.os_folder(), MACHINE / "os/amazon-linux-2023")
        self.assertEqual(services.environment()["APACHE_UNIT"], "httpd.service")

    def test_any_other_is_said_to_be_unknown(self):
        self.on('ID=fedora\nVERSION_ID=44\n')
        with self.assertRaises(progress.StepFailed) as caught:
            services.os_names()
        self.assertIn("fedora-44", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
