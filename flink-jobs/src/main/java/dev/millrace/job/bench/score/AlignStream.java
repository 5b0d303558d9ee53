package dev.millrace.job.bench.score;

import dev.millrace.adapter.align.AlignmentConfig;
import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.adapter.align.AlignmentOutcome;
import dev.millrace.adapter.align.AlignmentParts;
import dev.millrace.adapter.align.AlignmentState;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.job.AlignPairs;
import dev.millrace.job.Openers;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.corpus.Pair;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignExam;
import dev.millrace.model.align.AlignedPair;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.align.Places;
import dev.millrace.model.release.Routing;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Origin;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What pairs of a kind teach, streamed through the learner of alignments and its gate. */
final class AlignStream {

  /** Of a kind, at most. */
  private static final int PAIRS = 1_000;

  private static final HeldOut JUDGES = new HeldOut("millrace-align-stream", 10);

  private AlignStream() {}

  /** A pair where the encoders see it. */
  private record Seen(Pair pair, Places places) {}

  /** How a stream ended. */
  private record Learned(AlignAdapter adapter, int batches, int published, double millis) {}

  static Table table(
      AlignPairs pairs,
      Aligner aligner,
      List<String> kinds,
      Map<String, List<AlignedPair>> held,
      Setting setting)
      throws IOException {
    Table table =
        Table.of(
            "An alignment that learns in the stream: held-out pairs before, and after a stream of"
                + " others of their kind",
            "pairs | streamed | batches | published | recall@10 | after | recall@10 by caption | after  | AUC | after   | AUC by the fit | after    | median fit | after     | ms a candidate");
    for (String kind : kinds) {
      List<Seen> stream = stream(pairs, aligner, kind, setting);
      Learned learned = learn(stream, aligner, setting);
      List<AlignedPair> exam = held.getOrDefault(kind, List.of());
      List<Places> places = CaptionFits.places(aligner, exam);
      AlignExam before = exam(exam, places, AlignAdapter.NONE);
      AlignExam after = exam(exam, places, learned.adapter());
      CaptionFits fits = fits(stream, places, AlignAdapter.NONE, setting.seed());
      CaptionFits movedFits = fits(stream, places, learned.adapter(), setting.seed());
      table.row(
          kind,
          stream.size(),
          learned.batches(),
          learned.published(),
          before.recall10(),
          after.recall10(),
          before.back10(),
          after.back10(),
          before.auc(),
          after.auc(),
          fits.auc(),
          movedFits.auc(),
          fits.median(),
          movedFits.median(),
          learned.millis());
    }
    return table.note(
        "Batches of %d pairs; a tenth of the streamed documents judges. The encoders that ship were"
                .formatted(AlignmentConfig.defaults().batch())
            + " trained on what is streamed of icons and speech, and on nothing of stamps and"
            + " recordings; on what is held out of none.");
  }

  private static AlignExam exam(List<AlignedPair> exam, List<Places> places, AlignAdapter adapter) {
    List<Places> moved = places.stream().map(adapter::place).toList();
    return AlignExam.of(
        moved.stream().map(Places::media).toList(),
        moved.stream().map(Places::caption).toList(),
        exam.stream().mapToInt(AlignedPair::group).toArray());
  }

  /** Of held-out pairs, beside those that taught last. */
  private static CaptionFits fits(
      List<Seen> stream, List<Places> places, AlignAdapter adapter, long seed) {
    List<Places> taught =
        stream.stream()
            .filter(seen -> !judges(seen.pair()))
            .map(seen -> adapter.place(seen.places()))
            .toList();
    List<Places> pairs = new ArrayList<>(places.stream().map(adapter::place).toList());
    Collections.shuffle(pairs, new Random(seed));
    int from = Math.max(0, taught.size() - CaptionFits.OTHERS);
    return CaptionFits.of(taught.subList(from, taught.size()), pairs);
  }

  private static List<Seen> stream(
      AlignPairs pairs, Aligner aligner, String kind, Setting setting) {
    List<Pair> some = new ArrayList<>(AlignPairs.load(kind, false));
    Collections.shuffle(some, new Random(setting.seed()));
    some = some.subList(0, Math.min(PAIRS, some.size()));
    setting.progress().accept(some.size() + " pairs of " + kind + " are streamed");
    List<Places> places = CaptionFits.places(aligner, pairs.aligned(some, setting.progress()));
    List<Seen> stream = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      stream.add(new Seen(some.get(i), places.get(i)));
    }
    return stream;
  }

  /** Nothing is published. */
  private static Learned learn(List<Seen> stream, Aligner aligner, Setting setting)
      throws IOException {
    AlignmentLearner learner =
        AlignmentLearner.of(
            new AlignmentParts(
                aligner.config().base(),
                Routing.topK(1),
                KnownPairs.read(setting.nano().resolveSibling("align")),
                ReleaseStore.of(StoreFiles.in(Path.of("nowhere"))),
                new FlinkReleaseFiles(),
                Openers.machine(),
                setting.seed(),
                InstantSource.system()),
            AlignmentConfig.defaults());
    return learn(stream, learner, setting);
  }

  private static Learned learn(List<Seen> stream, AlignmentLearner learner, Setting setting) {
    AlignmentState state = learner.initial();
    List<Verdict> verdicts = new ArrayList<>();
    for (int i = 0; i < stream.size(); i++) {
      AlignmentOutcome outcome =
          learner.take(state, sample(stream.get(i), i), stream.get(i).places());
      state = outcome.state();
      if (outcome.verdict() != null) {
        verdicts.add(outcome.verdict());
        setting.progress().accept(line(outcome.verdict()));
      }
    }
    return new Learned(
        state.adapter(),
        verdicts.size(),
        (int) verdicts.stream().filter(Verdict::accepted).count(),
        verdicts.stream().mapToLong(Verdict::trainMillis).average().orElse(Double.NaN));
  }

  private static String line(Verdict verdict) {
    StringBuilder line = new StringBuilder("batch " + verdict.batch());
    for (RuleResult rule : verdict.rules()) {
      line.append(rule.passed() ? ", ok " : ", NO ").append(rule.rule()).append(rule.figures());
    }
    return line.toString();
  }

  private static ScoredSample sample(Seen seen, int i) {
    Pair pair = seen.pair();
    Sample sample =
        new Sample(
            pair.kind() + i,
            "bench",
            pair.document(),
            null,
            pair.kind(),
            pair.modality(),
            "",
            new byte[0],
            pair.caption(),
            i,
            new Origin("bench", 0, i));
    return new ScoredSample(sample, new int[0], 0, 0, 0, judges(pair));
  }

  private static boolean judges(Pair pair) {
    return JUDGES.contains(null, pair.kind(), pair.document());
  }
}
