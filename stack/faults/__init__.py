"""Faults to press on a running stack: `./serene fault list | on NAME | off [NAME]`.

`catalogue` lists them with the alert, board and runbook of each; `actions` are the ways to do harm
and to undo it; `press` does both, and `keeper` is the process that ends a fault after its time.
"""
