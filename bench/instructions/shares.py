"""Which share of a full worker's processor time each part has, sampled by py-spy."""

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.cost.measuring import Sending
from bench.cost.servers import LOAD_CORE, Server, environment_folder, on_core
from bench.instructions.parts import part_of

PY_SPY: Final = "py-spy"
SAMPLES_A_SECOND: Final = 250

_THREAD: Final = re.compile(r"\((\d+)\)$")
# Up to the folder that packages are imported from.
_FOLDER: Final = re.compile(r"\(/\S*/(?:site-packages/|python3\.\d+/|(?=(?:bench|telemetry)/))")


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack that was seen.

    Args:
        thread: Number of its thread.
        frames: The outermost first.
        samples: How often.
    """

    thread: int
    frames: tuple[str, ...]
    samples: int


def read_stacks(text: str) -> Iterator[Stack]:
    """Read what ``py-spy record --format raw --threads --full-filenames`` wrote."""
    for line in text.splitlines():
        stack, _, samples = line.rpartition(" ")
        thread, *frames = stack.split(";")
        if found := _THREAD.search(thread):
            short = tuple(_FOLDER.sub("(", frame) for frame in frames)
            yield Stack(int(found[1]), short, int(samples))


def shares_of(stacks: Iterable[Stack], seconds: Mapping[int, float]) -> dict[str, float]:
    """Return each part's share of the processor time; together 1.

    A thread's samples share its processor time: threads that wait are sampled too.

    Args:
        stacks: What was sampled.
        seconds: Processor time by thread.
    """
    stacks = list(stacks)
    samples: Counter[int] = Counter()
    for stack in stacks:
        samples[stack.thread] += stack.samples
    spent = {thread: seconds.get(thread, 0.0) for thread in samples}
    total = sum(spent.values())
    shares: Counter[str] = Counter()
    for stack in stacks:
        weight = stack.samples / samples[stack.thread]
        shares[part_of(stack.frames)] += weight * spent[stack.thread] / total  # type: ignore[assignment]
    return dict(shares)


def sample(server: Server, sending: Sending) -> dict[str, float]:
    """Load a server, and return each part's share of its processor time."""
    pid = server.workers[0].pid
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stacks"
        command = [str(environment_folder(PY_SPY) / "bin" / "py-spy"), "record", "--pid", str(pid)]
        command += ["--duration", str(int(sending.seconds)), "--rate", str(SAMPLES_A_SECOND)]
        command += ["--format", "raw", "--threads", "--full-filenames", "--output", str(file)]
        before = thread_seconds(pid)
        with (
            on_core(LOAD_CORE),
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as sampler,
        ):
            sending.to(server.port)
            _, errors = sampler.communicate(timeout=60)
        if sampler.returncode:
            raise RuntimeError(f"py-spy: {errors.decode(errors='replace')[-1000:]}")
        spent = {
            thread: seconds - before.get(thread, 0.0)
            for thread, seconds in thread_seconds(pid).items()
        }
        return shares_of(read_stacks(file.read_text(encoding="utf-8")), spent)


def thread_seconds(pid: int) -> dict[int, float]:
    """Return the processor time of each thread of a process.

    Source: Linux, ``/proc/<pid>/task/<tid>/schedstat``: nanoseconds first.
    """
    found: dict[int, float] = {}
    for folder in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            text = (folder / "schedstat").read_text(encoding="ascii")
            found[int(folder.name)] = int(text.split()[0]) / 1e9
    return found
