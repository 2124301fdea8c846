import static io.opentelemetry.api.common.AttributeKey.booleanArrayKey;
import static io.opentelemetry.api.common.AttributeKey.doubleArrayKey;
import static io.opentelemetry.api.common.AttributeKey.longArrayKey;
import static io.opentelemetry.api.common.AttributeKey.stringArrayKey;
import static io.opentelemetry.api.common.AttributeKey.stringKey;
import static io.opentelemetry.api.common.AttributeKey.valueKey;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.KeyValue;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * Sends twenty traces through the OpenTelemetry SDK of Java and its OTLP exporters.
 *
 * <p>usage: Send grpc|http ENDPOINT SERVICE. It writes the ids of each trace as a line of JSON and ends with 0 only if every
 * export succeeded.
 */
public final class Send {
  public static void main(String[] arguments) {
    Watched watched = new Watched(newExporter(arguments[0], arguments[1]));
    Attributes resource = Attributes.of(stringKey("service.name"), arguments[2], stringKey("service.version"), "1.2.3");
    SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .setResource(Resource.create(resource))
            .addSpanProcessor(BatchSpanProcessor.builder(watched).setExporterTimeout(Duration.ofSeconds(40)).build())
            .build();
    Tracer tracer = provider.tracerBuilder("interop.scope").setInstrumentationVersion("4.5.6").build();
    for (int number = 0; number < 20; number++) send(tracer, number);
    boolean flushed = provider.forceFlush().join(40, TimeUnit.SECONDS).isSuccess();
    boolean ended = provider.shutdown().join(10, TimeUnit.SECONDS).isSuccess();
    System.exit(flushed && ended && watched.succeeded() ? 0 : 1);
  }

  private static SpanExporter newExporter(String protocol, String endpoint) {
    Duration timeout = Duration.ofSeconds(30);
    if (protocol.equals("grpc")) return OtlpGrpcSpanExporter.builder().setEndpoint(endpoint).setTimeout(timeout).build();
    return OtlpHttpSpanExporter.builder().setEndpoint(endpoint + "/v1/traces").setTimeout(timeout).build();
  }

  private static void send(Tracer tracer, int number) {
    SpanContext linked =
        SpanContext.create(
            String.format("%032x", number + 1), String.format("%016x", number + 1), TraceFlags.getSampled(), TraceState.getDefault());
    Span root =
        tracer
            .spanBuilder("GET /interop/" + number)
            .setSpanKind(SpanKind.SERVER)
            .addLink(linked, Attributes.of(stringKey("link.kind"), "follows"))
            .setAttribute("string", "größe ✓")
            .setAttribute("bool", true)
            .setAttribute("int", 9007199254740993L)
            .setAttribute("double", 0.25)
            .setAttribute(stringArrayKey("strings"), List.of("a", "b\"c"))
            .setAttribute(booleanArrayKey("bools"), List.of(true, false))
            .setAttribute(longArrayKey("ints"), List.of(-2L, 9007199254740993L))
            .setAttribute(doubleArrayKey("doubles"), List.of(0.5, -1.5))
            .setAttribute(valueKey("bytes"), Value.of(new byte[] {0, (byte) 255}))
            .setAttribute(valueKey("mixed"), Value.of(Value.of("a"), Value.of(true), Value.of(Value.of(1L))))
            .setAttribute(valueKey("map"), Value.of(KeyValue.of("inner", Value.of(KeyValue.of("key", Value.of("value"))))))
            .startSpan();
    Span child;
    try (Scope ignored = root.makeCurrent()) {
      child = tracer.spanBuilder("call").setSpanKind(SpanKind.CLIENT).startSpan();
      child.addEvent("retry", Attributes.builder().put("attempt", 2).build());
      child.end();
    }
    root.recordException(new IllegalStateException("no stock"));
    root.setStatus(StatusCode.ERROR, "no stock");
    root.end();
    SpanContext at = root.getSpanContext();
    System.out.printf(
        "{\"trace\":\"%s\",\"root\":\"%s\",\"child\":\"%s\"}%n",
        at.getTraceId(), at.getSpanId(), child.getSpanContext().getSpanId());
  }

  /** The batch processor keeps the result of an export to itself, so it is taken on the way. */
  private static final class Watched implements SpanExporter {
    private final SpanExporter exporter;
    private final Queue<CompletableResultCode> results = new ConcurrentLinkedQueue<>();

    Watched(SpanExporter exporter) {
      this.exporter = exporter;
    }

    boolean succeeded() {
      return !results.isEmpty() && results.stream().allMatch(CompletableResultCode::isSuccess);
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      CompletableResultCode result = exporter.export(spans);
      results.add(result);
      return result;
    }

    @Override
    public CompletableResultCode flush() {
      return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return exporter.shutdown();
    }
  }
}
