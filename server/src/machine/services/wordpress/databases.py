"""What is in a MariaDB server, written into a folder and read from it: for backups, and for trying them on a server of its own.

    accounts.sql ──► databases/<name>.sql ──► views/<name>.sql ──► grants.sql
                     in this order: what is defined belongs to accounts, views look into any database, grants name tables and views

The same content is written as the same bytes, whichever server it comes from. What MariaDB itself brings is no content.
No program here reads settings (a person's ~/.my.cnf, say): they could lead it to another server than the one that is meant.
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
ONLY_THERE = ("--no-defaults", "--protocol=socket")         # in this order, and before all others
DUMP = ("mariadb-dump", *ONLY_THERE, "--single-transaction", "--skip-dump-date", "--skip-comments", "--order-by-primary",
        "--hex-blob", "--default-character-set=utf8mb4", "--max-allowed-packet=1G")
OF_A_DATABASE = ("--routines", "--events", "--triggers", "--add-drop-database")
CLIENT = ("mariadb", *ONLY_THERE, "--default-character-set=utf8mb4", "--max-allowed-packet=1G", "--binary-mode")
ON_A_TABLE = re.compile("GRANT .* ON `((?:[^`]|``)+)`\\.`((?:[^`]|``)+)` TO ")
START_SECONDS = 60


class Server:
    """A running one. Root is let in by who it is, or else (a person gave root a password) MariaDB's own user is."""

    def __init__(self, socket=None, more=()):
        self.where, self.more = (f"--socket={socket}",) if socket else (), more
        self.way = ()
        if not self.is_up():
            self.way = ("runuser", "-u", "mysql", "--")

    def client(self, *more):
        return (*self.way, *CLIENT, *self.where, *self.more, *more)

    def is_up(self):
        return hands.succeeds(*self.client("--execute=select 1"))

    def ask(self, query):
        return hands.run(*self.client("--batch", "--raw", "--skip-column-names", f"--execute={query}")).splitlines()

    def _names(self, query):
        """What is asked for with hex(): names may hold anything."""
        return [tuple(bytes.fromhex(name).decode() for name in line.split("\t")) for line in self.ask(query)]

    def databases(self):
        return sorted(name for name, in self._names("select hex(schema_name) from information_schema.schemata") if name not in OF_THE_SYSTEM)

    def views(self):
        """{database: {view: whether it can be used}}. One whose table or definer is gone cannot, and often could not be created either."""
        found = {}
        for database, view in sorted(self._names("select hex(table_schema), hex(table_name) from information_schema.views")):
            if database not in OF_THE_SYSTEM:
                reading = _quoted(f"select * from {_name(database)}.{_name(view)}")
                found.setdefault(database, {})[view] = hands.succeeds(*self.client(f"--execute=prepare reading from {reading}"))
        return found

    def accounts(self):
        """(name, host, whether it is a role), roles first."""
        found = (line.split("\t") for line in self.ask("select concat('-', hex(user)), concat('-', hex(host)), is_role = 'Y' from mysql.user"))
        told = [(bytes.fromhex(name[1:]).decode(), bytes.fromhex(host[1:]).decode(), is_role == "1") for name, host, is_role in found]
        return sorted((account for account in told if account[:2] not in ACCOUNTS_OF_THE_SYSTEM), key=lambda account: (not account[2], *account))

    def write(self, folder):
        """Returns what is not in the folder because it could not be restored, in words."""
        created, granted, views = [], [], self.views()
        tables = set(self._names("select hex(table_schema), hex(table_name) from information_schema.tables"))
        broken = {(database, view) for database, those in views.items() for view, is_usable in those.items() if not is_usable}
        for name, host, is_role in self.accounts():
            who = _quoted(name) if is_role else f"{_quoted(name)}@{_quoted(host)}"
            if is_role:
                created.append(f"CREATE OR REPLACE ROLE {who}")
            else:
                created += [re.sub("^CREATE USER", "CREATE OR REPLACE USER", line) for line in self.ask(f"show create user {who}")]
            granted += [line for line in self.ask(f"show grants for {who}") if _can_be_granted(line, tables - broken)]
        for file, lines in (("accounts.sql", created), ("grants.sql", granted)):
            (folder / file).write_text("".join(f"{line};\n" for line in lines))
        for kind in ("databases", "views"):
            (folder / kind).mkdir()
        history = ("--dump-history",) if "--dump-history" in hands.run(*DUMP[:2], "--help") else ()
        for name in self.databases():
            of_it = views.get(name, {})
            self._dump(folder / "databases", name, *OF_A_DATABASE, *history, *(f"--ignore-table={name}.{view}" for view in of_it), "--databases", "--", name)
            usable = [view for view, is_usable in of_it.items() if is_usable]
            if usable:
                self._dump(folder / "views", name, "--skip-triggers", "--", name, *usable)
        return [f"the view {view} of the database {database} cannot be used, so the backup does not hold it" for database, view in sorted(broken)]

    def _dump(self, folder, name, *what):
        with open(folder / f"{urllib.parse.quote(name, safe='')}.sql", "wb") as dump:
            done = subprocess.run([*self.way, *DUMP, *self.where, *what], stdout=dump, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.exit(f"the database {name} cannot be dumped: {done.stderr.decode(errors='replace').strip()}")

    def read(self, folder):
        """Make it hold what the folder tells, and nothing else."""
        for name in self.databases():
            self.ask(f"drop database {_name(name)}")
        for file in (folder / "accounts.sql", *sorted((folder / "databases").glob("*"))):
            self._read(file)
        views = sorted((folder / "views").glob("*"))
        if views:       # one may look through another's definer, who must be allowed to by then; grants on views themselves come again below
            self._problems(folder / "grants.sql", "--force")
            self._read_views(views)
        self._read(folder / "grants.sql")

    def _read_views(self, files):
        """Those of one database may look at those of another, and the other way round. So all are read as often as it makes more of them good."""
        problems, before = [], None
        while problems or before is None:
            before, problems = problems, []
            for file in files:
                problems += self._problems(file, "--force", f"--database={urllib.parse.unquote(file.stem)}")
            if problems and len(problems) == len(before):
                sys.exit("views cannot be read in: " + "\n".join(problems))

    def _read(self, file):
        problems = self._problems(file)
        if problems:
            sys.exit(f"{file.name} cannot be read in: " + "\n".join(problems))

    def _problems(self, file, *more):
        with open(file, "rb") as statements:
            done = subprocess.run(self.client(*more), stdin=statements, capture_output=True, check=False)
        said = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("ERROR")]
        return said or ([f"the client answered {done.returncode}"] if done.returncode else [])


def _can_be_granted(line, tables):
    """MariaDB remembers grants on tables that are long gone, but takes none."""
    found = ON_A_TABLE.match(line)
    return not found or tuple(name.replace("``", "`") for name in found.groups()) in tables


def _name(text):
    return "`" + text.replace("`", "``") + "`"


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
            while not hands.succeeds(*CLIENT, f"--socket={data}/s", "--execute=select 1"):
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit("a database server for the rehearsal does not start: " + "\n".join(log.read_text(errors="replace").splitlines()[-5:]))
                time.sleep(0.1)
            # To this one it is long ago, so that no event is over. (One that is would be created as another one, or not at all.)
            server = Server(f"{data}/s", more=("--init-command=set timestamp = 1",))
            if [os.path.realpath(place) for place in server.ask("select @@datadir")] != [os.path.realpath(data)]:
                sys.exit("the server that answers is not the one for the rehearsal")
            yield server
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(data, ignore_errors=True)
