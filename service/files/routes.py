"""Files: upload, list, download, remove. Only their owner and the owner's therapist can read them;
to everyone else they are not there.

Source: RFC 9110; RFC 7578 for forms.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from prometheus_client import Histogram
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.exceptions import ClientDisconnected, Forbidden, NotFound, RequestEntityTooLarge

from service import metrics as business
from service import rate_limits
from service.accounts.guard import current_account, protected
from service.files.content import content_of
from service.files.kinds import HEAD_BYTES, media_type_of
from service.files.multipart import READ_BYTES, BadForm, file_part
from service.files.names import clean_name, given_name
from service.files.quota import QuotaExceeded
from service.files.repository import Files, StoredFile
from service.files.schemas import ContentHeaders, FilesPage, FileView, UploadHeaders
from service.files.settings import MEDIA_TYPES
from service.files.upload import UploadTooLarge, UploadTooSlow
from service.http import middleware
from service.http.business_metrics import counted
from service.http.openapi.links import links_to
from service.http.operation import ResponseSpec, operation
from service.http.pagination import LINK, PageQuery, with_next_link
from service.http.problems import INVALID_PARAMETERS, problem
from service.http.responses import json_response
from service.mongo.cursor import Cursor
from telemetry import slow_after

TAG: Final = "Files"
FORM: Final = "multipart/form-data"
_SOME_BYTES: Final = {"type": "string", "format": "binary", "minLength": 1}
BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "application/octet-stream": _SOME_BYTES,
    "text/plain": {"type": "string", "minLength": 1},
    FORM: {"type": "object", "required": ["file"], "properties": {"file": _SOME_BYTES}},
}
QUOTA_EXCEEDED: Final = "urn:serene:problem:quota-exceeded"
FILE_TYPE: Final = "urn:serene:problem:file-type"
SLOW_AFTER_SECONDS: Final = 10
FILE_ID: Final = {"file_id": "The file's id."}
_RANGE_HEADERS: Final = {
    "ETag": "Strong.",
    "Accept-Ranges": "`bytes`.",
    "Content-Disposition": "`attachment`, with the name.",
}
CONTENT: Final = {
    200: ResponseSpec("The bytes.", media_types=MEDIA_TYPES, headers=_RANGE_HEADERS),
    206: ResponseSpec(
        "Some of them.",
        media_types=MEDIA_TYPES,
        headers=_RANGE_HEADERS | {"Content-Range": "Which of how many."},
    ),
    304: ResponseSpec("They are what the client has.", media_types=(), headers={"ETag": "Strong."}),
}


class EmptyFile(Exception):
    """There is nothing to keep."""


class UnsupportedFile(Exception):
    """The content is of a type that is not taken."""


def _result_label(response: Response) -> str:
    results = {
        201: "stored",
        400: "broken",
        408: "slow",
        413: "no_room",
        415: "type_refused",
        422: "invalid",
    }
    return results.get(response.status_code, "error")


class FileService:
    """What the routes of files have in common.

    Args:
        files: Where they are.
        is_in_care: Whether a therapist (first) treats a member (second), and may read their files.
        media_types: What is taken.
        sizes: Of what was taken, in bytes.
    """

    def __init__(
        self,
        files: Files,
        is_in_care: Callable[[str, str], bool],
        media_types: Sequence[str],
        sizes: Histogram,
    ) -> None:
        self.files, self._is_in_care = files, is_in_care
        self._media_types = media_types
        self._sizes = sizes

    def take(self, name: str, pieces: Iterator[bytes]) -> StoredFile:
        """Keep what arrives."""
        owner_id = current_account().account_id
        length = request.content_length
        with self.files.upload(
            owner_id, middleware.UPLOAD_BYTES if length is None else length
        ) as upload:
            head = _head(pieces)
            media_type = media_type_of(head[:HEAD_BYTES])
            if media_type not in self._media_types:
                raise UnsupportedFile
            upload.write(head)
            for piece in pieces:
                upload.write(piece)
            kept = self.files.keep(upload, owner_id, name, media_type)
        self._sizes.observe(kept.size_bytes)
        return kept

    def readable(self, file_id: str) -> StoredFile:
        """A file that the caller may read."""
        file = self.files.get(file_id) if _is_id(file_id) else None
        if file is None or not self.may_read_files_of(file.owner_id):
            raise NotFound("There is no such file.")
        return file

    def may_read_files_of(self, owner_id: str) -> bool:
        """Whether the caller is the owner or their therapist."""
        caller = current_account()
        return caller.account_id == owner_id or (
            caller.role == "therapist" and self._is_in_care(caller.account_id, owner_id)
        )

    def page(self, owner_id: str, query: PageQuery, endpoint: str, **path: str) -> Response:
        """A page of somebody's files."""
        after = (query.after.at, query.after.key) if query.after else None
        found = self.files.page(owner_id, limit=query.limit + 1, after=after)
        shown, last = (
            found[: query.limit],
            found[query.limit - 1] if len(found) > query.limit else None,
        )
        next_url = query.next_url(
            endpoint, Cursor(last.uploaded_at, last.file_id) if last else None, **path
        )
        return with_next_link(
            json_response(FilesPage(files=tuple(map(FileView.of, shown)), next=next_url)), next_url
        )

    def refusal(self, error: Exception) -> Response:
        """What a client is told of an upload that is not taken. The rest of it is not wanted, so
        the connection ends.
        """
        response = self._refusal(error)
        response.headers["Connection"] = "close"
        return response

    def _refusal(self, error: Exception) -> Response:
        if isinstance(error, UnsupportedFile):
            return problem(
                415,
                "The content is of no type that is taken.",
                type=FILE_TYPE,
                title="File Type",
                types=self._media_types,
            )
        if isinstance(error, EmptyFile):
            errors = [{"field": "body", "reason": "should not be empty"}]
            return problem(
                422,
                "The file is empty.",
                type=INVALID_PARAMETERS,
                title="Invalid Parameters",
                errors=errors,
            )
        if isinstance(error, UploadTooSlow):
            return problem(408, "The upload took too long.")
        if not isinstance(error, QuotaExceeded):
            return problem(400, str(error))
        quota = error.quota
        response = problem(
            413,
            "There is no room for the file: remove others, or wait for uploads that are under way.",
            type=QUOTA_EXCEEDED,
            title="Quota Exceeded",
            quota_bytes=quota.size_bytes,
            quota_count=quota.count,
            used_bytes=error.used_bytes,
            used_count=error.used_count,
        )
        if error.retry_after_seconds:
            response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response


def blueprint(files: FileService, metrics: PrometheusMetrics) -> Blueprint:
    """The routes of files.

    Args:
        files: What they have in common.
        metrics: For the business metrics.
    """
    routes = Blueprint("files", __name__, url_prefix="/api/v1")
    _writing(routes, files, metrics)
    _lists(routes, files)
    _reading(routes, files)
    return routes


def _head(pieces: Iterator[bytes]) -> bytes:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    if not head:
        raise EmptyFile
    return head


def _body(headers: UploadHeaders) -> tuple[str, Iterator[bytes]]:
    if request.mimetype == FORM:
        name, pieces = file_part(_read, request.mimetype_params.get("boundary", ""))
        return clean_name(name), pieces
    return given_name(headers.content_disposition), _whole_body()


def _whole_body() -> Iterator[bytes]:
    received = 0
    while piece := _read(READ_BYTES):
        received += len(piece)
        yield piece
    # A server that ends the stream itself (``wsgi.input_terminated``) ends it just so when the
    # client is gone.
    if request.content_length is not None and received < request.content_length:
        raise ClientDisconnected


def _read(size: int) -> bytes:
    try:
        return request.stream.read(size)
    except OSError:
        raise ClientDisconnected from None


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _writing(routes: Blueprint, files: FileService, metrics: PrometheusMetrics) -> None:
    following = links_to(
        {"file_id": "$response.body#/id"},
        "files.get_file",
        "files.get_content",
        "files.delete_file",
    )
    created = ResponseSpec(
        "The file.", FileView, headers={"Location": "Where it is."}, links=following
    )

    @routes.post("/files")
    @rate_limits.limited("upload")
    @slow_after(SLOW_AFTER_SECONDS)
    @middleware.body_at_most(middleware.UPLOAD_BYTES)
    @protected
    @counted(metrics, business.FILE_UPLOADS, result=_result_label)
    @operation(TAG, {201: created}, headers=UploadHeaders, stream=BODIES, problems=(400, 408))
    def upload(headers: UploadHeaders) -> Response:
        """Keep a file: the body, of any media type, or the part `file` of a form.

        Its type is what its content shows, whatever the request says. A 413 of the type
        `urn:serene:problem:quota-exceeded` says that the account has no room for it; with
        `Retry-After`, that uploads under way are what takes the room.
        """
        try:
            kept = files.take(*_body(headers))
        except UploadTooLarge:
            raise RequestEntityTooLarge from None
        except (BadForm, EmptyFile, QuotaExceeded, UnsupportedFile, UploadTooSlow) as error:
            return files.refusal(error)
        response = json_response(FileView.of(kept), 201)
        response.headers["Location"] = url_for("files.get_file", file_id=kept.file_id)
        return response

    @routes.delete("/files/<file_id>")
    @protected
    @operation(
        TAG, {204: ResponseSpec("It is gone.", media_types=())}, problems=(403, 404), path=FILE_ID
    )
    def delete_file(file_id: str) -> Response:
        """Removes a file of the caller."""
        file = files.readable(file_id)
        if file.owner_id != current_account().account_id:
            raise Forbidden("Only its owner can remove a file.")
        if not files.files.remove(file):
            raise NotFound("There is no such file.")
        return Response(status=204)


def _lists(routes: Blueprint, files: FileService) -> None:
    page = {200: ResponseSpec("A page.", FilesPage, headers=LINK)}

    @routes.get("/files")
    @protected
    @operation(TAG, page, query=PageQuery)
    def list_files(query: PageQuery) -> Response:
        """Files of the caller, newest first."""
        return files.page(current_account().account_id, query, "files.list_files")

    @routes.get("/members/<member_id>/files")
    @protected
    @operation(
        TAG, page, query=PageQuery, problems=(404,), path={"member_id": "The member's account."}
    )
    def list_files_of_member(member_id: str, query: PageQuery) -> Response:
        """Files of a member, newest first, for the therapist who looks after them."""
        if not _is_id(member_id) or not files.may_read_files_of(member_id):
            raise NotFound("There is no such member.")
        return files.page(member_id, query, "files.list_files_of_member", member_id=member_id)


def _reading(routes: Blueprint, files: FileService) -> None:
    @routes.get("/files/<file_id>")
    @protected
    @operation(TAG, {200: ResponseSpec("The file.", FileView)}, problems=(404,), path=FILE_ID)
    def get_file(file_id: str) -> Response:
        """A file, without its bytes."""
        return json_response(FileView.of(files.readable(file_id)))

    @routes.get("/files/<file_id>/content")
    @slow_after(SLOW_AFTER_SECONDS)
    @middleware.private(max_age_seconds=0)
    @protected
    @operation(TAG, CONTENT, headers=ContentHeaders, problems=(404, 416), path=FILE_ID)
    def get_content(file_id: str, headers: ContentHeaders) -> Response:
        """The bytes of a file, whole or one range of them."""
        return content_of(files.readable(file_id), headers, files.files.pieces)
