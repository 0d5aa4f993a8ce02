"""Calls S3 and KMS of a local mesh. Takes its endpoint; says 'all as expected', or ends with the assertion that failed."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

endpoint = sys.argv[1]
s3 = boto3.client("s3", endpoint_url=endpoint)
kms = boto3.client("kms", endpoint_url=endpoint)
account = "222222222222"
bucket = "from-boto3"


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


assert code_of(s3.head_bucket, Bucket=bucket) == "404"
assert code_of(s3.get_bucket_policy, Bucket=bucket) == "NoSuchBucket"
s3.create_bucket(Bucket=bucket)
assert [found["Name"] for found in s3.list_buckets()["Buckets"]] == [bucket]
assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None

assert code_of(s3.get_bucket_policy, Bucket=bucket) == "NoSuchBucketPolicy"
statement = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{bucket}/*",
}
policy = {"Version": "2012-10-17", "Statement": [statement]}
s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
assert code_of(s3.put_bucket_policy, Bucket=bucket, Policy="{") == "MalformedPolicy"
s3.delete_bucket_policy(Bucket=bucket)

key_id = kms.create_key(Description="for the bucket")["KeyMetadata"]["Arn"]
rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_id}, "BucketKeyEnabled": True}
s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"] == [rule]
s3.delete_bucket_encryption(Bucket=bucket)

key = "a b/c+d & é.txt"
s3.put_object(Bucket=bucket, Key=key, Body=b"hello", Metadata={"run": "7"})
found = s3.get_object(Bucket=bucket, Key=key)
assert found["Body"].read() == b"hello" and found["Metadata"] == {"run": "7"}
assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == 5
assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix="a b/")["Contents"]] == [key]
assert code_of(s3.get_object, Bucket=bucket, Key="none") == "NoSuchKey"
assert code_of(s3.get_bucket_acl, Bucket=bucket) == "NotImplementedInLocalMesh"
assert code_of(s3.delete_bucket, Bucket=bucket) == "BucketNotEmpty"
s3.delete_object(Bucket=bucket, Key=key)
s3.delete_bucket(Bucket=bucket)

assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"
assert [item["KeyArn"] for item in kms.list_keys()["Keys"]] == [key_id]
given = json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])
given["Statement"].append({**given["Statement"][0], "Sid": "More"})
kms.put_key_policy(KeyId=key_id, Policy=json.dumps(given))
assert json.loads(kms.get_key_policy(KeyId=key_id)["Policy"]) == given
assert code_of(kms.describe_key, KeyId="alias/none") == "NotFoundException"
print("all as expected")
