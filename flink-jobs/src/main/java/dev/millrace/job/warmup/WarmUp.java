package dev.millrace.job.warmup;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.djl.DjlAligner;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.util.function.ThrowingRunnable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Java agent: beside what the process starts with, it opens a base and asks it something, opens
 * the encoders beside it, uses Kafka's clients and, if no task comes by then, runs a small Flink
 * job, so that the first task that needs them finds native libraries, classes and compiled code.
 * Where all task managers were lost, tasks wait for this process: what they wait for comes first,
 * and what they do themselves is left to them. The base stays open as long as the process lives: a
 * task that is started again does not wait for it. {@code -javaagent:flink-jobs-warmup.jar=DIR}
 * names it.
 */
public final class WarmUp {
  private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);
  private static final int TOKENS = 96;
  private static final int ROUNDS = 4;
  private static final int NEW_TOKENS = 8;
  private static final Duration LONGEST = Duration.ofSeconds(10);
  private static final long STEP_MILLIS = 500;

  private WarmUp() {}

  /** Begins on a thread of its own; what fails there is a warning, and the process goes on. */
  public static void premain(String base) {
    SecondCompiler.keepToModels();
    new DaemonThreads("warm-up").newThread(() -> run(Path.of(base))).start();
  }

  static void run(Path base) {
    long start = System.nanoTime();
    List<String> warm = new ArrayList<>();
    try {
      use(base.toString(), () -> open(base), warm);
      use("Kafka's clients", KafkaClients::use, warm);
      awaitCompiler();
      if (!FlinkTasks.comeWithin(LONGEST)) {
        use("Flink's tasks", FlinkTasks::use, warm);
        awaitCompiler();
      }
      long millis = (System.nanoTime() - start) / 1_000_000;
      LOG.info("warmed up with {} in {} ms", String.join(", ", warm), millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What cannot be warmed up leaves the rest its turn. */
  private static void use(String what, ThrowingRunnable<Exception> part, List<String> warm) {
    try {
      part.run();
      warm.add(what);
    } catch (Exception | LinkageError e) {
      LOG.warn("cannot warm up {}; the first task here starts more slowly", what, e);
    }
  }

  /** Returns when there is little left to compile of what was used, or when that takes long. */
  private static void awaitCompiler() throws InterruptedException {
    CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    if (compiler == null || !compiler.isCompilationTimeMonitoringSupported()) {
      return;
    }
    long deadline = System.nanoTime() + LONGEST.toNanos();
    long before;
    do {
      before = compiler.getTotalCompilationTime();
      Thread.sleep(STEP_MILLIS);
    } while (compiler.getTotalCompilationTime() - before > STEP_MILLIS / 10
        && System.nanoTime() < deadline);
  }

  private static void open(Path folder) throws IOException {
    BaseModel base = DjlModels.open(folder, Precision.INT8); // for as long as the process lives
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      int[] text = tokenizer.encode("What is asked first is answered first. ".repeat(TOKENS / 8));
      int[] tokens = Arrays.copyOf(text, Math.min(TOKENS, text.length));
      LoadedAdapter none = base.noAdapter();
      for (int i = 0; i < ROUNDS; i++) {
        base.score(List.of(new Sequence(tokens, none), new Sequence(tokens, none)));
        base.generate(List.of(new Prompt(tokens, none, NEW_TOKENS, i % 2, i)));
      }
    }
    Path encoders = folder.resolveSibling("align");
    if (Files.isDirectory(encoders)) {
      DjlAligner.open(encoders).close();
    }
  }
}
