"""Papers are looked at before they are kept: type by content, size, and what hides inside."""

import io
import random
import struct
import zipfile
import zlib

import pytest
from PIL import Image

from brokerage.clients.rules.documents import (
    LARGEST,
    DocumentTooLarge,
    Media,
    UnsafeDocument,
    WrongType,
    media_of,
)
from brokerage.config.newcomers import PAPER


def picture(kind: str, size: tuple[int, int] = (4, 4)) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size).save(held, kind)
    return held.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that claims ten thousand million pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def archive(before: bytes = b"") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("0", b"0" * 10**6)
    return before + held.getvalue()


@pytest.mark.parametrize(
    ("content", "media"),
    [(PAPER, Media.PDF), (picture("JPEG"), Media.JPEG), (picture("PNG"), Media.PNG)],
)
def test_a_pdf_a_jpeg_and_a_png_are_known_by_their_bytes(content, media) -> None:
    assert media_of(content) is media


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ" + bytes(100),
        b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        archive(),
        archive(PAPER),
        archive(picture("PNG")),
        picture("PNG") + b"<script>alert(1)</script>",
        picture("JPEG")[:200],
        b"\x89PNG\r\n\x1a\n" + b"not an image",
        picture("GIF"),
        PAPER[:40],
    ],
    ids=[
        "empty",
        "program",
        "eicar",
        "svg",
        "zip",
        "pdf-zip",
        "png-zip",
        "png-html",
        "cut",
        "fake",
        "gif",
        "cut-pdf",
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(WrongType):
        media_of(content)


@pytest.mark.parametrize(
    "name",
    [
        b"/JavaScript (x)",
        b"/JS (x)",
        b"/Launch <<>>",
        b"/EmbeddedFile",
        b"/Names << /EmbeddedFiles << /Names [(a.exe) 9 0 R] >> >>",
        b"/Annots [<< /Subtype /FileAttachment >>]",
        b"/Type /Filespec /EF << /F 9 0 R >>",
        b"/Encrypt 5 0 R",
    ],
)
def test_a_pdf_with_something_active_or_hidden_is_refused(name: bytes) -> None:
    with pytest.raises(UnsafeDocument):
        media_of(PAPER.replace(b"/Catalog", b"/Catalog " + name))


def pdf(*objects: bytes) -> bytes:
    """A PDF of these objects."""
    return PAPER.replace(b"trailer", b"\n".join([*objects, b"trailer"]))


def stream(body: bytes, about: bytes = b"/Filter /FlateDecode") -> bytes:
    length = str(len(body)).encode()
    return b"7 0 obj\n<< " + about + b" /Length " + length + b" >>\nstream\n" + body + b"\nendstream\nendobj"


def objects(content: bytes) -> bytes:
    return stream(zlib.compress(content), b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")


def test_a_scan_of_several_megabytes_may_hold_any_bytes() -> None:
    noise = random.Random(1).randbytes(6 * 2**20)
    scan = pdf(
        stream(zlib.compress(b"a page"), b"/Filter /FlateDecode"), stream(noise[:-9] + b"/JS 4 /XFA /EF")
    )
    assert media_of(scan) is Media.PDF
    assert media_of(pdf(objects(b"1 0 << /Type /Catalog >>"))) is Media.PDF


HIDDEN = b"3 0 << /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"


@pytest.mark.parametrize(
    "content",
    [
        pdf(b"2 0 obj << /J#61vaScript (x) >> endobj"),
        pdf(b"2 0 obj << /#4a#53 (x) >> endobj"),
        pdf(objects(HIDDEN)),
        pdf(objects(HIDDEN.replace(b"/JavaScript /JS", b"/Action /J#53"))),
        pdf(objects(HIDDEN).replace(b"/ObjStm", b"/Obj#53tm")),
        pdf(stream(b") >> " + HIDDEN + b" (", b"/Title (")),
        pdf(b"4 0 obj (\nstream\n) endobj", objects(b"1 0 << >>"), b"(endstream)"),
        pdf(objects(bytes(9 * 2**20))),
        pdf(*[objects(bytes(3 * 2**20))] * 3),
        pdf(stream(b"<~packed otherwise~>", b"/Type /ObjStm /Filter /ASCII85Decode")),
    ],
    ids=[
        "hex",
        "brief-hex",
        "objects",
        "hex-in-objects",
        "hex-objects",
        "behind-a-stream",
        "objects-behind-a-stream",
        "bomb",
        "bombs",
        "unreadable",
    ],
)
def test_a_pdf_that_hides_what_it_holds_is_refused(content: bytes) -> None:
    assert len(content) < 2**16
    with pytest.raises(UnsafeDocument):
        media_of(content)


def test_an_image_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises((UnsafeDocument, WrongType)):
        media_of(bomb())


def test_a_byte_over_ten_megabytes_is_refused() -> None:
    fits = PAPER.replace(b"endobj", b"endobj" + b" " * (LARGEST - len(PAPER)))
    assert media_of(fits) is Media.PDF
    with pytest.raises(DocumentTooLarge):
        media_of(fits + b" ")
