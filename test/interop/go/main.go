// Sends twenty traces through the OpenTelemetry SDK of Go and its OTLP exporters.
//
// usage: interop grpc|http ENDPOINT SERVICE. It writes the ids of each trace as a line of JSON and ends with 0 only if every
// export succeeded.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	protocol, endpoint, service := os.Args[1], os.Args[2], os.Args[3]
	failed := false
	// The batch processor tells of a failed export only here.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		failed = true
		fmt.Fprintln(os.Stderr, err)
	}))
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	exporter, err := newExporter(ctx, protocol, endpoint)
	check(err)
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter, sdk.WithExportTimeout(30*time.Second)),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", service),
			attribute.String("service.version", "1.2.3"),
		)),
	)
	tracer := provider.Tracer("interop.scope", trace.WithInstrumentationVersion("4.5.6"))
	for number := range 20 {
		send(ctx, tracer, number)
	}
	check(provider.ForceFlush(ctx))
	check(provider.Shutdown(ctx))
	if failed {
		os.Exit(1)
	}
}

func newExporter(ctx context.Context, protocol, endpoint string) (sdk.SpanExporter, error) {
	if protocol == "grpc" {
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(endpoint))
	}
	return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint+"/v1/traces"))
}

func send(ctx context.Context, tracer trace.Tracer, number int) {
	linked := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID:    trace.TraceID{15: byte(number + 1)},
		SpanID:     trace.SpanID{7: byte(number + 1)},
		TraceFlags: trace.FlagsSampled,
	})
	ctx, root := tracer.Start(ctx, fmt.Sprintf("GET /interop/%d", number),
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithLinks(trace.Link{SpanContext: linked, Attributes: []attribute.KeyValue{attribute.String("link.kind", "follows")}}),
		trace.WithAttributes(
			attribute.String("string", "größe ✓"),
			attribute.Bool("bool", true),
			attribute.Int64("int", 9007199254740993),
			attribute.Float64("double", 0.25),
			attribute.StringSlice("strings", []string{"a", "b\"c"}),
			attribute.BoolSlice("bools", []bool{true, false}),
			attribute.Int64Slice("ints", []int64{-2, 9007199254740993}),
			attribute.Float64Slice("doubles", []float64{0.5, -1.5}),
			attribute.ByteSlice("bytes", []byte{0, 255}),
			attribute.Slice("mixed", attribute.StringValue("a"), attribute.BoolValue(true), attribute.Int64SliceValue([]int64{1})),
			attribute.Map("map", attribute.Map("inner", attribute.String("key", "value"))),
		))
	_, child := tracer.Start(ctx, "call", trace.WithSpanKind(trace.SpanKindClient))
	child.AddEvent("retry", trace.WithAttributes(attribute.Int("attempt", 2)))
	child.End()
	root.RecordError(errors.New("no stock"), trace.WithStackTrace(true))
	root.SetStatus(codes.Error, "no stock")
	root.End()
	at := root.SpanContext()
	fmt.Printf("{\"trace\":%q,\"root\":%q,\"child\":%q}\n", at.TraceID(), at.SpanID(), child.SpanContext().SpanID())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
