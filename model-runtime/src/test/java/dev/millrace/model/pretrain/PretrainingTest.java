package dev.millrace.model.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.BaseTrainer;
import dev.millrace.model.weights.Safetensors;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainingTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");

  private static final Pretraining.Experts EXPERTS =
      new Pretraining.Experts(List.of(0.0, 1.5, 1.5, 2.5), 0.01);

  private static final Pretraining.Experts TOP_K =
      new Pretraining.Experts(List.of(0.0, 0.0, 0.0, 0.0), 0);

  @TempDir Path folder;

  private static Pretraining.Plan plan(int steps) {
    return plan(steps, EXPERTS);
  }

  private static Pretraining.Plan plan(int steps, Pretraining.Experts experts) {
    return new Pretraining.Plan(steps, 4, 32, new Pretraining.Rates(1e-4, 5, 0.5), experts, 3);
  }

  private void run(int steps, String name, Consumer<Pretraining.Progress> progress)
      throws IOException {
    pretraining(plan(steps), name, Pretraining.Origin.NONE)
        .run(() -> BaseTrainer.of(GOLDEN), 3, folder.resolve(name), progress);
  }

  private void run(Pretraining.Plan plan, String name, Pretraining.Origin origin)
      throws IOException {
    pretraining(plan, name, origin)
        .run(() -> BaseTrainer.of(GOLDEN), 3, folder.resolve(name), p -> {});
  }

  private Pretraining pretraining(Pretraining.Plan plan, String name, Pretraining.Origin origin)
      throws IOException {
    int[] stream = new SplittableRandom(1).ints(4_000, 0, 64).toArray();
    return new Pretraining(
        MoeConfigs.read(GOLDEN.resolve("config.json")), plan, stream, folder.resolve(name), origin);
  }

  @Test
  void run_byEntropy_holdsTheMeansThatTheRowsAreToHave() throws IOException {
    double[] sums = new double[8];
    run(
        30,
        "whole",
        p -> {
          for (int i = 0; p.step() > 20 && i < sums.length; i++) {
            sums[i] += p.result().experts()[i] / 10;
          }
        });

    assertEquals(2, sums[0], 1e-9);
    assertEquals(1.5, (sums[1] + sums[2] + sums[5] + sums[6]) / 4, 0.05);
    assertEquals(2.5, (sums[3] + sums[7]) / 2, 0.05);
  }

  @Test
  void run_stoppedAndResumed_endsInTheSameWeights() throws IOException {
    run(6, "whole", p -> {});
    var cut =
        assertThrows(
            IllegalStateException.class,
            () ->
                run(
                    6,
                    "halves",
                    p -> {
                      if (p.step() == 4) {
                        throw new IllegalStateException("power cut");
                      }
                    }));
    assertEquals("power cut", cut.getMessage());
    run(6, "halves", p -> assertTrue(p.step() > 3));

    assertArrayEquals(weights("whole"), weights("halves"));
  }

  @Test
  void run_cutOffBetweenItsLastStateAndItsCheckpoint_writesThatWhenItRunsAgain()
      throws IOException {
    Path checkpoint = folder.resolve("checkpoint");
    run(3, "whole", p -> {});
    Pretraining cut = pretraining(plan(3), "cut", Pretraining.Origin.NONE);
    Files.createFile(checkpoint);
    assertThrows(
        FileAlreadyExistsException.class,
        () -> cut.run(() -> BaseTrainer.of(GOLDEN), 3, checkpoint, p -> {}));
    Files.delete(checkpoint);
    pretraining(plan(3), "cut", Pretraining.Origin.NONE)
        .run(() -> BaseTrainer.of(GOLDEN), 3, checkpoint, p -> fail("step " + p.step()));

    assertArrayEquals(weights("whole"), weights("cut"));
    try (Safetensors whole = Safetensors.open(folder.resolve("whole/model.safetensors"));
        Safetensors late = Safetensors.open(checkpoint.resolve("model.safetensors"))) {
      assertArrayEquals(
          whole.tensor("lm_head.weight").floats(), late.tensor("lm_head.weight").floats());
      assertEquals(3, Pretraining.History.of(late.metadata()).steps());
    }
  }

  @Test
  void run_stateBeyondThePlan_isRefusedAndTheCheckpointStays() throws IOException {
    run(3, "one", p -> {});
    Path checkpoint = folder.resolve("one/model.safetensors");
    byte[] before = Files.readAllBytes(checkpoint);
    IllegalStateException refused =
        assertThrows(IllegalStateException.class, () -> run(2, "one", p -> fail("a step")));
    String message = refused.getMessage();
    assertTrue(message.endsWith("state has 3 steps, expected at most 2"), message);
    assertArrayEquals(before, Files.readAllBytes(checkpoint));
  }

  @Test
  void history_planShortenedToTheStepsThatWereTaken_hasNoMore() throws IOException {
    for (Pretraining.Experts experts : List.of(TOP_K, EXPERTS)) {
      String name = experts.equals(TOP_K) ? "top" : "entropy";
      Pretraining longer = pretraining(plan(6, experts), name, Pretraining.Origin.NONE);
      Consumer<Pretraining.Progress> cut =
          p -> {
            if (p.step() == 4) {
              throw new IllegalStateException("power cut");
            }
          };
      assertThrows(
          IllegalStateException.class,
          () -> longer.run(() -> BaseTrainer.of(GOLDEN), 3, folder.resolve(name), cut));
      assertEquals(6, history(name).steps());
      run(plan(3, experts), name, Pretraining.Origin.NONE);
      assertEquals(3, history(name).steps());
    }
    assertEquals(List.of(3), history("top").legs());
    assertEquals(List.of(new Pretraining.Leg(0, 3, EXPERTS)), history("entropy").later());
  }

  @Test
  void run_stateOfAnotherRun_isRefused() throws IOException {
    run(3, "one", p -> {});
    int[] stream = new SplittableRandom(1).ints(4_000, 0, 64).toArray();
    Pretraining.Plan plan = plan(6);
    Pretraining.Plan otherSeed =
        new Pretraining.Plan(6, plan.batch(), plan.time(), plan.rates(), plan.experts(), 4);
    Pretraining.Origin elsewhere =
        new Pretraining.Origin(folder.toString(), Pretraining.History.NONE);
    assertOfAnother("seed 3", otherSeed, stream, Pretraining.Origin.NONE);
    assertOfAnother("from no checkpoint", plan, stream, elsewhere);
    assertOfAnother("tokens of", plan, Arrays.copyOf(stream, 3_000), Pretraining.Origin.NONE);
  }

  private void assertOfAnother(
      String expected, Pretraining.Plan plan, int[] stream, Pretraining.Origin origin)
      throws IOException {
    Path work = folder.resolve("one");
    Pretraining other =
        new Pretraining(MoeConfigs.read(GOLDEN.resolve("config.json")), plan, stream, work, origin);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> other.run(() -> BaseTrainer.of(GOLDEN), 3, work, p -> {}));
    String message = e.getMessage();
    assertTrue(message.startsWith(work.resolve("state.safetensors") + " is of "), message);
    String found = message.substring(0, message.indexOf(", expected "));
    assertTrue(found.contains(expected), message);
  }

  @Test
  void history_ofACheckpoint_saysWhichRunsLedToIt() throws IOException {
    run(3, "one", p -> {});
    run(6, "one", p -> {});
    Pretraining.History history = history("one");
    assertEquals(
        List.of(new Pretraining.Leg(0, 3, EXPERTS), new Pretraining.Leg(3, 6, EXPERTS)),
        history.later());
    assertEquals(6, history.steps());
  }

  @Test
  void history_runsFromCheckpoints_areAddedToWhatLedToThese() throws IOException {
    run(plan(3, TOP_K), "one", Pretraining.Origin.NONE);
    run(plan(3, TOP_K), "two", origin("one"));
    run(plan(3), "three", origin("two"));
    run(plan(6), "three", origin("two"));
    run(plan(6), "four", origin("three"));

    Pretraining.History history = history("four");
    assertEquals(List.of(3), history.legs());
    assertEquals(
        List.of(
            new Pretraining.Leg(0, 3, TOP_K),
            new Pretraining.Leg(0, 3, EXPERTS),
            new Pretraining.Leg(3, 6, EXPERTS),
            new Pretraining.Leg(0, 6, EXPERTS)),
        history.later());
    assertEquals(3 + 3 + 6 + 6, history.steps());
  }

  @Test
  void history_ofNano_hasTheStepsOfItsCard() {
    Map<String, String> metadata =
        Map.of(
            "legs", "1700,3000",
            "entropy_legs", "0/1200/0.0 3.0/0.0,300/800/0.0 3.0/0.0,550/800/0.0 3.0/0.04");
    assertEquals(3_800, Pretraining.History.of(metadata).steps());
  }

  private Pretraining.Origin origin(String name) throws IOException {
    return new Pretraining.Origin(folder.resolve(name).toString(), history(name));
  }

  private Pretraining.History history(String name) throws IOException {
    try (Safetensors file = Safetensors.open(folder.resolve(name).resolve("model.safetensors"))) {
      return Pretraining.History.of(file.metadata());
    }
  }

  @Test
  void run_savingEveryNoSteps_isRefusedAtOnce() {
    Pretraining pretraining =
        new Pretraining(
            MoeConfig.olmoe(new MoeConfig.OlmoeShape(64, 32, 4, 2, 1, 4, 2, 64)),
            plan(1),
            new int[100],
            folder,
            Pretraining.Origin.NONE);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            pretraining.run(
                () -> {
                  throw new AssertionError("opened");
                },
                0,
                folder,
                p -> {}));
  }

  private float[] weights(String name) throws IOException {
    Path file = folder.resolve(name).resolve("state.safetensors");
    try (Safetensors state = Safetensors.open(file)) {
      return state.tensor("lm_head.weight").floats();
    }
  }
}
