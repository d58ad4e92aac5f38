"""What is in a MariaDB server, written into a folder and read from it: for backups, and for trying them on a server of its own.

    accounts.sql ──► databases/<name>.sql ──► grants.sql     in this order: what is defined belongs to accounts, grants name tables

The same content is written as the same bytes, whichever server it comes from. What MariaDB itself brings is no content.
"""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.parse

from koza import hands, state

DATA = pathlib.Path("/var/lib/mysql")
OF_THE_SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
ACCOUNTS_OF_THE_SYSTEM = (("root", "localhost"), ("mysql", "localhost"), ("mariadb.sys", "localhost"), ("PUBLIC", ""), ("", ""))
DUMP = ("mariadb-dump", "--single-transaction", "--routines", "--events", "--triggers", "--skip-dump-date", "--skip-comments", "--order-by-primary",
        "--hex-blob", "--add-drop-database", "--default-character-set=utf8mb4", "--max-allowed-packet=1G")
CLIENT = ("mariadb", "--default-character-set=utf8mb4", "--max-allowed-packet=1G", "--binary-mode")
START_SECONDS = 60


class Server:
    """A running one. Root is let in by who it is, or else (a person gave root a password) MariaDB's own user is."""

    def __init__(self, socket=None):
        self.where = (f"--socket={socket}",) if socket else ()
        self.way = ()
        if not self.is_up():
            self.way = ("runuser", "-u", "mysql", "--")

    def is_up(self):
        return hands.succeeds(*self.way, CLIENT[0], *self.where, "--execute=select 1")

    def ask(self, query):
        said = hands.run(*self.way, CLIENT[0], *self.where, "--default-character-set=utf8mb4", "--batch", "--raw", "--skip-column-names",
                         f"--execute={query}")
        return said.splitlines()

    def databases(self):
        names = (bytes.fromhex(name).decode() for name in self.ask("select hex(schema_name) from information_schema.schemata"))
        return sorted(name for name in names if name not in OF_THE_SYSTEM)

    def accounts(self):
        """(name, host, whether it is a role), roles first."""
        found = (line.split("\t") for line in self.ask("select concat('-', hex(user)), concat('-', hex(host)), is_role = 'Y' from mysql.user"))
        told = [(bytes.fromhex(name[1:]).decode(), bytes.fromhex(host[1:]).decode(), is_role == "1") for name, host, is_role in found]
        return sorted((account for account in told if account[:2] not in ACCOUNTS_OF_THE_SYSTEM), key=lambda account: (not account[2], *account))

    def write(self, folder):
        created, granted = [], []
        for name, host, is_role in self.accounts():
            who = _quoted(name) if is_role else f"{_quoted(name)}@{_quoted(host)}"
            if is_role:
                created.append(f"CREATE OR REPLACE ROLE {who}")
            else:
                created += [re.sub("^CREATE USER", "CREATE OR REPLACE USER", line) for line in self.ask(f"show create user {who}")]
            granted += self.ask(f"show grants for {who}")
        for file, lines in (("accounts.sql", created), ("grants.sql", granted)):
            (folder / file).write_text("".join(f"{line};\n" for line in lines))
        (folder / "databases").mkdir()
        for name in self.databases():
            with open(folder / "databases" / f"{urllib.parse.quote(name, safe='')}.sql", "wb") as dump:
                done = subprocess.run([*self.way, *DUMP, *self.where, "--databases", name], stdout=dump, stderr=subprocess.PIPE, check=False)
            if done.returncode != 0:
                sys.exit(f"the database {name} cannot be dumped: {done.stderr.decode(errors='replace').strip()}")

    def read(self, folder):
        """Make it hold what the folder tells, and nothing else."""
        for name in self.databases():
            self.ask("drop database `{}`".format(name.replace("`", "``")))
        for file in (folder / "accounts.sql", *sorted((folder / "databases").iterdir()), folder / "grants.sql"):
            with open(file, "rb") as statements:
                done = subprocess.run([*self.way, *CLIENT, *self.where], stdin=statements, capture_output=True, check=False)
            if done.returncode != 0:
                sys.exit(f"{file.name} cannot be read in: {done.stderr.decode(errors='replace').strip()}")


def _quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@contextlib.contextmanager
def throwaway():
    """A server with a data folder of its own that nobody else can reach, small, and gone afterwards. The real one does not hear of it."""
    data = state.SCRATCH / "mariadb"
    shutil.rmtree(data, ignore_errors=True)
    hands.run("install", "--directory", "--mode=700", "--owner=mysql", "--group=mysql", str(data))
    hands.run("mariadb-install-db", "--no-defaults", "--user=mysql", f"--datadir={data}", "--auth-root-authentication-method=socket",
              "--skip-test-db", "--skip-name-resolve")
    log = data / "koza.log"
    with open(log, "wb") as said:
        # It ends with this script, whatever ends this script.
        process = subprocess.Popen(
            ["setpriv", "--reuid=mysql", "--regid=mysql", "--init-groups", "--pdeathsig=KILL",
             os.environ["MARIADB_PROGRAM"], "--no-defaults", f"--datadir={data}", f"--socket={data}/s", f"--pid-file={data}/pid",
             f"--tmpdir={data}", "--skip-networking", "--skip-log-bin", "--event-scheduler=off", "--performance-schema=off", "--max-connections=5",
             "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0", "--key-buffer-size=1M",
             "--aria-pagecache-buffer-size=1M", "--max-allowed-packet=1G"], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not hands.succeeds(CLIENT[0], f"--socket={data}/s", "--execute=select 1"):
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit("a database server for the rehearsal does not start: " + "\n".join(log.read_text(errors="replace").splitlines()[-5:]))
                time.sleep(0.1)
            yield Server(f"{data}/s")
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(data, ignore_errors=True)
