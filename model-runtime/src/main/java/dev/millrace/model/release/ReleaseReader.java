package dev.millrace.model.release;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.weights.Digest;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads releases; no byte is parsed before its digest was found to be the promised one. */
public final class ReleaseReader {
  static final int MAX_MANIFEST_BYTES = 32 << 20;

  /** That a manifest names: of so many it can be read, whatever their ids are. */
  public static final int MAX_SAMPLES = 10_000;

  /** Of one file, but of a base. */
  public static final int MAX_FILE_BYTES = 1 << 28;

  static final int MAX_FILES = 16;

  /** Of all files of a release together, which are in memory at once; those of a base are not. */
  static final long MAX_BYTES = MAX_FILE_BYTES + (64L << 20);

  /** Of a base, whose files lie in pieces. */
  static final int MAX_PIECES = 16_384;

  /** The file of an adapter of the encoders' space. */
  public static final String ALIGNMENT = "alignment.safetensors";

  static final float MAX_WEIGHT = 1024;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

  private ReleaseReader() {}

  /**
   * Reads a release and verifies all of it.
   *
   * @param folderUri where its files are
   * @param expectedReleaseId what the release event names
   * @param expectedBaseId the base that would carry it
   * @param sites of that base
   * @throws InvalidReleaseException if it must not be served; trying again does not help
   * @throws IOException if a file is not there or cannot be read; trying again may help
   */
  public static Release read(
      ReleaseFiles files,
      String folderUri,
      String expectedReleaseId,
      String expectedBaseId,
      List<Site> sites)
      throws IOException {
    Manifest manifest = readManifest(files, folderUri, expectedReleaseId);
    InvalidReleaseException.requireEqual("base", manifest.base(), expectedBaseId);
    InvalidReleaseException.requireEqual("kind", manifest.kind(), Kind.ADAPTER);
    Map<String, byte[]> contents = readFiles(files, folderUri, manifest);
    return new Release(manifest, adapter(contents, sites), profile(contents));
  }

  /**
   * Reads and verifies a release's manifest alone.
   *
   * @throws InvalidReleaseException if its digest is not the id, or it breaks the format
   */
  public static Manifest readManifest(ReleaseFiles files, String folderUri, String releaseId)
      throws IOException {
    if (!Digest.isSha256(releaseId)) {
      throw new InvalidReleaseException("id is " + releaseId + ", expected 64 hexadecimal digits");
    }
    byte[] bytes = read(files, folderUri, Manifest.FILE, MAX_MANIFEST_BYTES);
    String digest = Digest.sha256(bytes);
    if (!digest.equals(releaseId)) {
      throw new InvalidReleaseException(
          Manifest.FILE + ": digest is " + digest + ", expected the release's id " + releaseId);
    }
    Manifest manifest = Manifest.parse(bytes);
    requireHonest(manifest);
    return manifest;
  }

  private static void requireHonest(Manifest manifest) {
    manifest.routing().requireHonest();
    Set<String> names = manifest.files().keySet();
    List<String> needed = needed(manifest.kind());
    int most = manifest.kind() == Kind.BASE ? MAX_PIECES : MAX_FILES;
    if (!names.containsAll(needed) || names.size() > most) {
      throw new InvalidReleaseException(
          "files are %s, expected %s, and at most %d"
              .formatted(
                  names.size() > MAX_FILES ? names.size() + " of them" : names,
                  String.join(" and ", needed),
                  most));
    }
    requireSizes(manifest);
  }

  private static void requireSizes(Manifest manifest) {
    long mostBytes = manifest.kind() == Kind.BASE ? BaseRelease.PIECE_BYTES : MAX_FILE_BYTES;
    manifest.files().forEach((name, file) -> requireHonest(name, file, mostBytes));
    long bytes = manifest.files().values().stream().mapToLong(ReleaseFile::size).sum();
    if (manifest.kind() != Kind.BASE && bytes > MAX_BYTES) {
      throw new InvalidReleaseException(
          "files have " + bytes + " bytes together, expected at most " + MAX_BYTES);
    }
  }

  /**
   * Refuses to publish what nobody would read.
   *
   * @throws InvalidReleaseException if the manifest, or a file that it promises, is too large
   */
  public static void requireReadable(Manifest manifest) {
    int bytes = manifest.toBytes().length;
    if (bytes > MAX_MANIFEST_BYTES) {
      throw new InvalidReleaseException(
          "%s of %d samples has %d bytes, expected at most %d"
              .formatted(Manifest.FILE, manifest.learned().size(), bytes, MAX_MANIFEST_BYTES));
    }
    requireSizes(manifest);
  }

  private static List<String> needed(Kind kind) {
    return switch (kind) {
      case ADAPTER -> List.of(AdapterFolder.CONFIG, AdapterFolder.WEIGHTS);
      case ALIGNMENT -> List.of(ALIGNMENT);
      case BASE -> BaseRelease.NEEDED;
    };
  }

  private static void requireHonest(String name, ReleaseFile file, long mostBytes) {
    if (!isPlain(name)) {
      throw new InvalidReleaseException("file name is " + name + ", expected a plain name");
    }
    if (file.size() > mostBytes) {
      throw new InvalidReleaseException(
          name + ": size is " + file.size() + ", expected at most " + mostBytes);
    }
  }

  /** Whether a file of a release may have that name. */
  static boolean isPlain(String name) {
    return NAME.matcher(name).matches() && !name.equals(Manifest.FILE);
  }

  /**
   * Reads and verifies the files of a manifest that was verified.
   *
   * @throws InvalidReleaseException if one is not what the manifest promises
   */
  public static Map<String, byte[]> readFiles(
      ReleaseFiles files, String folderUri, Manifest manifest) throws IOException {
    Map<String, byte[]> contents = new HashMap<>();
    for (String name : manifest.files().keySet()) {
      contents.put(name, readFile(files, folderUri, manifest, name));
    }
    return contents;
  }

  /** The same of one of its files. */
  public static byte[] readFile(
      ReleaseFiles files, String folderUri, Manifest manifest, String name) throws IOException {
    ReleaseFile promised = Objects.requireNonNull(manifest.files().get(name));
    byte[] bytes = read(files, folderUri, name, (int) promised.size() + 1);
    ReleaseFile found = ReleaseFile.of(bytes);
    if (!found.equals(promised)) {
      throw new InvalidReleaseException(name + " is " + found + ", expected " + promised);
    }
    return bytes;
  }

  private static AdapterWeights adapter(Map<String, byte[]> contents, List<Site> sites) {
    byte @Nullable [] config = contents.get(AdapterFolder.CONFIG);
    byte @Nullable [] weights = contents.get(AdapterFolder.WEIGHTS);
    if (config == null || weights == null) {
      throw new InvalidReleaseException("files are missing, expected an adapter");
    }
    try {
      AdapterWeights adapter = AdapterFolder.parse(config, weights, sites);
      adapter.factors().forEach(ReleaseReader::requireModest);
      return adapter;
    } catch (InvalidAdapterException e) {
      throw new InvalidReleaseException(e.getMessage(), e);
    }
  }

  private static @Nullable Profile profile(Map<String, byte[]> contents) {
    byte @Nullable [] bytes = contents.get(Profile.FILE);
    try {
      return bytes == null ? null : Profile.parse(bytes);
    } catch (InvalidWeightsException e) {
      throw new InvalidReleaseException(Profile.FILE + ": " + e.getMessage(), e);
    }
  }

  /** No training that the gate lets pass comes near; products of larger numbers overflow. */
  private static void requireModest(Factor factor) {
    for (float value : factor.values()) {
      if (!(Math.abs(value) <= MAX_WEIGHT)) {
        throw new InvalidReleaseException(
            factor.name() + ": weight is " + value + ", expected at most ±" + MAX_WEIGHT);
      }
    }
  }

  private static byte[] read(ReleaseFiles files, String folderUri, String name, int maxBytes)
      throws IOException {
    try {
      return files.read(folderUri + (folderUri.endsWith("/") ? "" : "/") + name, maxBytes);
    } catch (IllegalArgumentException e) {
      throw new InvalidReleaseException("URI '%s': %s".formatted(folderUri, e.getMessage()), e);
    }
  }
}
