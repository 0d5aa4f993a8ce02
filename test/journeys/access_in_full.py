"""Everything of access that somebody outside can do or try: with boto3 alone, and Athena as the judge of what can be read.

    python3 access_in_full.py http://127.0.0.1:4566 [happening ...]

against a fresh mesh that `npm run local` keeps running. Each happening ends with what Athena shows and refuses, and with exactly what was told, on the
hub's bus and on those of the accounts concerned. Prints a line for each, or for those named; ends with 1 and the reason when one does not come out as
it should. Some go on where one before them ended. In the end everything that was said comes again.
"""

import sys
import time

from granting import (
    bad_input,
    by_hand,
    deciding,
    ending,
    extending,
    filtering,
    lasting_days,
    overlapping,
    purposes,
    replaying,
    revoking_many,
    several_tables,
    who_speaks,
)
from granting.mesh import AccessMesh
from the_path import Unexpected, expect

KINDS = (deciding, purposes, ending, extending, revoking_many, overlapping, several_tables, filtering, by_hand, who_speaks, bad_input, lasting_days)
# The replay last: it brings everything again.
HAPPENINGS = [happening for kind in KINDS for happening in kind.HAPPENINGS] + replaying.HAPPENINGS
# So that the nightly reconcile comes between the same happenings whatever the time of day is now.
FIRST_HOUR = 3


def live(mesh, names):
    mesh.advance_to(FIRST_HOUR)
    mesh.expect_told()
    wanted = [one for one in HAPPENINGS if not names or one.__name__ in names]
    for happening in wanted:
        started = time.monotonic()
        try:
            happening(mesh)
            # What it did not expect was not told.
            mesh.expect_told()
            mesh.expect_faults_met()
        except Exception as error:
            raise Unexpected(f"{happening.__name__}: {type(error).__name__}: {error}") from error
        print(f"- {happening.__name__.replace('_', ' ')} ({time.monotonic() - started:.1f} s)", flush=True)
    dead = mesh.dead_letters()
    expect(dead == {}, f"no dead letter, not {dead}")
    print(f"- {len(wanted)} happenings, and no dead letter", flush=True)


def main():
    if len(sys.argv) < 2:
        print(f"Usage: {sys.argv[0]} <endpoint> [happening ...]", file=sys.stderr)
        return 2
    try:
        live(AccessMesh(sys.argv[1].rstrip("/")), sys.argv[2:])
    except Exception as error:  # Whatever it is, it is the answer.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
