package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.AlignTensor;
import dev.millrace.model.align.AlignWeights;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Captioned;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.PairBatch;
import dev.millrace.model.align.PrefixWeights;
import dev.millrace.model.align.Projection;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.media.Picture;
import dev.millrace.model.media.Sound;
import dev.millrace.model.program.AlignSource;
import dev.millrace.model.weights.InvalidWeightsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlignTrainerTest {

  private static final AlignConfig CONFIG = new AlignConfig("base", 8, 10, 1);

  @TempDir private Path folder;

  private final Random random = new Random(2);
  private final AlignWeights start = AlignWeights.random(CONFIG, hidden(50), random);

  @Test
  void gradients_ofEveryEncoder_areCentralDifferences() {
    PtNDManager scope = Program.compile(AlignSource.PROGRAM).scope();
    for (PairBatch batch : batches()) {
      NDList found;
      List<float[]> gradients = new ArrayList<>();
      try (AlignTrainer trainer = new AlignTrainer(start)) {
        found = trainer.gradients(scope, batch);
        found.subList(1, found.size()).forEach(g -> gradients.add(g.toFloatArray()));
      }
      for (int tensor = 0; tensor < gradients.size(); tensor++) {
        int at = PrefixTest.largest(gradients.get(tensor));
        float h = 0.01f;
        double slope =
            (loss(scope, batch, tensor, at, h) - loss(scope, batch, tensor, at, -h)) / (2 * h);
        double gradient = gradients.get(tensor)[at];
        String name = AlignTensor.all(8).get(tensor).name();
        assertEquals(
            slope, gradient, 0.02 * Math.abs(slope) + 2e-4, name + " " + batch.left().get(0));
      }
    }
    scope.close();
  }

  @Test
  void step_sameSeed_givesTheSameWeights_andLearns() {
    double[][] losses = new double[2][];
    List<AlignWeights> trained = new ArrayList<>();
    List<PairBatch> batches = batches();
    for (int run = 0; run < 2; run++) {
      try (AlignTrainer trainer = new AlignTrainer(start)) {
        double[] first = trainer.step(batches, 2e-3, 1);
        double[] last = first;
        for (int step = 2; step <= 40; step++) {
          last = trainer.step(batches, 2e-3, step);
        }
        for (int i = 0; i < first.length; i++) {
          assertTrue(last[i] < first[i] / 2, first[i] + " to " + last[i]);
        }
        losses[run] = last;
        trained.add(trainer.weights());
      }
    }
    assertArrayEquals(losses[0], losses[1]);
    for (int i = 0; i < trained.get(0).values().size(); i++) {
      assertArrayEquals(trained.get(0).values().get(i), trained.get(1).values().get(i));
    }
    int n = trained.get(0).values().size();
    assertArrayEquals(start.values().get(n - 1), trained.get(0).values().get(n - 1), "not trained");
  }

  @Test
  void loss_ofOneGroup_isNothingToTellApart() {
    PairBatch batch = batches().get(0);
    int[] same = new int[batch.groups().length];
    try (AlignTrainer trainer = new AlignTrainer(start)) {
      PairBatch one = new PairBatch(batch.left(), batch.right(), same);
      assertEquals(0, trainer.step(List.of(one), 1e-3, 1)[0], 1e-6);
    }
  }

  /** They have no words: nothing is looked up for a whole batch. */
  @Test
  void step_captionsWithoutALetter_areToldApartByTheirHiddenStates() {
    PairBatch pairs = batches().get(0);
    List<Input.Words> captions =
        pairs.right().stream().map(words -> Input.Words.of(" -- ", words.hidden())).toList();
    PairBatch batch = new PairBatch(pairs.left(), captions, pairs.groups());
    try (AlignTrainer trainer = new AlignTrainer(start)) {
      double first = trainer.step(List.of(batch), 2e-3, 1)[0];
      double last = first;
      for (int step = 2; step <= 40; step++) {
        last = trainer.step(List.of(batch), 2e-3, step)[0];
      }
      assertTrue(last < first / 2, first + " to " + last);
    }
  }

  @Test
  void embed_oneAtATimeOrTogether_isTheSameUnitVector() throws Exception {
    start.write(folder);
    try (Aligner aligner = DjlAligner.open(folder)) {
      assertEquals(CONFIG, aligner.config());
      for (PairBatch batch : batches()) {
        List<float[]> together = aligner.embed(batch.left());
        for (int i = 0; i < together.size(); i++) {
          float[] alone = aligner.embed(batch.left().get(i));
          assertEquals(Aligner.DIMENSION, alone.length);
          assertEquals(1, Aligner.cosine(alone, alone), 1e-4);
          assertArrayEquals(alone, together.get(i), 1e-5f);
          assertArrayEquals(alone, aligner.embed(batch.left().get(i)), "again");
        }
      }
      Input empty = Input.Words.of("", new float[8]);
      assertEquals(1, Aligner.cosine(aligner.embed(empty), aligner.embed(empty)), 1e-4);
    }
  }

  @Test
  void read_damagedFolder_saysWhatIsWrong() throws Exception {
    start.write(folder);
    Path config = folder.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replace("\"hiddenSize\" : 8", "\"hiddenSize\" : 9"));
    String found =
        assertThrows(InvalidWeightsException.class, () -> AlignWeights.read(folder)).getMessage();
    assertTrue(found.contains("text."), found);
    Files.writeString(config, text.replace("\"base\"", "\"bass\""));
    assertThrows(InvalidWeightsException.class, () -> AlignWeights.read(folder));
  }

  @Test
  void prefixes_folderWithProjections_areReadBackAndOfTheseEncodersAlone() throws Exception {
    start.write(folder);
    try (Aligner none = DjlAligner.open(folder)) {
      assertEquals(0, none.prefixLength());
      assertThrows(IllegalStateException.class, () -> none.prefixes(batches().get(0).left()));
    }
    Projection picture = Projection.random(Projection.PICTURE, 5, 3 * 8, random);
    Projection sound = Projection.random(Projection.SOUND, 6, 3 * 8, random);
    new PrefixWeights("", 3, picture, sound).write(folder);
    try (Aligner aligner = DjlAligner.open(folder)) {
      assertEquals(3, aligner.prefixLength());
      assertEquals(64, aligner.prefixId().length());
      for (PairBatch batch : batches().subList(0, 2)) {
        List<Prefix> together = aligner.prefixes(batch.left());
        for (int i = 0; i < together.size(); i++) {
          Prefix alone = aligner.prefixes(batch.left().subList(i, i + 1)).get(0);
          assertEquals(3, alone.length());
          assertArrayEquals(alone.rows(), together.get(i).rows(), 1e-5f);
        }
        assertFalse(Arrays.equals(together.get(0).rows(), together.get(1).rows()));
      }
    }
    AlignWeights.random(CONFIG, hidden(50), random).write(folder);
    String found =
        assertThrows(InvalidWeightsException.class, () -> DjlAligner.open(folder)).getMessage();
    assertTrue(found.startsWith("prefix.safetensors: of encoders '"), found);
  }

  @Test
  void step_ofPrefixes_sameSeedGivesTheSameWeights_andLearnsWhatIsSeen() throws Exception {
    int[][] captions = {{3, 5}, {7, 1}, {2, 9}, {4, 4}, {6, 8}, {6, 8}};
    try (DjlModel base =
        DjlModels.openModel(Path.of("src/test/resources/golden/olmoe-tiny"), Precision.INT8)) {
      for (PairBatch batch : batches().subList(0, 2)) {
        List<Captioned> pairs = new ArrayList<>();
        for (int i = 0; i < captions.length; i++) {
          pairs.add(new Captioned(batch.left().get(i), captions[i]));
        }
        boolean pictures = batch.left().get(0) instanceof Input.Seen;
        int features = pictures ? Projection.PICTURE : Projection.SOUND;
        List<float[]> outs = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
          Projection fresh =
              Projection.random(features, 8, 2 * base.config().hiddenSize(), new Random(5));
          try (PrefixTrainer trainer = new PrefixTrainer(base, start, fresh)) {
            double first = trainer.step(pairs, 1e-2, 1);
            double last = first;
            for (int step = 2; step <= 40; step++) {
              last = trainer.step(pairs, 1e-2, step);
            }
            assertTrue(last < first / 2, first + " to " + last);
            outs.add(trainer.projection().out());
          }
        }
        assertArrayEquals(outs.get(0), outs.get(1));
      }
    }
  }

  private double loss(PtNDManager scope, PairBatch batch, int tensor, int at, float by) {
    List<float[]> moved = new ArrayList<>(start.values());
    moved.set(tensor, moved.get(tensor).clone());
    moved.get(tensor)[at] += by;
    try (AlignTrainer trainer = new AlignTrainer(new AlignWeights(CONFIG, moved))) {
      return trainer.gradients(scope, batch).get(0).getFloat();
    }
  }

  private List<PairBatch> batches() {
    random.setSeed(4);
    List<Input> pictures = new ArrayList<>();
    List<Input> sounds = new ArrayList<>();
    List<Input> codes = new ArrayList<>();
    List<Input.Words> captions = new ArrayList<>();
    int[] groups = {0, 1, 2, 3, 4, 4};
    for (int group : groups) {
      pictures.add(new Input.Seen(new Picture(9, 9, noise(3 * 32 * 32))));
      sounds.add(new Input.Heard(new Sound(1, noise(Sound.BANDS * Sound.FRAMES))));
      codes.add(Input.Words.of("code" + (char) ('a' + group), noise(8)));
      captions.add(Input.Words.of("thing " + (char) ('k' + group), noise(8)));
    }
    return List.of(
        new PairBatch(pictures, captions, groups),
        new PairBatch(sounds, captions, groups),
        new PairBatch(codes, captions, groups));
  }

  private List<float[]> hidden(int n) {
    List<float[]> hidden = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      hidden.add(noise(8));
    }
    return hidden;
  }

  private float[] noise(int n) {
    float[] noise = new float[n];
    for (int i = 0; i < n; i++) {
      noise[i] = (float) random.nextGaussian();
    }
    return noise;
  }
}
