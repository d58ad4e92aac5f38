"""Signs of use, counted over a minute. What cannot be read is left out; it is never told as zero.

Our own probes do not count: they say `koza-probe/1` by HTTP and come as the user koza-probe by FTP. Nor does a balancer that looks
whether the machine is well: it would keep an idle one up for ever.
"""
import os
import pathlib
import re
import subprocess
import time

from . import services

NOT_PEOPLE = ("koza-probe/", "ELB-HealthChecker/")     # as user agents: ours, AWS's balancers
CHALLENGES = "GET /.well-known/acme-challenge/"     # a certificate authority's, at each renewal
TEX_RUNS = pathlib.Path("/var/log/koza-tex")        # <user>/runs.log: a line for each run
REQUEST = re.compile(r'"[A-Z]+ \S+ HTTP/')
CPU_STATS = (pathlib.Path("/sys/fs/cgroup/cpu.stat"), pathlib.Path("/sys/fs/cgroup/unified/cpu.stat"))


def is_no_use(line):
    return any(agent in line for agent in NOT_PEOPLE) or CHALLENGES in line or " 127.0.0.1 - " in f" {line}"


class Growing:
    """A log file; `lines()` are those written since the last call. It follows rotation, and starts at the end."""

    def __init__(self, path):
        self.path, self.inode, self.position = pathlib.Path(path), None, 0
        try:
            found = self.path.stat()
            self.inode, self.position = found.st_ino, found.st_size
        except OSError:
            pass

    def lines(self):
        with open(self.path, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_ino != self.inode or found.st_size < self.position:
                self.inode, self.position = found.st_ino, 0
            file.seek(self.position)
            whole, newline, _ = file.read().rpartition(b"\n")
        self.position += len(whole + newline)
        return whole.decode(errors="replace").splitlines()


class Signs:
    def __init__(self):
        names = services.os_names()
        self.web = [Growing(names["APACHE_ACCESS_LOG"]), Growing("/var/log/koza-web/access.log")]
        self.transfers = Growing("/var/log/xferlog")
        self.runs = {path.parent.name: Growing(path) for path in TEX_RUNS.glob("*/runs.log")}
        self.cpu, self.at = _cpu_seconds(), time.time()

    def count(self, settings):
        found = {
            "http_requests": self._http_requests, "ftp_transfers": lambda: self._ftp_transfers(settings),
            "logins": self._logins, "tex_runs": lambda: self._tex_runs(settings),
            "load_milli": self._load, "open_sessions": _open_sessions,
        }
        counted = {}
        for name, count in found.items():
            try:
                value = count()
            except (OSError, ValueError, IndexError, subprocess.SubprocessError):
                continue
            if value is not None:
                counted[name] = value
        self.at = time.time()
        return counted

    def _http_requests(self):
        count, readable = 0, False
        for log in self.web:
            try:
                lines = log.lines()
            except FileNotFoundError:
                continue
            readable = True
            count += sum(1 for line in lines if REQUEST.search(line) and not is_no_use(line))
        return count if readable else None

    def _ftp_transfers(self, settings):
        probe = _service(settings, "ftp_tex").get("probe_user")
        # … <path> <type> <flag> <direction> <access> <user> <service> <auth> <id> <completed>
        return sum(1 for line in self.transfers.lines() if line.split()[-5] != probe)

    def _tex_runs(self, settings):
        user = _service(settings, "ftp_tex").get("user")
        if not user:
            return None
        if user not in self.runs:
            self.runs[user] = Growing(TEX_RUNS / user / "runs.log")
        return len(self.runs[user].lines())

    def _logins(self):
        """Logins by SSH; FTP counts by its transfers."""
        said = subprocess.run(["journalctl", "-q", "-t", "sshd", "-o", "cat", "--since", f"@{int(self.at)}"],
                              capture_output=True, text=True, timeout=20, check=True).stdout
        return sum(1 for line in said.splitlines() if line.startswith("Accepted "))

    def _load(self):
        """Processor time used, in thousandths of one processor: a load average would be the host's in a container."""
        before, self.cpu = self.cpu, _cpu_seconds()
        return max(0, round((self.cpu - before) / max(time.time() - self.at, 1) * 1000))


def _service(settings, name):
    return next((service.get("settings", {}) for service in settings.get("services", []) if service["name"] == name), {})


def _cpu_seconds():
    """Of everything in this machine since it started: as the control group counts it, or else the sum over its processes."""
    for file in CPU_STATS:
        if file.exists():
            counted = dict(line.split() for line in file.read_text().splitlines())
            if "usage_usec" in counted:
                return int(counted["usage_usec"]) / 1e6
    ticks = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue                    # it has just ended
        ticks += sum(int(field) for field in fields[11:15])     # its own time, and its children's that ended
    return ticks / os.sysconf("SC_CLK_TCK")


def _open_sessions():
    """People at a shell now, as logind knows them."""
    count = 0
    for file in pathlib.Path("/run/systemd/sessions").iterdir():
        if file.suffix == ".ref":
            continue
        values = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
        count += values.get("CLASS") == "user" and values.get("STATE") != "closing"
    return count
