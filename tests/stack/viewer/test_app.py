"""The viewer's server, as a WSGI app: pages, files, forwarded reads and refusals."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stack import paths
from stack.viewer.app import SECURITY_POLICY, Viewer
from stack.viewer.proxy import Upstream
from tests.support.ports import free_port
from tests.support.served import served

BOARDS = ["home", "life-cycle", "members", "mongodb", "runtime", "service", "slow-requests"]


@dataclass
class Received:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self):
        return json.loads(self.body)


class Backend(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        asked = {
            "method": self.command,
            "path": self.path,
            "body": self.rfile.read(length).decode(),
        }
        body = json.dumps(asked).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=b")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def backend() -> Iterator[Upstream]:
    with served(ThreadingHTTPServer(("127.0.0.1", free_port()), Backend)) as port:
        upstream = Upstream("127.0.0.1", port)
        yield upstream
        upstream.close()


@pytest.fixture
def app(backend) -> Viewer:
    silent = Upstream("127.0.0.1", free_port())
    return Viewer(paths.ROOT, {"prom": backend, "tempo": silent}, [silent, backend])


def ask(app, path, method="GET", *, host="127.0.0.1:3000", form="", **environ) -> Received:
    answer = Received()

    def start_response(status, headers):
        answer.status = int(status.split()[0])
        answer.headers = dict(headers)

    path, _, query = path.partition("?")
    body = form.encode()
    request = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": host,
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded" if form else "",
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    answer.body = b"".join(app(request, start_response))
    return answer


def test_query_is_forwarded_with_its_form(app):
    answer = ask(app, "/prom/api/v1/query", "POST", form="query=up")
    assert answer.json == {"method": "POST", "path": "/api/v1/query", "body": "query=up"}
    assert answer.headers["Content-Type"] == "application/json"
    assert "Set-Cookie" not in answer.headers


def test_read_is_forwarded_with_its_query_over_a_kept_connection(app):
    for _ in range(2):
        answer = ask(app, "/prom/api/v1/label/job/values?start=1&match%5B%5D=up")
        assert answer.json["path"] == "/api/v1/label/job/values?start=1&match%5B%5D=up"


def test_worker_is_read_by_its_slot(app):
    assert ask(app, "/management/1/debug/hub").json["path"] == "/debug/hub"
    assert ask(app, "/management/2/debug/hub").status == 404


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/prom/-/reload", "POST", 403),
        ("/prom/api/v1/label/job/values", "DELETE", 405),
        ("/prom/api/v1/alerts", "POST", 405),
        ("/management/1/debug/requests", "POST", 405),
        ("/boards/service.json", "PUT", 405),
        ("/tempo/api/search", "GET", 502),
    ],
)
def test_refusal_is_a_problem(app, path, method, status):
    answer = ask(app, path, method, form="a=b" if method == "POST" else "")
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_body_that_is_no_form_is_refused(app):
    answer = ask(app, "/prom/api/v1/query", "POST", form="{}", CONTENT_TYPE="application/json")
    assert answer.status == 400


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:3000", "127.0.0.1.evil.example", ""]
)
def test_another_host_reads_nothing(app, host):
    assert ask(app, "/prom/api/v1/query", host=host).status == 421


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "localhost:3000", "[::1]:3000", "localhost"])
def test_loopback_hosts_are_served(app, host):
    assert ask(app, "/viewer.json", host=host).status == 200


def test_every_committed_board_is_listed_and_served(app):
    names = ask(app, "/boards/index.json").json["boards"]
    assert set(BOARDS) <= set(names)
    assert ask(app, "/boards/service.json").json["uid"] == "serene-service"


def test_description_has_data_sources_and_workers_and_no_address(app):
    answer = ask(app, "/viewer.json").json
    assert {"prometheus", "tempo", "loki"} <= {one["uid"] for one in answer["dataSources"]}
    assert answer["slots"] == [0, 1]
    assert "http://" not in json.dumps([{**one, "jsonData": None} for one in answer["dataSources"]])


@pytest.mark.parametrize(
    "path", ["/boards/../config.json", "/runbooks/../settings.md", "/assets/../index.html", "/a.js"]
)
def test_no_path_leads_out_of_a_folder(app, path):
    assert ask(app, path).status == 404


@pytest.mark.parametrize(
    "path", ["/", "/d/serene-service", "/trace/0af7651916cd43dd8448eb211c80319c"]
)
def test_pages_are_the_bundle_with_a_policy_against_inline_scripts(app, path):
    answer = ask(app, path)
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"] == SECURITY_POLICY
    assert "unsafe-eval" not in SECURITY_POLICY
    assert "script-src" not in SECURITY_POLICY
    assert SECURITY_POLICY.startswith("default-src 'self';")
    text = answer.body.decode()
    assert all("src=" in tag for tag in text.split("<script")[1:])


def test_unchanged_file_is_not_sent_again(app):
    first = ask(app, "/setup.js")
    again = ask(app, "/setup.js", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
