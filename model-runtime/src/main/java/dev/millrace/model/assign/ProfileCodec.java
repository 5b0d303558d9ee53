package dev.millrace.model.assign;

import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/** {@link Profile} ⇄ safetensors: three tensors of equal length, and two numbers as metadata. */
final class ProfileCodec {

  private static final String TOKENS = "tokens";
  private static final String COUNTS = "counts";
  private static final String KNOWN = "known";
  private static final String KNOWN_TOKENS = "known_tokens";
  private static final String VOCABULARY = "vocab_size";
  private static final int LARGEST = 1 << 30;

  private ProfileCodec() {}

  static byte[] encode(Profile profile) {
    return new SafetensorsWriter()
        .metadata(KNOWN_TOKENS, Integer.toString(profile.knownTokens))
        .metadata(VOCABULARY, Integer.toString(profile.vocabulary))
        .addRaw(TOKENS, DType.I32, bytes(profile.tokens), profile.tokens.length)
        .addRaw(COUNTS, DType.I32, bytes(profile.counts), profile.counts.length)
        .addRaw(KNOWN, DType.I32, bytes(profile.known), profile.known.length)
        .toBytes();
  }

  private static byte[] bytes(int[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Integer.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    return bytes.array();
  }

  static Profile decode(byte[] bytes) {
    Safetensors file = Safetensors.parse(bytes);
    require(
        file.tensors().keySet().equals(Set.of(TOKENS, COUNTS, KNOWN)),
        "tensors " + file.tensors().keySet());
    require(
        file.metadata().keySet().equals(Set.of(KNOWN_TOKENS, VOCABULARY)),
        "metadata " + file.metadata().keySet());
    int knownTokens = number(file.metadata(), KNOWN_TOKENS, 0);
    int vocabulary = number(file.metadata(), VOCABULARY, 1);
    long most = file.tensor(TOKENS).elements();
    require(most <= Profile.RECENT, most + " tokens");
    int[] tokens = ints(file, TOKENS, most, 0, vocabulary - 1);
    for (int i = 1; i < tokens.length; i++) {
      require(tokens[i - 1] < tokens[i], "token " + tokens[i] + " after " + tokens[i - 1]);
    }
    int[] counts = ints(file, COUNTS, most, 1, Profile.RECENT);
    long total = Arrays.stream(counts).asLongStream().sum();
    require(total <= Profile.RECENT, "sum of counts " + total);
    return new Profile(
        tokens, counts, ints(file, KNOWN, most, 0, knownTokens), knownTokens, vocabulary);
  }

  private static int[] ints(Safetensors file, String name, long length, int least, int most) {
    long[] values = file.tensor(name).require(length).integers();
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      require(values[i] >= least && values[i] <= most, name + " " + values[i]);
      ints[i] = (int) values[i];
    }
    return ints;
  }

  private static int number(Map<String, String> metadata, String name, int least) {
    String text = metadata.getOrDefault(name, "");
    require(text.matches("[0-9]{1,10}"), name + " " + text);
    long value = Long.parseLong(text);
    require(value >= least && value <= LARGEST, name + " " + text);
    return (int) value;
  }

  private static void require(boolean holds, String found) {
    if (!holds) {
      throw new InvalidWeightsException("profile: " + found + ", expected what a profile has");
    }
  }
}
