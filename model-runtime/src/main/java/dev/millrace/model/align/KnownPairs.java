package dev.millrace.model.align;

import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Digest;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where encoders see pairs that they know and were not trained on, each with a caption of its own:
 * what adapters of their space must not spoil. Stands beside the encoders in their folder.
 *
 * @param encoders id of those
 */
public record KnownPairs(String encoders, SortedMap<String, List<Places>> byKind) {

  private static final String FILE = "known.safetensors";
  private static final String MEDIA = ".media";
  private static final String CAPTION = ".caption";
  private static final int MOST_PAIRS = 1 << 16;

  public KnownPairs {
    byKind = Collections.unmodifiableSortedMap(new TreeMap<>(byKind));
  }

  /**
   * Reads what stands beside encoders.
   *
   * @return without any kind if nothing does
   * @throws InvalidWeightsException if the file is not what it must be, or of other encoders
   */
  public static KnownPairs read(Path folder) throws IOException {
    String encoders = AlignWeights.id(folder);
    SortedMap<String, List<Places>> byKind = new TreeMap<>();
    Path path = folder.resolve(FILE);
    if (!Files.exists(path)) {
      return new KnownPairs(encoders, byKind);
    }
    try (Safetensors file = Safetensors.open(path)) {
      AlignWeights.requireEncoders(file, FILE, encoders);
      for (String name : file.tensors().keySet()) {
        if (name.endsWith(MEDIA)) {
          String kind = name.substring(0, name.length() - MEDIA.length());
          byKind.put(kind, places(file, kind));
        }
      }
    }
    return new KnownPairs(encoders, byKind);
  }

  private static List<Places> places(Safetensors file, String kind) {
    Tensor media = file.tensor(kind + MEDIA);
    long pairs = media.shape()[0];
    if (pairs < 1 || pairs > MOST_PAIRS) {
      throw new InvalidWeightsException(
          "%s: %d pairs of %s, expected 1 to %d".formatted(FILE, pairs, kind, MOST_PAIRS));
    }
    float[] left = media.require(pairs, Aligner.DIMENSION).floats();
    float[] right = file.tensor(kind + CAPTION).require(pairs, Aligner.DIMENSION).floats();
    List<Places> places = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      places.add(new Places(unit(left, i), unit(right, i)));
    }
    return List.copyOf(places);
  }

  /** They were rounded when they were written. */
  private static float[] unit(float[] rows, int row) {
    float[] unit = new float[Aligner.DIMENSION];
    System.arraycopy(rows, row * unit.length, unit, 0, unit.length);
    float length = (float) Math.sqrt(Aligner.cosine(unit, unit));
    for (int i = 0; i < unit.length; i++) {
      unit[i] /= length;
    }
    return unit;
  }

  /** SHA-256 of all pairs in their order: of each kind its name and how many, then the places. */
  public String digest() {
    MessageDigest digest = Digest.newSha256();
    byKind.forEach(
        (kind, pairs) -> {
          digest.update((kind + " " + pairs.size() + " ").getBytes(StandardCharsets.UTF_8));
          for (Places places : pairs) {
            update(digest, places.media());
            update(digest, places.caption());
          }
        });
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, float[] place) {
    ByteBuffer bytes = ByteBuffer.allocate(place.length * Float.BYTES);
    bytes.asFloatBuffer().put(place);
    digest.update(bytes.array());
  }

  /** Writes it beside the encoders, as bf16. */
  public void write(Path folder) throws IOException {
    SafetensorsWriter writer =
        new SafetensorsWriter().metadata("format", "pt").metadata(AlignWeights.ENCODERS, encoders);
    byKind.forEach(
        (kind, pairs) -> {
          add(writer, kind + MEDIA, pairs.stream().map(Places::media).toList());
          add(writer, kind + CAPTION, pairs.stream().map(Places::caption).toList());
        });
    writer.write(folder.resolve(FILE));
  }

  private static void add(SafetensorsWriter writer, String name, List<float[]> places) {
    int d = Aligner.DIMENSION;
    float[] rows = new float[places.size() * d];
    for (int i = 0; i < places.size(); i++) {
      System.arraycopy(places.get(i), 0, rows, i * d, d);
    }
    writer.add(name, DType.BF16, rows, places.size(), d);
  }
}
