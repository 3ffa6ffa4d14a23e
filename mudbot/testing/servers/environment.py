"""The cached part of a real Evennia: its own virtual environment, and a game folder ready to be copied.

Both are made once, under a file lock, in ``$MUDBOT_TEST_ENVS/evennia`` (else in the user's folder for caches) and
used by every later test run.  Evennia cannot live in the project's environment: it pins its own Django and Twisted.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

EVENNIA = "evennia==5.0.1"
"""The newest release for Python 3.11; 6.x needs 3.12."""

ADMIN, ADMIN_PASSWORD = "Admin", "lantern-and-oar"
"""The superuser of the test game.  The server listens on loopback only and lives as long as one test run."""

TELNET_PORT_VARIABLE = "MUDBOT_EVENNIA_TELNET_PORT"
AMP_PORT_VARIABLE = "MUDBOT_EVENNIA_AMP_PORT"

SETTINGS = f'''\
"""A game for tests: loopback only, no web, none of the throttles that make a fast test wait; the rest is stock."""

import os

from evennia.settings_default import *

SERVERNAME = "Evennia"
TELNET_PORTS = [int(os.environ.get("{TELNET_PORT_VARIABLE}", "4000"))]
TELNET_INTERFACES = ["127.0.0.1"]
AMP_HOST = "127.0.0.1"
AMP_PORT = int(os.environ.get("{AMP_PORT_VARIABLE}", "4006"))
AMP_INTERFACE = "127.0.0.1"
WEBSERVER_ENABLED = False
WEBCLIENT_ENABLED = False
WEBSOCKET_CLIENT_ENABLED = False

# Per address, and every test comes from the same one.
CREATION_THROTTLE_LIMIT = None
LOGIN_THROTTLE_LIMIT = None
MAX_CONNECTION_RATE = 1000

# The default hasher takes a third of a second for each login, on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECRET_KEY = "only-for-tests-on-loopback"
'''

PORTAL_PLUGIN = '''\
"""Restart the server (``reload``, ``reset``) as a plain child, so that it stays in the process group to be killed."""

import os
import sys


def start_plugin_services(portal):
    import evennia

    program = os.path.join(os.path.dirname(evennia.__file__), "server", "server.py")
    twistd = [sys.argv[0], "--nodaemon", "--pidfile=", "--python=" + program]
    portal.server_twistd_cmd = ["/bin/sh", "-c", '"$0" "$@" &', *twistd]
'''


class StepError(Exception):
    """A step of the building failed; the message holds the end of its output."""


class UnavailableError(StepError):
    """The server's packages cannot be installed here (no network, no ``venv``, an unsupported Python)."""


def envs_folder() -> Path:
    """Where what real servers are installed from is kept between test runs."""
    from platformdirs import user_cache_dir

    given = os.environ.get("MUDBOT_TEST_ENVS")
    return Path(given or Path(user_cache_dir("mudbot", appauthor=False)) / "servers").resolve()


def evennia_folder() -> Path:
    """Where the environment and the template are kept between test runs."""
    return envs_folder() / "evennia"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on *path*; the kernel releases it when this process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class EvenniaFolder:
    """The environment and the template game in one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.venv = path / "venv"
        self.template = path / "template"

    def __repr__(self) -> str:
        return f"<EvenniaFolder {self.path} {'ready' if self.template.is_dir() else 'empty'}>"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def package(self) -> Path:
        """Where the evennia package is installed."""
        found = sorted(self.venv.glob("lib/python*/site-packages/evennia"))
        if not found:
            raise UnavailableError(f"no evennia package in {self.venv}; remove that folder to install it again")
        return found[0]

    def twistd(self, part: str) -> list[str]:
        """The command that runs *part* (``portal`` or ``server``) of Evennia in the foreground."""
        program = self.package / "server" / ("portal/portal.py" if part == "portal" else "server.py")
        return [str(self.venv / "bin" / "twistd"), "--nodaemon", "--pidfile=", f"--python={program}"]

    def variables(self, game: Path) -> dict[str, str]:
        """The environment variables that Evennia's programs need to find *game*."""
        own = {
            "DJANGO_SETTINGS_MODULE": "server.conf.settings",
            "PYTHONPATH": str(game),
            "EVENNIA_SUPERUSER_USERNAME": ADMIN,
            "EVENNIA_SUPERUSER_EMAIL": "admin@localhost",
            "EVENNIA_SUPERUSER_PASSWORD": ADMIN_PASSWORD,
        }
        return {**os.environ, **own}

    def ensure_installed(self) -> None:
        """Make the virtual environment unless it is there, complete, and of this recipe.

        Raises UnavailableError when pip cannot install Evennia.  Call it under the lock.
        """
        stamp = self.venv / "mudbot-recipe"
        recipe = f"{EVENNIA} python{sys.version_info.major}.{sys.version_info.minor}\n"
        if stamp.is_file() and stamp.read_text() == recipe:
            return
        shutil.rmtree(self.venv, ignore_errors=True)
        shutil.rmtree(self.template, ignore_errors=True)
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            run([sys.executable, "-m", "venv", str(self.venv)], self.path)
            pip = [str(self.python), "-m", "pip"]
            run([*pip, "install", "--quiet", "--disable-pip-version-check", EVENNIA], self.path)
        except StepError as error:
            raise UnavailableError(str(error)) from error
        stamp.write_text(recipe)

    def template_is_ready(self) -> bool:
        """Whether a template of this recipe was finished."""
        stamp = self.template / "mudbot-recipe"
        return stamp.is_file() and stamp.read_text() == template_recipe()

    def build_template(self) -> Path:
        """Make a migrated game folder beside the template; its first start is still to be done.  Returns the folder."""
        work = self.path / "building"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        game = work / "game"
        run([str(self.venv / "bin" / "evennia"), "--init", "game"], work)
        (game / "server" / "conf" / "settings.py").write_text(SETTINGS)
        (game / "server" / "conf" / "portal_services_plugins.py").write_text(PORTAL_PLUGIN)
        run([str(self.venv / "bin" / "evennia"), "migrate"], game, self.variables(game))
        create = "from evennia.server.evennia_launcher import create_superuser; create_superuser()"
        run([str(self.python), "-c", f"import django; django.setup(); {create}"], game, self.variables(game))
        return game

    def keep_template(self, game: Path) -> None:
        """Take *game*, started once and stopped again, as the template."""
        shutil.rmtree(self.template, ignore_errors=True)
        (game / "mudbot-recipe").write_text(template_recipe())
        game.rename(self.template)
        shutil.rmtree(self.path / "building", ignore_errors=True)


def template_recipe() -> str:
    """What tells one template from a template made by another version of this file."""
    parts = (EVENNIA, SETTINGS, PORTAL_PLUGIN, ADMIN, ADMIN_PASSWORD)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def run(command: list[str], cwd: Path, variables: dict[str, str] | None = None) -> None:
    """Run one step of the building; raise StepError with the end of its output if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - commands of this file
            command,
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=240,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StepError(f"{' '.join(command[:4])}: {error}") from error
    if done.returncode:
        output = done.stdout.decode(errors="replace")[-1500:]
        raise StepError(f"{' '.join(command[:4])} ended with {done.returncode}:\n{output}")
