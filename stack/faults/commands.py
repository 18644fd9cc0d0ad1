"""`serene fault list | on NAME | off [NAME]`."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from stack.errors import StackError
from stack.faults import press
from stack.faults.catalogue import FAULTS
from stack.faults.state import States
from stack.runner import Stack
from stack.status import at_offset


def list_faults(options: argparse.Namespace) -> int:
    """Print every fault: whether it is on and since when, and what belongs to it. Returns: 0."""
    stack = Stack(options.port_offset)
    press.release_overdue(stack)
    found = rows(stack)
    if options.json:
        print(json.dumps({"port_offset": stack.offset, "faults": found}, indent=2))
        return 0
    widths = {key: max(len(row[key]) for row in found) for key in ("name", "alert", "board")}
    for row in found:
        columns = (f"{row[key]:<{widths[key]}}" for key in ("name", "alert", "board"))
        print(f"{'  '.join(columns)}  {row['runbook']}")
        print(f"    {shown(row)}: {row['what']}")
    return 0


def on(options: argparse.Namespace) -> int:
    """Press a fault. Returns: 0."""
    stack = Stack(options.port_offset)
    press.release_overdue(stack)
    press.press(stack, options.name, options.seconds)
    fault = FAULTS[options.name]
    print(
        f"{fault.name} is on for {options.seconds} s at most: {fault.what}. It fires {fault.alert}"
        f" ({fault.runbook}); ./serene fault off {fault.name} ends it"
    )
    return 0


def off(options: argparse.Namespace) -> int:
    """Release one fault, or all. Returns: 0."""
    stack = Stack(options.port_offset)
    if options.name is not None:
        press.release(stack, options.name)
        print(f"{options.name} is off")
        return 0
    problems = []
    for name in press.on_now(stack):
        try:
            press.release(stack, name)
            print(f"{name} is off")
        except StackError as error:
            problems.append(str(error))
    if problems:
        raise StackError("; ".join(problems))
    print(f"no fault is on{at_offset(stack.offset)}")
    return 0


def rows(stack: Stack) -> list[dict[str, Any]]:
    """Return the faults with their state, as in `list --json`."""
    states = States(stack)
    found = []
    for fault in FAULTS.values():
        pressed = states.read(fault.name)
        is_on = press.is_on(stack, fault)
        found.append(
            {
                "name": fault.name,
                "what": fault.what,
                "on": is_on,
                "for_seconds": round(pressed.for_seconds) if pressed and is_on else None,
                "left_seconds": round(pressed.left_seconds) if pressed and is_on else None,
                "alert": fault.alert,
                "board": fault.board,
                "runbook": fault.runbook,
            }
        )
    return found


def shown(row: Mapping[str, Any]) -> str:
    """Return the state of a fault in words."""
    if not row["on"]:
        return "off"
    if row["for_seconds"] is None:
        return "ON, not by this command"
    return f"ON for {row['for_seconds']} s, ends in {row['left_seconds']} s"
