package dev.millrace.adapter.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DataParallelTest {

  private static final int POISON = 3;

  private final BigramBase base = new BigramBase(Bigrams.known());
  private final Trainer trainer = Trainer.of(base, TrainConfig.defaults(), Plan.defaults());
  private final AdapterState fresh =
      AdapterState.fresh(
          LoraWeights.initial(new LoraConfig(4, 8, false, List.of("mix", "out")), base.sites(), 2));

  private static Lesson lesson(long seed) {
    List<Remembered> samples = new ArrayList<>();
    for (int[] tokens : Bigrams.foreign().texts(8, seed)) {
      Origin origin = new Origin("t", 0, samples.size());
      samples.add(new Remembered("s" + seed + "-" + samples.size(), origin, tokens));
    }
    return new Lesson(samples, List.of(), List.of(), seed);
  }

  private DataParallel parallel(String codec, int processes, int each) {
    return new DataParallel(
        trainer, new Exchange(Codecs.named(codec), Shape.of(fresh.weights())), processes, each);
  }

  private static List<Lesson> lessons(int round) {
    return List.of(
        lesson(4L * round), lesson(4L * round + 1), lesson(4L * round + 2), lesson(4L * round + 3));
  }

  private static float[] values(AdapterState state) {
    return Parameters.flatten(state.weights());
  }

  @Test
  void round_dense_endsAtTheMeanOfWhatEachTrainerLearned() {
    DataParallel.Round round =
        parallel("dense", 2, 2)
            .round(parallel("dense", 2, 2).begin(fresh), lessons(0), Governor.none());
    double[] mean = new double[values(fresh).length];
    for (Lesson lesson : lessons(0)) {
      float[] learned = values(trainer.train(fresh, lesson, Governor.none()).state());
      for (int i = 0; i < mean.length; i++) {
        mean[i] += learned[i] / 4.0;
      }
    }
    for (AdapterState trained : round.state().trainers()) {
      float[] found = values(trained);
      for (int i = 0; i < mean.length; i++) {
        assertEquals(mean[i], found[i], 1e-6);
      }
    }
  }

  @Test
  void rounds_eachCodec_keepAllTrainersTheSameAndRepeatTheirBytes() {
    for (String codec : List.of("int8", "sign", "topk:0.1", "lowrank:1")) {
      DataParallel parallel = parallel(codec, 2, 2);
      List<float[]> ends = new ArrayList<>();
      for (int again = 0; again < 2; again++) {
        DataParallel.State state = parallel.begin(fresh);
        for (int round = 0; round < 3; round++) {
          state = parallel.round(state, lessons(round), Governor.none()).state();
        }
        for (AdapterState trained : state.trainers()) {
          ends.add(values(trained));
        }
      }
      ends.forEach(end -> assertArrayEquals(ends.get(0), end, codec));
    }
  }

  @Test
  void rounds_withCodecs_learnAlmostWhatDenseOnesLearn() {
    double before = loss(fresh);
    double dense = loss(learned("dense"));
    assertTrue(dense < before, before + " to " + dense);
    for (String codec : List.of("int8", "sign", "topk:0.25")) {
      double lossy = loss(learned(codec));
      assertTrue(before - lossy > 0.7 * (before - dense), codec + ": " + lossy);
    }
  }

  private AdapterState learned(String codec) {
    DataParallel parallel = parallel(codec, 2, 2);
    DataParallel.State state = parallel.begin(fresh);
    for (int round = 0; round < 12; round++) {
      state = parallel.round(state, lessons(round), Governor.none()).state();
    }
    return state.trainers().get(0);
  }

  private double loss(AdapterState state) {
    double nll = 0;
    for (var scores : base.scoreAsTrained(state.weights(), lesson(99).freshTokens())) {
      nll -= scores.logProb();
    }
    return nll;
  }

  @Test
  void round_withATrainerThatBreaksOff_goesOnWithoutItAndTakesItAlong() {
    base.poison(POISON);
    List<Remembered> poisoned =
        List.of(new Remembered("p", new Origin("t", 0, 0), new int[] {1, POISON, 2}));
    Lesson bad = new Lesson(poisoned, List.of(), List.of(), 1);
    List<Lesson> lessons = List.of(bad, lesson(1), bad, bad);
    DataParallel parallel = parallel("dense", 2, 2);
    DataParallel.Round round = parallel.round(parallel.begin(fresh), lessons, Governor.none());
    assertEquals(0, round.bytes().get(1));
    assertEquals(1, round.trainings().stream().filter(t -> t.trouble().isEmpty()).count());
    float[] alone = values(trainer.train(fresh, lesson(1), Governor.none()).state());
    for (AdapterState trained : round.state().trainers()) {
      float[] found = values(trained);
      for (int i = 0; i < alone.length; i++) {
        assertEquals(alone[i], found[i], 1e-6);
      }
    }
    Training all = round.trainings().get(0);
    assertTrue(all.trouble().startsWith("step 0"), all.trouble());
  }

  @Test
  void round_whereAllBreakOff_changesNothing() {
    base.poison(1);
    Lesson bad =
        new Lesson(
            List.of(new Remembered("p", new Origin("t", 0, 0), new int[] {1, 1, 1})),
            List.of(),
            List.of(),
            1);
    DataParallel parallel = parallel("sign", 2, 1);
    DataParallel.Round round =
        parallel.round(parallel.begin(fresh), List.of(bad, bad), Governor.none());
    assertArrayEquals(values(fresh), values(round.state().trainers().get(1)));
    assertEquals(List.of(0, 0), round.bytes());
  }

  @Test
  void constructor_withoutTrainers_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> parallel("dense", 0, 2));
  }
}
