"""Baking: install everything, check it, forget everything that must differ between machines, power off. What is left is the image."""
import pathlib
import shutil
import subprocess

from . import baseline, services, state


def bake(settings, progress):
    wanted = services.wanted(settings)
    with progress.step("prepare"):
        services.run_script(services.os_folder() / "prepare")
    for service in wanted:
        with progress.step(f"install:{service.name}"):
            service.install()
    with progress.step("check"):
        for service in wanted:
            service.check()
    with progress.step("clean"):
        for service in wanted:
            service.clean()
        services.run_script(services.os_folder() / "clean")
        baseline.write()        # so that the portal hears if it fails; what is forgotten below counts in none
    progress.close()
    forget_ourselves()
    subprocess.run(["systemctl", "--no-block", "poweroff"], check=True)


def forget_ourselves():
    """Last of all: no secret, no settings, no log of this machine goes into the image; which revisions are installed does."""
    for path in state.OF_ONE_MACHINE:
        path.unlink(missing_ok=True)
    for folder in (state.REMEMBERED, state.VAR / "services", state.LOG):
        shutil.rmtree(folder, ignore_errors=True)
    pathlib.Path("/var/lib/koza/baked").touch()
