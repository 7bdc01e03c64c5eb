"""Inserts one webhook in a transaction of its own, and has it sent at once: python3 insert.py <endpoint URL> [run id].

Needs SQLAlchemy and a driver, and DATABASE_URL of a role that may insert into the outbox, for example
postgresql+asyncpg://… or postgresql+psycopg://…; OUTBOX_SCHEMA: where Surehook's tables are. ENQUEUE_FUNCTION: whom to
announce it to, which needs boto3; without it the next sweep sends the webhook.
"""

import asyncio
import json
import os
import sys
import uuid

from sqlalchemy import JSON, BigInteger, Column, DateTime, Integer, String, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()


class WebhookDelivery(Base):
    """As a model of a table of the application's own; a column without a value is inserted as null."""

    __tablename__ = "webhook_outbox"
    __table_args__ = {"schema": os.environ.get("OUTBOX_SCHEMA", "surehook")}
    # Given by the database, and returned.
    id = Column(BigInteger, primary_key=True, autoincrement=True)
    delivery_uuid = Column(String(36), default=lambda: str(uuid.uuid4()))
    workflow_run_id = Column(Integer, nullable=False)
    organization_id = Column(Integer, nullable=False)
    webhook_node_id = Column(String, nullable=False)
    webhook_name = Column(String)
    endpoint_url = Column(String, nullable=False)
    http_method = Column(String)
    payload = Column(JSON, nullable=False)
    custom_headers = Column(JSON(none_as_null=True))
    credential_uuid = Column(String(36))
    status = Column(String, default="pending")
    attempt_count = Column(Integer, default=0)
    max_attempts = Column(Integer)
    scheduled_for = Column(DateTime(timezone=True))
    last_status_code = Column(Integer)
    last_error = Column(String)
    # The trace that the webhook belongs to, if the application has one.
    traceparent = Column(String)
    tracestate = Column(String)


def webhook(endpoint_url, run_id):
    return WebhookDelivery(
        workflow_run_id=run_id,
        organization_id=1,
        webhook_node_id="from-python",
        endpoint_url=endpoint_url,
        payload={"greeting": "Hello Python"},
    )


async def insert_async(url, delivery):
    engine = create_async_engine(url)
    # Whoever may only insert cannot read a row again after the commit.
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        # Whatever makes the webhook true belongs here: both are committed, or neither is.
        session.add(delivery)
    await engine.dispose()


def insert(url, delivery):
    with Session(create_engine(url), expire_on_commit=False) as session, session.begin():
        session.add(delivery)


def announce(delivery_uuids):
    """Call it after the commit. A hint and no more: if it fails, the next sweep sends them."""
    import boto3

    function = os.environ["ENQUEUE_FUNCTION"]
    client = boto3.client("lambda", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
    request = {"announce": {"delivery_uuids": delivery_uuids}}
    answer = client.invoke(FunctionName=function, Payload=json.dumps(request))
    return json.loads(answer["Payload"].read())


if __name__ == "__main__":
    url = os.environ["DATABASE_URL"]
    delivery = webhook(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1001)
    try:
        if "+asyncpg" in url:
            asyncio.run(insert_async(url, delivery))
        else:
            insert(url, delivery)
        print(json.dumps({"id": delivery.id, "delivery_uuid": delivery.delivery_uuid}), flush=True)
        if "ENQUEUE_FUNCTION" in os.environ:
            print(json.dumps(announce([delivery.delivery_uuid])))
    except DBAPIError as refused:
        # check_violation: the message says of every column what is wrong with it.
        if getattr(refused.orig, "sqlstate", None) != "23514" and getattr(refused.orig, "pgcode", None) != "23514":
            raise
        sys.exit(str(refused.orig).splitlines()[0])
