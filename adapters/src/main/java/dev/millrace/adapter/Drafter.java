package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.Hyperparameters;
import dev.millrace.adapter.train.AnchorDigest;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.TrainedBeside;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/** Turns an accepted attempt into the files of a release. */
record Drafter(Surroundings surroundings, LearnerConfig config) {
  static final String QUANTIZATION = "int8-row";

  /** The manifest names the base by its digest, which is no path that PEFT could open. */
  static final String NO_BASE_NAME = "";

  private static final String EXCHANGE = "exchange.";

  /** How long somebody waits changes nothing of what is learned. */
  private static final String PATIENCE = EXCHANGE + "patienceMillis";

  Draft draft(Attempt attempt, List<Origin> learnedTo, Profile profile) {
    Task task = attempt.trained().task();
    SortedMap<String, byte[]> files =
        AdapterFolder.toFiles(attempt.served().adapter(), NO_BASE_NAME);
    files.put(Profile.FILE, profile.toBytes());
    Manifest manifest =
        new Manifest(
            task.batch().tenant(),
            task.batch().domain(),
            surroundings.base().id(),
            ReleaseFile.of(files),
            QUANTIZATION,
            attempt.served().routing(),
            task.before().release(),
            task.batch().number(),
            learned(task.lesson()),
            learnedTo,
            plan(attempt),
            attempt.judgement().rules(),
            task.before().orders().obeyed());
    return new Draft(manifest, files);
  }

  private static List<LearnedSample> learned(Lesson lesson) {
    List<LearnedSample> learned = new ArrayList<>();
    lesson.fresh().forEach(sample -> learned.add(learned(sample, false)));
    lesson.replayed().forEach(sample -> learned.add(learned(sample, true)));
    return learned;
  }

  private static LearnedSample learned(Remembered sample, boolean replay) {
    return new LearnedSample(sample.id(), sample.origin(), replay, sample.tokens().length);
  }

  private TrainingPlan plan(Attempt attempt) {
    SortedMap<String, String> hyperparameters = Hyperparameters.of(config);
    if (config.exchange().isAlone()) {
      hyperparameters.keySet().removeIf(key -> key.startsWith(EXCHANGE));
    }
    hyperparameters.remove(PATIENCE);
    attempt.mix().write(hyperparameters);
    TrainedBeside.ANCHORS.write(AnchorDigest.of(surroundings.anchors()), hyperparameters);
    return new TrainingPlan(
        attempt.trained().task().lesson().seed(),
        hyperparameters,
        config.plan().microBatchTokens(surroundings.base()),
        surroundings.machine().threads(),
        surroundings.machine().engine(),
        surroundings.machine().cpuFeatures());
  }
}
