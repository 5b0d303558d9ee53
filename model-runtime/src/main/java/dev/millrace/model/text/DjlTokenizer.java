package dev.millrace.model.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.millrace.model.config.InvalidConfigException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * HuggingFace's own tokenizers through DJL. Closing waits for calls that are in the native code.
 */
final class DjlTokenizer implements Tokenizer {
  private static final Map<String, String> OPTIONS =
      Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

  /** In place of a character that lacks bytes. */
  private static final char CUT = '\uFFFD';

  /** Stands before what goes on with a text, where it is the token of a byte: no merge has it. */
  private static final String LINE = "\n";

  private final HuggingFaceTokenizer tokenizer;
  private final Vocabulary vocabulary;
  private final Pattern inSpecial;
  private final long[] before;
  private final String beforeText;
  private final long[] line;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private DjlTokenizer(HuggingFaceTokenizer tokenizer, Vocabulary vocabulary) {
    this.tokenizer = tokenizer;
    this.vocabulary = vocabulary;
    this.inSpecial = inSpecial(vocabulary);
    this.before = tokenizer.encode("a", false, false).getIds();
    this.beforeText = tokenizer.decode(before, false);
    this.line = line(tokenizer, vocabulary);
  }

  static Tokenizer open(Path tokenizerJson) throws IOException {
    Vocabulary vocabulary = Vocabulary.read(tokenizerJson);
    byte[] json = Files.readAllBytes(tokenizerJson);
    try {
      return new DjlTokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS), vocabulary);
    } catch (RuntimeException e) { // the native code's own, which knows no file
      throw new InvalidConfigException(
          Tokenizers.FILE + ": " + e.getMessage() + ", expected what HuggingFace's tokenizers read",
          e);
    }
  }

  /**
   * Where to cut a text so that no special token is left in it: behind the first character. Those
   * of one first character are looked for together: some vocabularies have 800.
   */
  private static Pattern inSpecial(Vocabulary vocabulary) {
    String places =
        vocabulary.special().stream()
            .filter(token -> token.length() > first(token))
            .collect(
                Collectors.groupingBy(
                    token -> token.substring(0, first(token)),
                    TreeMap::new,
                    Collectors.mapping(
                        token -> Pattern.quote(token.substring(first(token))),
                        Collectors.joining("|"))))
            .entrySet()
            .stream()
            .map(first -> "(?<=" + Pattern.quote(first.getKey()) + ")(?=" + first.getValue() + ")")
            .collect(Collectors.joining("|"));
    return Pattern.compile(places.isEmpty() ? "(?!)" : places);
  }

  /** Where the first character of a token ends: it may be two of Java's. */
  private static int first(String token) {
    return token.isEmpty() ? 0 : token.offsetByCodePoints(0, 1);
  }

  /** Its tokens, behind the blank that a text begins with; none where it is no byte's. */
  private static long[] line(HuggingFaceTokenizer tokenizer, Vocabulary vocabulary) {
    long[] ids = tokenizer.encode(LINE, false, false).getIds();
    boolean ends = ids.length > 0 && vocabulary.bytes().has(ids[ids.length - 1], LINE.charAt(0));
    return ends ? ids : new long[0];
  }

  @Override
  public int[] encode(String text) {
    return call(
        open -> IntStream.concat(IntStream.of(vocabulary.bos()), ids(open, text)).toArray());
  }

  @Override
  public int[] bos() {
    return vocabulary.bos().clone();
  }

  @Override
  public int[] encodeBehind(String text) {
    return call(open -> ids(open, text).toArray());
  }

  /** A text that spells a special token is text: the two halves are encoded by themselves. */
  private IntStream ids(HuggingFaceTokenizer open, String text) {
    String[] parts = inSpecial.split(text);
    LongStream first = LongStream.of(open.encode(parts[0], false, false).getIds());
    LongStream more =
        Arrays.stream(parts).skip(1).flatMapToLong(part -> LongStream.of(behind(open, part)));
    return LongStream.concat(first, more).mapToInt(Math::toIntExact);
  }

  /** Without the blank that SentencePiece puts before a text, for this goes on with one. */
  private long[] behind(HuggingFaceTokenizer open, String part) {
    if (line.length == 0) {
      return open.encode(part, false, false).getIds();
    }
    long[] ids = open.encode(LINE + part, false, false).getIds();
    return Arrays.copyOfRange(ids, line.length, ids.length);
  }

  @Override
  public String decode(int[] tokens) {
    long[] ids = Arrays.stream(tokens).skip(begin(tokens)).asLongStream().toArray();
    return call(open -> text(open, ids));
  }

  /** SentencePiece's decoder drops the space that a text begins with: another text goes before. */
  @Override
  public String decodeBehind(int[] tokens) {
    LongStream ids = LongStream.concat(LongStream.of(before), IntStream.of(tokens).asLongStream());
    return call(open -> text(open, ids.toArray()).substring(beforeText.length()));
  }

  @Override
  public byte[] bytes(int token) {
    byte[] part = vocabulary.parts().get(token);
    return part == null ? Tokenizer.super.bytes(token) : part.clone();
  }

  /**
   * Of a run of bytes HuggingFace's decoder keeps nothing if one of them is part of no character:
   * what was told while the run was whole would not stand.
   */
  private String text(HuggingFaceTokenizer open, long[] ids) {
    int end = ids.length - vocabulary.bytes().cut(ids);
    StringBuilder text = new StringBuilder();
    int from = 0;
    for (int lost : vocabulary.bytes().lost(Arrays.copyOf(ids, end))) {
      text.append(run(open, ids, from, lost)).append(CUT);
      from = lost + 1;
    }
    text.append(run(open, ids, from, end));
    return end == ids.length ? text.toString() : text.append(CUT).toString();
  }

  /** Behind others, if it does not begin a text; nothing is asked for between lost bytes. */
  private String run(HuggingFaceTokenizer open, long[] ids, int from, int to) {
    if (from == to) {
      return "";
    }
    LongStream run = Arrays.stream(ids, from, to);
    return from == 0
        ? open.decode(run.toArray(), false)
        : open.decode(LongStream.concat(LongStream.of(before), run).toArray(), false)
            .substring(beforeText.length());
  }

  private int begin(int[] tokens) {
    int[] bos = vocabulary.bos();
    int differs = Arrays.mismatch(bos, tokens);
    return differs < 0 || differs == bos.length ? bos.length : 0;
  }

  private <T> T call(Function<HuggingFaceTokenizer, T> function) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer is closed, expected it open");
      }
      return function.apply(tokenizer);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      closed = true;
      tokenizer.close();
    } finally {
      lock.writeLock().unlock();
    }
  }
}
