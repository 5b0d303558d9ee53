package dev.millrace.job.releases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.model.swap.ReleaseLines;
import dev.millrace.model.weights.WholeFile;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which release answers for each domain. A run in this process notes it beside its store, for its
 * topics end with it, and a store alone cannot tell what was taken back.
 *
 * @param kind of these releases
 * @param byDomain by {@link ReleaseLine#name}
 */
public record Heads(Kind kind, SortedMap<String, Head> byDomain) {

  private static final String FILE = "serving.json";
  private static final String ALIGNMENTS = "aligning.json";

  /**
   * What answers for a domain.
   *
   * @param release empty for the base, or its encoders, alone
   * @param batch the latest of the domain's releases in the store at that time
   * @param pinned whether people hold it there, whatever is stored since
   */
  public record Head(String release, long batch, boolean pinned) {}

  /** The event of a kind that each line follows, as serving decides it. */
  public static SortedMap<ReleaseLine, ReleaseEvent> followed(
      List<ReleaseEvent> events, Kind kind) {
    SortedMap<ReleaseLine, ReleaseEvent> followed = followed(events);
    followed.keySet().removeIf(line -> line.kind() != kind);
    return followed;
  }

  /** The same of all kinds. */
  public static SortedMap<ReleaseLine, ReleaseEvent> followed(List<ReleaseEvent> events) {
    return new TreeMap<>(ReleaseLines.of(events).followed());
  }

  /** What answers by these lines, beside what is stored. */
  static Heads of(ReleaseLines lines, StoredReleases stored, Kind kind) {
    SortedMap<String, Head> heads = new TreeMap<>();
    for (ReleaseEvent event : lines.followed().values()) {
      ReleaseLine line = event.line();
      if (line.kind() == kind) {
        String name = line.name();
        boolean pinned = lines.held().contains(line);
        heads.put(name, new Head(event.answering(), stored.lastBatch(name, kind), pinned));
      }
    }
    return new Heads(kind, heads);
  }

  /** The same, and of domains that are not among them what was noted before. */
  Heads beside(Heads before) {
    SortedMap<String, Head> heads = new TreeMap<>(before.byDomain);
    heads.putAll(byDomain);
    return new Heads(kind, heads);
  }

  /**
   * What the last run noted beside a store; nothing if none did.
   *
   * @throws IllegalArgumentException if it cannot be read
   */
  static Heads read(Path store, Kind kind) {
    SortedMap<String, Head> heads = new TreeMap<>();
    Path file = file(store, kind);
    if (Files.exists(file)) {
      try {
        JsonNode domains = new ObjectMapper().readTree(file.toFile());
        if (!domains.isObject()) {
          throw new IllegalArgumentException(domains.getNodeType() + " in place of an object");
        }
        domains
            .properties()
            .forEach(
                head ->
                    heads.put(
                        head.getKey(),
                        new Head(
                            head.getValue().required("release").asText(),
                            head.getValue().required("batch").asLong(),
                            head.getValue().path("pinned").asBoolean())));
      } catch (IOException | IllegalArgumentException e) {
        throw new IllegalArgumentException(
            file + ", expected by domain a release and a batch: " + e.getMessage(), e);
      }
    }
    return new Heads(kind, heads);
  }

  private static Path file(Path store, Kind kind) {
    return store.resolve(kind == Kind.ALIGNMENT ? ALIGNMENTS : FILE);
  }

  /** Notes it. */
  void write(Path store) {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode node = mapper.createObjectNode();
    byDomain.forEach(
        (domain, head) ->
            node.putObject(domain)
                .put("release", head.release())
                .put("batch", head.batch())
                .put("pinned", head.pinned()));
    Path file = file(store, kind);
    try {
      Files.createDirectories(store);
      WholeFile.write(file, mapper.writeValueAsBytes(node));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }
}
