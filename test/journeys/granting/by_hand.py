"""What somebody grants in Lake Formation by hand: it is not Trellis's, and stays whatever Trellis does beside it."""

from following.mesh import ANALYTICS, HOUR
from the_path import HUB, expect

from .deciding import PUBLIC
from .mesh import REGIONAL


def grants_made_by_hand_stay(mesh):
    """A principal has columns from an administrator of the lake; Trellis grants others beside them and takes its own away."""
    mesh.offer("crates")
    lake = mesh.client("lakeformation", HUB)
    on = {"CatalogId": HUB, "DatabaseName": "aviation_ops", "Name": "crates", "ColumnNames": ["iata", "name"]}
    by_hand = {"Principal": {"DataLakePrincipalIdentifier": REGIONAL}, "Resource": {"TableWithColumns": on}, "Permissions": ["SELECT"]}
    lake.grant_permissions(**by_hand)
    before = mesh.permissions()
    own = mesh.client("glue", ANALYTICS)
    own.create_database(DatabaseInput={"Name": "own"})
    target = {"CatalogId": HUB, "DatabaseName": "aviation_ops", "Name": "crates", "Region": "us-east-1"}
    own.create_table(DatabaseName="own", TableInput={"Name": "crates", "TargetTable": target})
    expect_columns(mesh, ["iata", "name"])

    mesh.ask("beside-by-hand", "crates", PUBLIC, principal=REGIONAL)
    mesh.expect_told("Granted beside-by-hand")
    expect_columns(mesh, ["iata", "name", "state"])
    mesh.revoke(requestId="beside-by-hand")
    mesh.expect_told("Revoked beside-by-hand requested")
    expect_columns(mesh, ["iata", "name"])
    mesh.advance(HOUR / 6)
    mesh.expect_told()
    expect(mesh.permissions() == before, "what was made by hand, and nothing else, to be left in Lake Formation")
    expect_columns(mesh, ["iata", "name"])
    lake.revoke_permissions(**by_hand)


def expect_columns(mesh, wanted):
    header, why = mesh.query_as(REGIONAL, "SELECT * FROM own.crates")
    expect(header == wanted, f"the columns {wanted}, not {header or why}")


def a_filter_made_by_hand_stays(mesh):
    """Like Trellis's own, but for the name and the ledger."""
    mesh.offer("pallets")
    lake = mesh.client("lakeformation", HUB)
    table = {"TableCatalogId": HUB, "DatabaseName": "aviation_ops", "TableName": "pallets"}
    cells = {**table, "Name": "trellis-by-hand", "ColumnNames": ["iata"], "RowFilter": {"AllRowsWildcard": {}}}
    lake.create_data_cells_filter(TableData=cells)
    mesh.ask("beside-a-filter", "pallets", PUBLIC)
    mesh.expect_told("Granted beside-a-filter")
    mesh.expect_reads("pallets", PUBLIC)
    expect(len(mesh.filters("pallets")) == 2, f"two filters, not {mesh.filters('pallets')}")
    mesh.revoke(requestId="beside-a-filter")
    mesh.expect_told("Revoked beside-a-filter requested")
    mesh.expect_no_read("pallets")
    expect([columns for columns, _ in mesh.filters("pallets")] == [["iata"]], f"the one by hand, not {mesh.filters('pallets')}")


HAPPENINGS = [grants_made_by_hand_stay, a_filter_made_by_hand_stays]
