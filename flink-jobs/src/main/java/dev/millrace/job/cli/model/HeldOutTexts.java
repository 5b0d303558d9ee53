package dev.millrace.job.cli.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.BaseTexts;
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
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/** Held-out texts by domain: the first half of each are for anchors, the second judge. */
record HeldOutTexts(SortedMap<String, List<String>> byDomain) {

  private static final int CHUNK_BYTES = 600;
  private static final int ANCHORS = 80;
  private static final int JUDGED = 80;
  private static final int PROTECTED = 24;

  /** Bits per byte on held-out text of one domain. */
  record Judged(double fp32, double int8, double ngram, long bytes) {}

  /**
   * One piece of each held-out document, shuffled, by domain; other languages than English are a
   * domain of their own.
   */
  static HeldOutTexts of(HeldOut heldOut, long seed) {
    SortedMap<String, List<String>> chunks = new TreeMap<>();
    for (Document document : PretrainCorpus.heldOut(PretrainCorpus.NANO, heldOut)) {
      String domain =
          document.domain().equals("parliament") && !document.title().startsWith("en/")
              ? "languages"
              : document.domain();
      List<Document> pieces = Chunks.chunks(document, CHUNK_BYTES);
      chunks
          .computeIfAbsent(domain, d -> new ArrayList<>())
          .add(pieces.get(pieces.size() / 2).text());
    }
    chunks.values().forEach(list -> Collections.shuffle(list, new Random(seed)));
    return new HeldOutTexts(chunks);
  }

  /** Writes the texts that are trained beside every batch, and those that judge candidates. */
  void write(Path out) throws IOException {
    List<BaseTexts.Line> anchors = new ArrayList<>();
    List<BaseTexts.Line> guarded = new ArrayList<>();
    for (Map.Entry<String, List<String>> domain : byDomain.entrySet()) {
      anchors.addAll(lines(domain.getKey(), anchors(domain.getValue())));
      guarded.addAll(lines(domain.getKey(), first(judged(domain.getValue()), PROTECTED)));
    }
    BaseTexts.write(out.resolve(BaseTexts.ANCHORS), anchors);
    BaseTexts.write(out.resolve(BaseTexts.PROTECTED), guarded);
  }

  /** At most half of a domain's held-out texts. */
  private static List<String> anchors(List<String> texts) {
    return first(texts.subList(0, texts.size() / 2), ANCHORS);
  }

  private static List<String> judged(List<String> texts) {
    return first(texts.subList(texts.size() / 2, texts.size()), JUDGED);
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
          (domain, texts) ->
              judged.put(domain, judge(judged(texts), tokenizer, fp32, int8, ngram)));
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
