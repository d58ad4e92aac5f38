"""What a machine decides about its certificate, without a machine or an authority. (How to run: test_metadata.py. With both: https_on_a_machine.)"""
import json
import pathlib
import random
import sys
import unittest
from unittest import mock

sys.dont_write_bytecode = True          # agent/ and services/ are embedded as they lie there
MACHINE = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(MACHINE / "agent"), str(MACHINE / "services/https")]

from certificate import authority, decision, lineage, wish as wishes      # noqa: E402 (found by the line above)
from koza import clock          # noqa: E402

MINUTE, HOUR, DAY = 60, 3600, 86400
NOW = 1795300000
DIRECTORY = "https://ca.example/dir"
NAMES = ("c5.exp.example.ac.jp",)


def a_wish(**changed):
    return wishes.Wish(**{"names": NAMES, "directory": DIRECTORY, "is_allowed": True, **changed})


def a_certificate(begins=NOW, life=90 * DAY, names=NAMES, fingerprint="0" * 64, directory=DIRECTORY):
    return lineage.Found(names, begins, begins + life, "CN=R10", "03ab", fingerprint, directory)


def settings(**own):
    return {"services": [{"name": "ssh", "settings": {}}, {"name": "https", "settings": own}]}


class Wishes(unittest.TestCase):
    def test_the_portals_block(self):
        wish = wishes.of(settings(names=["C5.exp.example.ac.jp."], directory=DIRECTORY, contact="mailto:desk@example.ac.jp", is_allowed=True,
                                  trusted_root=None, external_account={"key_id": "kid-1", "hmac_key": "zWND"}))
        self.assertEqual(wish, a_wish(contact="desk@example.ac.jp", external_account=("kid-1", "zWND")))

    def test_nothing_to_wish_for(self):
        for nothing in ({}, {"services": []}, settings(), settings(names=None), settings(names=[]), settings(names=["c5"]),
                        settings(names=["198.51.100.7"]), settings(names=["*.example.ac.jp"]), settings(names=["a b.example.jp"]),
                        settings(names=["c5.example.ac.jp\nRewriteRule"]), settings(names=["c5.example.ac.jp", "-x.example.jp"])):
            self.assertEqual(wishes.of(nothing).names, (), nothing)

    def test_only_true_is_permission(self):
        for said in (None, "true", 1, False):
            self.assertFalse(wishes.of(settings(names=list(NAMES), directory=DIRECTORY, is_allowed=said)).is_allowed)


class Decisions(unittest.TestCase):
    def reason(self, wish=None, found=None, memory=decision.Memory(), now=NOW):
        return decision.why_not(wish or a_wish(), found, memory, now)

    def test_the_table(self):
        old, other = a_certificate(NOW - 80 * DAY), a_certificate(names=("c6.exp.example.ac.jp",))
        for found, wish, expected in (
            (None, a_wish(), None),
            (None, a_wish(is_allowed=False), "turn"),
            (None, a_wish(names=()), "off"),
            (a_certificate(), a_wish(directory=None), "off"),
            (a_certificate(), a_wish(), "done"),
            (a_certificate(), a_wish(is_allowed=False), "done"),
            (old, a_wish(), None),
            (old, a_wish(is_allowed=False), None),                                      # what it has, it may renew
            (a_certificate(NOW - 200 * DAY), a_wish(is_allowed=False), None),           # also if it has expired
            (other, a_wish(), None),
            (other, a_wish(is_allowed=False), "turn"),
            (a_certificate(), a_wish(names=(*NAMES, "www.example.ac.jp")), None),
            (a_certificate(), a_wish(directory="https://other.example/dir"), None),     # the authority was changed
        ):
            self.assertEqual(self.reason(wish, found), expected, (found, wish))

    def test_a_pause_holds_until_it_is_over_or_the_wish_is_another(self):
        wish = a_wish()
        memory = decision.after_failure(decision.Memory(), wish, NOW, authority.No("refused", "dns", "no"))
        self.assertEqual(self.reason(wish, None, memory), "later")
        self.assertIsNone(self.reason(wish, None, memory, memory.try_at + 1))
        self.assertIsNone(self.reason(a_wish(contact="other@example.ac.jp"), None, memory))
        self.assertIsNone(self.reason(wish, None, memory, NOW - 400 * DAY), "a pause that was made by a wrong clock")

    def test_renewal_comes_in_time_whatever_a_certificate_lasts(self):
        for life, earliest, latest in ((90 * DAY, 30 * DAY, 37.6 * DAY), (160 * HOUR, 53 * HOUR, 67 * HOUR), (45 * DAY, 15 * DAY, 19 * DAY)):
            left = [a_certificate(life=life, fingerprint=f"{number:08x}" + "0" * 56) for number in (0, 0x7fffffff, 0xffffffff)]
            left = [found.not_after - decision.renewal_at(found) for found in left]
            self.assertTrue(all(earliest <= each <= latest for each in left), left)
            self.assertEqual(len({round(each) for each in left}), 3, "not all machines at once")

    def test_pauses_grow_and_end_and_differ(self):
        wish, memory, pauses = a_wish(), decision.Memory(), []
        for _ in range(12):
            memory = decision.after_failure(memory, wish, NOW, authority.No("away", "away", "no route"))
            pauses.append(memory.try_at - NOW)
        self.assertTrue(MINUTE <= pauses[0] <= 1.25 * MINUTE and 2 * MINUTE <= pauses[1] <= 2.5 * MINUTE)
        self.assertTrue(HOUR <= pauses[-1] <= 1.25 * HOUR)
        self.assertGreater(len({round(pause, 3) for pause in pauses[-5:]}), 1)

    def test_an_hour_holds_fewer_failed_proofs_than_lets_encrypt_allows(self):
        for seed in range(50):
            random.seed(seed)
            memory, at, tries = decision.Memory(), NOW, 0
            while at < NOW + HOUR:
                tries += 1
                memory = decision.after_failure(memory, a_wish(), at, authority.No("refused", "connection", "refused"))
                at = memory.try_at
            self.assertLess(tries, 5)

    def test_the_authority_is_not_asked_before_it_wants_to_be(self):
        for asked, least, most in ((0, HOUR, 1.25 * HOUR), (7 * DAY, 7 * DAY, 8.75 * DAY), (99 * DAY, 8 * DAY, 10 * DAY)):
            memory = decision.after_failure(decision.Memory(), a_wish(), NOW, authority.No("limited", "rateLimited", "too many", asked))
            self.assertTrue(least <= memory.try_at - NOW <= most, asked)
            self.assertEqual(self.reason(a_wish(), None, memory, NOW + 60), "later")

    def test_a_boot_forgets_only_what_a_network_may_have_caused(self):
        for kind, kept in (("away", False), ("here", False), ("refused", True), ("limited", True)):
            memory = decision.after_failure(decision.Memory(), a_wish(), NOW, authority.No(kind, kind, "no"))
            self.assertEqual(decision.after_boot(memory) == memory, kept, kind)

    def test_years_of_a_machine_that_sleeps(self):
        """It wakes at odd times, the authority is often away: it is never asked while the certificate is fresh, and always asked in the end."""
        chance = random.Random(5)
        for life in (90 * DAY, 160 * HOUR):
            found, memory, now, asked = None, decision.Memory(), NOW, 0
            while now < NOW + 3 * 365 * DAY:
                if self.reason(a_wish(), found, memory, now) is None:
                    if found:
                        self.assertLess(found.not_after - now, life * 0.42)
                    if chance.random() < 0.3:
                        memory = decision.after_failure(memory, a_wish(), now, authority.No("away", "away", "no route"))
                    else:
                        asked += 1
                        memory, found = decision.Memory(), a_certificate(round(now), life, fingerprint=f"{chance.getrandbits(32):08x}")
                if found and chance.random() < 0.01:
                    now, memory = now + chance.uniform(0, 40 * DAY), decision.after_boot(memory)
                now = min(at for at in (now + HOUR, decision.next_look(a_wish(), found, memory, self.reason(a_wish(), found, memory, now)) or now + HOUR)
                          if at > now)
            self.assertLess(asked, 3 * 365 * DAY / (life * 0.58) + 1)
            self.assertTrue(decision.is_good(found, NAMES, found.not_before + 1))


class Facts(unittest.TestCase):
    def fact(self, found=None, memory=decision.Memory(), trouble=None, reason="done", wish=None, was_served=False, remark=""):
        return decision.fact(wish or a_wish(), found, memory, trouble, reason, NOW + 1, was_served, remark)

    def test_the_states(self):
        no = decision.after_failure(decision.Memory(), a_wish(), NOW, authority.No("refused", "dns", "no A record"))
        away = decision.after_failure(decision.Memory(), a_wish(), NOW, authority.No("away", "away", "no route"))
        expired = a_certificate(NOW - 91 * DAY)
        for arguments, state, is_served, problem in (
            ({"found": a_certificate()}, "issued", True, None),
            ({"found": a_certificate(), "memory": away, "reason": "later"}, "issued", True, "away"),
            ({"found": a_certificate(), "reason": "asking"}, "issued", True, None),
            ({"found": expired, "memory": away, "reason": "later"}, "waiting", False, "away"),
            ({"memory": no, "reason": "later"}, "refused", False, "dns"),
            ({"memory": away, "reason": "later"}, "waiting", False, "away"),
            ({"reason": "asking"}, "waiting", False, "asking"),
            ({"reason": "turn"}, "waiting", False, "turn"),
            ({"reason": "off", "wish": a_wish(names=())}, "off", False, None),
            ({"found": a_certificate(), "trouble": "Apache says no"}, "waiting", False, "here"),
            ({"found": a_certificate(), "trouble": "Apache says no", "was_served": True}, "issued", True, "here"),
            ({"found": expired, "trouble": "Apache says no", "was_served": True}, "waiting", False, "here"),
        ):
            fact = self.fact(**arguments)
            self.assertEqual((fact["state"], fact["is_served"], fact["problem"]), (state, is_served, problem), arguments)
            self.assertEqual(fact["said"] is None, state == "issued" and problem is None, fact)
            self.assertEqual(fact["try_again_at"] is not None, arguments.get("reason") == "later")

    def test_a_clock_that_is_off_is_said(self):
        away = decision.after_failure(decision.Memory(), a_wish(), NOW, authority.No("away", "away", "certificate is not yet valid"))
        with mock.patch.object(clock, "_offset", return_value=3 * DAY):
            said = self.fact(memory=away, reason="later", remark=clock.remark())["said"]
            self.assertAlmostEqual(clock.now(), __import__("time").time() + 3 * DAY, delta=5)
        self.assertIn("3.0 days behind", said)
        with mock.patch.object(clock, "_offset", return_value=120):
            self.assertEqual(clock.remark(), "")


def answer(status, body, *headers):
    lines = [f"HTTP {status}", "Server: nginx", "Content-Type: application/problem+json", *headers]
    return "2026-11-21 23:40:12,345:DEBUG:acme.client:Received response:\n" + "\n".join(lines) + "\n\n" + json.dumps(body, indent=2) + "\n"


def problem(word, detail, **more):
    return {"type": f"urn:ietf:params:acme:error:{word}", "detail": detail, "status": 400, **more}


ORDINARY = ("2026-11-21 23:40:11,001:DEBUG:certbot._internal.main:certbot version: 2.1.0\n"
            + answer(200, {"newOrder": "https://ca.example/new-order"}) + answer(201, {"status": "pending", "authorizations": []}))


class Answers(unittest.TestCase):
    def no(self, *parts):
        return authority.understand(ORDINARY + "".join(parts), NOW)

    def test_a_proof_that_failed(self):
        failed = {"identifier": {"type": "dns", "value": NAMES[0]}, "status": "invalid", "challenges": [
            {"type": "http-01", "status": "invalid", "error": problem("connection", "198.51.100.9: Fetching http://…: Connection refused")}]}
        no = self.no(answer(200, failed), "2026-11-21 23:40:13,000:ERROR:certbot._internal.log:Some challenges have failed.\n")
        self.assertEqual((no.kind, no.problem), ("refused", "connection"))
        self.assertTrue(no.said.startswith(f"{NAMES[0]}: ") and "refused" in no.said)

    def test_a_limit_and_until_when(self):
        for headers, detail, seconds in (
            (["Retry-After: 3600"], "too many certificates already issued", 3600),
            (["retry-after: Sun, 22 Nov 2026 06:26:40 GMT"], "too many", 200000000),
            ([], "too many certificates (50) already issued for \"ac.jp\" in the last 168h0m0s, retry after 2026-11-23 01:02:03 UTC: see …", None),
            ([], "too many new registrations", 0),
        ):
            no = self.no(answer(429, problem("rateLimited", detail), *headers))
            self.assertEqual((no.kind, no.problem), ("limited", "rateLimited"))
            if seconds is None:
                self.assertEqual(no.retry_after, 1795395723 - NOW)
            elif seconds < 10 ** 8:
                self.assertEqual(no.retry_after, seconds)
            else:
                self.assertGreater(no.retry_after, 0)

    def test_whose_fault_it_is(self):
        for parts, kind, word in (
            ([answer(403, problem("unauthorized", "account is not active"))], "refused", "unauthorized"),
            ([answer(400, problem("rejectedIdentifier", "policy forbids", subproblems=[problem("caa", "CAA forbids")]))], "refused", "rejectedIdentifier"),
            ([answer(400, problem("accountDoesNotExist", "who?"))], "refused", "accountDoesNotExist"),
            ([answer(500, problem("serverInternal", "sorry"))], "away", "away"),
            ([answer(503, {}, "Retry-After: 120")], "away", "away"),
            ([answer(400, problem("badNonce", "again")), answer(403, problem("caa", "CAA record forbids"))], "refused", "caa"),
            (["requests.exceptions.ConnectionError: HTTPSConnectionPool(host='ca.example', port=443): Max retries exceeded\n"], "away", "away"),
            (["requests.exceptions.SSLError: certificate verify failed: certificate is not yet valid\n"], "away", "away"),
            (["certbot.errors.LockError: Another instance of Certbot is already running.\n"], "here", "here"),
            (["certbot.errors.Error: The manual plugin is not working\n"], "here", "here"),
        ):
            no = self.no(*parts)
            self.assertEqual((no.kind, no.problem), (kind, word), parts)
            self.assertTrue(no.said and "\n" not in no.said and len(no.said) <= 400)
        self.assertEqual(self.no(answer(503, {}, "Retry-After: 120")).retry_after, 120)
        self.assertEqual(authority.understand("", NOW).kind, "here")

    def test_why_it_is_away_is_said_shortly(self):
        pool = "requests.exceptions.{}: HTTPSConnectionPool(host='ca.example', port=443): Max retries exceeded with url: /dir (Caused by {})\n"
        for error, cause, reason in (
            ("ConnectionError", "NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: "
             "[Errno 111] Connection refused')", "Connection refused"),
            ("ConnectionError", "NewConnectionError('<urllib3…>: Failed to establish a new connection: [Errno -2] Name or service not known')",
             "Name or service not known"),
            ("SSLError", "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet "
             "valid (_ssl.c:992)'))", "certificate is not yet valid"),
        ):
            self.assertEqual(self.no(pool.format(error, cause)).said, f"the certificate authority cannot be reached: {reason}")

    def test_openssls_words_on_a_certificate(self):
        found = lineage.understand(
            "notBefore=Nov 21 14:40:12 2026 GMT\nnotAfter=Feb 19 14:40:11 2027 GMT\nserial=03AB\nissuer=CN=R10,O=Let's Encrypt,C=US\n"
            "sha256 Fingerprint=AA:BB:01\nX509v3 Subject Alternative Name: \n    DNS:c5.exp.example.ac.jp, DNS:www.example.ac.jp\n"
            "-----BEGIN PUBLIC KEY-----\nMFkw=\n-----END PUBLIC KEY-----\n")
        self.assertEqual(found.names, (*NAMES, "www.example.ac.jp"))
        self.assertEqual((found.serial, found.fingerprint, found.issuer), ("03ab", "aabb01", "CN=R10,O=Let's Encrypt,C=US"))
        self.assertEqual(found.not_after - found.not_before, 90 * DAY - 1)


if __name__ == "__main__":
    unittest.main()
