"""The mesh as people ask for access in it, decide, extend and revoke, and what Trellis tells them."""

import contextlib
import json
from datetime import timedelta, timezone

from following.ear import Ear
from following.mesh import ANALYTICS, CLIMATE, HUB_BUS
from the_path import ANALYST, AVIATION, BUS, HUB, STEWARD, expect

from .judge import JudgedMesh, airports
from .told import MEMBERS, accounts_of, is_wanted, line

MINUTE = 60
ENFORCER = f"arn:aws:iam::{HUB}:role/trellis-local-access-enforce"
REGIONAL = f"arn:aws:iam::{ANALYTICS}:role/Regional"
REPORTING = f"arn:aws:iam::{CLIMATE}:role/Reporting"
# A term whose end, and the notice of it, no happening reaches.
LASTING_DAYS = 30


class AccessMesh(JudgedMesh):
    def __init__(self, endpoint):
        super().__init__(endpoint)
        # What the boot had to tell is over.
        self.settle()
        self.ear.news()
        told = {"source": ["trellis"]}
        self.own_ears = {account: Ear(self, account, "default", "ear-of-access", told) for account in MEMBERS}
        self.said = []

    def expect_told(self, *wanted):
        """
        Exactly these were told since the last call, on the hub's bus and on those of the accounts concerned: `Granted first`, or
        `Denied second: words of its reasons`. Gives the data of the events in the order of what is wanted.
        """
        self.settle()
        left = self.ear.news()
        found = []
        heard = [*left]
        for one in wanted:
            event = next((event for event in left if is_wanted(one, event)), None)
            if event is None:
                told = [(line(event), event["detail"]["data"].get("reasons")) for event in heard]
                expect(False, f"to be told {one!r}, not {told}")
            left.remove(event)
            found.append(event)
        more = [(line(event), event["detail"]["data"].get("reasons")) for event in left]
        expect(not more, f"nothing but {list(wanted)} to be told, and not {more}")
        for account, ear in self.own_ears.items():
            here = sorted(line(event) for event in ear.news())
            own = sorted(line(event) for event in heard if account in accounts_of(event))
            expect(here == own, f"{account} to be told {own} on its own bus, not {here}")
        return [event["detail"]["data"] for event in found]

    def say(self, account, kind, data, event_id=None, bus="default", role=None, settles=True):
        """Puts an event as an account's administrator, or as a role of it, and lets it have its effect."""
        self.said.append(kind)
        # The hub's own default bus forwards native events alone.
        bus = BUS if account == HUB else bus
        detail = {"metadata": {"eventId": event_id or f"said-{len(self.said)}"}, "data": data}
        error = self.put_entry(account, kind, json.dumps(detail), bus=bus, role=role, settles=settles)
        expect(error is None, f"{kind} to be taken, not {error}")

    def put_entry(self, account, kind, detail, source="trellis.access", bus="default", role=None, settles=True):
        """Puts an entry as it is. Gives the code of its error, if it was not taken."""
        events = self.client("events", account, self.role(account, role) if role else None)
        entry = {"Source": source, "DetailType": kind, "Detail": detail, "EventBusName": bus}
        answer = events.put_events(Entries=[entry])["Entries"][0]
        if settles:
            self.settle()
        return answer.get("ErrorCode")

    def ask(self, request_id, name, columns=None, who=ANALYTICS, event_id=None, **more):
        """Asks for a table of aviation's `ops`, for long unless given. What is given as None is left out."""
        asked = {"requestId": request_id, "principal": ANALYST, "purpose": "delay-study", "columns": columns}
        asked |= {"tables": [f"aviation_ops.{name}"], "durationDays": None if "expiresAt" in more else LASTING_DAYS}
        data = {key: value for key, value in {**asked, **more}.items() if value is not None}
        self.say(who, "Access Requested", data, event_id)

    def answer(self, request_id, decision="approved", approver=STEWARD, **more):
        """As the steward of aviation, straight on the hub's bus."""
        said = {"requestId": request_id, "decision": decision, "approver": approver, **more}
        self.say(AVIATION, "Access Decision Made", said, bus=HUB_BUS, role="Steward")

    def extend(self, request_id, expires_at, who=ANALYTICS, **more):
        self.say(who, "Access Extension Requested", {"requestId": request_id, "expiresAt": expires_at, **more})

    def revoke(self, who=ANALYTICS, reason="No longer needed.", event_id=None, **selected):
        """One request's access by `requestId`, or all of a `principal`, on a `table`."""
        self.say(who, "Access Revocation Requested", {"reason": reason, **selected}, event_id)

    def within(self, **duration):
        """An instant so much ahead on the mesh's clock, as `minutes=30`."""
        then = self.now() + timedelta(**duration)
        return then.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    @contextlib.contextmanager
    def lake_shut(self):
        """Meanwhile somebody has taken from the function that grants what it may do in Lake Formation."""
        lake = self.client("lakeformation", HUB)
        settings = lake.get_data_lake_settings()["DataLakeSettings"]
        others = [one for one in settings["DataLakeAdmins"] if one["DataLakePrincipalIdentifier"] != ENFORCER]
        expect(len(others) < len(settings["DataLakeAdmins"]), "the function that grants to be an administrator of the lake")
        lake.put_data_lake_settings(DataLakeSettings={**settings, "DataLakeAdmins": others})
        try:
            yield
        finally:
            lake.put_data_lake_settings(DataLakeSettings=settings)

    def offer(self, *names, **labels):
        """New tables of aviation's, which are in the central catalog then."""
        for name in names:
            self.make(airports(name, **labels))
        self.expect_told(*[f"Synced aviation_ops.{name}: created" for name in names])
