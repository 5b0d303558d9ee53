package dev.millrace.job.bench.score;

import dev.millrace.job.AlignPairs;
import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.corpus.Pair;
import dev.millrace.job.corpus.Pairs;
import dev.millrace.model.align.AlignExam;
import dev.millrace.model.align.AlignedPair;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Captioned;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlAligner;
import dev.millrace.model.score.AlignLimits;
import dev.millrace.model.text.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The encoders that ship, on pairs that they were not trained on. */
public final class AlignBenchmark implements Benchmark {

  @Override
  public List<Table> run(Setting setting) throws Exception {
    Map<String, List<AlignedPair>> held = new TreeMap<>();
    Map<String, List<Captioned>> media = new TreeMap<>();
    try (BaseModel base = setting.base();
        Tokenizer tokenizer = setting.tokenizer();
        Aligner aligner = DjlAligner.open(setting.nano().resolveSibling("align"))) {
      AlignPairs pairs = new AlignPairs(base, tokenizer);
      for (String kind : kinds()) {
        List<Pair> some = AlignPairs.load(kind, true);
        setting.progress().accept(some.size() + " held-out pairs of " + kind);
        held.put(kind, pairs.aligned(some, setting.progress()));
        if (some.get(0).modality().isMedia()) {
          media.put(kind, pairs.captioned(some, held.get(kind)));
        }
      }
      return List.of(
          retrieval(aligner, held),
          refusals(aligner, held, setting.seed()),
          captions(base, aligner, media, setting.seed()),
          AlignStream.table(pairs, aligner, List.copyOf(media.keySet()), held, setting));
    }
  }

  /** Wrong captions of held-out pictures and sounds alone. */
  static Table wrongCaptions(BaseModel base, Tokenizer tokenizer, Setting setting)
      throws IOException {
    Map<String, List<AlignedPair>> held = new TreeMap<>();
    try (Aligner aligner = DjlAligner.open(setting.nano().resolveSibling("align"))) {
      AlignPairs pairs = new AlignPairs(base, tokenizer);
      for (String kind : kinds()) {
        List<Pair> some = AlignPairs.load(kind, true);
        if (some.get(0).modality().isMedia()) {
          setting.progress().accept(some.size() + " held-out pairs of " + kind);
          held.put(kind, pairs.aligned(some, setting.progress()));
        }
      }
      return refusals(aligner, held, setting.seed());
    }
  }

  private static List<String> kinds() {
    return Stream.concat(Pairs.kinds().stream(), Pairs.installed().stream()).toList();
  }

  private static Table retrieval(Aligner aligner, Map<String, List<AlignedPair>> held) {
    Table table =
        Table.of(
            "Pairs held out by name, file or transcript, each found among all of its kind",
            "pairs | number | recall@1 | recall@10 | recall@1 by caption | recall@10 by caption | chance@10 | worse recall@10 / chance | AUC of mismatched pairs");
    held.forEach(
        (kind, pairs) -> {
          AlignExam exam = AlignExam.of(aligner, pairs);
          table.row(
              kind,
              exam.pairs(),
              exam.recall1(),
              exam.recall10(),
              exam.back1(),
              exam.back10(),
              exam.chance10(),
              Math.min(exam.recall10(), exam.back10()) / exam.chance10(),
              exam.auc());
        });
    return table.note("Pairs of one caption are not told apart; ties count as mistakes.");
  }

  /** The scorer's own rule: does a caption fit better than those of the last others? */
  private static Table refusals(Aligner aligner, Map<String, List<AlignedPair>> held, long seed) {
    AlignLimits limits = AlignLimits.defaults();
    Table table =
        Table.of(
            "Wrong captions, as the scorer judges, against %d others or half of them, refused below a fit of %.2f"
                .formatted(CaptionFits.OTHERS, limits.leastFit()),
            "pairs | true pairs | median fit | of them refused % | wrong captions | of these refused % | precision of refusals % | AUC");
    held.forEach(
        (kind, pairs) -> {
          List<AlignedPair> shuffled = new ArrayList<>(pairs);
          Collections.shuffle(shuffled, new Random(seed));
          CaptionFits fits = CaptionFits.of(aligner, shuffled);
          table.row(
              kind,
              fits.own().length,
              fits.median(),
              100 * CaptionFits.below(fits.own(), limits.leastFit()),
              fits.wrong().length,
              100 * CaptionFits.below(fits.wrong(), limits.leastFit()),
              100 * fits.precision(limits.leastFit()),
              fits.auc());
        });
    return table.note("A wrong caption is that of another held-out pair, drawn by the seed.");
  }

  /** What the base makes of captions behind nothing, their own pictures or sounds, and others. */
  private static Table captions(
      BaseModel base, Aligner aligner, Map<String, List<Captioned>> media, long seed) {
    Table table =
        Table.of(
            "Loss of captions, nats a token, alone and behind a prefix of %d rows"
                .formatted(aligner.prefixLength()),
            "pairs | captions | tokens | alone | behind another's | behind their own | own less than alone [95 %] | own less than another's [95 %]");
    media.forEach(
        (kind, pairs) -> {
          CaptionLosses losses = CaptionLosses.of(base, aligner, pairs, seed);
          table.row(
              kind,
              losses.tokens().length,
              Arrays.stream(losses.tokens()).sum(),
              losses.mean(losses.alone()),
              losses.mean(losses.others()),
              losses.mean(losses.own()),
              losses.less(losses.alone()),
              losses.less(losses.others()));
        });
    return table.note(
        "Of tokens but the first, whatever stands before them. Another's: the picture or sound of a"
            + " pair with another caption, drawn by the seed. Intervals: bootstrap over captions.");
  }
}
