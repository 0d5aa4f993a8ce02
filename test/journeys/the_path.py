"""The whole path as somebody outside walks it, with boto3 alone.

    python3 the_path.py http://127.0.0.1:4566

against a mesh that `npm run local` keeps running: a producer's table becomes a central one, an analyst asks and reads, a steward narrows, the
end comes by itself. Says what it does; ends with 1 and the reason when a step does not come out as it should.
"""

import json
import sys
import time
import urllib.request
from datetime import datetime, timedelta, timezone

import boto3
from botocore.config import Config

HUB, AVIATION, ANALYTICS = "111111111111", "222222222222", "444444444444"
BUS = "trellis-local"
ANALYST = f"arn:aws:iam::{ANALYTICS}:role/Analyst"
STEWARD = f"arn:aws:iam::{AVIATION}:role/Steward"
REQUEST = "outsider-1"
LINK = "trellis_aviation_ops.runways"


class Unexpected(Exception):
    """A step that did not come out as it should."""


class Mesh:
    """The mesh at an endpoint: clients of its accounts and roles, its clock, and what Trellis has told."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.told = []
        self.queue_url = None

    def client(self, service, account, session=None):
        keys = session or {"AccessKeyId": account, "SecretAccessKey": "any", "SessionToken": None}
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            config=Config(retries={"mode": "standard"}),
        )

    def role(self, account, name):
        sts = self.client("sts", account)
        arn = f"arn:aws:iam::{account}:role/{name}"
        return sts.assume_role(RoleArn=arn, RoleSessionName="outsider")["Credentials"]

    def post(self, path, body):
        request = urllib.request.Request(self.endpoint + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def now(self):
        return datetime.fromisoformat(self.post("/_local/clock", {"advanceSeconds": 0})["now"].replace("Z", "+00:00"))

    def settle(self):
        answer = self.post("/_local/settle", {"timeoutMs": 30_000})
        if not answer["settled"]:
            raise Unexpected(f"the mesh did not come to rest: {answer['pending']}")

    def listen(self):
        """A rule and a queue of one's own on the hub's bus."""
        name = "outsider"
        queue_arn = f"arn:aws:sqs:us-east-1:{HUB}:{name}"
        rule_arn = f"arn:aws:events:us-east-1:{HUB}:rule/{BUS}/{name}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs, events = self.client("sqs", HUB), self.client("events", HUB)
        self.queue_url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
        events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps({"source": ["trellis"]}))
        answer = events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": "queue", "Arn": queue_arn}])
        expect(answer["FailedEntryCount"] == 0, f"a target for the rule: {answer}")

    def heard(self, detail_type, **wanted):
        """The data of the one event of a type that has these members, of all that was told so far."""
        self.settle()
        sqs = self.client("sqs", HUB)
        while messages := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.told.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        found = [
            event["detail"]["data"]
            for event in self.told
            if event["detail-type"] == detail_type
            and all(event["detail"]["data"].get(name) == value for name, value in wanted.items())
        ]
        heard = "; ".join(f"{event['detail-type']} {event['detail']['data']}" for event in self.told)
        expect(len(found) == 1, f"{detail_type} of {wanted} told once, not {len(found)} times. Told was: {heard}")
        return found[0]

    def put(self, client, detail_type, data, bus="default"):
        detail = {"metadata": {"eventId": f"{REQUEST}-{detail_type}", "schemaVersion": "1.0"}, "data": data}
        entry = {"Source": "trellis.access", "DetailType": detail_type, "Detail": json.dumps(detail), "EventBusName": bus}
        answer = client.put_events(Entries=[entry])
        expect(answer["FailedEntryCount"] == 0, f"the event to be taken: {answer}")

    def query(self, keys, sql):
        """The columns and rows that Athena gives, or the reason for which it refuses."""
        athena = self.client("athena", ANALYTICS, keys)
        query_id = athena.start_query_execution(QueryString=sql, WorkGroup="primary")["QueryExecutionId"]
        deadline = time.monotonic() + 30
        while True:
            status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
            if status["State"] in ("FAILED", "CANCELLED"):
                return None, status["StateChangeReason"]
            if status["State"] == "SUCCEEDED":
                break
            expect(time.monotonic() < deadline, f"an answer to {sql}")
            time.sleep(0.02)
        rows = athena.get_query_results(QueryExecutionId=query_id)["ResultSet"]["Rows"]
        header, *body = [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]
        return header, body


def expect(is_so, what):
    if not is_so:
        raise Unexpected(f"expected {what}")


def step(text):
    print(f"- {text}", flush=True)


def runways(*more):
    """A table of three columns over the sample's airports, and more."""

    def column(name, label, comment=""):
        return {"Name": name, "Type": "string", "Comment": comment, "Parameters": {"trellis.classification": label}}

    serde = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    columns = [column("iata", "public"), column("state", "public"), column("city", "confidential")]
    return {
        "Name": "runways",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet"},
        "StorageDescriptor": {
            "Columns": columns + [column(*one) for one in more],
            "Location": "s3://trellis-aviation/ops/airports/",
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": serde},
        },
    }


def central_columns(mesh):
    table = mesh.client("glue", HUB).get_table(DatabaseName="aviation_ops", Name="runways")["Table"]
    return [(column["Name"], column.get("Comment", "")) for column in table["StorageDescriptor"]["Columns"]]


def walk(mesh):
    mesh.listen()
    glue = mesh.client("glue", AVIATION)

    step("aviation creates ops.runways; the central catalog has aviation_ops.runways")
    glue.create_table(DatabaseName="ops", TableInput=runways())
    mesh.heard("Catalog Table Synced", database="aviation_ops", table="runways")
    expect([name for name, _ in central_columns(mesh)] == ["iata", "state", "city"], "three central columns")

    step("aviation adds a column with a comment; the central table follows")
    glue.update_table(DatabaseName="ops", TableInput=runways(("name", "public", "What people call it")))
    mesh.settle()
    expect(central_columns(mesh)[-1] == ("name", "What people call it"), "the new column with its comment")

    step("analytics asks for all of it, for half an hour; a confidential column waits for its owner")
    expires_at = mesh.now() + timedelta(minutes=30)
    asked = {
        "requestId": REQUEST,
        "principal": ANALYST,
        "tables": ["aviation_ops.runways"],
        "purpose": "delay-study",
        "expiresAt": expires_at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    mesh.put(mesh.client("events", ANALYTICS), "Access Requested", asked)
    needed = mesh.heard("Access Approval Needed", requestId=REQUEST)
    expect(sorted(needed["columns"]) == ["city", "iata", "name", "state"], f"four columns asked for, not {needed['columns']}")
    analyst = mesh.role(ANALYTICS, "Analyst")
    columns, why = mesh.query(analyst, f"SELECT * FROM {LINK}")
    expect(columns is None and "does not exist" in why, f"no table before the answer, not {columns or why}")

    step("the steward of aviation gives two columns, of Texas")
    steward = mesh.client("events", AVIATION, mesh.role(AVIATION, "Steward"))
    decision = {
        "requestId": REQUEST,
        "decision": "approved",
        "approver": STEWARD,
        "columns": ["iata", "state"],
        "rowFilter": "state = 'TX'",
        "reason": "Texas is enough.",
    }
    mesh.put(steward, "Access Decision Made", decision, f"arn:aws:events:us-east-1:{HUB}:event-bus/{BUS}")
    granted = mesh.heard("Access Granted", requestId=REQUEST)
    expect(granted["links"] == [LINK], f"the link {LINK}, not {granted['links']}")

    step("Athena shows Analyst these columns and rows, and no others")
    columns, rows = mesh.query(analyst, f"SELECT * FROM {LINK}")
    expect(columns == ["iata", "state"], f"the columns iata and state, not {columns}: {rows if columns is None else ''}")
    expect(len(rows) > 100 and {state for _, state in rows} == {"TX"}, f"the airports of Texas, not {len(rows)} rows")
    columns, why = mesh.query(analyst, f"SELECT city FROM {LINK}")
    expect(columns is None and "'city' cannot be resolved" in why, f"city to be refused, not {columns or why}")
    columns, why = mesh.query(mesh.role(ANALYTICS, "Regional"), f"SELECT iata FROM {LINK}")
    expect(columns is None, "nothing for another role of the account")

    step("half an hour passes; the access ends by itself")
    mesh.post("/_local/clock", {"advanceSeconds": 31 * 60})
    mesh.heard("Access Expiring", requestId=REQUEST)
    revoked = mesh.heard("Access Revoked", requestId=REQUEST)
    expect(revoked["cause"] == "expired", f"the cause expired, not {revoked['cause']}")
    columns, why = mesh.query(analyst, f"SELECT iata FROM {LINK}")
    expect(columns is None and "does not exist" in why, f"no table after the end, not {columns or why}")
    filters = mesh.client("lakeformation", HUB).list_data_cells_filter(
        Table={"CatalogId": HUB, "DatabaseName": "aviation_ops", "Name": "runways"}
    )["DataCellsFilters"]
    expect(filters == [], f"no filters left in Lake Formation, not {filters}")
    step("the whole path is walked")


def main():
    if len(sys.argv) != 2:
        print(f"Usage: {sys.argv[0]} <endpoint>", file=sys.stderr)
        return 2
    try:
        walk(Mesh(sys.argv[1].rstrip("/")))
    except Exception as error:  # Whatever it is, it is the answer.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
