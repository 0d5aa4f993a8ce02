"""Partitions: added, changed and dropped, few and many, and tables that need none."""

import re

from the_path import expect

from .mesh import partitions_of
from .samples import ROOT, batches, column, partition, table

DAY_KEY = [column("day")]


def add(mesh, name, partitions):
    """In the batches that Glue takes. Gives the answers' errors."""
    of = {"DatabaseName": "ops", "TableName": name}
    for batch in batches(partitions, 100):
        errors = mesh.producer.batch_create_partition(**of, PartitionInputList=batch).get("Errors", [])
        expect(errors == [], f"the producer's partitions to be made, not {errors}")


def change(mesh, name, partitions):
    entries = [{"PartitionValueList": one["Values"], "PartitionInput": one} for one in partitions]
    for batch in batches(entries, 100):
        mesh.producer.batch_update_partition(DatabaseName="ops", TableName=name, Entries=batch)


def drop(mesh, name, values):
    for batch in batches([{"Values": one} for one in values], 25):
        mesh.producer.batch_delete_partition(DatabaseName="ops", TableName=name, PartitionsToDelete=batch)


def expect_told_in_all(mesh, name, word, count):
    """A burst of events is told in one or several; the counts add up, and nothing else is told."""
    mesh.settle()
    told = [event["detail"]["data"] for event in mesh.ear.news()]
    mesh.domain_ear.news()
    changes = [change for data in told for change in data["changes"]]
    counts = [re.fullmatch(rf"{word} (\d+)", change) for change in changes]
    expect(all(counts) and told, f"{word} alone to be told, not {changes}")
    expect({data["table"] for data in told} == {name}, f"only {name} to be told of, not {told}")
    total = sum(int(found[1]) for found in counts)
    expect(total == count, f"{word} {count} in all, not {changes}")


def partitions_come_change_and_go(mesh):
    mesh.make(table("landings", keys=DAY_KEY))
    mesh.expect_told("Synced aviation_ops.landings: created")
    days = [f"2026-01-{day:02}" for day in range(1, 31)]
    add(mesh, "landings", [partition("landings", day) for day in days])
    mesh.expect_told("Synced aviation_ops.landings: partitions-added 30")
    mesh.expect_follows("landings")
    moved = partition("landings", days[0], location=f"{ROOT}/ops/landings/again/")
    noted = partition("landings", days[1], parameters={"checked": "yes"})
    change(mesh, "landings", [moved, noted])
    mesh.expect_told("Synced aviation_ops.landings: partitions-changed 2")
    mesh.expect_follows("landings")
    drop(mesh, "landings", [[day] for day in days[:20]])
    mesh.expect_told("Synced aviation_ops.landings: partitions-removed 20")
    mesh.expect_follows("landings")
    mesh.writes()
    # What a job counts in a partition is no news.
    counted = partition("landings", days[25], parameters={"numRows": "3", "transient_lastDdlTime": "1"})
    change(mesh, "landings", [counted])
    mesh.expect_nothing()


def values_of_any_characters(mesh):
    """The event gives values as text, joined by `, `: what has that itself is found all the same."""
    mesh.make(table("remarks", keys=[column("text"), column("by")]))
    mesh.expect_told("Synced aviation_ops.remarks: created")
    odd = [["a, b", "c"], ["a", "b, c"], ["[x]", " "], ["Zürich/ü=1", "%2C"], ["__HIVE_DEFAULT_PARTITION__", "'"]]
    add(mesh, "remarks", [partition("remarks", *values, location=f"{ROOT}/ops/remarks/{at}/") for at, values in enumerate(odd)])
    mesh.expect_told("Synced aviation_ops.remarks: partitions-added 5")
    mesh.expect_follows("remarks")
    drop(mesh, "remarks", [odd[0], odd[3]])
    mesh.expect_told("Synced aviation_ops.remarks: partitions-removed 2")
    mesh.expect_follows("remarks")


def partitions_by_the_thousand(mesh):
    """In bursts, and then a few among them: of more than a page, only what the hint names is looked at."""
    name, count = "tracks", 1_500
    mesh.make(table(name, keys=DAY_KEY))
    mesh.expect_told("Synced aviation_ops.tracks: created")
    add(mesh, name, [partition(name, str(number)) for number in range(count)])
    expect_told_in_all(mesh, name, "partitions-added", count)
    mesh.expect_follows(name)
    change(mesh, name, [partition(name, "7", location=f"{ROOT}/ops/tracks/seven/")])
    mesh.expect_told("Synced aviation_ops.tracks: partitions-changed 1")
    for first in range(1_000, 1_300, 100):
        change(mesh, name, [partition(name, str(number), parameters={"checked": "yes"}) for number in range(first, first + 100)])
        mesh.expect_told("Synced aviation_ops.tracks: partitions-changed 100")
    drop(mesh, name, [[str(number)] for number in range(500)])
    expect_told_in_all(mesh, name, "partitions-removed", 500)
    add(mesh, name, [partition(name, "late")])
    mesh.expect_told("Synced aviation_ops.tracks: partitions-added 1")
    mesh.expect_follows(name)
    expect(len(partitions_of(mesh.hub, "aviation_ops", name)) == count - 499, f"{count - 499} central partitions")


def a_table_is_made_with_all_its_partitions_at_once(mesh):
    """Its creation is told; that they came with it is no other news."""
    with mesh.hints_held():
        mesh.make(table("arrivals", keys=DAY_KEY))
        add(mesh, "arrivals", [partition("arrivals", str(number)) for number in range(150)])
    mesh.deliver(*mesh.hints())
    mesh.expect_told("Synced aviation_ops.arrivals: created")
    mesh.expect_follows("arrivals")


def a_projected_table_needs_no_partitions(mesh):
    at = f"{ROOT}/ops/radar"
    projection = {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.range": "2020-01-01,NOW",
        "projection.day.format": "yyyy-MM-dd",
        "storage.location.template": f"{at}/${{day}}/",
    }
    mesh.make(table("radar", keys=DAY_KEY, parameters=projection))
    mesh.expect_told("Synced aviation_ops.radar: created")
    mesh.expect_follows("radar")
    wider = {**projection, "projection.day.range": "2010-01-01,NOW"}
    mesh.change(table("radar", keys=DAY_KEY, parameters=wider))
    mesh.expect_told("Synced aviation_ops.radar: parameters")
    mesh.expect_follows("radar")
    mesh.writes()
    # Athena does not look at it, so nobody is to be told.
    add(mesh, "radar", [partition("radar", "2026-01-01")])
    mesh.expect_nothing()


HAPPENINGS = [
    partitions_come_change_and_go,
    values_of_any_characters,
    partitions_by_the_thousand,
    a_table_is_made_with_all_its_partitions_at_once,
    a_projected_table_needs_no_partitions,
]
