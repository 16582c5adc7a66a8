"""Records of CSV text as bytes, cut where a reader would cut them: not inside quotes.

A quote opens at the beginning of a field only; elsewhere it is a character like any other.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

# A block without a quote needs no look at its records: what ends a line ends a record.
LINE = re.compile(rb"([^\r\n])(\r\n|\n|\r)")


@cache
def _patterns(separator: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Give the patterns of a record with its ending, and of a field."""
    s = re.escape(separator.encode())
    field = rb'(?:"(?:[^"]++|"")*+"[^%s\r\n]*+|[^"%s\r\n][^%s\r\n]*+|)' % (s, s, s)
    return (
        re.compile(rb"(%s(?:%s%s)*+)(\r\n|\n|\r)" % (field, s, field)),
        re.compile(rb"(%s)(%s|\r\n|\n|\r)" % (field, s)),
    )


def fields_of(head: bytes, separator: str, most: int) -> list[tuple[list[str], bytes]]:
    """Give the first records as fields, quotes and all, each with its line ending; blank lines are left out."""
    pattern = _patterns(separator)[1]
    mark = separator.encode()
    found: list[tuple[list[str], bytes]] = []
    fields: list[str] = []
    place = 0
    while len(found) < most and (match := pattern.match(head, place)):
        place = match.end()
        fields.append(match.group(1).decode("utf-8", "replace"))
        if match.group(2) != mark:
            if fields != [""]:
                found.append((fields, match.group(2)))
            fields = []
    return found


def whole_records(parts: Iterable[bytes], separator: str) -> Iterator[bytes]:
    """Cut a stream of bytes anew, so that each part ends with a record; the last may lack its ending."""
    pattern = _patterns(separator)[0]
    rest = b""
    for part in parts:
        rest += part
        # The byte behind a carriage return decides whether the ending has two: wait for it.
        place = _end(rest, pattern)
        if place:
            yield rest[:place]
            rest = rest[place:]
    if rest:
        yield rest


def _end(data: bytes, pattern: re.Pattern[bytes]) -> int:
    if b'"' not in data:
        at = data.rfind(b"\n") + 1
        return at if at else data.rfind(b"\r", 0, len(data) - 1) + 1
    place = 0
    while (match := pattern.match(data, place)) and match.end() < len(data):
        place = match.end()
    return place


def extended(block: bytes, separator: str, tail: bytes) -> bytes:
    """Put `tail` behind the last field of every record of a block of whole records; blank lines stay blank."""
    if b'"' not in block:
        into = rb"\g<1>" + tail.replace(b"\\", rb"\\") + rb"\g<2>"
        return LINE.sub(into, block) + (tail if block[-1:] not in (b"", b"\n", b"\r") else b"")
    pattern = _patterns(separator)[0]
    pieces, place = [], 0
    while match := pattern.match(block, place):
        record, ending = match.groups()
        pieces.append(record + tail + ending if record else ending)
        place = match.end()
    rest = block[place:]
    return b"".join(pieces) + (rest + tail if rest else b"")
