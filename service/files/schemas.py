"""Files as clients see them: the models of the routes of files."""

from flask import url_for
from pydantic import BaseModel, ConfigDict, Field

from service.files.repository import StoredFile
from service.http.responses import Instant, Model


class UploadHeaders(BaseModel):
    """What an upload says of itself beside its type."""

    model_config = ConfigDict(frozen=True)

    content_disposition: str = Field(
        "",
        alias="Content-Disposition",
        description="Names the file: `attachment; filename*=UTF-8''sleep%20diary.pdf`.",
    )


class ContentHeaders(BaseModel):
    """What a download may ask for."""

    model_config = ConfigDict(frozen=True)

    range: str = Field(
        "",
        alias="Range",
        description="One range of bytes: `bytes=0-1023`, `bytes=1024-` or `bytes=-1024`.",
        examples=["bytes=0-0"],
    )
    if_range: str = Field(
        "",
        alias="If-Range",
        description="The ETag that the range is of; another one gets the whole file.",
    )
    if_none_match: str = Field(
        "", alias="If-None-Match", description="ETags of what is there already."
    )


class FileView(Model):
    """A file, without its bytes."""

    id: str
    name: str = Field(description="As it was uploaded, without what file systems do not take.")
    content_type: str = Field(description="As its content shows it.")
    size_bytes: int
    sha256: str = Field(description="Of its bytes, in hex.")
    uploaded_at: Instant
    url: str = Field(description="Where this is.")
    content_url: str = Field(description="Where its bytes are.")

    @classmethod
    def of(cls, file: StoredFile) -> "FileView":
        """The view of a file."""
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


class FilesPage(Model):
    """Some files, newest first."""

    files: tuple[FileView, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")
