"""Which papers come in: kinds, sizes, and what the bytes must be, whatever their name says."""

import io
import warnings
from enum import StrEnum

from PIL import Image

from brokerage.ledger.refusal import Refused

from .pdf import UnsafeDocument, check_pdf
from .person import PersonKind

LARGEST = 10 * 2**20
"""Bytes of one document. A scan of a page has a tenth of it."""
MOST_PIXELS = 50_000_000
"""An image may claim more than it has bytes for; nothing with more pixels than this is accepted."""
_ZIP_END = b"PK\x05\x06"
_ZIP_REACH = 65_557
_MARKUP = (b"<script", b"<svg", b"<html", b"<!doctype", b"<?php", b"%pdf-")


class DocumentKind(StrEnum):
    """What a paper proves."""

    IDENTITY = "identity"
    ADDRESS = "address"
    CONSTITUTION = "constitution"
    AUTHORITY = "authority"
    ASSETS = "assets"
    TRAINING = "training"
    SIGNATURE = "signature"
    TRANSFER = "transfer"
    OTHER = "other"


class Media(StrEnum):
    """The formats accepted, by content."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"


WILL = {
    PersonKind.INDIVIDUAL: frozenset({DocumentKind.SIGNATURE, DocumentKind.AUTHORITY}),
    PersonKind.ENTITY: frozenset({DocumentKind.SIGNATURE}),
}
"""Papers by which somebody decides; others prove something, as does an entity's authority, its licence."""
EXTENSION = {Media.PDF: "pdf", Media.JPEG: "jpg", Media.PNG: "png"}


class DocumentTooLarge(Refused):
    """More bytes than a document may have."""

    code = "clients.document-too-large"


class WrongType(Refused):
    """Not a PDF, JPEG or PNG, or more than that in one file."""

    code = "clients.document-wrong-type"


class UnknownDocument(Refused):
    """There is no such document."""

    code = "clients.unknown-document"


class NotYoursToBring(Refused):
    """A client would bring a paper by which somebody else decides."""

    code = "clients.not-yours-to-bring"


def check_brought(kind: DocumentKind, of: PersonKind, *, own: bool) -> None:
    """CLI-13: pass if a client brings an own paper, or one that decides nothing; raises NotYoursToBring."""
    if kind in WILL[of] and not own:
        raise NotYoursToBring(
            "Who signed this paper brings it: by the own login, or to our desk, where we see the person."
        )


def media_of(content: bytes) -> Media:
    """What the bytes are; raises DocumentTooLarge, WrongType or UnsafeDocument.

    A file that is also an archive or a web page is refused, because another program may open it as that.
    """
    if len(content) > LARGEST:
        raise DocumentTooLarge("A document may have at most 10 MB.", size=len(content))
    if _ZIP_END in content[-_ZIP_REACH:]:
        raise WrongType("This file is an archive. Send a PDF, JPEG or PNG.")
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-1024:]:
            raise WrongType("This PDF is cut off. Save it again and send the whole file.")
        check_pdf(content)
        return Media.PDF
    for media, start in ((Media.JPEG, b"\xff\xd8\xff"), (Media.PNG, b"\x89PNG\r\n\x1a\n")):
        if content.startswith(start):
            _check_image(content, media)
            return media
    raise WrongType("Send the document as a PDF, JPEG or PNG.")


def _check_image(content: bytes, media: Media) -> None:
    ends = (content[:65_536] + content[-65_536:]).lower()
    if any(mark in ends for mark in _MARKUP):
        raise WrongType("This file is more than an image. Send the picture itself.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # judged by our own bound below
            with Image.open(io.BytesIO(content), formats=(media.name,)) as image:
                pixels = image.width * image.height
                if pixels <= MOST_PIXELS:
                    image.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise WrongType("This image is damaged. Take the picture again.") from error
    if pixels > MOST_PIXELS:
        raise UnsafeDocument("This image is too large. Send one with fewer pixels.", pixels=pixels)
