"""The expected trace of each step of a member's journey."""

from tests.e2e.accounts import SECOND_ADDRESS
from tests.e2e.journey import USER_AGENT
from tests.e2e.traces import Node

USUAL = {
    "find": 'find {"filter":{"_id":"?"}}',
    "insert": "insert",
    "delete": 'delete {"q":{"_id":"?"}}',
    "update": 'update {"q":{"_id":"?"}}',
}
"""Texts of the queries that have none in ``JOURNEY``: they select a document by its id."""
A_DAY = '{"_id":{"$gte":"?","$lt":"?"}}'
STRIPE, MODEL = "POST /v1/payment_intents", "chat serene-companion"

# Route, status and calls in their order: "operation collection", or that with the text of the query
# and further attributes.
JOURNEY = {
    "register": (
        "POST /api/v1/auth/register",
        202,
        ["insert accounts", "insert credentials", "delete accounts", "insert email_outbox"],
    ),
    "login": (
        "POST /api/v1/auth/login",
        200,
        [
            # An attempt is counted before the password is checked, by e-mail and by address; the
            # counts of a successful one are deleted.
            "insert login_attempts",
            (
                "find login_attempts",
                'find {"filter":{"$or":[{"email":"?"},{"address":"?"}],"at":{"$gte":"?"}}}',
            ),
            "find known_logins",
            "find credentials",
            ("delete login_attempts", 'delete {"q":{"pair":"?"}}'),
            "insert known_logins",
            "find accounts",
            "insert logins",
            "insert refresh_tokens",
        ],
    ),
    "therapists": (
        "GET /api/v1/therapists",
        200,
        [("find therapists", 'find {"filter":{},"sort":{"_id":"?"}}')],
    ),
    "slots": (
        "GET /api/v1/therapists/<uuid:therapist_id>/slots",
        200,
        [
            "find therapists",
            ("find slot_sales", f'find {{"filter":{A_DAY},"sort":{{"_id":"?"}}}}'),
            ("find slots", f'find {{"filter":{A_DAY},"sort":{{"_id":"?"}}}}'),
        ],
    ),
    "book": (
        "POST /api/v1/sessions",
        201,
        [
            "find slots",
            # The number of the member's unpaid bookings.
            ("find bookings", 'find {"filter":{"member_id":"?","expires_at":{"$gt":"?"}}}'),
            "find slot_sales",
            "insert booking_tasks",
            "insert slot_sales",
            "insert bookings",
        ],
    ),
    "pay": (
        "POST /api/v1/sessions/<uuid:session_id>/payment",
        200,
        [
            "find bookings",
            "find booking_outcomes",
            # The idempotency key is leased.
            "find answers",
            "insert answer_leases",
            "find answers",
            "find booking_outcomes",
            "find payment_attempts",
            "insert booking_tasks",
            "insert payment_attempts",
            "find booking_outcomes",
            STRIPE,
            "insert payment_results",
            "insert booking_outcomes",
            "find booking_outcomes",
            "insert care",
            "delete booking_tasks",
            "delete booking_tasks",
            # The response is stored for a repetition with the same key.
            "find booking_outcomes",
            "find booking_cancellations",
            "insert answers",
            "find answers",
        ],
    ),
    "upload": (
        "POST /api/v1/files",
        201,
        [
            # Its bytes are reserved within the account's quota.
            ("find uploads.reservations", 'find {"filter":{"begun_at":{"$lt":"?"}}}'),
            "insert uploads.reservations",
            (
                "find uploads.reservations",
                'find {"filter":{"owner_id":"?","begun_at":{"$gte":"?"}}}',
            ),
            ("find uploads.files", 'find {"filter":{"metadata.owner_id":"?"}}'),
            "insert uploads.chunks",
            "insert uploads.files",
            "delete uploads.reservations",
        ],
    ),
    "chat": (
        "POST /api/v1/companion/messages",
        200,
        [
            MODEL,
            "insert conversations",
            ("insert conversation_messages", "insert", {"db.operation.batch.size": 2}),
            "find conversations",
        ],
    ),
    "logout": ("POST /api/v1/auth/logout", 204, ["update logins"]),
}
QUERIES = {"slots": "from=REDACTED"}
TOKENS = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")


def client_span(stack, what) -> Node:
    """Return the expected span of one call."""
    name, text, more = (
        (what, USUAL.get(what.split()[0]), {}) if isinstance(what, str) else (*what, {})[:3]
    )
    here = {"server.address": "127.0.0.1"}
    if name == STRIPE:
        port, template = stack.port("toxiproxy", "stripe-mock"), name.split()[1]
        attributes = {
            "http.request.method": "POST",
            "http.response.status_code": 200,
            "url.full": f"http://127.0.0.1:{port}{template}",
            "url.template": template,
        }
    elif name == MODEL:
        port = stack.port("toxiproxy", "model")
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "serene-companion",
        }
        attributes |= dict.fromkeys(TOKENS, "some")
    else:
        port = stack.port("toxiproxy", "mongodb")
        operation, collection = name.split()
        attributes = {
            "db.system.name": "mongodb",
            "db.namespace": "serene",
            "db.operation.name": operation,
            "db.query.summary": name,
        }
        attributes |= {"db.query.text": text, "db.collection.name": collection}
    return Node(name, "CLIENT", "UNSET", here | {"server.port": port} | attributes | more)


def expected_trees(stack, name, step) -> tuple[Node, ...]:
    """Return the expected trace of one step."""
    route, status, calls = JOURNEY[name]
    attributes = {
        "request.id": step.request_id,
        "http.request.method": step.method,
        "http.route": route.split()[1],
        "http.response.status_code": status,
        "http.response.body.size": len(step.response.content),
        "url.scheme": "http",
        "url.path": step.path,
        "server.address": "127.0.0.1",
        "server.port": stack.port("service"),
        "client.address": SECOND_ADDRESS,
        "network.peer.address": SECOND_ADDRESS,
        "network.protocol.version": "1.1",
        "user_agent.original": USER_AGENT,
    }
    if name in QUERIES:
        attributes["url.query"] = QUERIES[name]
    children = tuple(client_span(stack, what) for what in calls)
    return (Node(route, "SERVER", "UNSET", attributes, children),)
