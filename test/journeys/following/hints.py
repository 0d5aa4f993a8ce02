"""Events that come twice, late, in another order, or never; and two handlers at once."""

import random

from the_path import expect

from .ear import line
from .mesh import CATALOG_SYNC, partitions_of
from .partitions import DAY_KEY, add, drop
from .samples import column, partition, stored, table

SEED = 7
FIRST_REST = 20


def the_same_hint_again(mesh):
    """Thrice, of a creation, a change, and partitions."""
    mesh.hints()
    mesh.make(table("charters", keys=DAY_KEY))
    add(mesh, "charters", [partition("charters", "1")])
    mesh.settle()
    mesh.change(table("charters", keys=DAY_KEY, Description="Flown to order."))
    hints = mesh.hints()
    mesh.expect_told(
        "Synced aviation_ops.charters: created",
        "Synced aviation_ops.charters: partitions-added 1",
        "Synced aviation_ops.charters: description",
    )
    mesh.writes()
    expect(len(hints) == 3, f"three hints, not {len(hints)}")
    mesh.deliver(*hints * 3)
    mesh.expect_nothing()
    mesh.expect_follows("charters")


def hints_in_any_order(mesh):
    """A table is made, changed, dropped, and made again with other columns; the hints come shuffled, and each by itself."""
    mesh.hints()
    last = table("slots", column("slot"), column("holder", "string", "internal"), Description="The last word.")
    with mesh.hints_held():
        mesh.make(table("slots"))
        mesh.change(table("slots", Description="The first word."))
        mesh.drop("slots")
        mesh.make(last)
    hints = mesh.hints()
    expect(len(hints) == 4, f"four hints, not {len(hints)}")
    random.Random(SEED).shuffle(hints)
    mesh.deliver(hints[0])
    mesh.expect_told("Synced aviation_ops.slots: created")
    mesh.writes()
    for hint in hints[1:]:
        mesh.deliver(hint)
        mesh.expect_nothing()
    mesh.expect_follows("slots")


def a_stale_hint_brings_nothing_back(mesh):
    """The hint of a table's creation comes when the table is gone, and that of partitions when others are there."""
    mesh.hints()
    with mesh.hints_held():
        mesh.make(table("trials"))
        mesh.drop("trials")
    made, dropped = mesh.hints()
    mesh.writes()
    mesh.deliver(made)
    mesh.deliver(dropped)
    mesh.expect_nothing()
    expect(mesh.central("trials") is None, "no central table of what was gone before anybody looked")

    mesh.make(table("crossings", keys=DAY_KEY))
    mesh.expect_told("Synced aviation_ops.crossings: created")
    mesh.hints()
    with mesh.hints_held():
        add(mesh, "crossings", [partition("crossings", "1"), partition("crossings", "2")])
        drop(mesh, "crossings", [["1"]])
    added, dropped = mesh.hints()
    mesh.deliver(dropped)
    mesh.expect_told("Synced aviation_ops.crossings: partitions-added 1")
    mesh.writes()
    mesh.deliver(added)
    mesh.expect_nothing()
    mesh.expect_follows("crossings")


def lost_hints_are_made_good_by_the_next(mesh):
    """A change, a creation and partitions that nobody told of: the next hint of the table brings all of it, once."""
    mesh.make(table("permits", keys=DAY_KEY))
    mesh.expect_told("Synced aviation_ops.permits: created")
    mesh.writes()
    with mesh.events_lost():
        mesh.change(table("permits", keys=DAY_KEY, Description="Unheard."))
        add(mesh, "permits", [partition("permits", str(number)) for number in range(40)])
        mesh.make(table("waivers"))
    mesh.expect_nothing()
    expect(mesh.central("waivers") is None, "no central table that nobody told of")
    add(mesh, "permits", [partition("permits", "heard")])
    # Told in one: the partitions came with a change of the table.
    mesh.expect_told("Synced aviation_ops.permits: description")
    mesh.expect_follows("permits")
    mesh.change(table("waivers", Description="Heard of."))
    mesh.expect_told("Synced aviation_ops.waivers: created")
    mesh.expect_follows("waivers")


def a_loss_within_the_hub_is_mended_by_a_replay(mesh):
    mesh.make(table("notices"))
    mesh.expect_told("Synced aviation_ops.notices: created")
    begin = mesh.now()
    with mesh.hints_held():
        mesh.change(table("notices", Description="Held up."))
        mesh.make(table("bulletins"))
    mesh.expect_told()
    mesh.replay("mends", begin=begin)
    mesh.expect_told("Synced aviation_ops.notices: description", "Synced aviation_ops.bulletins: created")
    for name in ("notices", "bulletins"):
        mesh.expect_follows(name)
    mesh.writes()
    mesh.replay("mended", begin=begin)
    mesh.expect_nothing()


def two_handlers_at_once_change_a_table(mesh):
    """One has read and is about to write; another reads a later state and writes before it. The later state stays; each change is told once."""
    mesh.make(table("queues"))
    mesh.expect_told("Synced aviation_ops.queues: created")
    first = table("queues", Description="First.")
    with mesh.call_held(CATALOG_SYNC, "glue:UpdateTable"):
        mesh.producer.update_table(DatabaseName="ops", TableInput=first)
        mesh.wait_until(lambda: not mesh.faults(), "a handler to be about to write")
        mesh.producer.update_table(DatabaseName="ops", TableInput=stored(first, Columns=[column("queue")]))
        mesh.wait_until(lambda: mesh.central("queues").get("Description") == "First.", "another to write")
    mesh.expect_told("Synced aviation_ops.queues: columns, description")
    mesh.expect_follows("queues")
    expect(mesh.central("queues")["VersionId"] == "1", "one write of the two handlers to count")


def two_handlers_at_once_make_a_table(mesh):
    with mesh.call_held(CATALOG_SYNC, "glue:CreateTable"):
        mesh.producer.create_table(DatabaseName="ops", TableInput=table("lanes"))
        mesh.wait_until(lambda: not mesh.faults(), "a handler to be about to make the central table")
        mesh.producer.update_table(DatabaseName="ops", TableInput=table("lanes", Description="Second."))
        mesh.wait_until(lambda: mesh.central("lanes"), "another to make it")
    mesh.expect_told("Synced aviation_ops.lanes: created")
    mesh.expect_follows("lanes")


def two_handlers_at_once_write_partitions(mesh):
    """One is about to add a hundred when ten of them go: what it adds too much, it takes away itself."""
    mesh.make(table("belts", keys=DAY_KEY))
    mesh.expect_told("Synced aviation_ops.belts: created")
    with mesh.call_held(CATALOG_SYNC, "glue:BatchCreatePartition"):
        add(mesh, "belts", [partition("belts", str(number)) for number in range(100)])
        mesh.wait_until(lambda: not mesh.faults(), "a handler to be about to add partitions")
        drop(mesh, "belts", [[str(number)] for number in range(10)])
        mesh.wait_until(lambda: len(partitions_of(mesh.hub, "aviation_ops", "belts")) == 90, "another to add what is left")
    mesh.expect_told(
        "Synced aviation_ops.belts: partitions-added 90",
        "Synced aviation_ops.belts: partitions-added 10",
        "Synced aviation_ops.belts: partitions-removed 10",
    )
    mesh.expect_follows("belts")


def many_changes_in_a_moment(mesh):
    """A burst costs no more writes than it has changes, the last state stays, and each write is told."""
    mesh.make(table("meters"))
    mesh.expect_told("Synced aviation_ops.meters: created")
    mesh.writes()
    for number in range(60):
        mesh.producer.update_table(DatabaseName="ops", TableInput=table("meters", Description=f"Reading {number}"))
    # One that others kept from writing tries again after a rest.
    mesh.advance(FIRST_REST)
    writes = mesh.writes()
    # A handler that tries again tells again what it had told, under the same ids.
    told = {event["detail"]["metadata"]["eventId"]: line(event) for event in mesh.ear.news()}
    mesh.domain_ear.news()
    expect(set(told.values()) == {"Synced aviation_ops.meters: description"}, f"the description alone to be told, not {told}")
    expect(1 <= len(writes) <= 60, f"as many writes as changes at the most, not {len(writes)}")
    expect(len(told) == len(writes), f"as many events as writes, not {len(told)} of {len(writes)}")
    mesh.expect_follows("meters")


def the_archive_is_replayed_twice(mesh):
    """Everything that has happened comes again, days later and twice: nothing is written, and nothing told."""
    mesh.writes()
    mesh.hints()
    before = everything(mesh)
    for name in ("once-more", "and-once-more"):
        mesh.replay(name)
        mesh.expect_nothing()
    expect(everything(mesh) == before, "the central catalog to be as it was")


def everything(mesh):
    """The hub's databases, tables and their versions."""
    return {
        (database["Name"], one["Name"]): (one["VersionId"], one["UpdateTime"], str(one["Parameters"]))
        for database in mesh.hub.get_databases()["DatabaseList"]
        for page in mesh.hub.get_paginator("get_tables").paginate(DatabaseName=database["Name"])
        for one in page["TableList"]
    }


HAPPENINGS = [
    the_same_hint_again,
    hints_in_any_order,
    a_stale_hint_brings_nothing_back,
    lost_hints_are_made_good_by_the_next,
    a_loss_within_the_hub_is_mended_by_a_replay,
    two_handlers_at_once_change_a_table,
    two_handlers_at_once_make_a_table,
    two_handlers_at_once_write_partitions,
    many_changes_in_a_moment,
]
