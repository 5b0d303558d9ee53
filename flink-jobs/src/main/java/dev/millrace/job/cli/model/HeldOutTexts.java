package dev.millrace.job.cli.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.InTurns;
import dev.millrace.job.corpus.Chunks;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.corpus.PretrainCorpus;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.ngram.ByteNgram;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Held-out documents by domain, each in pieces: the first half of them are for anchors, the second
 * judge.
 */
record HeldOutTexts(SortedMap<String, List<List<String>>> byDomain) {

  private static final int CHUNK_BYTES = 600;
  private static final int ANCHORS = 80;
  private static final int JUDGED = 80;
  private static final int PROTECTED = 48;

  /** Bits per byte on held-out text of one domain. */
  record Judged(double fp32, double int8, double ngram, long bytes) {}

  /** Shuffled, by domain; other languages than English are a domain of their own. */
  static HeldOutTexts of(HeldOut heldOut, long seed) {
    SortedMap<String, List<List<String>>> documents = new TreeMap<>();
    for (Document document : PretrainCorpus.heldOut(PretrainCorpus.NANO, heldOut)) {
      String domain =
          document.domain().equals("parliament") && !document.title().startsWith("en/")
              ? "languages"
              : document.domain();
      List<String> pieces =
          new ArrayList<>(
              Chunks.chunks(document, CHUNK_BYTES).stream().map(Document::text).toList());
      Collections.swap(pieces, 0, pieces.size() / 2);
      documents.computeIfAbsent(domain, d -> new ArrayList<>()).add(pieces);
    }
    documents.values().forEach(list -> Collections.shuffle(list, new Random(seed)));
    return new HeldOutTexts(documents);
  }

  /** Writes the texts that are trained beside every batch, and those that judge candidates. */
  void write(Path out) throws IOException {
    List<BaseTexts.Line> anchors = new ArrayList<>();
    List<BaseTexts.Line> guarded = new ArrayList<>();
    byDomain.forEach(
        (domain, documents) -> {
          anchors.addAll(lines(domain, anchors(documents)));
          guarded.addAll(lines(domain, first(judged(documents), PROTECTED)));
        });
    BaseTexts.write(out.resolve(BaseTexts.ANCHORS), anchors);
    BaseTexts.write(out.resolve(BaseTexts.PROTECTED), guarded);
  }

  /** Of half of a domain's documents a piece each, and of few documents further ones. */
  private static List<String> anchors(List<List<String>> documents) {
    return first(InTurns.of(documents.subList(0, documents.size() / 2)), ANCHORS);
  }

  /** A piece of each document of the other half. */
  private static List<String> judged(List<List<String>> documents) {
    List<List<String>> half = documents.subList(documents.size() / 2, documents.size());
    return first(half.stream().map(pieces -> pieces.get(0)).toList(), JUDGED);
  }

  private static List<String> first(List<String> texts, int n) {
    return texts.subList(0, Math.min(n, texts.size()));
  }

  private static List<BaseTexts.Line> lines(String domain, List<String> texts) {
    return texts.stream().map(text -> new BaseTexts.Line(domain, text)).toList();
  }

  /** By the base in a folder, and by an n-gram. */
  SortedMap<String, Judged> judge(Path out, Tokenizer tokenizer, ByteNgram ngram)
      throws IOException {
    SortedMap<String, Judged> judged = new TreeMap<>();
    try (BaseModel fp32 = DjlModels.open(out, Precision.FLOAT32);
        BaseModel int8 = DjlModels.open(out, Precision.INT8)) {
      byDomain.forEach(
          (domain, documents) ->
              judged.put(domain, judge(judged(documents), tokenizer, fp32, int8, ngram)));
    }
    return judged;
  }

  /** Bits of all tokens but the first, over all bytes; each text on its own. */
  private static Judged judge(
      List<String> texts, Tokenizer tokenizer, BaseModel fp32, BaseModel int8, ByteNgram ngram) {
    double[] bits = new double[3];
    long bytes = 0;
    for (String text : texts) {
      int[] tokens = tokenizer.encode(text);
      if (tokens.length < 2 || tokens.length > BaseTexts.MAX_TOKENS) {
        continue;
      }
      byte[] utf8 = text.getBytes(UTF_8);
      bytes += utf8.length;
      bits[0] += bits(fp32, tokens);
      bits[1] += bits(int8, tokens);
      bits[2] += ngram.bits(utf8, firstTokenBytes(tokenizer, tokens, utf8));
    }
    return new Judged(bits[0] / bytes, bits[1] / bytes, bits[2] / bytes, bytes);
  }

  private static double bits(BaseModel model, int[] tokens) {
    TokenScores scores = model.score(List.of(new Sequence(tokens, model.noAdapter()))).get(0);
    return -scores.logProb() / Math.log(2);
  }

  /**
   * The bytes of the first token; where it ends inside a character, the character is the n-gram's
   * to predict.
   */
  private static int firstTokenBytes(Tokenizer tokenizer, int[] tokens, byte[] utf8) {
    byte[] rest = tokenizer.decode(Arrays.copyOfRange(tokens, 1, tokens.length)).getBytes(UTF_8);
    return Math.max(0, utf8.length - rest.length);
  }
}
