"""
What clients do with the package openai, once each, against llama-server itself and through hal0.

Reads {"bare": {"chat": ORIGIN, "embedding": ORIGIN}, "hal0": ORIGIN, "model": NAME} from stdin, where an ORIGIN is http://HOST:PORT.
Writes a JSON object: under "calls", for each call, the client's outcome and the raw answers "direct" and "relayed"; and what became of
the streams that were left and of fifty chats at once.
"""

import asyncio
import json
import sys

import httpx2 as httpx
import openai
from pydantic import BaseModel, Field

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
COUNT = [{"role": "user", "content": "Count to a thousand."}]
SAMPLING = {"temperature": 0, "seed": 7}
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TOOL = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


class Capital(BaseModel):
    capital: str = Field(max_length=12)


class Recorder(httpx.BaseTransport):
    """Keeps a copy of every answer as it came. The engine closes connections that it has offered to keep, so none is used twice."""

    def __init__(self):
        self.inner = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self.answers = []

    def handle_request(self, request):
        response = self.inner.handle_request(request)
        answer = {"status": response.status_code, "type": response.headers.get("content-type"), "parts": []}
        self.answers.append(answer)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=Copied(response.stream, answer["parts"]),
            extensions=response.extensions,
        )

    def close(self):
        self.inner.close()

    def seen(self):
        return [
            {"status": answer["status"], "type": answer["type"], "text": b"".join(answer["parts"]).decode()}
            for answer in self.answers
        ]


class Copied(httpx.SyncByteStream):
    def __init__(self, inner, parts):
        self.inner, self.parts = inner, parts

    def __iter__(self):
        for part in self.inner:
            self.parts.append(part)
            yield part

    def close(self):
        self.inner.close()


def client_of(origin, transport):
    http = httpx.Client(transport=transport, timeout=120)
    return openai.OpenAI(api_key="a key that hal0 does not ask for", base_url=f"{origin}/v1", max_retries=0, http_client=http)


def chat_calls(model):
    def chat(client, **more):
        return client.chat.completions.create(**{"model": model, "messages": QUESTION, "max_tokens": 4, **SAMPLING, **more})

    def helper(client):
        with client.chat.completions.stream(model=model, messages=QUESTION, max_tokens=4, **SAMPLING) as stream:
            return [event.type for event in stream] + [stream.get_final_completion()]

    tools = {"tools": [{"type": "function", "function": TOOL}], "max_tokens": 24}
    picture = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    text = {"model": model, "prompt": "The capital of France is", "max_tokens": 4, **SAMPLING}
    response = {"model": model, "input": QUESTION[0]["content"], "max_output_tokens": 4, "temperature": 0}
    return {
        "a chat": chat,
        "a streamed chat with usage": lambda c: list(chat(c, stream=True, stream_options={"include_usage": True})),
        "a stream with the client's helper": helper,
        "a chat with tools": lambda c: chat(c, **tools, tool_choice="auto"),
        "a chat that has to call a tool": lambda c: chat(c, **tools, tool_choice="required"),
        "a streamed chat that has to call a tool": lambda c: list(chat(c, **tools, tool_choice="required", stream=True)),
        "a chat whose answer follows a JSON schema": lambda c: c.chat.completions.parse(
            model=model, messages=QUESTION, max_tokens=24, response_format=Capital, **SAMPLING
        ),
        "a chat with log probabilities": lambda c: chat(c, max_tokens=3, logprobs=True, top_logprobs=3),
        "a chat with two choices": lambda c: chat(c, n=2),
        "an image, which a model without a projector cannot see": lambda c: chat(
            c, messages=[{"role": "user", "content": picture}]
        ),
        "a prompt longer than the context": lambda c: chat(c, messages=[{"role": "user", "content": "word " * 5000}]),
        "a completion": lambda c: c.completions.create(**text),
        "a streamed completion": lambda c: list(c.completions.create(**text, stream=True)),
        "a response": lambda c: c.responses.create(**response),
        "a streamed response": lambda c: list(c.responses.create(**response, stream=True)),
    }


def embedding_calls(model):
    return {
        # The client asks for base64 by itself, and gives numbers.
        "embeddings in base64": lambda c: c.embeddings.create(model=model, input=["one", "two"]),
        "embeddings as numbers": lambda c: c.embeddings.create(model=model, input="one", encoding_format="float"),
    }


def plain(result):
    if isinstance(result, list):
        return [plain(each) for each in result]
    return result.model_dump(mode="json", warnings=False) if isinstance(result, BaseModel) else result


def outcome_of(call, client):
    try:
        return {"result": plain(call(client))}
    except openai.OpenAIError as error:
        return {"error": type(error).__name__, "status": getattr(error, "status_code", None), "message": str(error)}


def ask(origin, call):
    recorder = Recorder()
    with client_of(origin, recorder) as client:
        outcome = outcome_of(call, client)
    return {"outcome": outcome, "answers": recorder.seen()}


def compare(bare, hal0, calls):
    compared = {}
    for name, call in calls.items():
        # The first one fills the engine's cache, which its figures of usage tell.
        ask(bare, call)
        compared[name] = {"direct": ask(bare, call), "relayed": ask(hal0, call)}
    return compared


def leave_streams(origin, model, times):
    """One after the other, each left at its first piece while the client itself stays. @returns how many pieces were seen"""
    seen = 0
    with client_of(origin, httpx.HTTPTransport()) as client:
        for _ in range(times):
            with client.chat.completions.create(model=model, messages=COUNT, max_tokens=2000, stream=True) as stream:
                next(iter(stream))
                seen += 1
        client.chat.completions.create(model=model, messages=QUESTION, max_tokens=1)
    return seen


async def many(origin, model, count):
    """@returns the tokens of each of `count` chats at once"""
    async with openai.AsyncOpenAI(api_key="none", base_url=f"{origin}/v1", max_retries=0, timeout=120) as client:
        chats = [client.chat.completions.create(model=model, messages=COUNT, max_tokens=2) for _ in range(count)]
        return [chat.usage.completion_tokens for chat in await asyncio.gather(*chats)]


def main():
    given = json.load(sys.stdin)
    bare, hal0, model = given["bare"], given["hal0"], given["model"]
    print(
        json.dumps(
            {
                "calls": {
                    **compare(bare["chat"], hal0, chat_calls(model)),
                    **compare(bare["embedding"], hal0, embedding_calls("embed")),
                },
                "left": leave_streams(hal0, model, 4),
                "many": asyncio.run(many(hal0, model, 50)),
            }
        )
    )


main()
