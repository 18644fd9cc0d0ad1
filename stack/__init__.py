"""The backends on one machine without Docker: build, start, wait, stop, and demo traffic.

`./serene` is this package's command line (`stack.cli`). Tests use it as a library::

    from stack.backends import every_port
    from stack.ports import free_offset
    from stack.runner import Stack

    stack = Stack(offset=free_offset(every_port(workers=2)), directory=tmp_path, workers=2)
    with stack:                                  # stops all that it started, in STOP_NAMES' order
        stack.start("mongodb")
        stack.wait_ready("mongodb")
        stack.start("service", env={"OTEL_TRACES_SAMPLER_ARG": "0.5"})
        stack.wait_ready("service")
        stack.stop("mongodb", signal.SIGKILL)    # start("mongodb") restores its port and data
        stack.send("collector", signal.SIGSTOP)

Rules: a backend is one declarative entry in `stack.backends`, and only the commands for one backend
(load, trace) name it. Only processes that this package started are signalled, after their start
time was compared. Every failure that a user can cause is a `StackError`: one line with what failed,
why, and what to do. Up to `stack.environment` everything is standard library, because it runs
before there is a virtual environment.
"""
