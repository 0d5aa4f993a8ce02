"""Sources that cannot be read, throttling, and batches of which some fails."""

import contextlib
import json

from the_path import AVIATION, expect

from .mesh import CATALOG_SYNC, HOUR, SPOKE, partitions_of
from .partitions import DAY_KEY, add, change, drop
from .samples import partition, table

# A message that could not be handled rests 15 s at the most after its first try, and 15 minutes after many.
FIRST_REST, LONGEST_REST = 20, 920
# How often the SDK makes a call before it gives up.
ATTEMPTS = 6


class Hidden:
    """While the block runs, Lake Formation shows a table of the producer's to nobody."""

    def __init__(self, mesh, name):
        self.lake = mesh.client("lakeformation", AVIATION)
        self.everybody = {
            "Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
            "Resource": {"Table": {"DatabaseName": "ops", "Name": name}},
            "Permissions": ["ALL"],
        }

    def __enter__(self):
        self.lake.revoke_permissions(**self.everybody)

    def __exit__(self, *_):
        self.lake.grant_permissions(**self.everybody)


def a_source_that_lake_formation_hides(mesh):
    """What cannot be read is not gone: the central table stays as it is, and the change comes when it can be read."""
    mesh.make(table("fares"))
    mesh.expect_told("Synced aviation_ops.fares: created")
    mesh.writes()
    with Hidden(mesh, "fares"):
        mesh.change(table("fares", Description="Unseen."))
        mesh.advance(HOUR)
        mesh.expect_nothing()
        expect(mesh.mark("fares", "missing_since") is None, "no mark of absence")
    mesh.advance(LONGEST_REST)
    mesh.expect_told("Synced aviation_ops.fares: description")
    mesh.expect_follows("fares")


@contextlib.contextmanager
def refused(mesh):
    """While the block runs, the policy of the producer's catalog denies Trellis's role everything."""
    everything = f"arn:aws:glue:us-east-1:{AVIATION}:*"
    statement = {"Effect": "Deny", "Principal": {"AWS": SPOKE}, "Action": "glue:*", "Resource": everything}
    mesh.producer.put_resource_policy(PolicyInJson=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    yield
    mesh.producer.delete_resource_policy()


def a_catalog_that_refuses_the_hub(mesh):
    """For hours: the hint waits, in the end as a dead letter, and does its work when it is redriven."""
    mesh.make(table("tariffs"))
    mesh.expect_told("Synced aviation_ops.tariffs: created")
    mesh.writes()
    with refused(mesh):
        mesh.drop("tariffs")
        mesh.advance(3 * HOUR)
        mesh.expect_nothing()
        expect(mesh.mark("tariffs", "missing_since") is None, "no mark of absence of what could not be read")
        dead = mesh.dead_letters()
        expect(sum(dead.values()) == 1, f"the hint alone as a dead letter, not {dead}")
    mesh.redrive()
    expect(mesh.mark("tariffs", "missing_since") is not None, "the mark of absence once it was read")
    dead = mesh.dead_letters()
    expect(dead == {}, f"no dead letter any more, not {dead}")
    mesh.make(table("tariffs"))
    mesh.expect_told("Synced aviation_ops.tariffs: recreated")


def a_source_that_throttles(mesh):
    """Now and then, which the SDK takes; and for longer, which the queue takes."""
    mesh.make(table("bookings"))
    mesh.expect_told("Synced aviation_ops.bookings: created")
    mesh.order(SPOKE, "glue:GetTable", times=2, error="ThrottlingException")
    mesh.change(table("bookings", Description="A little later."))
    mesh.expect_told("Synced aviation_ops.bookings: description")
    mesh.expect_faults_met()
    mesh.order(SPOKE, "glue:GetTable", times=ATTEMPTS, error="InternalServiceException")
    mesh.change(table("bookings", Description="Much later."))
    mesh.expect_told()
    mesh.expect_faults_met()
    mesh.advance(FIRST_REST)
    mesh.expect_told("Synced aviation_ops.bookings: description")
    mesh.expect_follows("bookings")


def the_hub_throttles_itself(mesh):
    """At the write of the table, and at what is told."""
    mesh.make(table("seats"))
    mesh.expect_told("Synced aviation_ops.seats: created")
    for action in ("glue:UpdateTable", "events:PutEvents", "dynamodb:UpdateItem"):
        mesh.order(CATALOG_SYNC, action, error="ThrottlingException")
    mesh.change(table("seats", keys=DAY_KEY, Description="Numbered."))
    add(mesh, "seats", [partition("seats", "1")])
    mesh.settle()
    mesh.expect_told(
        "Synced aviation_ops.seats: partition-keys, description",
        "Synced aviation_ops.seats: partitions-added 1",
    )
    mesh.expect_follows("seats")


def batches_of_which_some_fails(mesh):
    """The rest is written, what failed comes with the next try, and it is told once: the count is lost."""
    mesh.make(table("meals", keys=DAY_KEY))
    mesh.expect_told("Synced aviation_ops.meals: created")
    numbers = [str(number) for number in range(100)]

    def fails_in_part(operation, times, act):
        mesh.order(CATALOG_SYNC, f"glue:{operation}", times=times, error="InternalServiceException")
        act()
        mesh.expect_told()
        mesh.expect_faults_met()
        there = partitions_of(mesh.hub, "aviation_ops", "meals")
        wanted = partitions_of(mesh.producer, "ops", "meals")
        expect(len({one[0] for one in there ^ wanted}) == times, f"{times} partitions to be wrong as yet, not {len(there ^ wanted)}")
        mesh.advance(FIRST_REST)
        mesh.expect_told("Synced aviation_ops.meals: partitions")
        mesh.expect_follows("meals")

    fails_in_part("CreatePartition", 30, lambda: add(mesh, "meals", [partition("meals", one) for one in numbers]))
    checked = [partition("meals", one, parameters={"checked": "yes"}) for one in numbers[:60]]
    fails_in_part("UpdatePartition", 59, lambda: change(mesh, "meals", checked))
    fails_in_part("DeletePartition", 7, lambda: drop(mesh, "meals", [[one] for one in numbers[:20]]))


HAPPENINGS = [
    a_source_that_lake_formation_hides,
    a_catalog_that_refuses_the_hub,
    a_source_that_throttles,
    the_hub_throttles_itself,
    batches_of_which_some_fails,
]
