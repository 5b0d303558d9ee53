package dev.millrace.schema.wire;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.TokenLogProb;
import dev.millrace.schema.Verdict;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;
import net.jqwik.api.arbitraries.StringArbitrary;
import org.jspecify.annotations.Nullable;

/** Valid stream records, as many as one wants. */
final class Records {

  static final Origin HERE = Golden.HERE;

  private Records() {}

  static Arbitrary<Sample> samples() {
    return Combinators.combine(
            names(), text(0), names().injectNull(0.3), names().injectNull(0.3), payloads(), times())
        .as(
            (id, source, tenant, domain, payload, time) ->
                new Sample(
                    id,
                    source,
                    "doc " + source,
                    tenant,
                    domain,
                    payload.modality(),
                    payload.text(),
                    payload.media(),
                    payload.media().length == 0 ? null : payload.modality() + " " + source,
                    time,
                    HERE));
  }

  static Arbitrary<Rejection> rejections() {
    return Combinators.combine(
            origins(),
            text(0).injectNull(0.3),
            names().injectNull(0.3),
            names(),
            text(0),
            Arbitraries.frequencyOf(
                Tuple.of(1, Arbitraries.just(Double.NaN)), Tuple.of(3, doubles())))
        .as(Rejection::new);
  }

  static Arbitrary<Verdict> verdicts() {
    ReleaseEvent.Kind[] kinds = ReleaseEvent.Kind.values();
    return Combinators.combine(
            names().injectNull(0.3),
            names(),
            times(),
            names().injectNull(0.3),
            names().injectNull(0.3),
            ruleResults().list().ofMaxSize(5),
            Arbitraries.integers(),
            times())
        .as(
            (tenant, domain, batch, release, parent, rules, samples, tokens) ->
                new Verdict(
                    tenant,
                    domain,
                    batch,
                    release,
                    parent,
                    rules.stream().allMatch(RuleResult::passed),
                    rules,
                    samples,
                    tokens,
                    -tokens,
                    List.of(0.5, tokens / 2.0),
                    kinds[Math.floorMod(samples, kinds.length)]));
  }

  static Arbitrary<ReleaseEvent> releases() {
    return Combinators.combine(
            names().injectNull(0.3),
            names(),
            Arbitraries.of(ReleaseEvent.Kind.class),
            Arbitraries.of(ReleaseEvent.Action.class),
            names(),
            names().injectNull(0.3),
            times(),
            text(0))
        .as(
            (tenant, domain, kind, action, release, parent, batch, reason) ->
                new ReleaseEvent(
                    tenant,
                    domain,
                    kind,
                    action,
                    release,
                    "s3://bucket/" + release,
                    parent,
                    batch,
                    reason,
                    HERE,
                    batch / 2,
                    batch % 8 / 8.0,
                    List.of(reason, domain),
                    batch % 3 == 0 ? null : Long.valueOf(batch - 1)));
  }

  /** Any request at all, most of them not answerable. */
  static Arbitrary<Request> requests() {
    return Combinators.combine(
            text(0),
            text(0).injectNull(0.3),
            text(0).injectNull(0.3),
            Arbitraries.of(Request.Task.class),
            text(0),
            Arbitraries.integers(),
            doubles(),
            Arbitraries.longs())
        .as(
            (id, tenant, domain, task, prompt, maxTokens, temperature, seed) ->
                exactly(
                    Request.builder(id, task, prompt)
                        .tenant(tenant)
                        .domain(domain)
                        .release(domain)
                        .maxTokens(maxTokens)
                        .temperature(temperature)
                        .topK(-maxTokens)
                        .topP(-temperature)
                        .seed(seed)
                        .stop(List.of(prompt, id))
                        .cached(seed % 2 == 0)
                        .eventTimeMillis(-seed)
                        .origin(HERE)
                        .media(media(prompt, seed))
                        .build(),
                    seed));
  }

  private static Request exactly(Request request, long seed) {
    return request.toBuilder().exact(seed % 5 == 0).logProbs(seed % 7 == 0).build();
  }

  private static @Nullable Media media(String prompt, long seed) {
    Modality modality = seed % 3 == 0 ? Modality.IMAGE : Modality.AUDIO;
    return seed % 2 == 0 ? null : new Media(modality, prompt.getBytes(StandardCharsets.UTF_8));
  }

  static Arbitrary<Answer> answers() {
    return Combinators.combine(
            text(0),
            origins(),
            text(0).injectNull(0.3),
            Arbitraries.of(Request.Task.class),
            doubles(),
            Arbitraries.floats().array(float[].class).ofMaxSize(20),
            origins().list().ofMaxSize(4),
            Arbitraries.of(Answer.From.class))
        .as(
            (text, origin, maybe, task, logProb, embedding, learnedTo, from) ->
                new Answer(
                    "q" + text,
                    origin,
                    maybe,
                    maybe,
                    task,
                    maybe,
                    text,
                    logProb,
                    origin.partition(),
                    text.length(),
                    embedding,
                    maybe,
                    "nano",
                    learnedTo,
                    from,
                    2,
                    -origin.offset(),
                    origin.offset(),
                    logProb / 2,
                    text.length() % 2 == 0,
                    -origin.partition(),
                    tokens(text)));
  }

  static Arbitrary<Chunk> chunks() {
    return Combinators.combine(
            text(0),
            origins(),
            text(0).injectNull(0.3),
            Arbitraries.integers(),
            text(0),
            text(0).injectNull(0.3),
            text(0),
            text(0).map(Records::tokens))
        .as(Chunk::new);
  }

  /** Each character's bytes, however many they are. */
  private static List<TokenLogProb> tokens(String text) {
    return text.codePoints()
        .mapToObj(c -> new TokenLogProb(Character.toString(c).getBytes(StandardCharsets.UTF_8), -c))
        .toList();
  }

  static Arbitrary<Origin> origins() {
    return Combinators.combine(text(0), Arbitraries.integers(), Arbitraries.longs())
        .as(Origin::new);
  }

  /** Text of all planes, without lone surrogates, which have no UTF-8. */
  static Arbitrary<String> text(int least) {
    StringArbitrary any = Arbitraries.strings().all().ofMinLength(least).ofMaxLength(40);
    return any.map(s -> new String(s.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
  }

  private static Arbitrary<String> names() {
    StringArbitrary tail =
        Arbitraries.strings().withCharRange('a', 'z').numeric().withChars("._-").ofMaxLength(63);
    return tail.map(rest -> "a" + rest);
  }

  private static Arbitrary<RuleResult> ruleResults() {
    Arbitrary<Map<String, Double>> figures = Arbitraries.maps(text(0), doubles()).ofMaxSize(4);
    return Combinators.combine(names(), Arbitraries.of(true, false), text(0), figures)
        .as(RuleResult::new);
  }

  private record Payload(Modality modality, String text, byte[] media) {}

  private static Arbitrary<Payload> payloads() {
    Arbitrary<Payload> texts =
        Combinators.combine(Arbitraries.of(Modality.TEXT, Modality.CODE), text(0))
            .as((modality, text) -> new Payload(modality, "x" + text, new byte[0]));
    Arbitrary<byte[]> bytes = Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(50);
    Arbitrary<Payload> media =
        Combinators.combine(Arbitraries.of(Modality.IMAGE, Modality.AUDIO), bytes)
            .as((modality, content) -> new Payload(modality, "", content));
    return Arbitraries.oneOf(texts, media);
  }

  private static Arbitrary<Double> doubles() {
    return Arbitraries.doubles();
  }

  private static Arbitrary<Long> times() {
    return Arbitraries.longs().between(0, Long.MAX_VALUE);
  }
}
