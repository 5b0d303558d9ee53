package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.corpus.Pair;
import dev.millrace.job.corpus.Pairs;
import dev.millrace.model.align.AlignedPair;
import dev.millrace.model.align.Captioned;
import dev.millrace.model.align.Input;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.media.Pictures;
import dev.millrace.model.media.Sounds;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** The pairs that encoders are trained on and examined with, as the encoders take them. */
public final class AlignPairs {

  /** A fifth of the documents is never trained on: encoders are examined, and shown, on it. */
  private static final HeldOut HELD_OUT = new HeldOut("millrace-align", 5);

  /** What the base reads of a text. */
  private static final int TOKENS = 96;

  /** Sequences that the base reads in a call. */
  private static final int CALL = 32;

  private final BaseModel base;
  private final SampleTokens tokens;

  public AlignPairs(BaseModel base, Tokenizer tokenizer) {
    this.base = base;
    this.tokens = new SampleTokens(tokenizer, TOKENS);
  }

  /** The pairs of a kind that encoders are trained on, or those that they never see. */
  public static List<Pair> load(String kind, boolean heldOut) {
    return Pairs.load(kind).stream()
        .filter(pair -> HELD_OUT.contains(null, kind, pair.document()) == heldOut)
        .toList();
  }

  /**
   * Decodes and reads pairs of one kind.
   *
   * @param progress hears a line now and then
   */
  public List<AlignedPair> aligned(List<Pair> pairs, Consumer<String> progress) {
    List<AlignedPair> aligned = new ArrayList<>();
    for (int from = 0; from < pairs.size(); from += CALL) {
      List<Pair> some = pairs.subList(from, Math.min(pairs.size(), from + CALL));
      List<Input.Words> captions = words(some.stream().map(Pair::caption).toList());
      List<? extends Input> left = left(some);
      for (int i = 0; i < some.size(); i++) {
        Pair pair = some.get(i);
        aligned.add(
            new AlignedPair(
                left.get(i),
                captions.get(i),
                pair.caption().hashCode(),
                pair.cluster().hashCode()));
      }
      if (from / CALL % 32 == 31) {
        progress.accept("%s: %d of %d pairs".formatted(pairs.get(0).kind(), from, pairs.size()));
      }
    }
    return aligned;
  }

  /** Pictures or sounds of aligned pairs, with their captions as the base reads them. */
  public List<Captioned> captioned(List<Pair> pairs, List<AlignedPair> aligned) {
    List<Captioned> captioned = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      captioned.add(new Captioned(aligned.get(i).left(), behind(pairs.get(i).caption())));
    }
    return captioned;
  }

  /** A caption's tokens behind a prefix. */
  private int[] behind(String caption) {
    int[] read = tokens.of(caption);
    return Arrays.copyOfRange(read, tokens.tokenizer().bos().length, read.length);
  }

  private List<? extends Input> left(List<Pair> pairs) {
    return switch (pairs.get(0).modality()) {
      case TEXT, CODE ->
          words(pairs.stream().map(pair -> new String(pair.payload().get(), UTF_8)).toList());
      case IMAGE -> pairs.stream().map(AlignPairs::seen).toList();
      case AUDIO -> pairs.stream().map(AlignPairs::heard).toList();
    };
  }

  private static Input seen(Pair pair) {
    try {
      return new Input.Seen(Pictures.read(pair.payload().get()));
    } catch (InvalidMediaException e) {
      throw new IllegalStateException(pair.caption(), e);
    }
  }

  private static Input heard(Pair pair) {
    try {
      return new Input.Heard(Sounds.read(pair.payload().get()));
    } catch (InvalidMediaException e) {
      throw new IllegalStateException(pair.caption(), e);
    }
  }

  private List<Input.Words> words(List<String> texts) {
    List<float[]> hidden = base.embed(texts.stream().map(tokens::of).toList());
    List<Input.Words> words = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      words.add(Input.Words.of(texts.get(i), hidden.get(i)));
    }
    return words;
  }
}
