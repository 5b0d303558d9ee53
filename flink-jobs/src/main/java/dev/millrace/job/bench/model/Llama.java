package dev.millrace.job.bench.model;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.Sampler;
import dev.millrace.job.bench.measure.ChildJvm;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.embedded.TempDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * llama.cpp in a process of its own: its requests are batched continuously, one slot each. Takes
 * greedy tokens only, by the cheapest of its samplers.
 */
final class Llama implements Contestant {

  private static final String JAR = "llama";

  private final String name;
  private final ChildJvm child;

  private Llama(String name, ChildJvm child) {
    this.name = name;
    this.child = child;
  }

  /**
   * Loads a model.
   *
   * @param groups of prompts that run at once, the first the largest
   */
  static Llama start(String name, Setting setting, Path gguf, int threads, List<Prompts> groups)
      throws IOException {
    Path lines = Files.createTempFile("millrace-prompts", ".txt");
    Path natives = Files.createTempDirectory("millrace-llama");
    try {
      Files.write(
          lines,
          groups.stream().flatMap(group -> group.texts().stream()).map(Llama::escape).toList());
      ChildJvm child =
          ChildJvm.start(
              Llama.class,
              jars(setting.rivals()),
              List.of("-Xmx256m", "-Dde.kherud.llama.tmpdir=" + natives),
              List.of(
                  gguf.toString(),
                  Integer.toString(groups.get(0).texts().size()),
                  Integer.toString(threads),
                  Integer.toString(groups.get(0).newTokens()),
                  lines.toString()));
      try {
        child.answer();
      } catch (IOException e) {
        child.close();
        throw new IOException("llama.cpp does not load " + gguf + ": " + e.getMessage(), e);
      }
      return new Llama(name, child);
    } finally {
      Files.deleteIfExists(lines);
      TempDirectory.delete(natives);
    }
  }

  private static List<Path> jars(Path rivals) throws IOException {
    if (Files.isDirectory(rivals)) {
      try (var files = Files.list(rivals)) {
        List<Path> jars =
            files.filter(file -> file.getFileName().toString().startsWith(JAR)).toList();
        if (!jars.isEmpty()) {
          return jars;
        }
      }
    }
    throw new IllegalArgumentException("no " + JAR + " jar in " + rivals + ", expected one");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Lap lap() throws IOException {
    double[] figures = ChildJvm.figures(child.ask("lap"));
    return new Lap(figures[0], figures[1], figures[2]);
  }

  @Override
  public void close() {
    child.close();
  }

  private static String escape(String text) {
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
  }

  /**
   * The process: a model file, streams, threads, new tokens, and the file of prompts, one a line
   * with {@code \n} escaped.
   */
  public static void main(String[] args) throws Exception {
    List<String> prompts =
        Files.readAllLines(Path.of(args[4])).stream().map(String::translateEscapes).toList();
    int streams = Integer.parseInt(args[1]);
    int threads = Integer.parseInt(args[2]);
    int newTokens = Integer.parseInt(args[3]);
    try (LlamaModel model =
        new LlamaModel(
            new ModelParameters()
                .setModel(args[0])
                .setThreads(threads)
                .setThreadsBatch(threads)
                .setParallel(streams)
                .setCtxSize(streams * 128)
                .enableContBatching()
                .disableLog())) {
      answerLaps(model, prompts, streams, newTokens);
    }
  }

  private static void answerLaps(LlamaModel model, List<String> prompts, int streams, int newTokens)
      throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(streams);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println(ChildJvm.ANSWER + "ready");
    while (in.readLine() != null) {
      Lap lap =
          Lap.of(
              Decoder.LEAST_SECONDS,
              () -> completeAll(model, callers, prompts, streams, newTokens));
      System.out.println(
          ChildJvm.ANSWER + lap.units() + " " + lap.seconds() + " " + lap.cpuSeconds());
    }
    callers.shutdownNow();
  }

  private static double completeAll(
      LlamaModel model, ExecutorService callers, List<String> prompts, int streams, int newTokens)
      throws Exception {
    for (int from = 0; from < prompts.size(); from += streams) {
      int to = Math.min(from + streams, prompts.size());
      complete(model, callers, prompts.subList(from, to), newTokens);
    }
    return (double) prompts.size() * newTokens;
  }

  private static void complete(
      LlamaModel model, ExecutorService callers, List<String> prompts, int newTokens)
      throws Exception {
    List<Future<String>> answers = new ArrayList<>();
    for (String prompt : prompts) {
      InferenceParameters parameters =
          new InferenceParameters(prompt)
              .setTemperature(0)
              .setTopK(1)
              .setSamplers(Sampler.TOP_K)
              .setNPredict(newTokens)
              .setIgnoreEos(true)
              .setCachePrompt(false);
      answers.add(callers.submit(() -> model.complete(parameters)));
    }
    for (Future<String> answer : answers) {
      answer.get();
    }
  }
}
