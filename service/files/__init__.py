"""What a file is by its first bytes, what it may be called, and which part of it is asked for.
Nothing here knows where files are kept.
"""

from service.files.kinds import HEAD_BYTES, media_type_of
from service.files.multipart import READ_BYTES, BadForm, file_part
from service.files.names import as_attachment, clean_name, given_name
from service.files.ranges import Unsatisfiable, part_of

__all__ = [
    "HEAD_BYTES",
    "READ_BYTES",
    "BadForm",
    "Unsatisfiable",
    "as_attachment",
    "clean_name",
    "file_part",
    "given_name",
    "media_type_of",
    "part_of",
]
