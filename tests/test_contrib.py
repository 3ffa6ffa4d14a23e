"""What is there to install mudbot by: systemd's unit, the container."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from mudbot.cli.run import REFUSED, RUNNING

CONTRIB = Path(__file__).parents[1] / "contrib"
UNIT = CONTRIB / "mudbot.service"
EXPOSED = 2.0
"""The exposure that `systemd-analyze security` may find, of 10."""


def _told(*command: str) -> str:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def test_the_unit_leaves_little_open(tmp_path: Path) -> None:
    """`systemd-analyze security` rates it 2.0 at most; the same unit without its walls is far above."""
    told = _told("systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT))
    assert float(re.findall(r"Overall exposure level for mudbot\.service: (\d+\.\d)", told)[0]) <= EXPOSED
    bare = tmp_path / "mudbot.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    told = _told("systemd-analyze", "security", "--offline=true", "--no-pager", str(bare))
    assert float(re.findall(r"Overall exposure level for mudbot\.service: (\d+\.\d)", told)[0]) > 9


def test_the_unit_is_as_systemd_wants_it() -> None:
    """No unknown key, no wrong value; that mudbot is not at /opt here is no fault of the unit's."""
    told = _told("systemd-analyze", "verify", str(UNIT))
    assert [line for line in told.splitlines() if "is not executable" not in line] == []


def _unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_fits_what_mudbot_does() -> None:
    """It waits to be told that it is ready, looks for signs of life, and does not restart what a restart only harms."""
    unit = _unit()
    assert unit["Type"] == ["notify"]
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert int(unit["WatchdogSec"][0]) >= 10  # a plugin that holds the loop is ended within 5
    assert int(unit["TimeoutStopSec"][0]) > 5
    assert set(unit["RestartPreventExitStatus"][0].split()) == {str(RUNNING), str(REFUSED)}


def test_the_dockerfile_is_as_hadolint_wants_it() -> None:
    """No rule is broken, and none is switched off."""
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    if sys.platform != "linux":
        pytest.skip("hadolint comes for Linux only")
    assert _told(str(hadolint), "--no-color", str(CONTRIB / "Dockerfile")) == ""
    assert "hadolint ignore" not in (CONTRIB / "Dockerfile").read_text()


def test_the_container_is_nobody_and_writes_nowhere() -> None:
    """No root, no capability, a file system that cannot be written but for the store, pages on this machine alone."""
    steps = (CONTRIB / "Dockerfile").read_text()
    last = steps[steps.rindex("\nFROM ") :]
    assert re.findall(r"^USER (\S+)$", last, re.MULTILINE) == ["10001:10001"]
    compose: dict[str, Any] = yaml.safe_load((CONTRIB / "compose.yaml").read_text())
    service = compose["services"]["mudbot"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    written = {volume.split(":")[1] for volume in service["volumes"] if not volume.endswith(":ro")}
    assert written == set(re.findall(r'"(/[^"]+)"', re.findall(r"^VOLUME (.*)$", last, re.MULTILINE)[0]))
    assert set(service["secrets"]) == set(compose["secrets"])
    assert service["environment"]["CREDENTIALS_DIRECTORY"] == "/run/secrets"


def test_the_image_is_built_from_what_it_needs_alone() -> None:
    """Everything is left out but what is named: no secret, no store, no environment slips in."""
    lines = (CONTRIB / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    root = CONTRIB.parent
    assert all((root / rule[1:]).exists() for rule in rules if rule.startswith("!"))
    packaged = re.findall(r'^"([^"]+)" = "mudbot/shipped', (root / "pyproject.toml").read_text(), re.MULTILINE)
    assert packaged
    assert all(f"!{path}" in rules for path in packaged)
