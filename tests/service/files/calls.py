"""Requests to the routes of files."""

from tests.service.files.samples import PNG

FILES = "/api/v1/files"


def upload(who, content=PNG, name="calm.png", headers=(), **options):
    given = {
        "Content-Disposition": f'attachment; filename="{name}"',
        **who.headers,
        **dict(headers),
    }
    return who.client.post(
        FILES,
        data=content,
        headers=given,
        **{"content_type": "application/octet-stream", **options},
    )


def stored(service):
    """Return the number of documents of files, chunks and reservations."""
    return tuple(
        service.mongo.database[f"uploads.{name}"].count_documents({})
        for name in ("files", "chunks", "reservations")
    )


def problem_of(response):
    """Return a problem without its members that differ between requests."""
    body = response.get_json(force=True)
    return (
        response.status_code,
        response.content_type,
        {name: body[name] for name in body if name not in ("request_id", "instance")},
    )
