"""Row filters of test/data/row-filters.yml, good and hostile: asked for of the sample's flights, and judged by the rows that are read."""

import json
import re
from pathlib import Path

from the_path import ANALYST, AVIATION, expect

VERDICTS = Path(__file__).parents[2] / "data" / "row-filters.yml"
# The columns of that file's table that the sample's flights have too.
COLUMNS = ["delay", "origin"]
WORDS = {"and", "or", "not", "in", "is", "null", "like", "between", *COLUMNS}
# The file's `delay` is an int, that of the flights a bigint.
OF_INT = "32 bits"
# Every so many of the file's: the rest is for DuckDB, without a mesh.
EVERY_ACCEPTED, EVERY_REFUSED = 16, 5
SHOWN = "count(*), sum(delay), min(delay), max(delay), min(origin), max(origin)"


def verdicts():
    """The filters that stand on one line, each with what is written, or why it is refused."""
    text = VERDICTS.read_text(encoding="utf-8")
    for item in text.split("\n  - filter: ")[1:]:
        members = dict(re.findall(r"^ {4}(\w+): (.+)$", item, re.MULTILINE))
        asked = scalar(item.split("\n")[0])
        if asked and "written" in members:
            yield asked, scalar(members["written"]), None
        elif asked and "refused" in members:
            yield asked, None, scalar(members["refused"])


def scalar(written):
    """Of YAML: quoted once, twice or not at all; None for anything else."""
    if written.startswith("'"):
        return written[1:-1].replace("''", "'")
    if not written.startswith('"'):
        return None if written[:1] in "[{|>&*!" else written
    try:
        return json.loads(written)
    except ValueError:
        return None


def is_of_flights(row_filter):
    named = re.findall(r"[A-Za-z_]\w*", re.sub(r"'(?:[^']|'')*'", "", row_filter))
    return bool(named) and all(one.lower() in WORDS for one in named)


def ask(mesh, request_id, row_filter):
    mesh.ask(request_id, "flights", COLUMNS, rowFilter=row_filter)


def good_filters_give_their_rows(mesh):
    """The very rows that the written filter keeps of the owner's own table, those of which it keeps none too."""
    good = [(asked, written) for asked, written, _ in verdicts() if written and is_of_flights(asked)][::EVERY_ACCEPTED]
    expect(len(good) >= 6, f"several good filters in the file, not {len(good)}")
    for number, (asked, written) in enumerate(good):
        request_id = f"good-filter-{number}"
        ask(mesh, request_id, asked)
        [granted] = mesh.expect_told(f"Granted {request_id}")
        expect(granted["rowFilter"] == written, f"{asked!r} to be written {written!r}, not {granted['rowFilter']!r}")
        truth = mesh.query_as(AVIATION, f"SELECT {SHOWN} FROM ops.flights WHERE {written}")
        given = mesh.query_as(ANALYST, f"SELECT {SHOWN} FROM trellis_aviation_ops.flights")
        expect(truth[0] is not None and given[1] == truth[1], f"the rows of {written!r}: {truth[1]}, not {given[1]}")
        mesh.revoke(requestId=request_id)
        mesh.expect_told(f"Revoked {request_id} requested")


def hostile_filters_are_denied(mesh):
    """With the reason that the file has for it; nothing of them comes to Lake Formation."""
    bad = [(asked, why) for asked, _, why in verdicts() if why and is_of_flights(asked) and OF_INT not in why]
    bad = bad[::EVERY_REFUSED]
    own = [
        ("origin = 'ORD' OR 1=1", "row filter"),
        ("origin = 'ORD'; DROP TABLE flights", "row filter"),
        ("origin = 'ORD' -- and nothing else", "row filter"),
        ("origin = 'ORD' /* */", "row filter"),
        ("origin IN (SELECT iata FROM aviation_ops.airports)", "row filter"),
        ("upper(origin) = 'ORD'", "row filter"),
        ("origin = 'ORD' UNION SELECT * FROM airports", "row filter"),
        ("o\u0000rigin = 'ORD'", "row filter"),
        ("\u202eorigin = 'ORD'", "row filter"),
        ("destination = 'ORD'", "destination"),
        ("date > '2001-01-01'", "date"),
        ("TRUE", "row filter"),
        ("(" * 2_000 + "delay > 1" + ")" * 2_000, "row filter"),
    ]
    expect(len(bad) >= 15, f"many hostile filters in the file, not {len(bad)}")
    for number, (asked, why) in enumerate(bad + own):
        request_id = f"hostile-filter-{number}"
        ask(mesh, request_id, asked)
        [denied] = mesh.expect_told(f"Denied {request_id}: The row filter cannot be used:")
        said = " ".join(denied["reasons"])
        expect(why in said, f"{asked!r} to be denied because {why!r}, not {said!r}")
    expect(mesh.filters("flights") == [], f"no filter on flights, not {mesh.filters('flights')}")
    header, _ = mesh.query_as(ANALYST, "SELECT * FROM trellis_aviation_ops.flights LIMIT 1")
    expect(header is None, "nothing of flights to be read")


HAPPENINGS = [good_filters_give_their_rows, hostile_filters_are_denied]
