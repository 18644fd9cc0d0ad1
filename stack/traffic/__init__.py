"""Demo traffic of `serene load`: readers of the blog, and members with everything they can do.

`locustfile` is executed by locust and never imported: locust patches the standard library.
"""
