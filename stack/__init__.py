"""Every backend on one machine without Docker: build it, start it, wait for it, stop it, give it
traffic.

`./serene` is this package's command line (`stack.cli`). Tests use it as a library::

    from stack.backends import every_port
    from stack.ports import free_offset
    from stack.runner import Stack

    stack = Stack(offset=free_offset(every_port(workers=2)), directory=tmp_path, workers=2)
    with stack:                                  # stops whatever it started, each before what it
        uses stack.start("mongodb") stack.wait_ready("mongodb") stack.start("service",
        env={"OTEL_TRACES_SAMPLER_ARG": "0.5"}) stack.wait_ready("service") stack.stop("mongodb",
        signal.SIGKILL)    # and stack.start("mongodb") brings it back on the same port and data
        stack.send("collector", signal.SIGSTOP)

The law: a backend is one declarative entry in `stack.backends`, and only the commands that are
about one (load, trace) know it by name; only processes that this package started are ever
signalled, and only after their start time has been compared; every failure a person can cause is a
`StackError`, one line that says what, why and what to do. Up to `stack.environment` everything is
standard library, because it runs before there is a virtual environment.
"""
