package dev.millrace.model.swap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process read last of a store, for when the store is away: a job that is restarted
 * meanwhile answers by the releases that it answered by before.
 */
final class KeptFiles {

  /** Reads files, and verifies that they are what was promised. */
  @FunctionalInterface
  interface Reading<T> {
    T of(ReleaseFiles files) throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(KeptFiles.class);
  private static final long BYTES = 64 << 20;

  /** Of a domain: what answers, and what was read before it or is on trial beside it. */
  private static final int RELEASES = 2;

  /** A release's files by where they lie. */
  private record Kept(String release, Map<String, byte[]> files) {

    Kept and(Kept more) {
      Map<String, byte[]> all = new HashMap<>(more.files);
      all.putAll(files);
      return new Kept(release, all);
    }
  }

  /**
   * Of the process: it outlives the tasks. By domain, for Caffeine counts by key: newer releases,
   * each read once, would not displace older ones.
   */
  private static final Cache<String, List<Kept>> KEPT =
      Caffeine.newBuilder().maximumWeight(BYTES).weigher(KeptFiles::weight).build();

  private KeptFiles() {}

  private static int weight(String domain, List<Kept> releases) {
    return releases.stream()
        .flatMap(kept -> kept.files().entrySet().stream())
        .mapToInt(file -> file.getKey().length() + file.getValue().length)
        .sum();
  }

  /** Of a store: jobs of several may run in the process. */
  private static String domain(ReleaseEvent event) {
    return event.line().key() + " in " + event.uri().replace(event.release(), "");
  }

  /** Reads the files of the release that an event names; kept once all of them were verified. */
  static <T> T read(ReleaseFiles files, ReleaseEvent event, Reading<T> reading) throws IOException {
    String domain = domain(event);
    Map<String, byte[]> read = new HashMap<>();
    T verified =
        reading.of(
            (uri, maxBytes) -> {
              byte[] bytes = readOrKept(files, domain, uri, maxBytes);
              read.put(uri, bytes);
              return bytes;
            });
    Kept now = new Kept(event.release(), read);
    List<Kept> unused =
        KEPT.asMap().merge(domain, List.of(now), (before, alone) -> with(before, now, event));
    return verified;
  }

  /** A signature is verified once, and not read again. */
  private static List<Kept> with(List<Kept> before, Kept now, ReleaseEvent event) {
    Kept all =
        before.stream().filter(kept -> kept.release().equals(now.release())).reduce(now, Kept::and);
    Stream<Kept> others =
        before.stream()
            .filter(kept -> !kept.release().equals(now.release()))
            .sorted(Comparator.comparing(kept -> !kept.release().equals(event.answering())));
    List<Kept> both = Stream.concat(Stream.of(all), others).limit(RELEASES).toList();
    return weight("", both) > BYTES ? List.of(all) : both; // what is too heavy is not kept at all
  }

  private static byte[] readOrKept(ReleaseFiles files, String domain, String uri, int maxBytes)
      throws IOException {
    try {
      return files.read(uri, maxBytes);
    } catch (IOException e) {
      byte[] bytes = kept(domain, uri);
      if (bytes == null || bytes.length > maxBytes) {
        throw e;
      }
      LOG.warn("{} cannot be read now, what this process read before is used: {}", uri, e + "");
      return bytes;
    }
  }

  private static byte @Nullable [] kept(String domain, String uri) {
    return Objects.requireNonNullElse(KEPT.getIfPresent(domain), List.<Kept>of()).stream()
        .map(kept -> kept.files().get(uri))
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }
}
