"""The viewer's own app with fixed answers in the place of its backends and workers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from stack import paths
from stack.viewer.app import Viewer
from stack.viewer.proxy import Reply, Upstream
from tests.support.fixed_viewer import loki, prometheus, tempo
from tests.support.fixed_viewer.moment import FIXTURES, REQUEST_ID, TRACE_ID
from tests.support.fixed_viewer.prometheus import Form, UnknownQueryError

_JSON: Final = "application/json"

JsonOf = Callable[[str, Form], object | None]


@dataclass(slots=True)
class FixedSource(Upstream):
    """A backend whose answers are made here.

    Args:
        answer: From path and parameters to JSON; None where it has nothing; bytes as they are.
    """

    answer: JsonOf = lambda _path, _form: None

    def send(self, method: str, target: str, body: bytes, accept: str) -> Reply:
        """Answer one request; see ``Upstream.send``."""
        path, _, query = target.partition("?")
        form = dict(parse_qsl(body.decode() if method == "POST" else query))
        try:
            found = self.answer(path, form)
        except UnknownQueryError as error:
            return _reply(400, {"status": "error", "errorType": "bad_data", "error": str(error)})
        if isinstance(found, bytes):
            return Reply(200, "application/octet-stream", iter([found]))
        return _reply(404, {"detail": "not found"}) if found is None else _reply(200, found)


def viewer() -> Viewer:
    """Return the app, with two workers of which the first served the slow request."""
    answers: Mapping[str, JsonOf] = {
        "prom": prometheus.answer,
        "loki": loki.answer,
        "tempo": tempo.answer,
        "alertmanager": _of_alertmanager,
    }
    upstreams = {name: _source(answer) for name, answer in answers.items()}
    return Viewer(paths.ROOT, upstreams, [_source(_of_worker), _source(_of_another_worker)])


def _source(answer: JsonOf) -> Upstream:
    return FixedSource("", 0, answer=answer)


def _of_alertmanager(_path: str, _form: Form) -> object:
    return []


def _of_worker(path: str, _form: Form) -> object | None:
    name = path.rpartition("/")[2]
    if name in {REQUEST_ID, TRACE_ID}:
        record: object = json.loads((FIXTURES / "record.json").read_text(encoding="utf-8"))
        return record
    return (FIXTURES / "profile.pb.gz").read_bytes() if name == "profile" else None


def _of_another_worker(path: str, form: Form) -> object | None:
    return _of_worker(path, form) if path.endswith("/profile") else None


def _reply(status: int, found: object) -> Reply:
    return Reply(status, _JSON, iter([json.dumps(found).encode()]))
