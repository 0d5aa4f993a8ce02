"""Everything of access that somebody outside can do or try: with boto3 alone, and Athena as the judge of what can be read.

    python3 access_in_full.py http://127.0.0.1:4566 [happening ...]

against a fresh mesh that `npm run local` keeps running. Each happening ends with what Athena shows and refuses, and with exactly what was told, on the
hub's bus and on those of the accounts concerned. Prints a line for each, or for those named; ends with 1 and the reason when one does not come out as
it should. Some go on where one before them ended. In the end everything that was said comes again.
"""

import sys

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
from happenings import main, play

KINDS = (deciding, purposes, ending, extending, revoking_many, overlapping, several_tables, filtering, by_hand, who_speaks, bad_input, lasting_days)
# The replay last: it brings everything again.
HAPPENINGS = [happening for kind in KINDS for happening in kind.HAPPENINGS] + replaying.HAPPENINGS
# So that the nightly reconcile comes between the same happenings whatever the time of day is now.
FIRST_HOUR = 3


def live(endpoint, names):
    mesh = AccessMesh(endpoint)
    mesh.advance_to(FIRST_HOUR)
    mesh.expect_told()
    play(mesh, [one for one in HAPPENINGS if not names or one.__name__ in names])


if __name__ == "__main__":
    sys.exit(main(live))
