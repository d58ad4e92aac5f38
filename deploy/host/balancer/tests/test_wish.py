"""What the instance's keys become: settings, the state that HAProxy begins with, and words for how targets are."""
import unittest

from koza_balancer import settings, wish
from koza_balancer.health import STARTS_WITHIN, Health

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

    def test_a_new_target_is_out_until_it_is_checked_and_the_others_stay_as_they_were(self):
        known = settings.STATE + "3 targets 9 k1-m1-1 10.73.8.1 2 0 1 1 3 15 3 3 6 0 0 0 - 80 - 0 0 - - 0\n"
        lines = settings.state(wish.of(KEYS), known).splitlines()
        self.assertEqual([line.split()[3:6] for line in lines[2:]], [["k1-m1-1", "10.73.8.1", "2"], ["k1-m2-1", "10.73.8.2", "0"]])

    def test_a_target_starts_for_a_while_and_is_down_once_it_was_up(self):
        health = Health()
        self.assertEqual(health.of({"one": False, "two": True}, 0), {"one": "starting", "two": "up"})
        self.assertEqual(health.of({"one": False, "two": False}, 1), {"one": "starting", "two": "down"})
        self.assertEqual(health.of({"one": False, "two": True}, STARTS_WITHIN), {"one": "down", "two": "up"})
