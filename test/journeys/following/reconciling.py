"""What no event told, nor ever will: a reconcile finds it."""

import json

from the_path import HUB, expect

from .partitions import DAY_KEY, add
from .samples import partition, table

MACHINE = f"arn:aws:states:us-east-1:{HUB}:stateMachine:trellis-local-reconcile"
# Of the nightly one.
AT_HOUR = 2


def reconcile(mesh, **request):
    """One of the domain, as an operator starts it. Gives its report."""
    states = mesh.client("stepfunctions", HUB)
    started = states.start_execution(stateMachineArn=MACHINE, input=json.dumps({"domain": "aviation", **request}))
    mesh.settle()
    ended = states.describe_execution(executionArn=started["executionArn"])
    expect(ended["status"] == "SUCCEEDED", f"the reconcile to succeed, not {ended}")
    return json.loads(ended["output"])


def lose_all_sorts(mesh, at):
    """Changes of every kind, of which nobody hears."""
    names = [f"{at}_changed", f"{at}_dropped", f"{at}_filled"]
    for name in names:
        mesh.make(table(name, keys=DAY_KEY))
    mesh.expect_told(*[f"Synced aviation_ops.{name}: created" for name in names])
    mesh.producer.create_database(DatabaseInput={"Name": at, "Description": "Before."})
    mesh.make(table("seen"), database=at)
    mesh.expect_told(f"Synced aviation_{at}.seen: created")
    with mesh.events_lost():
        mesh.change(table(names[0], keys=DAY_KEY, Description="Unheard."))
        mesh.drop(names[1])
        add(mesh, names[2], [partition(names[2], str(number)) for number in range(120)])
        mesh.make(table("unseen"), database=at)
        # Glue has no event for it in any case.
        mesh.producer.update_database(Name=at, DatabaseInput={"Name": at, "Description": "After."})
    mesh.expect_told()
    mesh.writes()


def expect_found(mesh, at):
    """All of it is mended, and told once: as drift, and as what it was."""
    mesh.expect_told(
        f"Drift aviation_ops.{at}_changed: different",
        f"Drift aviation_ops.{at}_dropped: extra",
        f"Drift aviation_ops.{at}_filled: partitions",
        f"Drift aviation_{at}.unseen: missing",
        f"Drift aviation_{at}: database",
        f"Synced aviation_ops.{at}_changed: description",
        f"Synced aviation_ops.{at}_filled: partitions-added 120",
        f"Synced aviation_{at}.unseen: created",
    )
    for name in ("changed", "filled"):
        mesh.expect_follows(f"{at}_{name}")
    mesh.expect_follows("unseen", at)
    expect(mesh.mark(f"{at}_dropped", "missing_since") is not None, "the mark of absence")
    said = mesh.hub.get_database(Name=f"aviation_{at}")["Database"]["Description"]
    expect(said == "After.", f"the database's later description, not {said}")
    mesh.advance(60)
    mesh.make(table(f"{at}_dropped", keys=DAY_KEY))
    mesh.expect_told(f"Synced aviation_ops.{at}_dropped: recreated")
    mesh.writes()


def found_when_somebody_asks(mesh):
    """A dry run finds it and changes nothing; the next mends it; one more finds nothing."""
    lose_all_sorts(mesh, "asked")
    found = reconcile(mesh, dryRun=True)["counts"]
    expect(found["left"] == 5 and found["repaired"] == 0, f"five differences to be found, not {found}")
    mesh.expect_nothing()
    reconcile(mesh)
    expect_found(mesh, "asked")
    reconcile(mesh)
    mesh.expect_nothing()


def found_at_night(mesh):
    lose_all_sorts(mesh, "night")
    mesh.advance_to(AT_HOUR)
    expect_found(mesh, "night")


HAPPENINGS = [found_when_somebody_asks, found_at_night]
