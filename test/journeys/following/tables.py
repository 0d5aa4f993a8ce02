"""Databases, tables and their changes."""

from the_path import AVIATION, expect

from .mesh import ANALYTICS, CLIMATE
from .samples import ROOT, column, stored, table


def a_database_and_its_first_table(mesh):
    """Glue lower-cases names; the description, parameters, comments and labels come along."""
    mesh.producer.create_database(DatabaseInput={"Name": "Ops", "Description": "What flies, and when."})
    flights = table(
        "Flights",
        column("origin", comment="IATA code"),
        column("delay", "int", "internal"),
        Description="One row a flight.",
        parameters={"team": "operations"},
    )
    mesh.make(flights, database="OPS")
    mesh.expect_told("Synced aviation_ops.flights: created")
    central = mesh.expect_follows("flights")
    database = mesh.hub.get_database(Name="aviation_ops")["Database"]
    expect(database["Description"] == "What flies, and when.", f"the database's description, not {database}")
    said = central["Parameters"]
    expect(said["trellis.domain"] == "aviation" and said["trellis.source_account"] == AVIATION, f"whose it is, not {said}")
    mesh.writes()


def every_kind_of_change(mesh):
    """One change after the other is told once, by its name; only those of the schema keep a version."""
    before = table("gates", column("gate"), column("area", "int", "internal"))
    mesh.make(before)
    mesh.expect_told("Synced aviation_ops.gates: created")
    gate, area = before["StorageDescriptor"]["Columns"]
    changes = [
        ("description", {**before, "Description": "Where one boards."}),
        ("parameters", {**before, "Parameters": {**before["Parameters"], "team": "ground"}}),
        ("columns", stored(before, Columns=[gate, area, column("level", comment="0 is the ground")])),
        ("columns", stored(before, Columns=[gate, {**area, "Type": "bigint"}])),
        ("columns", stored(before, Columns=[{**gate, "Comment": "A1 to F12"}, area])),
        ("columns", stored(before, Columns=[gate, column("area", "int", "confidential,pii")])),
        ("columns", stored(before, Columns=[area])),
        ("location", stored(before, Location=f"{ROOT}/ops/gates-2/")),
        ("storage", stored(before, Compressed=True)),
        ("partition-keys", {**before, "PartitionKeys": [column("terminal")]}),
        ("table-type", {**before, "TableType": "GOVERNED"}),
    ]
    for word, after in changes:
        for change in (after, before):
            mesh.change(change)
            mesh.expect_told(f"Synced aviation_ops.gates: {word}")
            mesh.expect_follows("gates")
    versions = mesh.hub.get_table_versions(DatabaseName="aviation_ops", TableName="gates")["TableVersions"]
    kept = 1 + 2 * sum(word in ("columns", "partition-keys") for word, _ in changes)
    expect(len(versions) == kept, f"{kept} versions of the central table, not {len(versions)}")
    everything = {**stored(before, Columns=[gate], Location=f"{ROOT}/ops/gates-3/"), "Description": "Smaller."}
    mesh.change(everything)
    mesh.expect_told("Synced aviation_ops.gates: columns, location, description")
    mesh.writes()


def changes_that_say_nothing_to_a_reader(mesh):
    """Row counts and crawlers' marks cause no write, nor does the same table written again."""
    runs = table("crews")
    mesh.make(runs)
    mesh.expect_told("Synced aviation_ops.crews: created")
    mesh.writes()
    mesh.change(runs)
    mesh.expect_nothing()
    for count in ("10", "20"):
        counted = {"recordCount": count, "numRows": count, "transient_lastDdlTime": count, "UPDATED_BY_CRAWLER": "nightly"}
        mesh.change({**runs, "Parameters": {**runs["Parameters"], **counted}})
        mesh.expect_nothing()


def what_trellis_says_itself_cannot_be_forged(mesh):
    mesh.make(table("forged", parameters={"trellis.domain": "climate", "trellis.missing_since": "2020-01-01T00:00:00.000Z"}))
    mesh.expect_told("Synced aviation_ops.forged: created")
    said = mesh.central("forged")["Parameters"]
    expect(said["trellis.domain"] == "aviation" and "trellis.missing_since" not in said, f"Trellis's own marks, not {said}")


def an_iceberg_table_moves_its_pointer(mesh):
    at = f"{ROOT}/ops/legs/metadata"

    def snapshot(number, **before):
        pointers = {"table_type": "ICEBERG", "metadata_location": f"{at}/{number:05}.metadata.json", **before}
        return table("legs", keys=[column("day")], parameters=pointers)

    mesh.make(snapshot(0))
    mesh.expect_told("Synced aviation_ops.legs: created")
    for number in (1, 2, 3):
        mesh.change(snapshot(number, previous_metadata_location=f"{at}/{number - 1:05}.metadata.json"))
        mesh.expect_told("Synced aviation_ops.legs: parameters")
        pointer = mesh.expect_follows("legs")["Parameters"]["metadata_location"]
        expect(pointer == f"{at}/{number:05}.metadata.json", f"the pointer of snapshot {number}, not {pointer}")


def links_and_views_are_left_alone(mesh):
    """Nor is what another account of the mesh has that is no domain, nor a database of links that Trellis keeps."""
    mesh.writes()
    mesh.client("glue", CLIMATE).create_database(DatabaseInput={"Name": "observations"})
    target = {"CatalogId": CLIMATE, "DatabaseName": "observations"}
    mesh.make({"Name": "borrowed", "TargetTable": {**target, "Name": "weather"}})
    mesh.producer.create_database(DatabaseInput={"Name": "weather", "TargetDatabase": target})
    view = table("late_flights", ViewOriginalText="/* Presto View: eyJ9 */", ViewExpandedText="/* Presto View */")
    mesh.make({**view, "TableType": "VIRTUAL_VIEW"})
    mesh.change({**view, "TableType": "VIRTUAL_VIEW", "Description": "Those that were late."})
    mesh.producer.create_database(DatabaseInput={"Name": "trellis_climate_observations"})
    mesh.make(table("copied"), database="trellis_climate_observations")
    analytics = mesh.client("glue", ANALYTICS)
    analytics.create_database(DatabaseInput={"Name": "studies"})
    analytics.create_table(DatabaseName="studies", TableInput=table("study"))
    mesh.expect_nothing()
    names = [one["Name"] for one in mesh.hub.get_databases()["DatabaseList"]]
    expect(names == ["aviation_ops"], f"no other central database than aviation_ops, not {names}")
    for name in ("borrowed", "late_flights"):
        expect(mesh.central(name) is None, f"no central {name}")


HAPPENINGS = [
    a_database_and_its_first_table,
    every_kind_of_change,
    changes_that_say_nothing_to_a_reader,
    what_trellis_says_itself_cannot_be_forged,
    an_iceberg_table_moves_its_pointer,
    links_and_views_are_left_alone,
]
