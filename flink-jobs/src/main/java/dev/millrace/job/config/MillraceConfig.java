package dev.millrace.job.config;

import dev.millrace.adapter.LearnerConfig;
import dev.millrace.adapter.WatchConfig;
import dev.millrace.adapter.align.AlignmentConfig;
import dev.millrace.adapter.batch.BatchPolicy;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.kinds.AdapterKinds;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.TrustedKeys;
import dev.millrace.model.score.ScorerConfig;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** All that can be set, by keys such as {@code kafka.bootstrap} and {@code learn.train.epochs}. */
public record MillraceConfig(
    JobConfig job,
    KafkaConfig kafka,
    CheckpointConfig checkpoint,
    StoreConfig store,
    BaseConfig base,
    RedisConfig redis,
    HeldOutConfig heldOut,
    UnlabelledConfig unlabelled,
    ScorerConfig score,
    BatchPolicy batch,
    LearnerConfig learn,
    AlignmentConfig align,
    CompressConfig compress,
    ServeConfig serve,
    GatewayLimits gateway)
    implements Serializable {

  /** Of more the steps alone would fill the memory. */
  private static final int MOST_EPOCHS = 1000;

  private static final int MOST_ALIGN_PAIRS = 1 << 14;

  /** Each asks for six signatures of {@code score.memory.heldOut}, which takes no more. */
  private static final int MOST_JUDGES = (1 << 20) / 6;

  /** What the demo runs with. */
  public static MillraceConfig defaults() {
    return new MillraceConfig(
        JobConfig.defaults(),
        KafkaConfig.defaults(),
        CheckpointConfig.defaults(),
        StoreConfig.defaults(),
        BaseConfig.defaults(),
        RedisConfig.defaults(),
        HeldOutConfig.defaults(),
        UnlabelledConfig.defaults(),
        ScorerConfig.defaults(),
        BatchPolicy.defaults(),
        LearnerConfig.defaults(),
        AlignmentConfig.defaults(),
        CompressConfig.defaults(),
        ServeConfig.defaults(),
        GatewayLimits.defaults());
  }

  /**
   * Reads settings that come on top of the defaults.
   *
   * @param settings {@code key=value} each
   * @throws InvalidConfigException with every problem there is
   */
  public static MillraceConfig read(List<String> settings) {
    Problems problems = new Problems();
    Map<String, String> values = values(settings, problems);
    MillraceConfig config = defaults().bound(values, problems);
    config.checkSteps(problems);
    config.checkJudges(problems);
    config.checkTaught(problems);
    config.checkWatch(problems);
    config.checkParallelism(problems);
    config.checkTransactions(problems);
    config.checkActivation(problems);
    problems.throwIfAny();
    return config;
  }

  private static Map<String, String> values(List<String> settings, Problems problems) {
    Map<String, String> values = new TreeMap<>();
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      if (equals < 1) {
        problems.add("\"" + setting + "\" is not key=value");
      } else {
        values.put(setting.substring(0, equals).strip(), setting.substring(equals + 1).strip());
      }
    }
    return values;
  }

  /**
   * This configuration with some keys set anew.
   *
   * @throws InvalidConfigException with every problem there is
   */
  public MillraceConfig with(Map<String, String> values) {
    Problems problems = new Problems();
    MillraceConfig config = bound(values, problems);
    problems.throwIfAny();
    return config;
  }

  private MillraceConfig bound(Map<String, String> values, Problems problems) {
    MillraceConfig config = Binder.bind(this, values, problems);
    LearnerConfig learn = config.learn();
    if (learn.routedExperts() && !AdapterKinds.named(learn.adapter()).addsTo(Site.Place.EXPERTS)) {
      problems.add(
          "learn.routedExperts is true, expected false: %s adds to no expert"
              .formatted(learn.adapter()));
    }
    boolean lora = AdapterKinds.named(learn.adapter()).addsTo(Site.Place.LINEAR);
    if (learn.rsLora() && !lora) {
      problems.add(
          "learn.rsLora is true, expected false: %s is no LoRA".formatted(learn.adapter()));
    }
    if (!learn.pattern().isEmpty() && !lora) {
      problems.add(
          "learn.pattern is %s, expected none: %s is no LoRA"
              .formatted(learn.pattern(), learn.adapter()));
    }
    config.checkAlign(problems);
    config.checkTrustedKeys(problems);
    return config;
  }

  /**
   * With these AdamW divides zero by zero or takes no step, and no candidate wins a resample or is
   * judged on enough. Not asked where the configuration of an old release is set anew, to train it
   * again.
   */
  private void checkSteps(Problems problems) {
    TrainConfig train = learn.train();
    requireAbove("learn.train.settleSteps", train.settleSteps(), problems);
    requireAbove("learn.train.epsilon", train.epsilon(), problems);
    requireAbove("learn.train.clipNorm", train.clipNorm(), problems);
    requireBelowOne("learn.train.beta1", train.beta1(), problems);
    requireBelowOne("learn.train.beta2", train.beta2(), problems);
    if (train.epochs() > MOST_EPOCHS) { // an old release may have had more
      problems.add(
          "learn.train.epochs is %d, expected at most %d".formatted(train.epochs(), MOST_EPOCHS));
    }
    GateConfig gate = learn.gate();
    requireAbove("learn.gate.resamples", gate.resamples(), problems);
    requireAbove("learn.gate.paritySamples", gate.paritySamples(), problems);
    requireAbove("learn.gate.protectedSamples", gate.protectedSamples(), problems);
    if (learn.heldOut() < gate.minHeldOutSamples()) {
      problems.add(
          "learn.heldOut is %d, expected at least learn.gate.minHeldOutSamples, %d"
              .formatted(learn.heldOut(), gate.minHeldOutSamples()));
    }
  }

  /**
   * What is like a text that judges must not teach. A judge stays for three times as many others at
   * most, each with two signatures where it is a pair, none of them left out. Not asked where the
   * configuration of an old release is set anew, to train it again.
   */
  private void checkJudges(Problems problems) {
    if (batch.heldOut() < Reservoir.RECENT) {
      problems.add(
          "batch.heldOut is %d, expected at least %d".formatted(batch.heldOut(), Reservoir.RECENT));
    }
    if (learn.heldOut() > MOST_JUDGES) {
      problems.add(
          "learn.heldOut is %d, expected at most %d".formatted(learn.heldOut(), MOST_JUDGES));
      return;
    }
    int pairs = align.batch() > 0 ? align.heldOut() : 0; // else none judges
    int judges = Math.max(Reservoir.RECENT, Math.max(learn.heldOut(), pairs));
    if (score.memory().heldOut() < 6 * judges) {
      String of =
          judges == pairs ? "align.heldOut" : judges == learn.heldOut() ? "learn.heldOut" : "256";
      problems.add(
          "score.memory.heldOut is %d, expected at least %d, six times %s"
              .formatted(score.memory().heldOut(), 6 * judges, of));
    }
  }

  /**
   * A release names each sample that taught it, and of more nobody would read it. Not asked where
   * the configuration of an old release is set anew, to train it again.
   */
  private void checkTaught(Problems problems) {
    long fresh = (long) batch.count() + learn.waiting();
    long drawn = (long) Math.ceil(learn.train().replayShare() * fresh);
    requireNamed("batch.count + learn.waiting", fresh, Math.min(drawn, learn.replay()), problems);
    requireNamed("align.batch", align.batch(), align.replay(), problems);
  }

  private static void requireNamed(String keys, long fresh, long replayed, Problems problems) {
    if (fresh + replayed > ReleaseReader.MAX_SAMPLES) {
      problems.add(
          "%s is %d, with %d replayed samples, expected at most %d together: a release names each"
              .formatted(keys, fresh, replayed, ReleaseReader.MAX_SAMPLES));
    }
  }

  private static void requireAbove(String key, Number value, Problems problems) {
    if (!(value.doubleValue() > 0)) {
      problems.add("%s is %s, expected more than 0".formatted(key, value));
    }
  }

  private static void requireBelowOne(String key, double value, Problems problems) {
    if (!(value < 1)) {
      problems.add("%s is %s, expected less than 1".formatted(key, value));
    }
  }

  /**
   * With fewer samples than decide, or figures that none reaches, no trial ends and nothing is
   * taken back. Not asked where the configuration of an old release is set anew, to train it again.
   */
  private void checkWatch(Problems problems) {
    WatchConfig watch = learn.watch();
    if (watch.samples() > 0) {
      requireAbove("learn.watch.resamples", watch.resamples(), problems);
    }
    if (watch.samples() > 0 && watch.level() > 1) {
      problems.add("learn.watch.level is %s, expected at most 1".formatted(watch.level()));
    }
    if (watch.samples() > 0 && watch.least() > watch.window()) {
      problems.add(
          "learn.watch.least is %d, expected at most learn.watch.window, %d"
              .formatted(watch.least(), watch.window()));
    }
  }

  /** Flink fails a job of more. */
  private void checkParallelism(Problems problems) {
    requireWithin("job.parallelism", job.parallelism(), problems);
    requireWithin("learn.exchange.processes", learn.exchange().processes(), problems);
  }

  private void requireWithin(String key, int subtasks, Problems problems) {
    int most = job.maxParallelism();
    if (subtasks > most) {
      problems.add(
          "%s is %d, expected at most job.maxParallelism, %d".formatted(key, subtasks, most));
    }
  }

  /**
   * A transaction is open from one checkpoint to the next, and while a job that failed restarts.
   */
  private void checkTransactions(Problems problems) {
    int timeout = kafka.transactionTimeoutMillis();
    if (checkpoint.intervalMillis() > timeout / 2) {
      problems.add(
          "checkpoint.intervalMillis is %d, expected at most half of kafka.transactionTimeoutMillis, %d"
              .formatted(checkpoint.intervalMillis(), timeout));
    }
  }

  /** A task that waits for room hears nothing: others would switch, and it would not. */
  private void checkActivation(Problems problems) {
    if (serve.activation() == ServeConfig.Activation.TOGETHER
        && serve.whenFull() == ServeConfig.WhenFull.WAIT) {
      problems.add(
          "serve.activation is together, expected independent where serve.whenFull is wait");
    }
  }

  /** Else both jobs would start again and again. */
  private void checkTrustedKeys(Problems problems) {
    try {
      TrustedKeys unused = TrustedKeys.parse(store.trustedKeys());
    } catch (IllegalArgumentException e) {
      problems.add("store.trustedKeys: " + e.getMessage());
    }
  }

  private void checkAlign(Problems problems) {
    if (align.leastHeldOut() > align.heldOut()) {
      problems.add(
          "align.leastHeldOut is %d, expected at most align.heldOut, %d"
              .formatted(align.leastHeldOut(), align.heldOut()));
    }
    if (score.align().leastOthers() > score.memory().embeddings()) {
      problems.add(
          "score.align.leastOthers is %d, expected at most score.memory.embeddings, %d"
              .formatted(score.align().leastOthers(), score.memory().embeddings()));
    }
    long pairs = (long) align.batch() * align.steps();
    if (pairs > MOST_ALIGN_PAIRS) {
      problems.add(
          "align.batch × align.steps is %d, expected at most %d: samples wait meanwhile"
              .formatted(pairs, MOST_ALIGN_PAIRS));
    }
  }

  /** Every key and its value, as {@link #with} takes them. */
  public Map<String, String> toMap() {
    return Binder.flatten(this);
  }
}
