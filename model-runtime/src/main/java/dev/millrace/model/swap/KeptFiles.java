package dev.millrace.model.swap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.ReleaseEvent;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
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

  /** So long what is kept is used unasked: a store that hangs is waited for at each file. */
  private static final Duration AWAY = Duration.ofSeconds(30);

  /** Stores of which a file could not be read lately. */
  private static final Cache<String, Boolean> UNREADABLE =
      Caffeine.newBuilder().maximumSize(100).expireAfterWrite(AWAY).build();

  private KeptFiles() {}

  private static int weight(String domain, List<Kept> releases) {
    return releases.stream()
        .flatMap(kept -> kept.files().entrySet().stream())
        .mapToInt(file -> file.getKey().length() + file.getValue().length)
        .sum();
  }

  /** Of a store: jobs of several may run in the process. */
  private static String domain(ReleaseEvent event) {
    return event.line().key() + " in " + store(event);
  }

  private static String store(ReleaseEvent event) {
    return event.uri().replace(event.release(), "");
  }

  /** Reads the files of the release that an event names; kept once all of them were verified. */
  static <T> T read(ReleaseFiles files, ReleaseEvent event, Reading<T> reading) throws IOException {
    String domain = domain(event);
    String store = store(event);
    Map<String, byte[]> read = new HashMap<>();
    T verified =
        reading.of(
            (uri, maxBytes) -> {
              byte[] bytes = readOrKept(files, store, kept(domain, uri), uri, maxBytes);
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

  private static byte[] readOrKept(
      ReleaseFiles files, String store, byte @Nullable [] kept, String uri, int maxBytes)
      throws IOException {
    byte[] usable = kept == null || kept.length > maxBytes ? null : kept;
    if (usable != null && UNREADABLE.getIfPresent(store) != null) {
      return usable;
    }
    try {
      return files.read(uri, maxBytes);
    } catch (IOException e) {
      if (!(e instanceof FileNotFoundException || e instanceof NoSuchFileException)) {
        UNREADABLE.put(store, true);
      }
      if (usable == null) {
        throw e;
      }
      LOG.warn("{} cannot be read now, what this process read before is used: {}", uri, e + "");
      return usable;
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
