"""Text files that people write: in whatever encoding, and with characters that nobody sees."""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

BINARY = {
    b"PK\x03\x04": "an Excel workbook or another zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "packed with gzip",
}
INVISIBLE = dict.fromkeys([0x200B, 0x2060, 0xFEFF, 0x200E, 0x200F, 0xAD]) | {0xA0: " ", 0x202F: " "}


class TextError(ValueError):
    """A file that is no text. The text names file, line and byte, and says what to do."""


def read_text(path: Path) -> tuple[str, list[str]]:
    """The text of a file: UTF-8 with or without a byte order mark, UTF-16 with one, or Windows' code page 1252.

    Returns
    -------
    text
        Without characters that nobody sees; see `visible`.
    notes
        Sentences, if there were such, and if it is in Windows' code page.

    Raises
    ------
    TextError
        None of these encodings, or two of them.
    OSError
        The file cannot be opened.
    """
    text, notes = _decoded(path, path.read_bytes())
    text, more = _seen(path, text)
    return text, notes + more


def visible(text: str) -> str:
    """Text without characters that nobody sees, and with plain spaces for spaces that do not break."""
    return text.translate(INVISIBLE)


def _decoded(path: Path, content: bytes) -> tuple[str, list[str]]:
    """The text of a file, and a note if it is in Windows' code page."""
    for start, what in BINARY.items():
        if content.startswith(start):
            raise TextError(f"{path} is {what}, no CSV file. Save it as 'CSV UTF-8'")
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text, notes = content.decode("utf-16"), []
        else:
            text, notes = _utf8_or_windows(path, content)
    except UnicodeDecodeError as error:
        raise TextError(f"{path} begins as UTF-16 and is not ({error.reason}). Save it as 'CSV UTF-8'") from None
    if "\0" in text:
        line = _line_of(text, text.index("\0"))
        raise TextError(f"{path}, line {line}: holds a zero byte, as no text does. Save it as 'CSV UTF-8'")
    return text, notes


def _utf8_or_windows(path: Path, content: bytes) -> tuple[str, list[str]]:
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        bad = error.start
    line = len(re.findall(b"\r\n|\r|\n", content[:bad])) + 1
    escaped = content.decode("utf-8", "surrogateescape")
    if any(char > "\x7f" and not "\udc80" <= char <= "\udcff" for char in escaped):
        shown = content[max(0, bad - 20) : bad + 20]
        raise TextError(
            f"{path}, line {line}: {shown!r} is not UTF-8 (byte {content[bad]:#04x}), though other text in the file "
            "is. Write this anew and save the file as 'CSV UTF-8'"
        )
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        line = len(re.findall(b"\r\n|\r|\n", content[: error.start])) + 1
        raise TextError(
            f"{path}, line {line}: neither UTF-8 nor Windows-1252 (byte {content[error.start]:#04x}). Save it as 'CSV "
            "UTF-8'"
        ) from None
    return text, [f"{path.name} is not UTF-8; it was read as Windows-1252. Look whether its accents are right."]


def _seen(path: Path, text: str) -> tuple[str, list[str]]:
    """The text without what nobody sees, and a note if there was something."""
    shown = visible(text)
    if shown == text:
        return text, []
    place = next(n for n, char in enumerate(text) if ord(char) in INVISIBLE)
    name = unicodedata.name(text[place]).lower()
    where = f"such as a {name} in line {_line_of(text, place)}"
    return shown, [f"{path.name} has characters that nobody sees, {where}; they were left out, or taken as a space."]


def _line_of(text: str, place: int) -> int:
    return len(re.findall("\r\n|\r|\n", text[:place])) + 1
