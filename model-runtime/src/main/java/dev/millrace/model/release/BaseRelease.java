package dev.millrace.model.release;

import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.JsonFields;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A release of a whole base: the files of its checkpoint folder, large ones in pieces, so that no
 * file of any size has to fit into memory.
 */
public final class BaseRelease {

  /** The one line that bases are released in. */
  public static final String DOMAIN = "base";

  public static final ReleaseLine LINE = new ReleaseLine(null, DOMAIN, ReleaseEvent.Kind.BASE);

  /** Bytes of a piece; a file of no more is its own only piece. */
  public static final int PIECE_BYTES = 1 << 26;

  /** What says whose adapters a base was taught, in its folder. */
  public static final String CONSOLIDATED = "consolidated.json";

  /** What names all that taught a base and those before it, in its folder. */
  public static final String LEARNED = "learned.json";

  /**
   * What says which releases were brought to a base, in its folder; there, a folder of that name
   * without the ending holds them, each under its id.
   */
  public static final String REBASED = "rebased.json";

  private static final String SAMPLES = "samples";
  private static final String RELEASES = "releases";
  private static final byte[] NOTHING = "{\"samples\":[]}".getBytes(StandardCharsets.UTF_8);

  private static final String BEFORE = "bitsPerByteBefore";
  private static final String AFTER = "bitsPerByteAfter";

  static final List<String> NEEDED = List.of("config.json", "tokenizer.json");

  /** What the plan of a manifest calls the base's id. */
  private static final String BASE = "base";

  private static final Pattern PIECE = Pattern.compile("(.+)\\.piece-(\\d{5})");

  private BaseRelease() {}

  /**
   * The pieces of a folder's files, by name, with what a manifest promises of them.
   *
   * @throws InvalidReleaseException if a file's name cannot be one of a release
   */
  public static SortedMap<String, ReleaseFile> pieces(Path folder) throws IOException {
    return pieces(folder, () -> {});
  }

  /**
   * The same.
   *
   * @param before is run before each piece is read; what it throws ends the reading
   */
  public static SortedMap<String, ReleaseFile> pieces(Path folder, Runnable before)
      throws IOException {
    SortedMap<String, ReleaseFile> pieces = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> listed = Files.list(folder)) {
      files = listed.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      String name = file.getFileName().toString();
      if (PIECE.matcher(name).matches()
          || name.equals(Manifest.SIGNATURE) // its own would take the place of this one
          || !ReleaseReader.isPlain(name)) {
        throw new InvalidReleaseException(file + ": its name cannot be one of a release");
      }
      long size = Files.size(file);
      for (long piece = 0; piece == 0 || piece * PIECE_BYTES < size; piece++) {
        String of =
            size <= PIECE_BYTES ? name : String.format(Locale.ROOT, "%s.piece-%05d", name, piece);
        before.run();
        pieces.put(of, ReleaseFile.of(read(folder, of)));
      }
    }
    return pieces;
  }

  /** The bytes of a piece of a folder's files. */
  public static byte[] read(Path folder, String piece) throws IOException {
    Matcher named = PIECE.matcher(piece);
    boolean whole = !named.matches();
    try (InputStream file = Files.newInputStream(folder.resolve(whole ? piece : named.group(1)))) {
      if (!whole) {
        file.skipNBytes(Long.parseLong(named.group(2)) * PIECE_BYTES);
      }
      return file.readNBytes(PIECE_BYTES);
    }
  }

  /** The plan of a manifest of a base, which is made outside the jobs: it says what it is. */
  public static TrainingPlan plan(String base) {
    return new TrainingPlan(
        0, new TreeMap<>(Map.of(BASE, base)), 0, 0, "made outside the jobs", "");
  }

  /** The id of the base that a manifest releases; its {@code base} is that of the one before. */
  public static String base(Manifest manifest) {
    return manifest.plan().hyperparameters().getOrDefault(BASE, "");
  }

  /**
   * Reads and verifies the manifest of the base that an event releases.
   *
   * @throws InvalidReleaseException if it is none
   */
  public static Manifest manifest(ReleaseFiles files, ReleaseEvent event) throws IOException {
    Manifest manifest = ReleaseReader.readManifest(files, event.uri(), event.release());
    InvalidReleaseException.requireEqual("kind", manifest.kind(), Kind.BASE);
    InvalidReleaseException.requireEqual("tenant", manifest.tenant(), event.tenant());
    InvalidReleaseException.requireEqual("tenant", manifest.tenant(), null);
    InvalidReleaseException.requireEqual("domain", manifest.domain(), DOMAIN);
    InvalidReleaseException.requireEqual("domain", event.domain(), DOMAIN);
    InvalidReleaseException.requireEqual("batch", manifest.batch(), event.batch());
    return manifest;
  }

  /**
   * Fetches a released base into an empty folder, and verifies all of it.
   *
   * @throws InvalidReleaseException if it must not be served; trying again does not help
   * @throws IOException if a file is not there or cannot be read, or there is no room; trying again
   *     may help
   */
  public static void fetch(ReleaseFiles files, String uri, Manifest manifest, Path into)
      throws IOException {
    requireRoom(manifest, into);
    for (String piece : manifest.files().keySet()) { // in order: of one file, the first first
      Matcher named = PIECE.matcher(piece);
      Path file = into.resolve(fileOf(piece));
      requireNext(piece, named, file);
      byte[] bytes = ReleaseReader.readFile(files, uri, manifest, piece);
      try (OutputStream out =
          Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        out.write(bytes);
      }
    }
  }

  private static String fileOf(String piece) {
    Matcher named = PIECE.matcher(piece);
    return named.matches() ? named.group(1) : piece;
  }

  private static void requireRoom(Manifest manifest, Path into) throws IOException {
    long bytes = manifest.files().values().stream().mapToLong(ReleaseFile::size).sum();
    long usable = Files.getFileStore(into).getUsableSpace();
    if (bytes > usable) {
      throw new IOException(
          "the base has %d bytes, expected room for them at %s, which has %d"
              .formatted(bytes, into, usable));
    }
  }

  /** A file is whole, or all pieces before are there in full. */
  private static void requireNext(String piece, Matcher named, Path file) throws IOException {
    long found = Files.exists(file) ? Files.size(file) : 0;
    long expected = named.matches() ? Long.parseLong(named.group(2)) * PIECE_BYTES : 0;
    if (found != expected) {
      throw new InvalidReleaseException(
          "%s: %d bytes lie before it, expected %d".formatted(piece, found, expected));
    }
  }

  /**
   * What a base was taught of a domain.
   *
   * @param release whose adapter the base before it had
   * @param before bits per byte of held-out texts, of that adapter on the base before
   * @param after the same of the new base alone
   */
  public record Taught(String release, double before, double after) {}

  /**
   * A release on a base that says what one on the base before it says.
   *
   * @param before bits per byte of held-out texts of the domain, by that one on its base
   * @param after the same by this one
   */
  public record Rebased(String domain, String release, double before, double after) {}

  /** Writes what a base was taught into its folder, by domain. */
  public static void note(Path folder, Map<String, Taught> taught) throws IOException {
    SortedMap<String, @Nullable Object> json = new TreeMap<>();
    taught.forEach(
        (domain, of) -> json.put(domain, figures(of.release(), of.before(), of.after())));
    Files.write(folder.resolve(CONSOLIDATED), CanonicalJson.toBytes(json));
  }

  /** Writes which releases were brought to a base into its folder, by those that they come of. */
  public static void noteRebased(Path folder, Map<String, Rebased> rebased) throws IOException {
    SortedMap<String, @Nullable Object> json = new TreeMap<>();
    rebased.forEach(
        (release, of) -> {
          SortedMap<String, Object> figures = figures(of.release(), of.before(), of.after());
          figures.put("domain", of.domain());
          json.put(release, figures);
        });
    Files.write(folder.resolve(REBASED), CanonicalJson.toBytes(json));
  }

  private static SortedMap<String, Object> figures(String release, double before, double after) {
    return new TreeMap<>(Map.of("release", release, BEFORE, before, AFTER, after));
  }

  /** Where a release that was brought to the base in a folder lies before it is stored. */
  public static Path rebased(Path folder, String release) {
    return folder.resolve(REBASED.replace(".json", "")).resolve(release);
  }

  /**
   * The releases that were brought to the base in a folder, by those that they come of.
   *
   * @throws InvalidReleaseException if it says it in another form
   */
  public static SortedMap<String, Rebased> rebased(Path folder) throws IOException {
    return read(folder, REBASED, BaseRelease::toRebased);
  }

  /** The same of a release whose manifest was verified. */
  public static SortedMap<String, Rebased> rebased(
      ReleaseFiles files, String uri, Manifest manifest) throws IOException {
    return read(files, uri, manifest, REBASED, BaseRelease::toRebased);
  }

  /**
   * What the base in a folder was taught, by domain; empty where it says nothing of that.
   *
   * @throws InvalidReleaseException if it says it in another form
   */
  public static SortedMap<String, Taught> taught(Path folder) throws IOException {
    return read(folder, CONSOLIDATED, BaseRelease::toTaught);
  }

  /** The same of a release whose manifest was verified. */
  public static SortedMap<String, Taught> taught(ReleaseFiles files, String uri, Manifest manifest)
      throws IOException {
    return read(files, uri, manifest, CONSOLIDATED, BaseRelease::toTaught);
  }

  /**
   * All that taught a base and those before it.
   *
   * @param samples ids of those whose text did
   * @param releases ids of those whose adapters did
   */
  public record Learned(Set<String> samples, Set<String> releases) {

    private Learned with(Collection<String> moreSamples, Collection<String> moreReleases) {
      SortedSet<String> allSamples = new TreeSet<>(samples);
      allSamples.addAll(moreSamples);
      SortedSet<String> allReleases = new TreeSet<>(releases);
      allReleases.addAll(moreReleases);
      return new Learned(allSamples, allReleases);
    }

    private Learned with(Map<String, Taught> taught) {
      return with(List.of(), taught.values().stream().map(Taught::release).toList());
    }
  }

  /**
   * Writes into a base's folder what taught it: samples, what {@link #note} has noted there, and
   * what had taught the base before.
   *
   * @param before folder of the base that it comes of
   * @throws InvalidReleaseException if either says in another form what it has learned
   */
  public static void noteLearned(Path folder, Path before, Collection<String> samples)
      throws IOException {
    noteLearned(folder, before, samples, List.of());
  }

  /**
   * The same of a base that was taught by more releases than those that it stands for.
   *
   * @param releases ids of these
   */
  public static void noteLearned(
      Path folder, Path before, Collection<String> samples, Collection<String> releases)
      throws IOException {
    Learned all = learned(before).with(samples, releases).with(taught(folder));
    SortedMap<String, @Nullable Object> json = new TreeMap<>();
    json.put(SAMPLES, List.copyOf(all.samples));
    json.put(RELEASES, List.copyOf(all.releases));
    Files.write(folder.resolve(LEARNED), CanonicalJson.toBytes(json));
  }

  /**
   * What taught the base in a folder, as far as it says.
   *
   * @throws InvalidReleaseException if it says it in another form
   */
  public static Learned learned(Path folder) throws IOException {
    Path file = folder.resolve(LEARNED);
    byte[] json = Files.exists(file) ? Files.readAllBytes(file) : NOTHING;
    return parse(json).with(taught(folder));
  }

  /** The same of a release whose manifest was verified. */
  public static Learned learned(ReleaseFiles files, String uri, Manifest manifest)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String piece : manifest.files().keySet()) { // in order
      if (fileOf(piece).equals(LEARNED)) {
        bytes.writeBytes(ReleaseReader.readFile(files, uri, manifest, piece));
      }
    }
    byte[] json = bytes.size() == 0 ? NOTHING : bytes.toByteArray();
    return parse(json).with(taught(files, uri, manifest));
  }

  private static Learned parse(byte[] learned) {
    try {
      JsonFields json = JsonFields.parseLarge(LEARNED, learned);
      List<String> releases = json.has(RELEASES) ? json.texts(RELEASES) : List.of(); // of before
      return new Learned(Set.copyOf(json.texts(SAMPLES)), Set.copyOf(releases));
    } catch (InvalidConfigException e) {
      throw new InvalidReleaseException(e.getMessage(), e);
    }
  }

  private static <T> SortedMap<String, T> read(
      Path folder, String name, Function<JsonFields, T> read) throws IOException {
    Path file = folder.resolve(name);
    return Files.exists(file) ? parse(name, Files.readAllBytes(file), read) : new TreeMap<>();
  }

  private static <T> SortedMap<String, T> read(
      ReleaseFiles files, String uri, Manifest manifest, String name, Function<JsonFields, T> read)
      throws IOException {
    return manifest.files().containsKey(name)
        ? parse(name, ReleaseReader.readFile(files, uri, manifest, name), read)
        : new TreeMap<>();
  }

  private static <T> SortedMap<String, T> parse(
      String name, byte[] bytes, Function<JsonFields, T> read) {
    try {
      JsonFields json = JsonFields.parse(name, bytes);
      SortedMap<String, T> parsed = new TreeMap<>();
      json.names().forEach(key -> parsed.put(key, read.apply(json.object(key))));
      return parsed;
    } catch (InvalidConfigException e) {
      throw new InvalidReleaseException(e.getMessage(), e);
    }
  }

  private static Rebased toRebased(JsonFields of) {
    return new Rebased(of.text("domain"), of.text("release"), bits(of, BEFORE), bits(of, AFTER));
  }

  private static Taught toTaught(JsonFields of) {
    return new Taught(of.text("release"), bits(of, BEFORE), bits(of, AFTER));
  }

  private static double bits(JsonFields of, String name) {
    return of.number(name, 0, Double.MAX_VALUE);
  }
}
