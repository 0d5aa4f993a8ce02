"""Everything that was said comes again: it grants nothing, ends nothing, and tells nobody."""

from collections import Counter

from following.ear import Ear
from following.mesh import HOUR
from the_path import BUS, HUB, expect


def the_archive_is_replayed_twice(mesh):
    """Every request, decision, extension and revocation that there was, by the archive that the hub's bus has."""
    again = Ear(mesh, HUB, BUS, "ear-for-replays", {"source": ["trellis.access"], "replay-name": [{"exists": True}]})
    mesh.settle()
    before = mesh.everything()
    said = Counter(mesh.said)
    for name in ("once-more", "and-once-more"):
        mesh.replay(name)
        came = Counter(event["detail-type"] for event in again.news())
        expect(came == said, f"the replay to bring all of {said}, not {came}")
        mesh.expect_told()
        # Late effects too: what a sweep would take up, and what revocations of many find when they look again.
        mesh.advance(HOUR / 6)
        mesh.expect_told()
        after = mesh.everything()
        for kind, was in before.items():
            expect(after[kind] == was, f"the {kind} to be as they were")


HAPPENINGS = [the_archive_is_replayed_twice]
