"""A MongoDB of a test's own: FerretDB, as the stack builds it, on a free port with its data in a
folder that is thrown away.
"""

from tests.backend import Server, built


class MongoDB(Server):
    """One server process; see ``Server``."""

    @property
    def uri(self) -> str:
        """For ``pymongo.MongoClient``."""
        return f"mongodb://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """FerretDB on its own folder."""
        return [
            str(built("mongodb") / "ferretdb"),
            "-listen",
            f"127.0.0.1:{self.port}",
            "-directory",
            str(self.directory / "data"),
        ]
