"""Routes of files: upload, list, download, delete.

Only the owner and the owner's therapist can read a file; for every other account it is not found.

Source: RFC 9110; RFC 7578 for forms.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.exceptions import (
    Forbidden,
    NotFound,
    PreconditionFailed,
    RequestEntityTooLarge,
)

from service import metrics as business
from service import rate_limits
from service.accounts.guard import current_account, protected
from service.files.accepted_uploads import ACCEPTED_MEDIA_TYPES, LARGEST_UPLOAD_BYTES
from service.files.content import content_response
from service.files.library import EmptyFile, FileLibrary, UnsupportedFile, is_id
from service.files.model import StoredFile
from service.files.multipart import BadForm
from service.files.problems import upload_problem
from service.files.quota import QuotaExceeded
from service.files.request_body import FORM, read_upload
from service.files.schemas import (
    ContentHeaders,
    FilesPage,
    FileView,
    UploadHeaders,
    validators_of,
)
from service.files.upload import UploadTooLarge, UploadTooSlow
from service.http import middleware
from service.http.business_metrics import counted
from service.http.conditions import WriteConditions, add_validators
from service.http.openapi.links import links_to
from service.http.operation import ResponseSpec, any_accept, operation
from service.http.pagination import LINK, PageQuery, with_next_link
from service.http.responses import json_response
from telemetry import slow_after

TAG: Final = "Files"
_BYTES: Final = {"type": "string", "format": "binary", "minLength": 1}
BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "application/octet-stream": _BYTES,
    "text/plain": {"type": "string", "minLength": 1},
    FORM: {"type": "object", "required": ["file"], "properties": {"file": _BYTES}},
}
SLOW_AFTER_SECONDS: Final = 10
FILE_ID: Final = {"file_id": "The file's id."}
_STRONG_ETAG: Final = {"ETag": "SHA-256 of the bytes, strong."}
_MODIFIED: Final = {"Last-Modified": "When it was uploaded."}
_CONTENT_HEADERS: Final = (
    _STRONG_ETAG
    | _MODIFIED
    | {
        "Accept-Ranges": "`bytes`.",
        "Content-Disposition": "`attachment`, with the name.",
    }
)
CREATED: Final = ResponseSpec(
    "The stored file.",
    FileView,
    headers={"Location": "URL of the file.", "ETag": "Of the file's object.", **_MODIFIED},
    links=links_to(
        {"file_id": "$response.body#/id"},
        "files.get_file",
        "files.get_content",
        "files.delete_file",
    ),
)
CONTENT: Final = {
    200: ResponseSpec(
        "The whole file.", media_types=ACCEPTED_MEDIA_TYPES, headers=_CONTENT_HEADERS
    ),
    206: ResponseSpec(
        "The requested range.",
        media_types=ACCEPTED_MEDIA_TYPES,
        headers=_CONTENT_HEADERS | {"Content-Range": "The range, and the size of the file."},
    ),
    304: ResponseSpec("The client's copy is current.", media_types=(), headers=_STRONG_ETAG),
}
_RESULTS: Final = {
    201: "stored",
    400: "broken",
    408: "slow",
    413: "no_room",
    415: "type_refused",
    422: "invalid",
}


def blueprint(library: FileLibrary, metrics: PrometheusMetrics) -> Blueprint:
    """Return the routes of files.

    Args:
        library: Stores and finds files.
        metrics: Registers the business metrics.
    """
    routes = Blueprint("files", __name__, url_prefix="/api/v1")
    _add_upload(routes, library, metrics)
    _add_delete(routes, library)
    _add_lists(routes, library)
    _add_downloads(routes, library)
    return routes


def _add_upload(routes: Blueprint, library: FileLibrary, metrics: PrometheusMetrics) -> None:
    @routes.post("/files")
    @rate_limits.limited("upload")
    @slow_after(SLOW_AFTER_SECONDS)
    @middleware.body_at_most(LARGEST_UPLOAD_BYTES)
    @protected
    @counted(metrics, business.FILE_UPLOADS, result=_result_label)
    @operation(TAG, {201: CREATED}, headers=UploadHeaders, stream=BODIES, problems=(400, 408))
    def upload(headers: UploadHeaders) -> Response:
        """Upload a file

        The file is the request body, of any media type, or the part `file` of a form. Its type is
        detected from its content, whatever the request declares. A 413 of the type
        `urn:serene:problem:quota-exceeded` means that the account's quota has no space for the
        file; with `Retry-After`, running uploads take the space.
        """
        try:
            name, pieces = read_upload(headers)
            owner_id = current_account().account_id
            file = library.store(owner_id, name, pieces, request.content_length)
        except UploadTooLarge:
            raise RequestEntityTooLarge from None
        except (BadForm, EmptyFile, QuotaExceeded, UnsupportedFile, UploadTooSlow) as error:
            return upload_problem(error, library.media_types)
        response = add_validators(json_response(FileView.of(file), 201), validators_of(file))
        response.headers["Location"] = url_for("files.get_file", file_id=file.file_id)
        return response


def _add_delete(routes: Blueprint, library: FileLibrary) -> None:
    @routes.delete("/files/<file_id>")
    @protected
    @operation(
        TAG,
        {204: ResponseSpec("The file is deleted.", media_types=())},
        headers=WriteConditions,
        problems=(403, 404, 412),
        path=FILE_ID,
    )
    def delete_file(file_id: str, headers: WriteConditions) -> Response:
        """Delete a file

        Only the owner can delete a file; the owner's therapist cannot.
        """
        file = _readable(library, file_id)
        if file.owner_id != current_account().account_id:
            raise Forbidden("Only its owner can delete a file.")
        # A file never changes: what is removed below is what is compared here.
        if not headers.hold_for(validators_of(file)):
            raise PreconditionFailed("The file is not the one that the request names.")
        if not library.remove(file):
            raise _not_found()
        return Response(status=204)


def _add_lists(routes: Blueprint, library: FileLibrary) -> None:
    page = {200: ResponseSpec("A page of files.", FilesPage, headers=LINK)}

    @routes.get("/files")
    @protected
    @operation(TAG, page, query=PageQuery)
    def list_files(query: PageQuery) -> Response:
        """List files

        Returns the caller's files, newest first.
        """
        return _page(library, current_account().account_id, query, "files.list_files")

    @routes.get("/members/<member_id>/files")
    @protected
    @operation(
        TAG, page, query=PageQuery, problems=(404,), path={"member_id": "The member's account."}
    )
    def list_files_of_member(member_id: str, query: PageQuery) -> Response:
        """List a member's files

        Returns a member's files, newest first, to the member or the member's therapist.
        """
        if not is_id(member_id) or not library.may_read_files_of(current_account(), member_id):
            raise NotFound("There is no such member.")
        return _page(library, member_id, query, "files.list_files_of_member", member_id=member_id)


def _add_downloads(routes: Blueprint, library: FileLibrary) -> None:
    @routes.get("/files/<file_id>")
    @protected
    @operation(
        TAG,
        {
            200: ResponseSpec(
                "The file.", FileView, headers={"ETag": "Of this object.", **_MODIFIED}
            )
        },
        problems=(404, 412),
        path=FILE_ID,
    )
    def get_file(file_id: str) -> Response:
        """Get a file

        Returns the file's name, type, size and checksum, without its bytes.
        """
        file = _readable(library, file_id)
        return add_validators(json_response(FileView.of(file)), validators_of(file))

    @routes.get("/files/<file_id>/content")
    @slow_after(SLOW_AFTER_SECONDS)
    @middleware.private(max_age_seconds=0)
    @protected
    @operation(
        TAG,
        CONTENT,
        headers=ContentHeaders,
        problems=(404, 412, 416),
        path=FILE_ID,
    )
    @any_accept  # the type depends on the file
    def get_content(file_id: str, headers: ContentHeaders) -> Response:
        """Download a file

        Returns the bytes of the file, or one range of them. Several ranges at once, and invalid
        ones, are ignored: the whole file is returned. A range after the end of the file is a 416.
        """
        return content_response(_readable(library, file_id), headers, library.read)


def _readable(library: FileLibrary, file_id: str) -> StoredFile:
    file = library.find(current_account(), file_id)
    if file is None:
        raise _not_found()
    return file


def _page(
    library: FileLibrary, owner_id: str, query: PageQuery, endpoint: str, **path: str
) -> Response:
    files, end = library.page(owner_id, limit=query.limit, after=query.after)
    next_url = query.next_url(endpoint, end, **path)
    page = FilesPage(files=tuple(map(FileView.of, files)), next=next_url)
    return with_next_link(json_response(page), next_url)


def _not_found() -> NotFound:
    return NotFound("There is no such file.")


def _result_label(response: Response) -> str:
    return _RESULTS.get(response.status_code, "error")
