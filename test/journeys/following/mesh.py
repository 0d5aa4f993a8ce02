"""The mesh as its catalogs are followed: the producer's, the central one, what Trellis tells, and what it writes."""

import contextlib
import json
import time
import urllib.request
from datetime import timedelta

from the_path import AVIATION, BUS, HUB, Mesh, expect

from .ear import Ear, line

CLIMATE, ANALYTICS = "333333333333", "444444444444"
DOMAIN = "aviation"
SPOKE = f"arn:aws:iam::{AVIATION}:role/trellis-spoke"
CATALOG_SYNC = f"arn:aws:iam::{HUB}:role/trellis-local-catalog-sync"
HUB_BUS = f"arn:aws:events:us-east-1:{HUB}:event-bus/{BUS}"
HOUR, DAY = 3600, 86_400
# What a fault can hold a call: above it, whoever made the call gives it up.
LONGEST_WAIT_MS = 20_000

# What of a table Trellis carries. The other members are Glue's own, or say nothing to a reader.
CARRIED = ("Description", "TableType", "PartitionKeys", "StorageDescriptor")


class FollowedMesh(Mesh):
    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.clients = {}
        self.producer = self.client("glue", AVIATION)
        self.hub = self.client("glue", HUB)
        self.started = self.now()
        told = {"source": ["trellis"]}
        self.ear = Ear(self, HUB, BUS, "ear", told)
        self.domain_ear = Ear(self, AVIATION, "default", "ear-at-home", told)
        # Glue tells of every change of the hub's catalog too: what is heard here is what Trellis wrote.
        self.writes_ear = Ear(self, HUB, "default", "ear-for-writes", {"source": ["aws.glue"]})
        hints = {"source": ["aws.glue"], "account": [AVIATION]}
        self.hints_ear = Ear(self, HUB, BUS, "ear-for-hints", {**hints, "replay-name": [{"exists": False}]})

    def client(self, service, account, session=None):
        if session:
            return super().client(service, account, session)
        key = (service, account)
        if key not in self.clients:
            self.clients[key] = super().client(service, account)
        return self.clients[key]

    def advance(self, seconds):
        self.post("/_local/clock", {"advanceSeconds": seconds})
        self.settle()

    def advance_to(self, hour):
        """To the next time that it is ten minutes past this hour, UTC."""
        now = self.now()
        then = now.replace(hour=hour, minute=10, second=0, microsecond=0)
        self.advance(((then - now) % timedelta(days=1)).total_seconds())

    # What Trellis says and does

    def expect_told(self, *wanted):
        """Exactly these were told since the last call, as `Synced aviation_ops.flights: created`. Gives the data of the events."""
        self.settle()
        told = self.ear.news()
        lines = sorted(line(event) for event in told)
        expect(lines == sorted(wanted), f"exactly {sorted(wanted)} to be told, not {lines}")
        at_home = sorted(line(event) for event in self.domain_ear.news())
        expect(at_home == lines, f"the domain to be told the same, not {at_home}")
        return [event["detail"]["data"] for event in told]

    def writes(self):
        """What was written in the hub's catalog since the last call, as `UpdateTable aviation_ops.flights`."""
        self.settle()
        return sorted(
            f"{event['detail']['typeOfChange']} {event['detail']['databaseName']}.{table}"
            for event in self.writes_ear.news()
            for table in [event["detail"].get("tableName")] + event["detail"].get("changedTables", [])
            if table
        )

    def expect_nothing(self):
        """Since the last looks, nothing was written and nothing told."""
        self.expect_told()
        writes = self.writes()
        expect(writes == [], f"nothing to be written in the hub's catalog, not {writes}")

    # Catalogs

    def make(self, table, database="ops"):
        self.producer.create_table(DatabaseName=database, TableInput=table)
        self.settle()

    def change(self, table, database="ops"):
        self.producer.update_table(DatabaseName=database, TableInput=table)
        self.settle()

    def drop(self, name, database="ops"):
        self.producer.delete_table(DatabaseName=database, Name=name)
        self.settle()

    def central(self, name, database="ops"):
        """The central table, or None."""
        return table_of(self.hub, f"{DOMAIN}_{database}", name)

    def mark(self, name, mark, database="ops"):
        """What Trellis noted on the central table, or None."""
        return self.central(name, database)["Parameters"].get(f"trellis.{mark}")

    def expect_follows(self, name, database="ops"):
        """The central table says to a reader what the producer's says, partitions too. Gives it."""
        source, central = table_of(self.producer, database, name), self.central(name, database)
        expect(source is not None and central is not None, f"{database}.{name} in both catalogs")
        for member in CARRIED:
            a, b = source.get(member), central.get(member)
            expect(a == b, f"the {member} of {database}.{name} to be {a}, not {b}")
        said = {key: value for key, value in central["Parameters"].items() if not key.startswith("trellis.")}
        expect(said == source.get("Parameters", {}), f"the parameters {source.get('Parameters')}, not {said}")
        there = partitions_of(self.hub, f"{DOMAIN}_{database}", name)
        wanted = partitions_of(self.producer, database, name)
        expect(there == wanted, f"{len(wanted)} partitions, not {len(there)}: {sorted(there ^ wanted)[:3]}")
        return central

    # Ways and hints

    @contextlib.contextmanager
    def rule_disabled(self, account, name, bus="default"):
        events = self.client("events", account)
        events.disable_rule(Name=name, EventBusName=bus)
        try:
            yield
            self.settle()
        finally:
            events.enable_rule(Name=name, EventBusName=bus)

    def events_lost(self):
        """What the producer's catalog tells meanwhile reaches nobody."""
        return self.rule_disabled(AVIATION, "trellis-local-forward")

    def hints_held(self):
        """The hub archives the hints that come meanwhile, and Trellis does not get them: `hints` gives them."""
        return self.rule_disabled(HUB, "trellis-local-catalog", BUS)

    def hints(self):
        """Glue's events as they came to the hub since the last call, oldest first."""
        self.settle()
        return sorted(self.hints_ear.news(), key=lambda event: event["time"])

    def deliver(self, *hints):
        """Puts events into Trellis's queue as its rule does, whether or not they were there before."""
        sqs = self.client("sqs", HUB)
        url = sqs.get_queue_url(QueueName="trellis-local-catalog")["QueueUrl"]
        for hint in hints:
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(hint))
        self.settle()

    def replay(self, name, begin=None, end=None):
        """Replays the hub's archive: all of it unless given."""
        events = self.client("events", HUB)
        events.start_replay(
            ReplayName=name,
            EventSourceArn=f"arn:aws:events:us-east-1:{HUB}:archive/{BUS}",
            Destination={"Arn": HUB_BUS},
            EventStartTime=begin or self.started - timedelta(hours=1),
            EventEndTime=end or self.now() + timedelta(minutes=1),
        )
        self.settle()
        state = events.describe_replay(ReplayName=name)["State"]
        expect(state == "COMPLETED", f"the replay to be completed, not {state}")

    def redrive(self):
        """Puts the dead letters of the catalog's queue back into it."""
        arn = f"arn:aws:sqs:us-east-1:{HUB}:trellis-local-catalog-dead"
        self.client("sqs", HUB).start_message_move_task(SourceArn=arn)
        self.settle()

    # Faults

    def order(self, principal, action, times=1, error=None, wait_ms=None):
        """The principal's next calls fail, or wait."""
        fault = {"principal": principal, "action": action, "times": times}
        fault |= {"error": error} if error else {}
        fault |= {"waitMs": wait_ms} if wait_ms else {}
        self.post("/_local/faults", fault)

    def faults(self, method="GET"):
        """Those that no call has met. With DELETE, they are forgotten, and calls that wait go on."""
        request = urllib.request.Request(self.endpoint + "/_local/faults", method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["left"]

    @contextlib.contextmanager
    def call_held(self, principal, action):
        """The principal's next such call waits until the block ends."""
        self.order(principal, action, wait_ms=LONGEST_WAIT_MS)
        try:
            yield
        finally:
            self.faults("DELETE")
        self.settle()

    def expect_faults_met(self):
        left = self.faults()
        expect(left == [], f"every fault to be met, not {left} left")

    def wait_until(self, is_so, what):
        deadline = time.monotonic() + LONGEST_WAIT_MS / 2_000
        while not is_so():
            expect(time.monotonic() < deadline, what)
            time.sleep(0.02)

    def dead_letters(self):
        """The messages that Trellis gave up, by queue."""
        held = {}
        for account in (HUB, AVIATION, CLIMATE, ANALYTICS):
            sqs = self.client("sqs", account)
            for url in sqs.list_queues(QueueNamePrefix="trellis-").get("QueueUrls", []):
                if url.endswith("-dead"):
                    name = "ApproximateNumberOfMessages"
                    held[url] = int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
        expect(len(held) >= 4, f"a dead-letter queue in each account, not {held}")
        return {url: count for url, count in held.items() if count}


def table_of(glue, database, name):
    try:
        return glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return None


def partitions_of(glue, database, name):
    """Values, location and parameters of each, as a set."""
    if not table_of(glue, database, name).get("PartitionKeys"):
        return set()
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name, ExcludeColumnSchema=True)
    return {
        (tuple(one["Values"]), one["StorageDescriptor"].get("Location"), json.dumps(one.get("Parameters", {}), sort_keys=True))
        for page in pages
        for one in page["Partitions"]
    }
