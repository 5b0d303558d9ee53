package dev.millrace.job.bench.score;

import static java.util.stream.Collectors.toSet;

import dev.millrace.job.bench.learn.Course;
import dev.millrace.job.bench.learn.School;
import dev.millrace.job.bench.learn.SharedPupil;
import dev.millrace.job.bench.learn.Subject;
import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.bench.score.Junk.Label;
import dev.millrace.job.bench.score.Junk.Labelled;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.QualityWindow;
import dev.millrace.model.score.Readers;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.model.score.ScorerConfig;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is worth learning of a stream that is half junk, by each way to choose. */
public final class QualityBenchmark implements Benchmark {

  private static final int BATCH = 16;
  private static final int EXAM = 40;
  private static final double JUNK = 0.5;

  /** Streams of each domain that two filters rank, the first of them the one taught. */
  private static final int SEEDS = 4;

  /** The AUC of fewer texts is a draw. */
  private static final int ENOUGH = 10;

  /** How often a pupil is examined on its way through the stream. */
  private static final int EXAMS = 8;

  private static final List<String> DOMAINS = List.of("health");
  private static final String FOREIGN = "finnish";
  private static final String OFF_DOMAIN = "nouns";

  /** Good text, but for what came before it: no example of junk. */
  private static final Set<Label> COPIES =
      EnumSet.of(Label.DUPLICATE, Label.NEAR_DUPLICATE, Label.REAL_COPY);

  /** Nothing of the stream judges here. */
  private static final HeldOut NOTHING_HELD_OUT = new HeldOut("none", Integer.MAX_VALUE);

  /**
   * The texts of a domain with junk between them.
   *
   * @param examples about as many others of both, of other documents, copies left out
   * @param subject where a pupil is examined
   */
  record Stream(String domain, List<Labelled> texts, List<Labelled> examples, Subject subject) {}

  /**
   * How a pupil did.
   *
   * @param exams bits per byte, the first of the base
   * @param taught texts before each exam
   * @param taughtTokens tokens of these
   * @param cpuSeconds that choosing and training took before each exam
   */
  private record Progress(
      List<Double> exams,
      List<Integer> taught,
      List<Integer> taughtTokens,
      List<Double> cpuSeconds,
      double trainSeconds) {

    /** The first exam at most so bad; none is -1. */
    int reached(double bits) {
      for (int i = 0; i < exams.size(); i++) {
        if (exams.get(i) <= bits) {
          return i;
        }
      }
      return -1;
    }
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    List<Table> tables = new ArrayList<>();
    try (BaseModel base = setting.base();
        Tokenizer tokenizer = setting.tokenizer();
        TempDirectory scratch = TempDirectory.create()) {
      Table wrongCaptions = AlignBenchmark.wrongCaptions(base, tokenizer, setting);
      School school =
          new School(base, tokenizer, setting.nano(), scratch.resolve("store"), setting.seed());
      for (String domain : setting.order().isEmpty() ? DOMAINS : setting.order()) {
        Stream stream = stream(domain, tokenizer, setting.rounds(), setting.seed());
        if (tables.isEmpty()) {
          warmUp(stream, school, tokenizer, setting);
        }
        tables.addAll(domain(stream, school, tokenizer, setting));
        tables.add(seeds(domain, Filter.shipped(), school, tokenizer, setting));
        tables.add(seeds(domain, Filter.classifier(), school, tokenizer, setting));
      }
      tables.add(wrongCaptions);
    }
    return tables;
  }

  /**
   * A course that does not count: the program that trains is loaded, what the base says of every
   * anchor is kept, and Java compiles. The first filter would pay that for all.
   */
  private static void warmUp(Stream stream, School school, Tokenizer tokenizer, Setting setting) {
    setting.progress().accept("a course that does not count");
    Filter none = Filter.all().get(0);
    var unused = new Way(none, stream, school, tokenizer, setting.seed()).learn(stream);
  }

  /** Every subject's first visit makes the stream, its second the examples. */
  static Stream stream(String domain, Tokenizer tokenizer, int rounds, long seed) {
    if (domain.equals(FOREIGN) || domain.equals(OFF_DOMAIN)) {
      throw new IllegalArgumentException(
          "domain %s, expected another: texts of %s and %s are the junk here"
              .formatted(domain, FOREIGN, OFF_DOMAIN));
    }
    Course course = new Course(tokenizer, seed, 2, rounds, BATCH, EXAM);
    Subject subject = course.subject(domain);
    Subject foreign = course.subject(FOREIGN);
    Subject offDomain = course.subject(OFF_DOMAIN);
    List<Labelled> texts = mixed(0, subject, foreign, offDomain, seed);
    Set<String> seen = texts.stream().map(text -> text.document().title()).collect(toSet());
    List<Labelled> examples = new ArrayList<>(mixed(1, subject, foreign, offDomain, ~seed));
    examples.removeIf(
        example -> COPIES.contains(example.label()) || seen.contains(example.document().title()));
    return new Stream(domain, texts, examples, subject);
  }

  private static List<Labelled> mixed(
      int visit, Subject subject, Subject foreign, Subject offDomain, long seed) {
    Map<Label, List<Document>> elsewhere =
        Map.of(Label.FOREIGN, texts(foreign, visit), Label.OFF_DOMAIN, texts(offDomain, visit));
    return Junk.mixInto(texts(subject, visit), elsewhere, JUNK, seed);
  }

  private static List<Document> texts(Subject subject, int visit) {
    return subject.lessons().get(visit).stream()
        .flatMap(List::stream)
        .map(ScoredSample::sample)
        .map(s -> new Document(s.id(), String.valueOf(s.domain()), s.document(), s.text()))
        .toList();
  }

  private static List<Table> domain(
      Stream stream, School school, Tokenizer tokenizer, Setting setting) {
    List<Outcome> outcomes = new ArrayList<>();
    for (Filter filter : Filter.all()) {
      Way way = new Way(filter, stream, school, tokenizer, setting.seed());
      Progress progress = way.learn(stream);
      outcomes.add(new Outcome(filter, way.chosen(), progress));
      setting.progress().accept(stream.domain() + ": " + filter.name());
    }
    return List.of(
        refusals(stream, outcomes),
        precisions(stream, outcomes),
        ranks(stream, outcomes),
        lessons(stream, outcomes),
        curves(stream, outcomes));
  }

  /** What a filter took, and what that taught. */
  private record Outcome(Filter filter, Chosen chosen, Progress progress) {}

  /** A filter and the pupil that learns what it takes. */
  private static final class Way {
    private final Filter filter;
    private final Random random;
    private final School school;
    private final SampleTokens tokens;
    private final @Nullable Scorer scorer;
    private final @Nullable LinearClassifier classifier;
    private final QualityWindow odds =
        new QualityWindow(ScorerConfig.defaults().memory().qualities());
    private final DomainMemory memory;
    private final List<Chosen.Choice> choices = new ArrayList<>();
    private double choosing;

    Way(Filter filter, Stream stream, School school, Tokenizer tokenizer, long seed) {
      ScorerConfig config = filter.config();
      this.filter = filter;
      this.school = school;
      this.scorer =
          config == null
              ? null
              : Scorer.of(
                  school.base(),
                  tokenizer,
                  school.surroundings().knownTexts(),
                  NOTHING_HELD_OUT,
                  config);
      this.memory =
          DomainMemory.empty(ScorerConfig.defaults().memory(), new Readers(school.base().id(), ""));
      this.random = new Random(seed);
      this.tokens = new SampleTokens(tokenizer, ScorerConfig.defaults().model().trainTokens());
      long begin = Lap.processNanos();
      this.classifier = filter.classifies() ? LinearClassifier.of(stream.examples()) : null;
      this.choosing = (Lap.processNanos() - begin) / 1e9;
    }

    Chosen chosen() {
      return new Chosen(List.copyOf(choices), choosing);
    }

    Scored choose(Labelled text, int offset) {
      Sample sample = sample(text.document(), offset);
      long begin = Lap.processNanos();
      Scored scored = scorer == null ? blind(sample) : scorer.score(sample, memory);
      if (classifier != null && scored instanceof Scored.Accepted accepted) {
        scored = classified(accepted.sample(), classifier.logOdds(sample.text()));
      }
      choosing += (Lap.processNanos() - begin) / 1e9;
      choices.add(choice(text.label(), scored));
      return scored;
    }

    Progress learn(Stream stream) {
      SharedPupil pupil = school.sequential();
      List<Double> exams = new ArrayList<>(List.of(exam(pupil, stream)));
      List<Integer> taught = new ArrayList<>(List.of(0));
      List<Integer> taughtTokens = new ArrayList<>(List.of(0));
      List<Double> seconds = new ArrayList<>(List.of(0.0));
      List<ScoredSample> batch = new ArrayList<>();
      double training = 0;
      int learned = 0;
      int learnedTokens = 0;
      int step = step(stream);
      for (int i = 0; i < stream.texts().size(); i++) {
        if (choose(stream.texts().get(i), i) instanceof Scored.Accepted accepted) {
          batch.add(accepted.sample());
        }
        boolean last = i == stream.texts().size() - 1;
        if (batch.size() == BATCH || (last && !batch.isEmpty())) {
          long start = Lap.processNanos();
          pupil.learn(List.copyOf(batch));
          training += (Lap.processNanos() - start) / 1e9;
          learned += batch.size();
          learnedTokens += batch.stream().mapToInt(sample -> sample.tokens().length).sum();
          batch.clear();
        }
        if ((i + 1) % step == 0 || last) {
          exams.add(exam(pupil, stream));
          taught.add(learned);
          taughtTokens.add(learnedTokens);
          seconds.add(choosing + training);
        }
      }
      return new Progress(exams, taught, taughtTokens, seconds, training);
    }

    private static double exam(SharedPupil pupil, Stream stream) {
      return stream.subject().bitsPerByte(pupil.logProb(stream.subject()));
    }

    /** Takes its share without a look, cut into tokens as the cascade would. */
    private Scored blind(Sample sample) {
      boolean taken = random.nextDouble() < filter.share();
      ScoredSample whole =
          new ScoredSample(sample, tokens.of(sample.text()), 0, 0, taken ? 1 : 0, false);
      return taken ? new Scored.Accepted(whole) : new Scored.Refused(LEFT_OUT);
    }

    /** Takes its share of what the rules let through, by the last so many, as Q(x) does. */
    private Scored classified(ScoredSample passed, double quality) {
      double least = odds.quantile(1 - filter.share());
      odds.add(quality);
      Sample sample = passed.sample();
      return quality < least
          ? new Scored.Refused(
              new Rejection(sample.origin(), null, null, "classified", "as junk", quality))
          : new Scored.Accepted(
              new ScoredSample(
                  sample, passed.tokens(), passed.entropy(), passed.diversity(), quality, false));
    }

    private Chosen.Choice choice(Label label, Scored scored) {
      if (scored instanceof Scored.Accepted accepted) {
        return new Chosen.Choice(label, true, -accepted.sample().quality());
      }
      double quality = ((Scored.Refused) scored).rejection().quality();
      double badness = Double.isNaN(quality) ? Double.POSITIVE_INFINITY : -quality;
      return new Chosen.Choice(label, false, badness);
    }
  }

  private static final Rejection LEFT_OUT =
      new Rejection(new Origin("", 0, 0), null, null, "left-out", "not looked at", 0);

  private static Sample sample(Document document, int offset) {
    return Sample.ofText(
        document.id(),
        "bench",
        document.title(),
        document.domain(),
        document.text(),
        offset,
        new Origin("bench", 0, offset));
  }

  private static Table refusals(Stream stream, List<Outcome> outcomes) {
    Table table =
        new Table(
            stream.domain() + ": share refused (recall, of junk), %",
            columns("filter", "clean", "precision of refusals", "junk in what teaches"));
    for (Outcome outcome : outcomes) {
      Chosen chosen = outcome.chosen();
      table.row(
          row(
              outcome.filter().name(),
              label -> 100 * chosen.refused(label),
              100 * chosen.refused(Label.CLEAN),
              100 * chosen.precision(),
              100 * chosen.junkTaken()));
    }
    return table
        .note(
            "%,d texts, half of them put in as junk; with near copies among the others %.0f %% are junk. All but the first two pass the rules of the cascade first; %.0f %% of what these let through passes Q(x) or the classifier, as shipped %.0f %%."
                .formatted(
                    stream.texts().size(),
                    100 * outcomes.get(0).chosen().junk(),
                    100 * Filter.ACCEPT_RATE,
                    100 * ScorerConfig.defaults().acceptRate()))
        .note(
            "%s, by Apache OpenNLP: logistic regression over words and pairs of words. It alone knows the junk beforehand: it learned from %d texts of other documents, the domain's and junk of every kind but copies, Finnish debates and dictionary entries included. Its own training counts as choosing."
                .formatted(Filter.classifier().name(), stream.examples().size()));
  }

  private static Table precisions(Stream stream, List<Outcome> outcomes) {
    Table table = new Table(stream.domain() + ": precision by kind of junk, %", columns("filter"));
    for (Outcome outcome : outcomes) {
      Chosen chosen = outcome.chosen();
      table.row(row(outcome.filter().name(), label -> 100 * chosen.precision(label)));
    }
    return table.note("Of the clean texts and those of the kind that were refused.");
  }

  private static Table ranks(Stream stream, List<Outcome> outcomes) {
    Table table =
        new Table(stream.domain() + ": AUC by kind of junk against clean text", columns("filter"));
    table.row(row("(texts)", outcomes.get(0).chosen()::texts));
    outcomes.stream()
        .filter(outcome -> outcome.filter().ranks())
        .forEach(outcome -> table.row(row(outcome.filter().name(), outcome.chosen()::auc)));
    return table.note(
        "What a rule refuses ranks below everything that has a Q(x), clean text too: a kind of which no rule refuses any has an AUC of %.3f at most."
            .formatted(outcomes.get(outcomes.size() - 1).chosen().mostAuc()));
  }

  /** How a filter ranks streams of other seeds, and what else their texts might say. */
  private static Table seeds(
      String domain, Filter filter, School school, Tokenizer tokenizer, Setting setting) {
    Table table =
        new Table(
            domain + ": AUC of " + filter.name() + ", by seed",
            columns("seed", "worst of " + ENOUGH + " texts or more"));
    for (long seed = setting.seed(); seed < setting.seed() + SEEDS; seed++) {
      Stream stream = stream(domain, tokenizer, setting.rounds(), seed);
      Way way = new Way(filter, stream, school, tokenizer, seed);
      for (int i = 0; i < stream.texts().size(); i++) {
        way.choose(stream.texts().get(i), i);
      }
      Chosen chosen = way.chosen();
      double worst =
          junk().stream()
              .filter(label -> chosen.texts(label) >= ENOUGH)
              .mapToDouble(chosen::auc)
              .min()
              .orElse(Double.NaN);
      long drawn = seed;
      table.row(row(seed, label -> auc(chosen, label, drawn), worst));
      setting.progress().accept(domain + ": " + filter.name() + ", seed " + seed);
    }
    return table.note(
        "In square brackets the 95 % interval, by bootstrap over the texts; in round ones how many"
            + " texts of the kind there are.");
  }

  private static String auc(Chosen chosen, Label label, long seed) {
    double[] interval = chosen.aucInterval(label, seed);
    return "%.3f [%.3f, %.3f] (%d)"
        .formatted(chosen.auc(label), interval[0], interval[1], chosen.texts(label));
  }

  /** The first columns, one for each kind of junk, then the others. */
  private static String[] columns(String first, String... last) {
    List<String> columns = new ArrayList<>(List.of(first));
    for (Label label : junk()) {
      columns.add(label.name().toLowerCase(Locale.ROOT).replace('_', ' '));
    }
    columns.addAll(List.of(last));
    return columns.toArray(String[]::new);
  }

  private static List<Label> junk() {
    return List.of(Label.values()).subList(1, Label.values().length);
  }

  private static Object[] row(Object first, Function<Label, Object> figure, Object... last) {
    List<Object> values = new ArrayList<>(List.of(first));
    junk().forEach(label -> values.add(figure.apply(label)));
    values.addAll(List.of(last));
    return values.toArray();
  }

  private static Table lessons(Stream stream, List<Outcome> outcomes) {
    Table table =
        Table.of(
            stream.domain() + ": what is learned",
            "filter | texts taught | bits per byte before | after | CPU s choosing | CPU s training | records taught to be as good as without a filter, % | CPU to be as good as without a filter, %");
    Progress none = outcomes.get(0).progress();
    int end = none.exams().size() - 1;
    double best = none.exams().stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    int reached = none.reached(best);
    for (Outcome outcome : outcomes) {
      Progress progress = outcome.progress();
      int at = progress.reached(best);
      table.row(
          outcome.filter().name(),
          progress.taught().get(end),
          progress.exams().get(0),
          progress.exams().get(end),
          outcome.chosen().cpuSeconds(),
          progress.trainSeconds(),
          at < 0 ? "never" : 100.0 * progress.taught().get(at) / none.taught().get(reached),
          at < 0 ? "never" : 100 * progress.cpuSeconds().get(at) / none.cpuSeconds().get(reached));
    }
    return table.note(
        "One adapter, the trainer's defaults, batches of %d; held-out texts of other documents, on the weights that serve, %d times on the way. As good as without a filter: as its best exam."
            .formatted(BATCH, EXAMS));
  }

  /** The loss on the way: what was paid for it by then, in texts and in processor time. */
  private static Table curves(Stream stream, List<Outcome> outcomes) {
    List<String> columns = new ArrayList<>(List.of("filter"));
    int read = 0;
    for (int exam = 1; exam < outcomes.get(0).progress().exams().size(); exam++) {
      read = Math.min(read + step(stream), stream.texts().size());
      columns.add("after " + read);
    }
    Table table =
        new Table(
            stream.domain()
                + ": bits per byte after so many texts of the stream (texts, tokens taught, CPU s)",
            columns.toArray(String[]::new));
    for (Outcome outcome : outcomes) {
      Progress progress = outcome.progress();
      List<Object> row = new ArrayList<>(List.of(outcome.filter().name()));
      for (int exam = 1; exam < progress.exams().size(); exam++) {
        row.add(
            "%.3f (%d, %d, %.1f)"
                .formatted(
                    progress.exams().get(exam),
                    progress.taught().get(exam),
                    progress.taughtTokens().get(exam),
                    progress.cpuSeconds().get(exam)));
      }
      table.row(row.toArray());
    }
    return table.note("Processor time of choosing and training together.");
  }

  /** Texts of a stream between two exams. */
  private static int step(Stream stream) {
    return (stream.texts().size() + EXAMS - 1) / EXAMS;
  }
}
