"""Hearing what comes to a bus."""

import json

from the_path import expect


class Ear:
    """A rule and a queue of one's own: hears what comes to a bus, each event once."""

    def __init__(self, mesh, account, bus, name, pattern):
        self.sqs = mesh.client("sqs", account)
        events = mesh.client("events", account)
        queue_arn = f"arn:aws:sqs:us-east-1:{account}:{name}"
        place = name if bus == "default" else f"{bus}/{name}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:us-east-1:{account}:rule/{place}"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.url = self.sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
        answer = events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": queue_arn}])
        expect(answer["FailedEntryCount"] == 0, f"a target for the rule: {answer}")

    def news(self):
        """The events that came since the last call."""
        heard = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            heard += [json.loads(message["Body"]) for message in messages]
            entries = [{"Id": one["MessageId"], "ReceiptHandle": one["ReceiptHandle"]} for one in messages]
            self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
        return heard


def line(event):
    """An event as the happenings write it: the last word of its type, the table, and the changes."""
    data = event["detail"]["data"]
    if event["detail-type"] == "Catalog Drift Detected":
        return f"Drift {data['subject']}: {data['kind']}"
    what = f"{event['detail-type'].split()[-1]} {data.get('database')}.{data.get('table')}"
    return f"{what}: {', '.join(data['changes'])}" if "changes" in data else what
