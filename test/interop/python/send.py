"""Sends twenty traces through the OpenTelemetry SDK of Python and its OTLP exporters.

usage: send.py grpc|http ENDPOINT SERVICE. It writes the ids of each trace as a line of JSON and ends with 0 only if every
export succeeded.
"""

import json
import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

protocol, endpoint, service = sys.argv[1:4]


def new_exporter():
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(endpoint=endpoint, insecure=True, timeout=30)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=30)


class Watched(SpanExporter):
    """The batch processor keeps the result of an export to itself, so it is taken on the way."""

    def __init__(self, exporter):
        self.exporter = exporter
        self.results = []

    def export(self, spans):
        result = self.exporter.export(spans)
        self.results.append(result)
        return result

    def shutdown(self):
        self.exporter.shutdown()


def send(tracer, number):
    linked = trace.SpanContext(number + 1, number + 1, True, trace.TraceFlags(1))
    attributes = {
        "string": "größe ✓",
        "bool": True,
        "int": 9007199254740993,
        "double": 0.25,
        "strings": ["a", 'b"c'],
        "bools": [True, False],
        "ints": [-2, 9007199254740993],
        "doubles": [0.5, -1.5],
        "bytes": bytes([0, 255]),
        "mixed": ["a", True, [1]],
        "map": {"inner": {"key": "value"}},
    }
    with tracer.start_as_current_span(
        f"GET /interop/{number}",
        kind=trace.SpanKind.SERVER,
        links=[trace.Link(linked, {"link.kind": "follows"})],
        attributes=attributes,
    ) as root:
        with tracer.start_as_current_span("call", kind=trace.SpanKind.CLIENT) as child:
            child.add_event("retry", {"attempt": 2})
        try:
            raise ValueError("no stock")
        except ValueError as error:
            root.record_exception(error)
        root.set_status(trace.Status(trace.StatusCode.ERROR, "no stock"))
    print(
        json.dumps(
            {
                "trace": trace.format_trace_id(root.get_span_context().trace_id),
                "root": trace.format_span_id(root.get_span_context().span_id),
                "child": trace.format_span_id(child.get_span_context().span_id),
            }
        )
    )


watched = Watched(new_exporter())
provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": "1.2.3"}))
provider.add_span_processor(BatchSpanProcessor(watched))
tracer = provider.get_tracer("interop.scope", "4.5.6")
for number in range(20):
    send(tracer, number)
flushed = provider.force_flush(40_000)
provider.shutdown()
succeeded = watched.results and all(result is SpanExportResult.SUCCESS for result in watched.results)
sys.exit(0 if flushed and succeeded else 1)
