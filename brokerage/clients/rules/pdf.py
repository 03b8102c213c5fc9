"""A PDF may hold pages and pictures, and nothing that acts or hides. Not a parser: it looks for names.

What a stream holds is packed, so three letters of a name stand in any large scan by chance. Long names are
therefore looked for everywhere, brief ones outside streams only, and streams of objects are opened first.
"""

import re
import zlib

from brokerage.ledger.refusal import Refused

MOST_OBJECTS = 8 * 2**20
"""Bytes that all object streams of a document may come to, inflated. An honest one has a hundredth of it."""
_ACTIVE = (
    b"/JavaScript",
    b"/Launch",
    b"/EmbeddedFile",
    b"/EmbeddedFiles",
    b"/FileAttachment",
    b"/RichMedia",
    b"/Rendition",
)
_BRIEF = (b"/JS", b"/XFA", b"/EF")
_STREAM = re.compile(rb"\bstream(?:\r\n|\n|\r)(.*?)endstream", re.DOTALL)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


class UnsafeDocument(Refused):
    """A PDF with active or hidden content, or an image that would fill the memory."""

    code = "clients.document-unsafe"


def check_pdf(content: bytes) -> None:
    """Pass unless a PDF is locked, unreadable, or holds scripts or other files; raises UnsafeDocument."""
    spoken, packed = _parted(content)
    objects = _inflated(packed)
    everything = _in_letters(content) + objects
    if _has_name(everything, b"/Encrypt"):
        raise UnsafeDocument("This PDF is locked with a password. Send it unlocked.")
    found = [name for name in _ACTIVE if _has_name(everything, name)]
    found += [name for name in _BRIEF if _has_name(spoken + objects, name)]
    if found:
        names = [name.decode() for name in found]
        raise UnsafeDocument("This PDF holds scripts or other files. Print it to a new PDF.", found=names)
    if everything.count(b"/ObjStm") > len(packed):  # one hides where a stream seems to be, and was not opened
        raise UnsafeDocument("This PDF cannot be read. Print it to a new PDF.")


def _parted(content: bytes) -> tuple[bytes, list[bytes]]:
    """What stands outside streams, names in letters; and the bodies of the streams that hold objects."""
    spoken, packed, at = [], [], 0
    for found in _STREAM.finditer(content):
        spoken.append(_in_letters(content[at : found.start()]))
        if b"/ObjStm" in spoken[-1]:
            packed.append(found[1])
        at = found.end()
    return b"\n".join([*spoken, _in_letters(content[at:])]), packed


def _in_letters(part: bytes) -> bytes:
    """The same with names written out: they may be given as #4A for J."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), part)


def _inflated(packed: list[bytes]) -> bytes:
    """The objects in these streams; raises UnsafeDocument for too many, or packed in an uncommon way."""
    objects, left = [], MOST_OBJECTS
    for body in packed:
        unpack = zlib.decompressobj()
        try:
            objects.append(_in_letters(unpack.decompress(body, left)))
        except zlib.error as error:
            raise UnsafeDocument("This PDF cannot be read. Print it to a new PDF.") from error
        left -= len(objects[-1])
        if unpack.unconsumed_tail or left <= 0:
            raise UnsafeDocument("This PDF holds too much to look at. Print it to a new PDF.")
    return b"\n".join(objects)


def _has_name(content: bytes, name: bytes) -> bool:
    """Whether a PDF name stands in the content: "/JS" does not stand in "/JSlack"."""
    at = content.find(name)
    while at >= 0:
        following = content[at + len(name) : at + len(name) + 1]
        if not following.isalnum():
            return True
        at = content.find(name, at + 1)
    return False
