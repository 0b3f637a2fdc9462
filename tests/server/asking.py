"""One request to the application without a network, for the tests."""

import asyncio
import json

import httpx


def ask(app, method, path, content=b"", **headers):
    """The answer to one request."""

    async def run():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            given = {"Content-Type": "application/json"} if path == "/_hptsim/advance" else {}
            given |= {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.request(method, path, content=content, headers=given)

    return asyncio.run(run())


def call(app, operation, content, region="us-east-1", **headers):
    """One SageMaker operation; *content* is the body, or what it says."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    signed = (
        f"AWS4-HMAC-SHA256 Credential=key/20240101/{region}/sagemaker/aws4_request, SignedHeaders=host, Signature=0"
    )
    return ask(app, "POST", "/", body, X_Amz_Target=f"SageMaker.{operation}", Authorization=signed, **headers)


def code(response):
    """What an error in JSON is."""
    return response.status_code, response.json()["__type"]
