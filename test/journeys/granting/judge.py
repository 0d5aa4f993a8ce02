"""What can be read, and what is there in Lake Formation and catalogs: Athena is the judge."""

import json

from following.mesh import ANALYTICS, CLIMATE, FollowedMesh, table_of
from following.samples import column, table
from the_path import ANALYST, AVIATION, HUB, expect

# What the tables of these happenings are made over.
DATA = "s3://trellis-aviation/ops/airports/"
LABELS = {
    "iata": "public",
    "name": "internal",
    "city": "confidential",
    "state": "public",
    "country": "internal,pii",
    "latitude": "restricted",
    "longitude": None,
}
REFUSALS = ("does not exist", "no accessible columns", "cannot be resolved", "Insufficient Lake Formation")


class JudgedMesh(FollowedMesh):
    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.truths = {}

    def query_as(self, who, sql):
        """All that Athena answers a role, or an account's administrator: columns and sorted rows, or None and why not."""
        account, keys = who, None
        if who.startswith("arn:"):
            account = who.split(":")[4]
            keys = self.role(account, who.split("/")[-1])
        athena = self.client("athena", account, keys)
        query_id = athena.start_query_execution(QueryString=sql, WorkGroup="primary")["QueryExecutionId"]
        status = {}

        def is_over():
            status.update(athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"])
            return status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED")

        self.wait_until(is_over, f"an answer to {sql}")
        if status["State"] != "SUCCEEDED":
            return None, status["StateChangeReason"]
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
        found = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
        return found[0], sorted(found[1:], key=str)

    def expect_reads(self, name, columns, where="TRUE", who=ANALYST):
        """Exactly these columns and rows of a table over the airports, and no others."""
        wanted = [one for one in LABELS if one in columns]
        key = (*wanted, where)
        if key not in self.truths:
            self.truths[key] = self.query_as(AVIATION, f"SELECT {', '.join(wanted)} FROM ops.airports WHERE {where}")[1]
        header, rows = self.query_as(who, f"SELECT * FROM trellis_aviation_ops.{name}")
        expect(header == wanted, f"{who} to read the columns {wanted} of {name}, not {header or rows}")
        truth = self.truths[key]
        expect(len(truth) > 0 and rows == truth, f"the {len(truth)} rows of {name} where {where}, not {len(rows)}")

    def expect_no_read(self, name, what="*", who=ANALYST):
        """Athena refuses the table, or these of its columns, for want of access."""
        header, why = self.query_as(who, f"SELECT {what} FROM trellis_aviation_ops.{name}")
        expect(header is None, f"{what} of {name} to be refused to {who}, not {header} with {len(why)} rows")
        expect(any(one in why for one in REFUSALS), f"to be refused for want of access, not because {why}")

    def filters(self, name):
        """The data cells filters on a central table: their columns and rows."""
        on = {"CatalogId": HUB, "DatabaseName": "aviation_ops", "Name": name}
        found = self.client("lakeformation", HUB).list_data_cells_filter(Table=on)["DataCellsFilters"]
        return [(sorted(one["ColumnNames"]), one.get("RowFilter", {}).get("FilterExpression")) for one in found]

    def expect_no_trace(self, name, account=ANALYTICS):
        """No filter and no grant to another account is left on a table, nor a link to it in the account's catalog."""
        expect(self.filters(name) == [], f"no filter on {name}, not {self.filters(name)}")
        left = [one for one in self.permissions() if f'"{name}"' in one and f"iam::{HUB}:" not in one]
        expect(left == [], f"no grant on {name}, not {left}")
        expect(table_of(self.client("glue", account), "trellis_aviation_ops", name) is None, f"no link to {name} in {account}")

    def permissions(self, account=HUB):
        """Every grant in an account's Lake Formation, as text."""
        lake, found, token = self.client("lakeformation", account), [], {}
        while token is not None:
            page = lake.list_permissions(**token)
            found += page["PrincipalResourcePermissions"]
            token = {"NextToken": page["NextToken"]} if page.get("NextToken") else None
        members = ("Principal", "Resource", "Permissions", "PermissionsWithGrantOption")
        return sorted(json.dumps({key: one.get(key) for key in members}, sort_keys=True) for one in found)

    def everything(self):
        """What a replay could wrongly touch: grants and filters in the hub, links and grants on them elsewhere, shares."""
        members = (AVIATION, CLIMATE, ANALYTICS)
        names = [one["Name"] for page in self.pages(HUB, "aviation_ops") for one in page]
        return {
            "grants": {account: self.permissions(account) for account in (HUB, *members)},
            "filters": {name: self.filters(name) for name in names},
            "links": {
                account: [(one["Name"], one["CreateTime"]) for page in self.pages(account, "trellis_aviation_ops") for one in page]
                for account in members
            },
            "shares": sorted(
                (one["name"], one["status"])
                for one in self.client("ram", HUB).get_resource_shares(resourceOwner="SELF")["resourceShares"]
            ),
        }

    def pages(self, account, database):
        glue = self.client("glue", account)
        try:
            return [page["TableList"] for page in glue.get_paginator("get_tables").paginate(DatabaseName=database)]
        except glue.exceptions.EntityNotFoundException:
            return []


def airports(name, /, **labels):
    """A table over the sample's airports, with a column of every label. `city="public"` gives one another."""
    kinds = {"latitude": "double", "longitude": "double"}
    made = [column(one, kinds.get(one, "string"), label) for one, label in {**LABELS, **labels}.items()]
    for one in made:
        if one["Parameters"]["trellis.classification"] is None:
            del one["Parameters"]
    return table(name, *made, location=DATA)
