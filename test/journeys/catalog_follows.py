"""Everything that happens to producers' catalogs, and the central one after it: with boto3 alone.

    python3 catalog_follows.py http://127.0.0.1:4566 [happening ...]

against a fresh mesh that `npm run local -- --empty` keeps running. Each happening ends with what the central catalog has and with exactly what was
told. Prints a line for each, or for the first and those named; ends with 1 and the reason when one does not come out as it should.
"""

import sys
import time

from following import absence, faults, hints, locations, partitions, reconciling, tables
from following.mesh import FollowedMesh
from the_path import Unexpected, expect

KINDS = (tables, partitions, locations, hints, faults, reconciling, absence)
# The replay last: it brings everything again.
FIRST_HOUR = 3
HAPPENINGS = [happening for kind in KINDS for happening in kind.HAPPENINGS] + [hints.the_archive_is_replayed_twice]


def follow(mesh, names):
    # So that the nightly reconcile comes at the same points whatever the time of day is now; once while no source can be read.
    mesh.advance_to(FIRST_HOUR)
    wanted = [one for one in HAPPENINGS if not names or one is HAPPENINGS[0] or one.__name__ in names]
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
        follow(FollowedMesh(sys.argv[1].rstrip("/")), sys.argv[2:])
    except Exception as error:  # Whatever it is, it is the answer.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
