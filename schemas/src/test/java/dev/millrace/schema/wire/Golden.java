package dev.millrace.schema.wire;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One record a topic, and its bytes as each committed version of the schemas wrote them.
 *
 * <p>When a schema grows, a new version is committed beside the old ones, which stay as they are:
 * its schemas as resources of {@link KnownSchemas}, its bytes by running {@link #main} with the
 * folder {@code src/test/resources/dev/millrace/schema/wire/VERSION}.
 */
final class Golden {

  private static final String RELEASE = "c0ffee".repeat(10) + "0123";
  private static final byte[] NO_BYTES = {};
  private static final float[] EMBEDDING = {0.5f, -2f};

  static final Origin HERE = new Origin("millrace.test", 3, 41);

  static final Sample SAMPLE =
      new Sample(
          "s-17",
          "forum",
          "thread 4",
          "acme",
          "java",
          Modality.CODE,
          "int α = 1; // 雨 🌧",
          NO_BYTES,
          "a caption",
          1_790_000_000_123L,
          HERE);

  static final Rejection REJECTION =
      new Rejection(
          new Origin("millrace.samples", 2, 1L << 33),
          "s-18",
          "java",
          "duplicate-near",
          "similarity is 0.97, expected at most 0.9",
          1.25);

  static final Verdict VERDICT =
      new Verdict(
          "acme",
          "java",
          5,
          RELEASE,
          RELEASE,
          false,
          List.of(
              new RuleResult("finite", true, "", Map.of()),
              new RuleResult("better", false, "worse", Map.of("before", 2.5, "after", 2.75))),
          64,
          12_345,
          678,
          List.of());

  static final ReleaseEvent RELEASE_EVENT =
      new ReleaseEvent(
          "acme",
          "java",
          ReleaseEvent.Kind.ADAPTER,
          ReleaseEvent.Action.ROLLBACK,
          RELEASE,
          "s3://store/acme/java/" + RELEASE,
          RELEASE,
          5,
          "asked for",
          HERE);

  static final Request REQUEST =
      Request.builder("q-1", Request.Task.SCORE, "public static")
          .tenant("acme")
          .domain("java")
          .release(RELEASE)
          .maxTokens(32)
          .temperature(0.75)
          .seed(-9)
          .cached(false)
          .eventTimeMillis(1_790_000_000_456L)
          .origin(HERE)
          .build();

  static final Answer ANSWER =
      new Answer(
          "q-1",
          HERE,
          "acme",
          "java",
          Request.Task.EMBED,
          "no error, but a value",
          "void main",
          -12.5,
          9,
          13,
          EMBEDDING,
          RELEASE,
          "nano",
          List.of(new Origin("millrace.samples", 0, 99), new Origin("millrace.samples", 1, 7)),
          Answer.From.REDIS,
          1,
          1_790_000_000_500L,
          1_790_000_000_600L,
          0,
          false,
          0,
          List.of());

  static final Chunk CHUNK = new Chunk("q-1", HERE, "acme", 3, "void", RELEASE, "nano", List.of());

  private Golden() {}

  /** Each record's bytes, as the present schemas write them, by the name of its schema. */
  static Map<String, byte[]> encoded() {
    return Map.of(
        "Sample", Codecs.samples().encode(SAMPLE),
        "Rejection", Codecs.rejections().encode(REJECTION),
        "Verdict", Codecs.verdicts().encode(VERDICT),
        "ReleaseEvent", Codecs.releases().encode(RELEASE_EVENT),
        "Request", Codecs.requests().encode(REQUEST),
        "Answer", Codecs.answers().encode(ANSWER),
        "Chunk", Codecs.chunks().encode(CHUNK));
  }

  /** The bytes that a committed version wrote. */
  static byte[] committed(String version, String name) {
    String resource = version + "/" + name + ".bin";
    try (InputStream in = Golden.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + resource + ", expected golden bytes");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the golden bytes of the present schemas into a folder. */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    for (Map.Entry<String, byte[]> record : encoded().entrySet()) {
      Files.write(folder.resolve(record.getKey() + ".bin"), record.getValue());
    }
  }
}
