"""How a machine on EC2 learns whose it is, against a metadata service and a portal on loopback.

    python3 -B -m unittest discover -s server/src/machine/tests

These are outside of agent/ because that folder goes to machines as it is.
"""
import contextlib
import http.server
import io
import json
import pathlib
import sys
import tempfile
import threading
import unittest
from unittest import mock

sys.dont_write_bytecode = True          # agent/ is embedded as it lies there
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "agent"))

from koza import bake, boot, copied, metadata, portal, seed, services, state      # noqa: E402 (found by the line above)

NITRO = {"sys_vendor": "Amazon EC2", "board_asset_tag": "i-0aaaaaaaaaaaaaaaa", "product_uuid": "ec2f5b1e-0000-4000-8000-000000000001"}
DOCUMENT = "MIAGCSqGSIb3DQEHAqCA\nMIACAQExDTALBglghkgB\nZQMEAgEwgAYJKoZIhvcN\n"


class Loopback(http.server.ThreadingHTTPServer):
    """Answers by a function of method, path, headers and body: status and text."""

    def __init__(self, answer):
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def _handle(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                self.server.asked.append((self.command, self.path))
                status, text = answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_PUT = do_POST = _handle

            def log_message(self, *_arguments):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Metadata:
    """EC2's service, as far as the agent knows it. Version 2: nothing without a token."""

    def __init__(self):
        self.texts, self.away, self.tokens = {"/latest/dynamic/instance-identity/rsa2048": DOCUMENT}, 0, 0

    def answer(self, method, path, headers, _body):
        if self.away:
            self.away -= 1
            return 503, "not yet"
        if path == "/latest/api/token":
            if method != "PUT" or not headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
                return 400, ""
            self.tokens += 1
            return 200, f"token-{self.tokens}"
        if method != "GET" or headers.get("X-aws-ec2-metadata-token") != f"token-{self.tokens}":
            return 401, ""
        return (200, self.texts[path]) if path in self.texts else (404, "")


class OnEc2(unittest.TestCase):
    def setUp(self):
        kept = contextlib.ExitStack()
        self.addCleanup(kept.close)
        self.root = pathlib.Path(kept.enter_context(tempfile.TemporaryDirectory()))
        places = {name: self.root / value.relative_to("/") for name, value in vars(state).items() if isinstance(value, pathlib.Path)}
        places["OF_ONE_MACHINE"] = tuple(self.root / path.relative_to("/") for path in state.OF_ONE_MACHINE)
        kept.enter_context(mock.patch.multiple(state, **places))
        self.seed, self.kept_by_cloud_init = self.root / "seed", self.root / "user-data.txt"
        kept.enter_context(mock.patch.multiple(seed, SEED=self.seed, SEED_SECONDS=2, KNOWN_SECONDS=0.2,
                                               KEPT_BY_CLOUD_INIT=self.kept_by_cloud_init))
        kept.enter_context(mock.patch.multiple(copied, **{
            name: self.root / value.relative_to("/") for name, value in vars(copied).items() if isinstance(value, pathlib.Path)}))
        # What a copy does to the machine around it: the scripts that were run, and the programs.
        self.scripts, self.programs = [], []
        kept.enter_context(mock.patch.object(services, "run_script", lambda script, **_: self.scripts.append(f"{script.parent.name}/{script.name}")))
        kept.enter_context(mock.patch.object(copied.subprocess, "run", lambda command, **_: self.programs.append(command)))
        self.firmware, self.container = self.root / "dmi", self.root / "container"
        kept.enter_context(mock.patch.multiple(metadata, FIRMWARE=self.firmware, CONTAINER=self.container, SECONDS=1))
        kept.enter_context(mock.patch.object(boot, "FIRST_FETCH_SECONDS", 2))
        kept.enter_context(contextlib.redirect_stderr(io.StringIO()))

        self.service = Metadata()
        self.ec2 = Loopback(self.service.answer)
        self.hellos, self.hello_answers = [], []
        self.door = Loopback(self._portal)
        for server in (self.ec2, self.door):
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        kept.enter_context(mock.patch.dict("os.environ", {"KOZA_METADATA_URL": self.ec2.url}))

    def _portal(self, _method, _path, _headers, body):
        self.hellos.append(json.loads(body))
        status = self.hello_answers.pop(0) if self.hello_answers else 200
        return status, json.dumps({"machine": "mch_1", "secret": "5" * 64}) if status == 200 else "no"

    def firmware_says(self, **values):
        self.firmware.mkdir(exist_ok=True)
        for name, value in values.items():
            (self.firmware / name).write_text(value + "\n")

    def launched_with(self, **told):
        self.service.texts["/latest/user-data"] = user_data(**told)

    def known(self):
        return state.read_json(state.PORTAL)


def user_data(**told):
    files = [{"path": "/etc/other", "content": "x"}, {"path": str(state.PORTAL), "content": json.dumps(told)}]
    return f"#cloud-config\n# koza: {{}}\n{json.dumps({'write_files': files, 'users': []})}\n"


class WhoIsEc2(OnEc2):
    def test_nitro_names_itself(self):
        self.firmware_says(**NITRO)
        self.assertTrue(metadata.is_ec2())
        self.assertEqual(metadata.instance_id(), "i-0aaaaaaaaaaaaaaaa")
        self.assertEqual(self.ec2.asked, [])

    def test_xen_has_a_uuid_that_begins_with_ec2_in_either_byte_order(self):
        for uuid in ("EC2E1916-9099-7CAF-FD21-012345ABCDEF", "45E12AEC-DCD1-B213-94ED-012345ABCDEF"):
            self.firmware_says(sys_vendor="Xen", product_uuid=uuid)
            self.assertTrue(metadata.is_ec2(), uuid)
        for uuid in ("12345678-9099-7CAF-FD21-012345ABCDEF", "", "nonsense"):
            self.firmware_says(sys_vendor="Xen", product_uuid=uuid)
            self.assertFalse(metadata.is_ec2(), uuid)

    def test_an_older_machine_asks_for_its_name(self):
        self.firmware_says(sys_vendor="Xen", product_uuid=NITRO["product_uuid"])
        self.service.texts["/latest/meta-data/instance-id"] = "i-0bbbbbbbbbbbbbbbb"
        self.assertEqual(metadata.instance_id(), "i-0bbbbbbbbbbbbbbbb")

    def test_a_container_and_another_cloud_never_ask(self):
        self.launched_with(url="http://203.0.113.1", token="t")
        self.firmware_says(sys_vendor="QEMU", product_uuid=NITRO["product_uuid"])
        seed.read()
        self.firmware_says(**NITRO)             # a container sees its host's firmware
        self.container.write_text("lxc")
        seed.read()
        self.assertEqual(self.ec2.asked, [])
        self.assertIsNone(self.known())


class Seed(OnEc2):
    def setUp(self):
        super().setUp()
        self.firmware_says(**NITRO)

    def test_user_data_comes_from_the_metadata_service_with_a_token(self):
        self.launched_with(url="http://203.0.113.1", token="t")
        seed.read()
        self.assertEqual(self.known(), {"url": "http://203.0.113.1", "token": "t"})
        self.assertEqual(self.ec2.asked, [("PUT", "/latest/api/token"), ("GET", "/latest/user-data")])
        self.assertEqual(state.PORTAL.stat().st_mode & 0o777, 0o600)

    def test_a_file_seed_comes_first(self):
        self.launched_with(url="http://203.0.113.1", token="t")
        self.seed.write_text(user_data(url="http://203.0.113.2", token="file"))
        seed.read()
        self.assertEqual(self.known()["token"], "file")
        self.assertEqual(self.ec2.asked, [])

    def test_it_is_asked_until_it_answers(self):
        self.launched_with(url="http://203.0.113.1", token="t")
        self.service.away = 5
        seed.read()
        self.assertEqual(self.known()["token"], "t")

    def test_a_service_that_stays_away_is_waited_for_by_the_next_try(self):
        self.service.away = 10_000
        state.write_json(state.TRIES, 4)
        with mock.patch.object(seed, "SEED_SECONDS", 0.2):
            self.assertFalse(boot.try_to_boot())
        self.assertFalse(state.TRIES.exists())          # so that it never gives up

    def test_no_user_data_is_a_no(self):
        seed.read()
        self.assertIsNone(self.known())
        with self.assertRaises(portal.Refused):
            portal.Portal.known()

    def test_a_known_machine_asks_nobody(self):
        self.launched_with(url="http://203.0.113.1", token="first")
        seed.read()
        self.ec2.asked.clear()
        self.launched_with(url="http://203.0.113.9", token="second")
        seed.read()
        self.assertEqual(self.known()["token"], "first")
        self.assertEqual(self.ec2.asked, [])

    def test_a_new_instance_from_a_copied_disk_takes_its_own_user_data(self):
        self.launched_with(url="http://203.0.113.1", token="first")
        seed.read()
        for path in (state.NONCE, state.IDENTITY, state.SETTINGS, state.REPLACED):
            state.write(path, "{}")
        self.kept_by_cloud_init.write_text(user_data(url="http://203.0.113.1", token="first"))
        self.firmware_says(board_asset_tag="i-0cccccccccccccccc")
        self.launched_with(url="http://203.0.113.1", token="second")
        seed.read()
        self.assertEqual(self.known()["token"], "second")
        self.assertEqual(state.INSTANCE.read_text(), "i-0cccccccccccccccc\n")
        for path in (state.NONCE, state.IDENTITY, state.SETTINGS, state.REPLACED):
            self.assertFalse(path.exists(), path)

    def test_a_machine_that_cloud_init_seeded_stays_itself(self):
        state.write_json(state.PORTAL, {"url": "http://203.0.113.1", "token": "by cloud-init"})
        seed.read()
        self.assertEqual(self.known()["token"], "by cloud-init")
        self.assertTrue(state.INSTANCE.exists())

    def test_an_older_machine_comes_up_without_the_service(self):
        self.firmware_says(sys_vendor="Xen", board_asset_tag="", product_uuid=NITRO["product_uuid"])
        state.write_json(state.PORTAL, {"url": "http://203.0.113.1", "token": "t"})
        state.write(state.INSTANCE, "i-0dddddddddddddddd\n")
        self.service.away = 10_000
        seed.read()
        self.assertEqual(self.known()["token"], "t")

    def test_a_baked_image_carries_nobody(self):
        self.launched_with(url="http://203.0.113.1", token="t")
        seed.read()
        for path in state.OF_ONE_MACHINE:
            state.write(path, "x")
        with mock.patch.object(bake.pathlib, "Path", lambda path: self.root / path.lstrip("/")):
            bake.forget_ourselves()
        self.assertEqual([path.name for path in state.OF_ONE_MACHINE if path.exists()], [])


class Hello(OnEc2):
    def setUp(self):
        super().setUp()
        self.firmware_says(**NITRO)

    def become_somebody(self, **told):
        state.write_json(state.PORTAL, {"url": self.door.url, **told})
        boot.become_somebody(portal.Portal.known())

    def test_a_token_is_shown_as_ever(self):
        self.become_somebody(token="t")
        self.assertEqual(self.hellos, [{"token": "t", "nonce": state.NONCE.read_text(), "release": "unknown"}])
        self.assertEqual(state.read_json(state.IDENTITY), {"machine": "mch_1", "secret": "5" * 64})
        self.assertEqual(self.ec2.asked, [])

    def test_an_unknown_token_is_a_no_at_once(self):
        self.hello_answers = [404]
        with self.assertRaises(portal.Refused):
            self.become_somebody(token="t")
        self.assertEqual(len(self.hellos), 1)

    def test_a_machine_of_a_batch_shows_its_document_without_line_breaks(self):
        self.become_somebody(proof="aws")
        self.assertEqual(self.hellos, [{"document": DOCUMENT.replace("\n", ""), "nonce": state.NONCE.read_text(), "release": "unknown"}])
        self.assertEqual(state.read_json(state.IDENTITY)["machine"], "mch_1")

    def test_a_document_that_is_not_known_yet_is_shown_again_with_the_same_nonce(self):
        self.hello_answers = [404, 503, 404]
        self.become_somebody(proof="aws")
        self.assertEqual(len(self.hellos), 4)
        self.assertEqual(len({hello["nonce"] for hello in self.hellos}), 1)

    def test_a_document_that_stays_unknown_is_a_no_in_the_end(self):
        self.hello_answers = [404] * 1000
        with mock.patch.object(boot, "FIRST_FETCH_SECONDS", 0.3), self.assertRaises(portal.Refused) as caught:
            self.become_somebody(proof="aws")
        self.assertEqual(caught.exception.status, 404)
        self.assertGreater(len(self.hellos), 2)

    def test_another_nonce_for_a_known_document_is_a_no_at_once(self):
        self.hello_answers = [409]
        with self.assertRaises(portal.Refused):
            self.become_somebody(proof="aws")
        self.assertEqual(len(self.hellos), 1)

    def test_the_document_is_waited_for(self):
        self.service.away = 3
        self.become_somebody(proof="aws")
        self.assertEqual(len(self.hellos), 1)


if __name__ == "__main__":
    unittest.main()
