"""A service is a folder in /opt/koza/services with scripts that may be run again at any time:

    install   <settings>   packages and files of ours; run when an image is baked, or at first boot without one
    configure <settings>   names, passwords, keys; run at every boot. A line "notice: …" that it prints is told, though all went well
    follow-certificate <settings>   (optional) HTTPS began or ended (hands.certificate()): what changes with it
    check     <settings>   does it work, seen from inside? Run when an image is baked
    clean     <settings>   (optional) forget what must differ between machines; run last when an image is baked
    rest                   (optional) this machine does not offer it, though it is on its disk: off, also after the next start
    copied                 (optional) this disk was another machine's: forget what no two may share. What a person made or changed stays
    back-up   <settings> <folder>   (optional) carry into the folder what files don't tell, alike each time; dumps of databases into databases/
    rehearse  <settings> <folder>   (optional) could it be restored from what that made? Tried beside the real thing, of which nothing is changed
    restore   <settings> <folder>   (optional) take it over. Files are in place, configure comes next; twice is as good as once
    left-out.txt           (optional) paths that backups of files leave to `back-up`
    units.txt              the systemd units that make it up, in the order of starting ($NAMES are those of os/<system>/names)
    defaults.json          (optional) settings that hold where the portal sends none, as when an image is baked
    after.txt              (optional) services whose configure must be over before this one's

<settings> is a file with the service's own settings; the whole machine's are in /var/lib/koza/settings.json.
"""
import concurrent.futures
import os
import pathlib
import signal
import string
import subprocess
import time

from . import room, state
from .progress import StepFailed, LOG_LINES

SERVICES = state.OPT / "services"
BACKUP_SECONDS = 3600       # a person's database may be large
OS_RELEASE = pathlib.Path("/etc/os-release")


def os_folder():
    """The folder that knows this operating system's names, for example os/debian-12: the one with its OS_RELEASE."""
    release = _variables(OS_RELEASE)
    wanted = f"{release['ID']}-{release['VERSION_ID']}"
    for names in sorted((state.OPT / "os").glob("*/names")):
        if _variables(names)["OS_RELEASE"] == wanted:
            return names.parent
    raise StepFailed(f"Koza does not know the operating system {wanted}")


def os_names():
    """The variables of os/<system>/names, which every script finds in its environment."""
    return _variables(os_folder() / "names")


def _variables(path):
    variables = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            variables[name] = value.strip('"')
    return variables


def environment(**more):
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(state.OPT / "agent"),
        "KOZA_OS": str(os_folder()), **os_names(), **more,
    }


def run_script(script, arguments=(), log_name=None, timeout=1800, needs_room=False, **more):
    """Run a script of ours, keep what it says in /var/log/koza, and fail with its last lines. Returns its notices.

    One that needs room is stopped when the disk is nearly full, before everybody else on the machine notices."""
    state.LOG.mkdir(parents=True, exist_ok=True, mode=0o755)
    log = state.LOG / f"{log_name or script.name}.log"
    with open(log, "w", encoding="utf-8") as said:
        os.fchmod(said.fileno(), 0o640)
        try:
            process = subprocess.Popen([str(script), *arguments], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                                       env=environment(**more), cwd=script.parent, start_new_session=True)
            code = _waited_for(process, timeout, needs_room)
        except OSError as error:
            code = f"nothing: {error}"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if code != 0:
        raise StepFailed(f"{script.relative_to(state.OPT)} answered {code}", lines[-(LOG_LINES - 1):])
    return [line[8:] for line in lines if line.startswith("notice: ")]


def _waited_for(process, timeout, needs_room):
    """What it answered. Who is stopped is stopped with the programs it started: a dump would go on into a file that nobody sees any more."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return process.wait(min(1, max(deadline - time.monotonic(), 0)))
        except subprocess.TimeoutExpired:
            is_late = time.monotonic() >= deadline
            if not is_late and (not needs_room or room.is_left(state.VAR)):
                continue
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"nothing: it took longer than {timeout} s" if is_late else "nothing: the disk has no room for it"


class Service:
    def __init__(self, wanted):
        self.name, self.revision = wanted["name"], wanted["revision"]
        self.folder = SERVICES / self.name
        self.settings = {**state.read_json(self.folder / "defaults.json", {}), **wanted.get("settings", {})}

    def is_installed(self):
        marker = state.INSTALLED / self.name
        return marker.exists() and marker.read_text().strip() == self.revision

    def install(self, reset=False):
        self._run("install", **({"KOZA_RESET": "1"} if reset else {}))
        state.write(state.INSTALLED / self.name, self.revision + "\n", 0o644)

    def configure(self):
        return self._run("configure", timeout=300)

    def follow_certificate(self):
        if (self.folder / "follow-certificate").exists():
            self._run("follow-certificate", timeout=120)

    def check(self):
        self._run("check", timeout=120)

    def back_up(self, folder):
        """What it made is in the folder, which is there in any case. Returns its notices."""
        folder.mkdir(mode=0o700)
        return self._run_if_there("back-up", folder)

    def rehearse(self, folder):
        self._run_if_there("rehearse", folder)

    def restore(self, folder):
        return self._run_if_there("restore", folder)

    def clean(self):
        if (self.folder / "clean").exists():
            self._run("clean", timeout=120)
        forget(self.name)

    def restart(self):
        units = self._lines("units.txt")
        subprocess.run(["systemctl", "reset-failed", *units], check=False, capture_output=True)
        done = subprocess.run(["systemctl", "restart", *units], check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise StepFailed(f"restarting {', '.join(units)} failed", done.stderr.splitlines())

    def reset(self):
        """Put our files back and configure afresh. What a person wrote (articles, homes) is not ours and stays."""
        forget(self.name)
        self.install(reset=True)
        self.configure()
        self.restart()

    def after(self):
        return self._lines("after.txt")

    def _lines(self, name):
        path = self.folder / name
        lines = path.read_text().splitlines() if path.exists() else []
        names = os_names()
        return [string.Template(line.strip()).substitute(names) for line in lines if line.strip() and not line.startswith("#")]

    def _run_if_there(self, task, folder):
        return self._run(task, str(folder), timeout=BACKUP_SECONDS, needs_room=True) if (self.folder / task).exists() else []

    def _run(self, task, *arguments, timeout=1800, **more):
        if not (self.folder / task).exists():
            raise StepFailed(f"this machine has no services/{self.name}/{task}")
        settings = state.VAR / "services" / f"{self.name}.json"
        state.write_json(settings, self.settings)
        return run_script(self.folder / task, [str(settings), *arguments], f"{task}-{self.name}", timeout, **more)


def wanted(settings):
    return [Service(service) for service in settings["services"]]


def leave_other_machine_behind():
    """On a copy of another machine's disk: each service that is installed forgets what is that one's alone."""
    for installed in sorted(state.INSTALLED.glob("*")):
        script = SERVICES / installed.name / "copied"
        if script.exists():
            run_script(script, log_name=f"copied-{installed.name}", timeout=120)


def let_rest(wanted):
    """Services that are on the disk and that this machine is not to offer."""
    for installed in state.INSTALLED.glob("*"):
        if installed.name not in {service.name for service in wanted} and (SERVICES / installed.name / "rest").exists():
            try:
                run_script(SERVICES / installed.name / "rest", log_name=f"rest-{installed.name}", timeout=120)
            except StepFailed as failure:       # one service too many keeps no machine from being ready
                print(failure, *failure.log, sep="\n  ", flush=True)


def left_out():
    """What backups of files leave to the services that are installed."""
    lists = [(SERVICES / name / "left-out.txt").read_text().splitlines() for name in sorted(that_leave_out())]
    return [line.strip() for lines in lists for line in lines if line.strip() and not line.startswith("#")]


def that_leave_out():
    """The installed services, at whatever revision, that leave something out."""
    return {installed.name for installed in state.INSTALLED.glob("*") if (SERVICES / installed.name / "left-out.txt").exists()}


def forget(name):
    """Forget which of the portal's values were applied, so that the next configure applies all of them."""
    (state.REMEMBERED / f"{name}.json").unlink(missing_ok=True)


def configure_all(services, progress):
    """Configure every service, those that do not wait for another at once. Returns the names of those that failed."""
    present, failed = {service.name for service in services}, []

    def configure(service, earlier):
        concurrent.futures.wait(earlier)
        try:
            with progress.step(f"configure:{service.name}") as notices:
                notices += service.configure()
        except Exception:               # the step has reported it; the others go on
            failed.append(service.name)

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(len(services), 1)) as pool:
        begun = {}
        for service in services:
            earlier = [begun[name] for name in service.after() if name in present and name in begun]
            begun[service.name] = pool.submit(configure, service, earlier)
    return failed
