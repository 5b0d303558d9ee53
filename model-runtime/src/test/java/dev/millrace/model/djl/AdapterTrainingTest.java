package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.pytorch.jni.JniUtils;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients layer by layer against a plain loop over experts and autograd, in every family. */
class AdapterTrainingTest {

  @TempDir Path folder;

  static Stream<NaiveModelTest.Case> cases() {
    return NaiveModelTest.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradients_float32_areThoseOfAutograd(NaiveModelTest.Case given) throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 7);
    try (LoopedTraining looped = LoopedTraining.open(folder);
        DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32)) {
      AdapterWeights adapter = everywhere(model.sites());
      Computation plain = Computation.plain();
      close(looped.gradients(adapter, rows()), model.gradients(adapter, rows(), plain), 1e-4);
      close(
          looped.anchorGradients(adapter, rows()),
          model.anchorGradients(adapter, rows(), plain),
          1e-4);
      AdapterWeights teacher = RandomAdapters.everywhere(model.sites(), 2, 6);
      close(
          looped.teacherGradients(adapter, teacher, rows()),
          model.teacherGradients(adapter, teacher, rows(), plain),
          1e-4);
    }
  }

  /** Their probabilities are 0 in fp32. */
  @Test
  void gradients_tokensThatAreNextToImpossible_areThoseOfAutograd() throws IOException {
    NaiveModelTest.Case given = cases().findFirst().orElseThrow();
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 7);
    Path sure = Files.createDirectory(folder.resolve("sure"));
    Files.copy(folder.resolve("config.json"), sure.resolve("config.json"));
    try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (Tensor tensor : file.tensors().values()) {
        if (tensor.name().equals("model.norm.weight")) {
          float[] wide = tensor.floats();
          for (int i = 0; i < wide.length; i++) {
            wide[i] *= 300;
          }
          writer.add(tensor.name(), DType.F32, wide, tensor.shape());
        } else {
          writer.add(tensor);
        }
      }
      writer.write(sure.resolve("model.safetensors"));
    }
    try (LoopedTraining looped = LoopedTraining.open(sure);
        DjlModel model = DjlModels.openModel(sure, Precision.FLOAT32)) {
      AdapterWeights adapter = everywhere(model.sites());
      Gradients found = model.gradients(adapter, rows(), Computation.plain());
      assertTrue(found.loss() > 200 * found.weight(), "loss " + found.loss());
      close(looped.gradients(adapter, rows()), found, 1e-3);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradients_computedAgain_areTheSameBitForBit(NaiveModelTest.Case given) throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 8);
    try (DjlModel model = DjlModels.openModel(folder, Precision.INT8)) {
      AdapterWeights adapter = everywhere(model.sites());
      AdapterWeights teacher = RandomAdapters.everywhere(model.sites(), 2, 6);
      for (Products products : Products.values()) {
        Computation kept = new Computation(products, Recompute.NOTHING);
        Gradients texts = model.gradients(adapter, rows(), kept);
        Gradients anchors = model.anchorGradients(adapter, rows(), kept);
        Gradients held = model.teacherGradients(adapter, teacher, rows(), kept);
        for (Recompute recompute : Recompute.values()) {
          Computation again = new Computation(products, recompute);
          same(texts, model.gradients(adapter, rows(), again));
          same(anchors, model.anchorGradients(adapter, rows(), again));
          same(held, model.teacherGradients(adapter, teacher, rows(), again));
        }
      }
    }
  }

  /** A front chooses experts once, and each of a layer's 8 has two products forward. */
  @ParameterizedTest
  @CsvSource({"NOTHING, 0, 0", "FRONTS, 3, 0", "EXPERTS, 3, 2", "LAYERS, 3, 4"})
  void gradients_computedAgain_areNoMoreThanTheLevelSays(
      Recompute recompute, int fronts, int experts) throws IOException {
    String json =
        "{'model_type':'olmoe','vocab_size':97,'hidden_size':32,'max_position_embeddings':64,"
            + "'num_hidden_layers':4,'num_attention_heads':4,'num_key_value_heads':4,"
            + "'num_experts':8,'num_experts_per_tok':8,'intermediate_size':16,"
            + "'rms_norm_eps':1e-5}";
    RandomCheckpoint.write(folder, json, DType.F32, 12);
    try (DjlModel model = DjlModels.openAlone(folder, MatrixFormat.INT8_IN_FP16)) {
      AdapterWeights adapter = everywhere(model.sites());
      Path trace = folder.resolve("trace.json");
      JniUtils.startProfile(false, false, false);
      model.gradients(adapter, rows(), new Computation(Products.FP32, recompute));
      JniUtils.stopProfile(trace.toString());
      String calls = Files.readString(trace);
      assertEquals(4 + fronts, count(calls, "\"aten::topk\""));
      int head = 1;
      assertEquals(
          head + 8 * (2 * 4 + experts), count(calls, "\"quantized::linear_dynamic_fp16\""));
    }
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradients_byTheMatricesThatServe_areThoseOfTheirIntegers(NaiveModelTest.Case given)
      throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 11);
    try (DjlModel integers = DjlModels.openAlone(folder, MatrixFormat.INT8);
        DjlModel served = DjlModels.openAlone(folder, MatrixFormat.INT8_IN_FP16)) {
      AdapterWeights adapter = everywhere(served.sites());
      Computation plain = Computation.plain();
      Path trace = folder.resolve("trace.json");
      JniUtils.startProfile(false, false, false);
      Gradients found = served.gradients(adapter, rows(), plain);
      JniUtils.stopProfile(trace.toString());
      assertTrue(Files.readString(trace).contains("quantized::linear_dynamic_fp16"));
      close(integers.gradients(adapter, rows(), plain), found, 1e-4);
      close(
          integers.anchorGradients(adapter, rows(), plain),
          served.anchorGradients(adapter, rows(), plain),
          1e-4);
    }
  }

  /** Or a lesson's bytes would depend on which lessons a process had taught before. */
  @ParameterizedTest
  @MethodSource("cases")
  void anchorGradients_whicheverStatesWereKept_areTheSameBitForBit(NaiveModelTest.Case given)
      throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 10);
    try (DjlModel fresh = DjlModels.openModel(folder, Precision.INT8);
        DjlModel used = DjlModels.openModel(folder, Precision.INT8)) {
      AdapterWeights adapter = everywhere(fresh.sites());
      used.readAhead(List.of(rows().get(1)), Computation.plain());
      Gradients once = fresh.anchorGradients(adapter, rows(), Computation.plain());
      same(once, used.anchorGradients(adapter, rows(), Computation.plain()));
      same(once, fresh.anchorGradients(adapter, rows(), Computation.plain()));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradients_bf16_pointTheSameWay(NaiveModelTest.Case given) throws IOException {
    RandomCheckpoint.write(folder, given.json(), given.dtype(), 9);
    try (DjlModel model = DjlModels.openModel(folder, Precision.INT8)) {
      AdapterWeights adapter = everywhere(model.sites());
      Gradients exact = model.gradients(adapter, rows(), Computation.plain());
      Gradients rough =
          model.gradients(adapter, rows(), new Computation(Products.BF16, Recompute.NOTHING));
      assertEquals(exact.loss(), rough.loss(), 5e-3 * exact.loss());
      double cosine = dot(exact, rough) / Math.sqrt(dot(exact, exact) * dot(rough, rough));
      assertTrue(cosine > 0.97, () -> "cosine " + cosine);
    }
  }

  private static List<WeightedSequence> rows() {
    return List.of(
        new WeightedSequence(tokens(23, 1), 1), new WeightedSequence(tokens(14, 2), 0.5f));
  }

  private static int[] tokens(int n, long seed) {
    return new SplittableRandom(seed).ints(n, 0, 97).toArray();
  }

  private static LoraWeights everywhere(List<Site> sites) {
    return RandomAdapters.everywhere(sites, 3, 5);
  }

  private static void close(Gradients expected, Gradients found, double tolerance) {
    assertEquals(expected.loss(), found.loss(), tolerance * expected.loss());
    double scale = Math.sqrt(dot(expected, expected));
    for (int factor = 0; factor < expected.factors().size(); factor++) {
      close(expected.factors().get(factor), found.factors().get(factor), tolerance * scale, factor);
    }
  }

  private static void close(float[] expected, float[] found, double tolerance, int site) {
    assertEquals(expected.length, found.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], tolerance, "site " + site + " at " + i);
    }
  }

  static void same(Gradients expected, Gradients found) {
    assertEquals(expected.loss(), found.loss());
    for (int factor = 0; factor < expected.factors().size(); factor++) {
      assertArrayEquals(expected.factors().get(factor), found.factors().get(factor));
    }
  }

  private static double dot(Gradients one, Gradients other) {
    double sum = 0;
    for (int factor = 0; factor < one.factors().size(); factor++) {
      sum += AdapterGradientsTest.dot(one.factors().get(factor), other.factors().get(factor));
    }
    return sum;
  }
}
