"""What the instance's keys become: settings, the state that HAProxy begins with, and words for how targets are."""
import dataclasses
import json
import pathlib
import tempfile
import unittest
from unittest import mock

from koza_balancer import https, settings, wish
from koza_balancer.health import STARTS_WITHIN, Health
from koza_balancer.https import Site

KEYS = {
    "user.koza.sticky": "true",
    "user.koza.target.k1-m2-1": "10.73.8.2",
    "user.koza.target.k1-m1-1": "10.73.8.1",
    "user.koza.target.k1-m3-1": "10.73.8.3 draining 1795000000",
    "user.koza.target.k1-m4-1": "10.73.8.4:80\n    server theirs 192.0.2.1",
    "user.koza.target.Not a name": "10.73.8.5",
}


class WishTest(unittest.TestCase):
    def test_a_target_that_drains_and_what_is_no_address_get_no_requests(self):
        self.assertEqual(wish.of(KEYS), wish.Wish(True, (("k1-m1-1", "10.73.8.1"), ("k1-m2-1", "10.73.8.2"))))

    def test_visitors_stay_with_a_machine_only_where_that_is_wished(self):
        sticky, free = (settings.text(wish.of(KEYS | {"user.koza.sticky": said}), "/state") for said in ("true", "false"))
        self.assertIn("server k1-m1-1 10.73.8.1:80 cookie k1-m1-1\n", sticky)
        self.assertIn(settings.COOKIE, sticky)
        self.assertIn("server k1-m1-1 10.73.8.1:80\n", free)
        self.assertNotIn("cookie", free)

    def test_only_those_that_are_named_are_led_to_another(self):
        wished = wish.of(KEYS | {"user.koza.passage": "10.73.8.1 from 10.73.8.2 nobody 10.73.8.3"})
        self.assertEqual(wished.passage, ("10.73.8.1", ("10.73.8.2", "10.73.8.3")))
        text = settings.text(wished, "/state")
        self.assertEqual(text.count("reject unless { src 10.73.8.2 10.73.8.3 }"), 3)
        for nobody in ("", "10.73.8.1", "10.73.8.1 from ", "x from 10.73.8.2", "10.73.8.1\n from 10.73.8.2"):
            self.assertNotIn("listen passage", settings.text(wish.of(KEYS | {"user.koza.passage": nobody}), "/state"))

    def test_with_a_certificate_it_speaks_https_and_leads_people_there_by_name_only_while_it_is_good(self):
        name = "www.c5.exp.example.ac.jp"
        plain, shown, good = (settings.text(wish.of(KEYS), "/state", site)
                              for site in (None, Site(name, "a", False), Site(name, "a", True)))
        self.assertNotIn(":443", plain)
        self.assertIn("bind :443 ssl crt /etc/koza/https/site.pem", shown)
        self.assertNotIn("redirect prefix", shown)
        self.assertIn(f"redirect prefix https://{name} code 307", good)
        for text in (plain, good):
            self.assertIn("use_backend challenges if is_challenge", text)
            self.assertNotIn("$", text.replace("+$", ""), "nothing is left to be filled in")

    def test_what_is_shown_is_what_koza_certificate_wants_under_a_name_that_is_one(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(https, "SITE", pathlib.Path(folder, "site.json")):
            self.assertIsNone(https.site())
            for text, site in (("null", None), ("half of", None), ('{"name": "www.c5 \\n bind"}', None),
                               ('{"name": "www.c5.example.jp", "fingerprint": "ab", "is_good": true}', Site("www.c5.example.jp", "ab", True))):
                https.SITE.write_text(text, encoding="utf-8")
                found = https.site()
                self.assertEqual(found and dataclasses.replace(found, written_at=0), site, text)

    def test_what_is_in_the_way_is_told_and_what_takes_its_time_is_not(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(https, "FACT", pathlib.Path(folder, "fact.json")), \
                mock.patch.object(https, "SHOWN", pathlib.Path(folder, "shown")):
            self.assertEqual(https.told(), {"fingerprint": None, "said": None})
            for fact, told in (
                ({"state": "waiting", "problem": "asking", "said": "the certificate is being asked for"}, (None, None)),
                ({"state": "refused", "problem": "dns", "said": "no such name"}, (None, "no such name")),
                ({"state": "issued", "is_served": True, "fingerprint": "ab", "said": None}, ("ab", None)),
                ({"state": "issued", "is_served": True, "fingerprint": "ab", "problem": "away", "said": "away"}, ("ab", "away")),
                ({"state": "off", "is_served": False, "fingerprint": "ab", "said": "no name"}, (None, None)),
            ):
                https.FACT.write_text(json.dumps(fact), encoding="utf-8")
                https.SHOWN.write_text("ab", encoding="utf-8")
                self.assertEqual(tuple(https.told().values()), told, fact)
                https.SHOWN.write_text("another", encoding="utf-8")
                self.assertEqual(tuple(https.told().values()), (None, told[1]), "served is what HAProxy took")

    def test_a_new_target_is_out_until_it_is_checked_and_the_others_stay_as_they_were(self):
        known = settings.STATE + "3 targets 9 k1-m1-1 10.73.8.1 2 0 1 1 3 15 3 3 6 0 0 0 - 80 - 0 0 - - 0\n"
        lines = settings.state(wish.of(KEYS), known).splitlines()
        self.assertEqual([line.split()[3:6] for line in lines[2:]], [["k1-m1-1", "10.73.8.1", "2"], ["k1-m2-1", "10.73.8.2", "0"]])

    def test_a_target_starts_for_a_while_and_is_down_once_it_was_up(self):
        health = Health()
        self.assertEqual(health.of({"one": False, "two": True}, 0), {"one": "starting", "two": "up"})
        self.assertEqual(health.of({"one": False, "two": False}, 1), {"one": "starting", "two": "down"})
        self.assertEqual(health.of({"one": False, "two": True}, STARTS_WITHIN), {"one": "down", "two": "up"})
