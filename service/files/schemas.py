"""What clients send to the routes of files and get from them."""

from hashlib import sha256
from typing import Self

from flask import url_for
from pydantic import BaseModel, ConfigDict, Field

from service.files.model import StoredFile
from service.http.preconditions import EntityTag, Validators
from service.http.responses import Instant, Model


class UploadHeaders(BaseModel):
    """Headers of an upload, beside its type."""

    model_config = ConfigDict(frozen=True)

    content_disposition: str = Field(
        "",
        alias="Content-Disposition",
        description="Names the file: `attachment; filename*=UTF-8''sleep%20diary.pdf`.",
    )


class ContentHeaders(BaseModel):
    """Headers of a download."""

    model_config = ConfigDict(frozen=True)

    range: str = Field(
        "",
        alias="Range",
        description="One range of bytes: `bytes=0-1023`, `bytes=1024-` or `bytes=-1024`.",
        examples=["bytes=0-0"],
    )
    if_range: str | None = Field(
        None,
        alias="If-Range",
        description="ETag or `Last-Modified` of the range's file; with another one the whole file "
        "is returned.",
    )
    if_none_match: str | None = Field(
        None, alias="If-None-Match", description="ETags of the client's copies."
    )


class FileView(Model):
    """A file, without its bytes."""

    id: str
    name: str = Field(description="The uploaded name without characters that file systems reserve.")
    content_type: str = Field(description="Media type, detected from the content.")
    size_bytes: int
    sha256: str = Field(description="SHA-256 of the bytes, in hex.")
    uploaded_at: Instant
    url: str = Field(description="URL of this object.")
    content_url: str = Field(description="URL of the bytes.")

    @classmethod
    def of(cls, file: StoredFile) -> Self:
        """Return the view of a file."""
        return cls(
            id=file.file_id,
            name=file.name,
            content_type=file.media_type,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            uploaded_at=file.uploaded_at,
            url=url_for("files.get_file", file_id=file.file_id),
            content_url=url_for("files.get_content", file_id=file.file_id),
        )


def validators_of(file: StoredFile) -> Validators:
    """Return the validators of a file's object; a file never changes, so its date is exact."""
    state = f"{file.file_id} {file.name} {file.media_type} {file.sha256}"
    return Validators(EntityTag(sha256(state.encode()).hexdigest()[:32]), file.uploaded_at)


class FilesPage(Model):
    """A page of files, newest first."""

    files: tuple[FileView, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")
