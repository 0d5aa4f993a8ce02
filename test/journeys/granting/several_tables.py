"""One request for several tables, and one for a description alone."""

from following.mesh import ANALYTICS
from the_path import AVIATION, expect

from .deciding import PUBLIC
from .mesh import MINUTE
from .revoking_many import CERTAIN

TABLES = ["aviation_ops.ramps_a", "aviation_ops.ramps_b"]


def two_tables_in_one_request(mesh):
    """Granted and told as one; each table can be taken from it, and it goes on with the other."""
    mesh.offer("ramps_a", "ramps_b")
    mesh.ask("both", "", [*PUBLIC, "aviation_ops.ramps_a.iata"], tables=TABLES)
    [granted] = mesh.expect_told("Granted both")
    expect(granted["tables"] == TABLES, f"both tables, not {granted['tables']}")
    wanted = sorted(f"{table}.{column}" for table in TABLES for column in PUBLIC)
    expect(sorted(granted["columns"]) == wanted, f"the columns {wanted}, not {granted['columns']}")
    for name in ("ramps_a", "ramps_b"):
        mesh.expect_reads(name, PUBLIC)
    mesh.revoke(requestId="both", table=TABLES[0])
    [narrowed] = mesh.expect_told("Narrowed both: aviation_ops.ramps_a was revoked")
    expect(narrowed["tables"] == TABLES[1:], f"the other table, not {narrowed['tables']}")
    mesh.expect_no_read("ramps_a")
    mesh.expect_reads("ramps_b", PUBLIC)
    mesh.revoke(who=AVIATION, table=TABLES[1])
    mesh.expect_told("Revoked both requested")
    mesh.advance(CERTAIN)
    mesh.expect_no_trace("ramps_a")
    mesh.expect_no_trace("ramps_b")


def several_tables_of_which_one_is_the_owners_to_give(mesh):
    """The whole waits; the owner takes part of it."""
    mesh.ask("part", "", None, tables=TABLES)
    mesh.expect_told("Needed part")
    mesh.expect_no_read("ramps_a")
    mesh.answer("part", columns=["aviation_ops.ramps_b.city"])
    mesh.expect_told("Granted part: aviation_ops.ramps_a: left out by the owner.")
    mesh.expect_reads("ramps_b", ["city"])
    mesh.expect_no_read("ramps_a")


def several_tables_that_cannot_be_one_request(mesh):
    """Of several domains, more than ten, and columns that none of them has."""
    mesh.ask("of-two", "", None, tables=["aviation_ops.ramps_a", "climate_observations.co2"])
    mesh.expect_told("Denied of-two: Each domain answers for its own tables")
    mesh.ask("eleven", "", None, tables=[f"aviation_ops.t{number}" for number in range(11)])
    mesh.expect_told("Denied eleven: 10 tables in a request at the most")
    mesh.ask("nobodys", "", ["iata", "gate"], tables=TABLES)
    mesh.expect_told("Denied nobodys: None of the tables has a column gate.")


def a_description_alone(mesh):
    """The consumer's own catalog shows the table, Athena none of it; beside a grant of data each ends by itself."""
    mesh.offer("ramps_c")
    mesh.ask("seen", "ramps_c", permissions=["DESCRIBE"], expiresAt=mesh.within(minutes=40))
    mesh.expect_told("Needed seen")
    mesh.answer("seen")
    [granted] = mesh.expect_told("Granted seen")
    expect(granted["permissions"] == ["DESCRIBE"], f"the description alone, not {granted}")
    glue = mesh.client("glue", ANALYTICS, mesh.role(ANALYTICS, "Analyst"))
    link = glue.get_table(DatabaseName="trellis_aviation_ops", Name="ramps_c")["Table"]["TargetTable"]
    seen = {"CatalogId": link["CatalogId"], "DatabaseName": link["DatabaseName"], "Name": link["Name"]}
    columns = [column["Name"] for column in glue.get_table(**seen)["Table"]["StorageDescriptor"]["Columns"]]
    expect({"iata", "city", "latitude"} <= set(columns), f"all columns to be seen, not {columns}")
    mesh.expect_no_read("ramps_c")
    mesh.ask("read", "ramps_c", PUBLIC)
    mesh.expect_told("Granted read")
    mesh.expect_reads("ramps_c", PUBLIC)
    mesh.revoke(requestId="read")
    mesh.expect_told("Revoked read requested")
    mesh.expect_no_read("ramps_c")
    glue.get_table(**seen)
    mesh.advance(41 * MINUTE)
    mesh.expect_told("Expiring seen", "Revoked seen expired")
    mesh.expect_no_trace("ramps_c")
    mesh.ask("rows-of-it", "ramps_c", PUBLIC, permissions=["DESCRIBE"])
    mesh.expect_told("Denied rows-of-it: DESCRIBE alone shows the description of the whole table")


HAPPENINGS = [
    two_tables_in_one_request,
    several_tables_of_which_one_is_the_owners_to_give,
    several_tables_that_cannot_be_one_request,
    a_description_alone,
]
