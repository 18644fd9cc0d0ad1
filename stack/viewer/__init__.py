"""The viewer's server: the built page, the committed boards and runbooks, reads of the backends.

`python -m stack.viewer` listens on loopback. Everything that the page needs has its origin, so that
its content security policy allows no other; what it may read of a backend is in
`stack.viewer.allowed`. Nothing here writes, and there are no accounts.
"""
