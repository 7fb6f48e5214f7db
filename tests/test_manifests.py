"""The manifests of docs/kuberay: valid Kubernetes, and no field that KubeRay does not know.

Kubernetes' own schemas come from `kubernetes-validate`. No package brings KubeRay's, so the part of its RayCluster that
the manifest uses stands here, after the reference of KubeRay 1.6: wrong names, kinds and missing fields are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # its stubs are no dependency of ours
from ruamel.yaml import YAML

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "kuberay"
VERSION = "1.33"


def _object(required: str = "", **properties: Any) -> dict[str, Any]:
    made = {"type": "object", "properties": properties, "additionalProperties": False}
    return made | ({"required": required.split()} if required else {})


COUNT, TEXT = {"type": "integer", "minimum": 0}, {"type": "string"}
TEXTS = {"type": "object", "additionalProperties": TEXT}
TEMPLATE = _object("spec", metadata={"type": "object"}, spec={"type": "object"})
"""A pod's, which is held against Kubernetes' own schema."""
RAY_CLUSTER = _object(
    "apiVersion kind metadata spec",
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayCluster"},
    metadata=_object("name", name=TEXT, namespace=TEXT, labels=TEXTS, annotations=TEXTS),
    spec=_object(
        "headGroupSpec",
        rayVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        enableInTreeAutoscaling={"type": "boolean"},
        suspend={"type": "boolean"},
        authOptions=_object(mode={"enum": ["disabled", "token"]}, secretName=TEXT),
        headGroupSpec=_object("template", rayStartParams=TEXTS, serviceType=TEXT, template=TEMPLATE),
        workerGroupSpecs={
            "type": "array",
            "items": _object(
                "groupName template",
                groupName=TEXT,
                replicas=COUNT,
                minReplicas=COUNT,
                maxReplicas=COUNT,
                idleTimeoutSeconds=COUNT,
                rayStartParams=TEXTS,
                template=TEMPLATE,
            ),
        },
    ),
)


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for number, document in enumerate(YAML(typ="safe").load_all(path), 1):
            yield f"{path.name} {number}", document


DOCUMENTS = dict(documents())


def pods(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The pods that a RayCluster starts, as documents of their own."""
    spec = document["spec"]
    groups = [spec["headGroupSpec"], *spec.get("workerGroupSpecs", [])]
    return [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": one["template"]["spec"]}
        for one in groups
    ]


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_manifest_is_valid(document: dict[str, Any]) -> None:
    if document["kind"] != "RayCluster":
        kubernetes_validate.validate(document, VERSION, strict=True)
        return
    Draft202012Validator(RAY_CLUSTER).validate(document)
    for pod in pods(document):
        kubernetes_validate.validate(pod, VERSION, strict=True)


def test_the_check_finds_a_field_that_there_is_not() -> None:
    cluster = dict(DOCUMENTS["cluster.yaml 1"])
    assert not Draft202012Validator(RAY_CLUSTER).is_valid(cluster | {"spec": cluster["spec"] | {"workers": 3}})
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(DOCUMENTS["database.yaml 1"] | {"specs": {}}, VERSION, strict=True)


def test_all_of_the_cluster_have_one_image_and_the_server_its_address() -> None:
    cluster, server = DOCUMENTS["cluster.yaml 1"], DOCUMENTS["server.yaml 2"]["spec"]["template"]["spec"]
    every = [container for pod in [*pods(cluster), {"spec": server}] for container in pod["spec"]["containers"]]
    variables = {one["name"]: one for one in server["containers"][0]["env"]}
    assert len({container["image"] for container in every}) == 1
    assert variables["RAY_ADDRESS"]["value"] == f"{cluster['metadata']['name']}-head-svc:6379"
    assert variables["RAY_AUTH_TOKEN"]["valueFrom"]["secretKeyRef"]["name"] == cluster["metadata"]["name"]
