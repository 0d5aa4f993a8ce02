"""Everything that happens to producers' catalogs, and the central one after it: with boto3 alone.

    python3 catalog_follows.py http://127.0.0.1:4566 [happening ...]

against a fresh mesh that `npm run local -- --empty` keeps running. Each happening ends with what the central catalog has and with exactly what was
told. Prints a line for each, or for the first and those named; ends with 1 and the reason when one does not come out as it should.
"""

import sys

from following import absence, faults, hints, locations, partitions, reconciling, tables
from following.mesh import FollowedMesh
from happenings import main, play

KINDS = (tables, partitions, locations, hints, faults, reconciling, absence)
# The replay last: it brings everything again.
FIRST_HOUR = 3
HAPPENINGS = [happening for kind in KINDS for happening in kind.HAPPENINGS] + [hints.the_archive_is_replayed_twice]


def follow(endpoint, names):
    mesh = FollowedMesh(endpoint)
    # So that the nightly reconcile comes at the same points whatever the time of day is now; once while no source can be read.
    mesh.advance_to(FIRST_HOUR)
    play(mesh, [one for one in HAPPENINGS if not names or one is HAPPENINGS[0] or one.__name__ in names])


if __name__ == "__main__":
    sys.exit(main(follow))
