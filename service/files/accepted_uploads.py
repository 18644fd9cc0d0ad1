"""What an upload accepts: the media types, and the size of one file.

The type of a file is detected from its content (``type_detection``). How much an account may store
is a setting (``settings``, ``quota``), and so is the subset of the types that a deployment accepts.
"""

from typing import Final

LARGEST_UPLOAD_BYTES: Final = 25 * 1024**2
"""Of the request's body, which may be a form."""

ACCEPTED_MEDIA_TYPES: Final = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/heif",
    "application/pdf",
    "text/plain",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/wav",
    "audio/flac",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
)
"""Detection recognizes each of them; a type that is added here needs a sample in its tests."""
