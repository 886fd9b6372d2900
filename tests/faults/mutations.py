"""Damage as it happens to files: cut, lost blocks, flipped bits, other programs' line ends, edits by hand. Seeded."""

import json
import random
import re

NUMBERS = ["", "nan", "inf", "-1", "1e999", "9" * 40, "abc", "0x1", "1_0", "1,5", "１"]
VALUES = [None, True, -1, 0, 1e308, 10**30, "", "x", [], {}, [[1]], {"a": {}}]
DEEP = 20_000


def mutated(content: bytes, suffix: str, draw: random.Random) -> tuple[str, bytes]:
    """What was done, and the content after it; another content in nearly all cases."""
    kinds = BYTES + (TEXT if suffix in (".csv", ".json", ".toml") else ()) + (JSON if suffix == ".json" else ())
    kind = draw.choice(kinds)
    return kind.__name__, kind(content, draw)


def cut(content, draw):
    return content[: draw.randrange(len(content))]


def emptied(content, draw):
    return b""


def a_bit(content, draw):
    place = draw.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << draw.randrange(8)]) + content[place + 1 :]


def a_byte(content, draw):
    place = draw.randrange(len(content))
    return content[:place] + bytes([draw.randrange(256)]) + content[place + 1 :]


def zeros(content, draw):
    place = draw.randrange(len(content))
    return content[:place] + bytes(min(512, len(content) - place)) + content[place + 512 :]


def noise(content, draw):
    place = draw.randrange(len(content))
    return content[:place] + draw.randbytes(draw.randrange(1, 200)) + content[place:]


def a_part_lost(content, draw):
    place = draw.randrange(len(content))
    return content[:place] + content[place + draw.randrange(1, 200) :]


def a_part_twice(content, draw):
    place = draw.randrange(len(content))
    return content[:place] + content[place : place + draw.randrange(1, 200)] * 2 + content[place + 1 :]


def compressed(content, draw):
    return b"\x1f\x8b\x08\x00" + content


BYTES = (cut, emptied, a_bit, a_byte, zeros, noise, a_part_lost, a_part_twice, compressed)


def a_line_lost(content, draw):
    lines = content.splitlines(keepends=True)
    del lines[draw.randrange(len(lines))]
    return b"".join(lines)


def a_line_twice(content, draw):
    lines = content.splitlines(keepends=True)
    place = draw.randrange(len(lines))
    return b"".join(lines[: place + 1] + lines[place:])


def lines_in_another_order(content, draw):
    lines = content.splitlines(keepends=True)
    draw.shuffle(lines)
    return b"".join(lines)


def byte_order_mark(content, draw):
    return b"\xef\xbb\xbf" + content


def other_line_ends(content, draw):
    return content.replace(b"\n", draw.choice([b"\r\n", b"\r", b"\n\n"]))


def a_quote(content, draw):
    place = draw.randrange(len(content))
    return content[:place] + b'"' + content[place:]


def latin_1(content, draw):
    place = draw.randrange(len(content))
    return content[:place] + "é".encode("latin-1") + content[place:]


def a_number(content, draw):
    found = list(re.finditer(rb"-?\d+(\.\d+)?", content))
    if not found:
        return content + b"1"
    match = draw.choice(found)
    return content[: match.start()] + draw.choice(NUMBERS).encode() + content[match.end() :]


def a_word(content, draw):
    found = list(re.finditer(rb"[A-Za-z_]{2,}", content))
    if not found:
        return content + b"word"
    match = draw.choice(found)
    return content[: match.start()] + draw.choice([b"", b"word", b"../x", b"=1+1"]) + content[match.end() :]


TEXT = (
    *(a_line_lost, a_line_twice, lines_in_another_order, byte_order_mark, other_line_ends),
    *(a_quote, latin_1, a_number, a_number, a_word),
)


def _places(value) -> list[tuple]:
    """Container and key of every value inside another."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items for place in ((value, key), *_places(inner))]


def another_value(content, draw):
    value = json.loads(content)
    container, key = draw.choice(_places(value))
    container[key] = draw.choice(VALUES)
    return json.dumps(value).encode()


def a_key_lost(content, draw):
    value = json.loads(content)
    container, key = draw.choice(_places(value))
    del container[key]
    return json.dumps(value).encode()


def another_whole(content, draw):
    return json.dumps(draw.choice(VALUES)).encode()


def deep(content, draw):
    value = json.loads(content)
    container, key = draw.choice(_places(value))
    container[key] = "<deep>"
    inside = b"[" * DEEP + b"]" * DEEP if draw.random() < 0.5 else b'{"a":' * DEEP + b"1" + b"}" * DEEP
    return json.dumps(value).encode().replace(b'"<deep>"', inside)


JSON = (another_value, another_value, a_key_lost, another_whole, deep)
