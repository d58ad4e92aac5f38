"""Which programs the dumps of databases are made and read with, played by stand-ins; and what containers tell. MariaDB itself is tried on a
machine (backups_on_a_machine). (How to run: test_metadata.py.)"""
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import sys
import tarfile
import tracemalloc
import unittest
from unittest import mock

from machines import Machines

from koza import hands, remembering, services, state

SERVICES = pathlib.Path(__file__).resolve().parents[1] / "services"
# Answers what a server with two databases and three views would, and notes what it was asked.
STAND_IN = """#!{python} -B
import json, os, pathlib, re, sys
me, words, played = os.path.basename(sys.argv[0]), sys.argv[1:], pathlib.Path({played!r})
stdin = os.readlink("/proc/self/fd/0") if me == "mariadb" else ""
with open(played / "asked", "a") as asked:
    asked.write(json.dumps([me, words, os.path.basename(stdin)]) + "\\n")
told = json.loads((played / "told").read_text())
query = next((word[10:] for word in words if word.startswith("--execute=")), "")
if "--force" in words or stdin.endswith(".sql"):
    count = sum(json.loads(line)[2] == os.path.basename(stdin) for line in open(played / "asked"))
    trouble = told["trouble"].get(stdin.split("/")[-2] + "/" + os.path.basename(stdin), 0)
    if count <= trouble:
        print("--------------\\nselect\\n--------------\\n\\nERROR 1146 (42S02) at line 3: Table 'p.p' doesn't exist", file=sys.stderr)
        sys.exit("--force" not in words)
for pattern, answer in told["answers"].items():
    if re.search(pattern, query):
        sys.exit(answer) if isinstance(answer, int) else print(answer)
        break
if me == "mariadb-dump":
    print("--dump-history" if words[-1] == "--help" else " ".join(words[-3:]))
"""


def load(service, name):
    """A script, as a module."""
    loader = importlib.machinery.SourceFileLoader(f"{service}_{name.replace('-', '_')}", str(SERVICES / service / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    with mock.patch.object(sys, "path", [str(SERVICES / service), *sys.path]):
        loader.exec_module(module)
    return module


def hexed(*rows):
    return "\n".join("\t".join(name.encode().hex() for name in row) for row in rows)


class Played(Machines):
    def setUp(self):
        super().setUp()
        self.databases = load("wordpress", "databases.py")
        self.kept.enter_context(mock.patch.object(services.subprocess, "run", self.run_real))
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        for name in ("mariadb", "mariadb-dump"):
            self.program(name, STAND_IN.format(python=sys.executable, played=str(self.folder)))
        self.kept.enter_context(mock.patch.dict(os.environ, {"PATH": f"{self.programs}:{os.environ['PATH']}", "MARIADB_PROGRAM": "mariadbd"}))
        self.answers = {
            "schema_name": hexed(("lesson",), ("wordpress-db",), ("mysql",)),
            r"information_schema\.views": hexed(("lesson", "v"), ("lesson", "broken"), ("sys", "x")),
            r"information_schema\.tables": hexed(("lesson", "v"), ("lesson", "broken"), ("lesson", "t")), r"from mysql\.user": "-70\t-25\t0",
            "show create user": "CREATE USER `p`@`%`", "prepare .*`broken`": 1, "datadir": "/var/lib/mysql/",
            "show grants": "\n".join(f"GRANT SELECT ON {what} TO `p`@`%`"
                                     for what in ("*.*", "`lesson`.*", "`lesson`.`t`", "`lesson`.`broken`", "`lesson`.`gone`")),
        }
        self.trouble = {}
        self.tell()
        self.dumps = self.folder / "dumps"
        self.dumps.mkdir()

    def program(self, name, text):
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def tell(self):
        (self.folder / "told").write_text(json.dumps({"answers": self.answers, "trouble": self.trouble}))

    def asked(self):
        return [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]

    def test_no_program_is_led_to_another_server(self):
        server = self.databases.Server("/run/there")
        server.write(self.dumps)
        server.read(self.dumps)
        restore = load("wordpress", "restore")
        config = self.put("wp-config.php", "define('DB_USER', 'a');\ndefine('DB_PASSWORD', 'b');\ndefine('DB_HOST', 'localhost');")
        with mock.patch.object(restore, "SITE", config.parent):
            restore.let_the_site_in(server)
        for program, words, _ in self.asked():
            if "--help" not in words:
                self.assertEqual(words[:2], ["--no-defaults", "--protocol=socket"], (program, words))
                self.assertIn("--socket=/run/there", words)

    def test_a_server_that_is_not_the_one_for_the_rehearsal_is_not_touched(self):
        for name in ("install", "mariadb-install-db"):
            self.program(name, "#!/bin/sh\n")
        self.program("setpriv", "#!/bin/sh\nexec sleep 60\n")
        (state.SCRATCH / "mariadb").mkdir(parents=True)
        with mock.patch.object(self.databases.shutil, "rmtree"), self.assertRaises(SystemExit) as caught, self.databases.throwaway() as server:
            server.read(self.dumps)
        self.assertIn("not the one", str(caught.exception))
        self.assertFalse([words for _, words, _ in self.asked() if "drop" in words[-1]])

    def test_views_are_dumped_last_and_broken_ones_are_named(self):
        said = self.databases.Server().write(self.dumps)
        self.assertEqual(said, ["the view broken of the database lesson cannot be used, so the backup does not hold it"])
        self.assertEqual(sorted(str(path.relative_to(self.dumps)) for path in self.dumps.rglob("*.sql")),
                         ["accounts.sql", "databases/lesson.sql", "databases/wordpress-db.sql", "grants.sql", "views/lesson.sql"])
        self.assertEqual((self.dumps / "views/lesson.sql").read_text(), "-- lesson v\n")
        first = next(words for _, words, _ in self.asked() if "--databases" in words and words[-1] == "lesson")
        self.assertEqual({"--ignore-table=lesson.v", "--ignore-table=lesson.broken", "--dump-history", "--events"} - set(first), set())
        self.assertEqual([line.split(" ON ")[1].split(" TO ")[0] for line in (self.dumps / "grants.sql").read_text().splitlines()],
                         ["*.*", "`lesson`.*", "`lesson`.`t`"])

    def test_views_are_read_again_while_that_helps(self):
        server = self.databases.Server()
        server.write(self.dumps)
        (self.folder / "asked").unlink()
        (self.dumps / "views/other.sql").write_text("")
        self.trouble = {"views/lesson.sql": 2, "views/other.sql": 1}    # the first reading of both, one of them twice (its tables count once)
        self.tell()
        server.read(self.dumps)
        order = [file for _, _, file in self.asked() if file.endswith(".sql")]
        self.assertEqual(order, ["accounts.sql", "lesson.sql", "wordpress-db.sql", "grants.sql", "lesson.sql", "other.sql", "lesson.sql", "other.sql",
                                 "grants.sql"])
        self.trouble = {"views/lesson.sql": 99}
        self.tell()
        with self.assertRaises(SystemExit) as caught:
            server.read(self.dumps)
        self.assertIn("1146", str(caught.exception))

    def test_no_database_at_all_is_read_as_none(self):
        for name in ("accounts.sql", "grants.sql"):
            (self.dumps / name).write_text("")
        self.databases.Server().read(self.dumps)


class WhatAPersonChose(Machines):
    def test_the_admins_name_stays_and_their_password_does_not(self):
        own = {"admin_user": "admin", "admin_email": "a@example.org", "admin_password": "new", "title": "t"}
        with mock.patch.object(hands, "own_settings", lambda: own), mock.patch.object(hands, "machine_settings", lambda: {}):
            load("wordpress", "restore").leave_what_a_person_chose()
        remembered = remembering.Remembered("wordpress")
        self.assertEqual([remembered.differs(key, own[key]) for key in own], [False, False, True, False])


class Containers(Machines):
    def changed(self, name, content):
        folder = self.folder / name
        folder.mkdir()
        with tarfile.open(folder / "changes.tar", "w") as tar:
            header = tarfile.TarInfo("large")
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
        (folder / "gone.json").write_text("[]\n")
        return folder

    def test_changes_are_compared_without_holding_them(self):
        changes = load("container_web", "changes.py")
        one, other = self.changed("one", bytes(30 << 20)), self.changed("other", bytes((30 << 20) - 1) + b"x")
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assertEqual(changes.told(one), changes.told(one))
        self.assertNotEqual(changes.told(one), changes.told(other))
        self.assertLess(tracemalloc.get_traced_memory()[1], 10 << 20)


if __name__ == "__main__":
    unittest.main()
