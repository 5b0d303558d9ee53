package dev.millrace.model.release;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.weights.Digest;
import dev.millrace.model.weights.InvalidWeightsException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads releases; no byte is parsed before its digest was found to be the promised one. */
public final class ReleaseReader {
  static final int MAX_MANIFEST_BYTES = 4 << 20;
  static final int MAX_FILE_BYTES = 1 << 28;
  static final int MAX_FILES = 16;

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
    if (!manifest.base().equals(expectedBaseId)) {
      throw new InvalidReleaseException(
          "base is " + manifest.base() + ", expected " + expectedBaseId);
    }
    if (manifest.isOfAlignment()) {
      throw new InvalidReleaseException(
          "it is an adapter of the encoders' space, expected one of the base");
    }
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
    byte[] bytes = files.read(uri(folderUri, Manifest.FILE), MAX_MANIFEST_BYTES);
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
    List<String> needed =
        manifest.isOfAlignment()
            ? List.of(ALIGNMENT)
            : List.of(AdapterFolder.CONFIG, AdapterFolder.WEIGHTS);
    if (!names.containsAll(needed) || names.size() > MAX_FILES) {
      throw new InvalidReleaseException(
          "files are %s, expected %s, and at most %d"
              .formatted(names, String.join(" and ", needed), MAX_FILES));
    }
    manifest.files().forEach(ReleaseReader::requireHonest);
  }

  private static void requireHonest(String name, ReleaseFile file) {
    if (!NAME.matcher(name).matches() || name.equals(Manifest.FILE)) {
      throw new InvalidReleaseException("file name is " + name + ", expected a plain name");
    }
    if (file.size() > MAX_FILE_BYTES) {
      throw new InvalidReleaseException(
          name + ": size is " + file.size() + ", expected at most " + MAX_FILE_BYTES);
    }
  }

  /**
   * Reads and verifies the files of a manifest that was verified.
   *
   * @throws InvalidReleaseException if one is not what the manifest promises
   */
  public static Map<String, byte[]> readFiles(
      ReleaseFiles files, String folderUri, Manifest manifest) throws IOException {
    Map<String, byte[]> contents = new HashMap<>();
    for (Map.Entry<String, ReleaseFile> entry : manifest.files().entrySet()) {
      String name = entry.getKey();
      ReleaseFile promised = entry.getValue();
      byte[] bytes = files.read(uri(folderUri, name), (int) promised.size() + 1);
      ReleaseFile found = ReleaseFile.of(bytes);
      if (!found.equals(promised)) {
        throw new InvalidReleaseException(name + " is " + found + ", expected " + promised);
      }
      contents.put(name, bytes);
    }
    return contents;
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

  private static String uri(String folderUri, String name) {
    return folderUri.endsWith("/") ? folderUri + name : folderUri + "/" + name;
  }
}
