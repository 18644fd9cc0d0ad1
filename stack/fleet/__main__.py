"""``python -m stack.fleet [SCENE ...]``: run scenes, and print what was asked and what was seen."""

import argparse
import json
import os
import sys
import textwrap
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from stack.errors import StackError
from stack.fleet.fleet import HostFleet, folder_of, prepare, remove_folder
from stack.fleet.scene import Options, Scene, Seen
from stack.fleet.scenes import SCENES
from stack.up import signals_interrupt

DEFAULT_REQUESTS: Final = 100_000
_WIDTHS: Final = (15, 34, 52)
_NAMES: Final = tuple(scene.name for scene in SCENES)


def main(arguments: Sequence[str]) -> int:
    """Run scenes; returns 0 when every one passed."""
    options = _options(arguments)
    chosen = [scene for scene in SCENES if scene.name in (options.scenes or _NAMES)]
    folder = folder_of(os.getpid())
    try:
        builder = prepare()
        with signals_interrupt(), HostFleet(folder, builder) as fleet:
            found = _run(fleet, chosen, Options(options.requests))
            if options.json is not None:
                seen = {name: asdict(one) for name, one in found.items()}
                options.json.write_text(json.dumps(seen), encoding="utf-8")
            if options.keep:
                _keep(fleet)
    except StackError as error:
        sys.exit(f"serene: {error}")
    except KeyboardInterrupt:
        return 1
    passed = all(one.passed for one in found.values())
    if passed and not options.keep:
        remove_folder(folder)
    else:
        print(f"logs: {folder}")
    return 0 if passed else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stack.fleet", description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"of {', '.join(_NAMES)}")
    parser.add_argument(
        "--requests", type=int, default=DEFAULT_REQUESTS, help="of the rolling update"
    )
    parser.add_argument(
        "--keep", action="store_true", help="let the fleet run until Ctrl-C, and keep its folder"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was seen there, too")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.scenes) - set(_NAMES)):
        parser.error(f"unknown scene {unknown[0]!r}; known are {', '.join(_NAMES)}")
    return options


def _run(fleet: HostFleet, scenes: Sequence[Scene], options: Options) -> dict[str, Seen]:
    _print_row("scene", "asked", "seen", "")
    print("-" * (sum(_WIDTHS) + 12), flush=True)
    found = {}
    for scene in scenes:
        began = time.monotonic()
        seen = _seen(fleet, scene, options)
        spent = f"{time.monotonic() - began:.0f} s"
        _print_row(scene.name, scene.asked, seen.text, "pass" if seen.passed else "FAIL", spent)
        found[scene.name] = seen
    return found


def _seen(fleet: HostFleet, scene: Scene, options: Options) -> Seen:
    try:
        return scene.run(fleet, options)
    except (StackError, OSError) as error:
        return Seen(f"{type(error).__name__}: {error}", passed=False)


def _print_row(name: str, asked: str, seen: str, verdict: str, spent: str = "") -> None:
    columns = [
        textwrap.wrap(text, width) for text, width in zip((name, asked, seen), _WIDTHS, strict=True)
    ]
    for at in range(max(map(len, columns))):
        cells = [
            f"{column[at] if at < len(column) else '':{width}}"
            for column, width in zip(columns, _WIDTHS, strict=True)
        ]
        print("  ".join((*cells, *((verdict, spent) if at == 0 else ()))).rstrip(), flush=True)


def _keep(fleet: HostFleet) -> None:
    print(
        f"nginx: http://{fleet.edge}  Prometheus: {fleet.prometheus_url}  Tempo: {fleet.tempo_url}"
    )
    print("Ctrl-C ends the fleet", flush=True)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(60)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
