"""Where a request's processor time goes: ``python -m bench.instructions``.

Instructions are counted by valgrind, which the noise of a shared machine hardly changes; which part
they belong to is sampled by py-spy on the same app at full speed. Instructions of the kernel are
not counted.
"""
