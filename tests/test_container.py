"""The image and the compose file. Nothing here can build them, so they are linted, and what they name is looked up."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from personae.server.settings import PREFIX, ServerSettings

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STEPS = re.sub(r"\\\n\s*", " ", DOCKERFILE)
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SETTINGS = {PREFIX + field.name.upper() for field in dataclasses.fields(ServerSettings)}
each_service = pytest.mark.parametrize("name", SERVICES)


def steps(kind: str) -> list[str]:
    return re.findall(rf"^{kind} (.*)$", STEPS, re.MULTILINE)


def test_the_dockerfile_passes_the_linter() -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert linter is not None
    done = subprocess.run([linter, "--no-color", str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert done.stdout + done.stderr == ""


def test_images_have_a_version_and_name_no_registry() -> None:
    images = [step.split()[0] for step in steps("FROM")]
    images += [service["image"] for service in SERVICES.values() if "image" in service]
    assert [image for image in images if not re.fullmatch(r"[a-z]+:\d[\w.-]*", image)] == []


def test_the_image_runs_without_root_and_is_watched() -> None:
    final = STEPS.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .* CMD \[.*/healthz", final, re.MULTILINE)
    assert steps("ADD") == []


def test_whatever_is_copied_exists_and_is_not_ignored() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [word for step in steps("COPY") if "--from" not in step for word in step.split()[:-1]]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists() or name not in let_in] == []


def test_settings_in_the_image_and_in_compose_are_settings_of_the_server() -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", STEPS)) | {
        name for service in SERVICES.values() for name in service["environment"] if name.startswith(PREFIX)
    }
    assert named - SETTINGS == set()


@each_service
def test_a_service_cannot_write_to_its_image_nor_gain_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert str(service.get("user", "")) not in {"root", "0"}
    assert "privileged" not in service


@each_service
def test_a_service_is_watched_and_keeps_its_data_in_a_named_volume(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(COMPOSE["volumes"])


@each_service
def test_secrets_come_from_the_environment(name: str) -> None:
    secrets = {
        variable: value
        for variable, value in SERVICES[name]["environment"].items()
        if re.search(r"PASSWORD|SECRET|TOKEN|API_KEY", variable)
    }
    assert secrets
    assert [variable for variable, value in secrets.items() if not re.fullmatch(r"\$\{[A-Z_]+:[-?].*\}", value)] == []


def test_only_this_machine_reaches_what_is_published() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []
    assert "ports" not in SERVICES["database"]
