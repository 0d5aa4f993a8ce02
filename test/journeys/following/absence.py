"""Tables that go, come back in time or too late, change their names, or go with their database."""

from the_path import expect

from .faults import LONGEST_REST, refused
from .mesh import DAY, HOUR, partitions_of
from .partitions import DAY_KEY, add
from .samples import ROOT, column, partition, table

GRACE = DAY
DRAFTS = [f"draft_{number}" for number in range(12)]


def dropped_and_made_again_in_time(mesh):
    """Nobody is told of the absence; the same central table stays, and has what the new one says, without the old one's partitions."""
    mesh.make(table("terminals", keys=DAY_KEY))
    add(mesh, "terminals", [partition("terminals", "1"), partition("terminals", "2")])
    mesh.settle()
    mesh.expect_told(
        "Synced aviation_ops.terminals: created",
        "Synced aviation_ops.terminals: partitions-added 2",
    )
    made_at = mesh.central("terminals")["CreateTime"]
    mesh.drop("terminals")
    mesh.expect_told()
    expect(mesh.mark("terminals", "missing_since") is not None, "the mark of what is missing")
    mesh.advance(HOUR)
    mesh.make(table("terminals", column("terminal"), keys=DAY_KEY))
    # The partitions that went with the old one are part of the same news.
    mesh.expect_told("Synced aviation_ops.terminals: recreated, columns")
    central = mesh.expect_follows("terminals")
    expect(central["CreateTime"] == made_at, "the same central table")
    expect("trellis.missing_since" not in central["Parameters"], "no mark any more")
    expect(partitions_of(mesh.hub, "aviation_ops", "terminals") == set(), "none of the old partitions")


def dropped_and_made_again_in_the_same_second(mesh):
    """Glue's times have whole seconds: both look like one. Whether the absence was seen or not, the table follows."""
    mesh.make(table("towers"))
    mesh.expect_told("Synced aviation_ops.towers: created")
    mesh.producer.delete_table(DatabaseName="ops", Name="towers")
    mesh.producer.create_table(DatabaseName="ops", TableInput=table("towers", column("tower")))
    mesh.settle()
    told = [event["detail"]["data"]["changes"] for event in mesh.ear.news()]
    mesh.domain_ear.news()
    expect(len(told) == 1 and "columns" in told[0], f"the new columns to be told once, not {told}")
    central = mesh.expect_follows("towers")
    expect("trellis.missing_since" not in central["Parameters"], "no mark of absence")


def a_table_goes(mesh):
    mesh.make(table("hangars", keys=DAY_KEY))
    add(mesh, "hangars", [partition("hangars", "1")])
    mesh.settle()
    mesh.expect_told("Synced aviation_ops.hangars: created", "Synced aviation_ops.hangars: partitions-added 1")
    mesh.drop("hangars")
    mesh.expect_told()
    expect(mesh.mark("hangars", "missing_since") is not None, "the mark of what is missing")


def a_table_is_renamed(mesh):
    """Glue has no rename for such tables: whoever wants one drops and makes. To Trellis they are two."""
    mesh.make(table("pilots", column("pilot")))
    mesh.expect_told("Synced aviation_ops.pilots: created")
    mesh.drop("pilots")
    mesh.make(table("captains", column("pilot"), location=f"{ROOT}/ops/pilots/"))
    mesh.expect_told("Synced aviation_ops.captains: created")
    mesh.expect_follows("captains")


def a_database_goes_with_its_tables(mesh):
    """Its one event names no tables. One of them is made again in time, with the database."""
    names = ["buoys", "tides", "winds"]
    mesh.producer.create_database(DatabaseInput={"Name": "sea"})
    for name in names:
        mesh.make(table(name), database="sea")
    mesh.expect_told(*[f"Synced aviation_sea.{name}: created" for name in names])
    mesh.producer.delete_database(Name="sea")
    mesh.expect_told()
    for name in names:
        expect(mesh.mark(name, "missing_since", "sea") is not None, f"the mark of the missing {name}")
    mesh.advance(HOUR)
    mesh.producer.create_database(DatabaseInput={"Name": "sea"})
    mesh.make(table("tides"), database="sea")
    mesh.expect_told("Synced aviation_sea.tides: recreated")


def a_dozen_goes_at_once(mesh):
    """One event names them all."""
    for name in DRAFTS:
        mesh.producer.create_table(DatabaseName="ops", TableInput=table(name))
    mesh.expect_told(*[f"Synced aviation_ops.{name}: created" for name in DRAFTS])
    mesh.producer.batch_delete_table(DatabaseName="ops", TablesToDelete=DRAFTS)
    mesh.expect_told()


def none_goes_while_its_source_cannot_be_read(mesh):
    """The grace period of all of them passes: they may be there again, for all that can be known."""
    mesh.writes()
    mesh.advance(GRACE - 3 * HOUR)
    mesh.expect_nothing()
    with refused(mesh):
        # Past the last's end, and short of the tries that a removal has.
        mesh.advance(3 * HOUR + 600)
        mesh.expect_nothing()


def those_that_stayed_away_go(mesh):
    """Each is told once; what came back stays. Made again afterwards, a table is another."""
    mesh.advance(LONGEST_REST)
    gone = ["aviation_ops.hangars", "aviation_ops.pilots", "aviation_sea.buoys", "aviation_sea.winds"]
    gone += [f"aviation_ops.{name}" for name in DRAFTS]
    mesh.expect_told(*[f"Removed {name}: removed" for name in gone])
    writes = mesh.writes()
    expect(writes == sorted(f"DeleteTable {name}" for name in gone), f"these and no others to be deleted, not {writes}")
    for name in ("terminals", "towers", "captains"):
        mesh.expect_follows(name)
    mesh.expect_follows("tides", "sea")
    mesh.make(table("hangars", keys=DAY_KEY))
    mesh.expect_told("Synced aviation_ops.hangars: created")
    mesh.expect_follows("hangars")
    expect(partitions_of(mesh.hub, "aviation_ops", "hangars") == set(), "none of the old partitions")


# In this order: the last are the end of those before.
HAPPENINGS = [
    dropped_and_made_again_in_time,
    dropped_and_made_again_in_the_same_second,
    a_table_goes,
    a_table_is_renamed,
    a_database_goes_with_its_tables,
    a_dozen_goes_at_once,
    none_goes_while_its_source_cannot_be_read,
    those_that_stayed_away_go,
]
