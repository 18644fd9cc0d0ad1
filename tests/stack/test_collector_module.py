"""The committed Go files of the Collector, compared with its builder's output."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from stack import golang, paths

MODULE = paths.MODULES / "collector"
GENERATED = ("components.go", "go.mod", "go.sum", "main.go", "main_others.go", "main_windows.go")


def test_every_component_of_builder_yaml_is_required_and_compiled_in() -> None:
    components = yaml.safe_load((MODULE / "builder.yaml").read_text())
    kinds = ("receivers", "processors", "connectors", "exporters", "extensions")
    modules = [entry["gomod"] for kind in kinds for entry in components[kind]]
    required, compiled = (MODULE / "go.mod").read_text(), (MODULE / "components.go").read_text()
    assert [module for module in modules if f"\t{module}\n" not in required] == []
    assert [module for module in modules if f'"{module}"' not in compiled] == []


@pytest.mark.e2e
def test_builder_generates_the_committed_files(tmp_path: Path) -> None:
    go = golang.find(paths.cache_directory()) or golang.fetch(paths.cache_directory())
    shutil.copy(MODULE / "builder.yaml", tmp_path)
    subprocess.run(
        [
            go.binary,
            "run",
            "go.opentelemetry.io/collector/cmd/builder@v0.160.0",
            "--config",
            "builder.yaml",
            "--skip-compilation",
        ],
        cwd=tmp_path,
        # The builder calls `go` by name.
        env=golang.environment(go) | {"PATH": f"{go.binary.parent}:{os.environ['PATH']}"},
        check=True,
        capture_output=True,
    )
    generated = {
        path.name: path.read_text() for path in tmp_path.iterdir() if path.suffix != ".yaml"
    }
    assert generated == {name: (MODULE / name).read_text() for name in GENERATED}
