"""Hands over one webhook: python3 hand_over.py <endpoint URL> [credential UUID] [run id]. Needs boto3."""

import json
import os
import sys
import time

import boto3
from botocore.config import Config

# Enqueue answers within 20 seconds; after that it is worth another try.
LAMBDA = boto3.client(
    "lambda",
    config=Config(read_timeout=30, retries={"max_attempts": 3}),
    # Before boto3 1.28 it does not read this variable by itself.
    endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
)


class WebhookRefused(Exception):
    """The request was not taken. `error_type` says why."""

    def __init__(self, error_type, message):
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type


def enqueue(request, tries=3):
    """Returns the delivery. A repeated request never makes a second one, so whatever passes is tried again."""
    for left in reversed(range(tries)):
        answer = LAMBDA.invoke(FunctionName=os.environ["ENQUEUE_FUNCTION"], Payload=json.dumps(request, allow_nan=False))
        body = json.loads(answer["Payload"].read())
        if "FunctionError" not in answer:
            return body
        error_type = body.get("errorType", "Unknown")
        is_refusal = error_type in REFUSALS
        if is_refusal or left == 0:
            raise WebhookRefused(error_type, body.get("errorMessage", ""))
        time.sleep(tries - left)


# These stay, however often they are sent.
REFUSALS = {
    "InvalidRequest",
    "PayloadTooLarge",
    "WorkflowRunNotFound",
    "WorkflowRunHasNoOrganization",
    "OrganizationMismatch",
    "DatabaseRefused",
}

if __name__ == "__main__":
    given = dict(enumerate(sys.argv))
    try:
        delivery = enqueue(
            {
                "workflow_run_id": int(given.get(3, 1002)),
                "organization_id": 1,
                "webhook_node_id": "from-python",
                "endpoint_url": sys.argv[1],
                "credential_uuid": given.get(2),
                "payload": {"greeting": "Hello Python"},
            }
        )
        print(json.dumps(delivery))
    except WebhookRefused as refused:
        sys.exit(str(refused))
