"""deploy/kubernetes as objects, without any program: files, with the patches of generated/ merged
in as kustomize does it (lists of named members by their names).
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.files import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("dev", "production", "region")

Object = dict[str, Any]


@cache
def documents(path: Path) -> tuple[Object, ...]:
    """The documents of a file; shared, so nothing changes them."""
    with path.open(encoding="utf-8") as file:
        return tuple(each for each in yaml.load_all(file, yaml.CSafeLoader) if each)


@cache
def kustomization(folder: Path) -> Object:
    (found,) = documents(folder / "kustomization.yaml")
    return found


def folders_of(overlay: str) -> list[Path]:
    """Every folder with a kustomization that an overlay consists of, itself first."""
    found: list[Path] = []
    open_ = [FOLDER / "overlays" / overlay]
    while open_:
        folder = open_.pop(0).resolve()
        found.append(folder)
        members = kustomization(folder)
        names = [*members.get("resources", ()), *members.get("components", ())]
        open_ += [folder / name for name in names if (folder / name).is_dir()]
    return found


@cache
def objects(overlay: str) -> list[Object]:
    """Every object of an overlay's files, with the generated patches."""
    folders = folders_of(overlay)
    found: list[Object] = []
    for folder in folders:
        for name in kustomization(folder).get("resources", ()):
            if (folder / name).is_file():
                found += documents(folder / name)
    for folder in folders:
        for patch in kustomization(folder).get("patches", ()):
            if "path" in patch:
                for change in documents(folder / patch["path"]):
                    (one,) = (each for each in found if identity(each) == identity(change))
                    found[found.index(one)] = merged(one, change)
    return found


def identity(one: Object) -> tuple[str, str]:
    return one["kind"], one["metadata"]["name"]


def merged(one: Any, change: Any) -> Any:
    if isinstance(one, dict) and isinstance(change, dict):
        return one | {key: merged(one.get(key), value) for key, value in change.items()}
    if isinstance(one, list) and change and isinstance(change[0], dict) and "name" in change[0]:
        kept = {each["name"]: each for each in one}
        # What the patch names comes first, in its order.
        first = [merged(kept.pop(each["name"], {}), each) for each in change]
        return [*first, *kept.values()]
    return change


def of_kind(overlay: str, *kinds: str) -> dict[str, Object]:
    return {each["metadata"]["name"]: each for each in objects(overlay) if each["kind"] in kinds}


def workloads(overlay: str) -> dict[str, Object]:
    return of_kind(overlay, "Deployment", "DaemonSet")


def pod(workload: Object) -> Object:
    found: Object = workload["spec"]["template"]["spec"]
    return found


def containers(overlay: str) -> Iterator[tuple[str, Object]]:
    for name, workload in workloads(overlay).items():
        for container in pod(workload)["containers"]:
            yield name, container


def env_file(path: Path) -> dict[str, str]:
    """The lines of a file for kustomize's `envs`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def settings(overlay: str) -> dict[str, str]:
    """The ConfigMap of an overlay: the base's file, and over it the literals of each overlay."""
    found: dict[str, str] = {}
    for folder in reversed(folders_of(overlay)):
        for generator in kustomization(folder).get("configMapGenerator", ()):
            if generator["name"] == "serene-settings":
                for name in generator.get("envs", ()):
                    found |= env_file(folder / name)
                found |= dict(each.split("=", 1) for each in generator.get("literals", ()))
    return found


def environment(overlay: str) -> str:
    """The label by which an overlay names its environment."""
    labels = [
        each["pairs"]["serene/environment"]
        for folder in folders_of(overlay)
        for each in kustomization(folder).get("labels", ())
        if "serene/environment" in each["pairs"]
    ]
    (found,) = labels
    return str(found)
