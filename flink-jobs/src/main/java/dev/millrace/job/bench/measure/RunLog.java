package dev.millrace.job.bench.measure;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The finished parts of a long run, a line each in a file, so that a run that was cut off goes on.
 *
 * @param <T> what a part finds: a record that Jackson writes and reads
 */
public final class RunLog<T> {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of every line. */
  private static final String BEGINNING = "{\"run\":";

  private final String run;
  private final @Nullable Path file;
  private final Map<Integer, T> done = new ConcurrentHashMap<>();
  private final LongSupplier processorNanos;
  private double seconds;
  private long since;

  private RunLog(String run, @Nullable Path file, LongSupplier processorNanos) {
    this.run = run;
    this.file = file;
    this.processorNanos = processorNanos;
    since = processorNanos.getAsLong();
  }

  /**
   * Reads what is done already. A line that was cut off is taken away.
   *
   * @param file null keeps nothing
   * @param run what a run must have in common with the one that began the file
   * @throws IllegalArgumentException if another run began it, or none
   */
  public static <T> RunLog<T> open(
      @Nullable Path file, String run, Class<T> type, LongSupplier processorNanos)
      throws IOException {
    RunLog<T> log = new RunLog<>(run, file, processorNanos);
    if (file != null && Files.isDirectory(file)) {
      throw new IllegalArgumentException("--log " + file + ", expected a file");
    }
    if (file != null && Files.exists(file)) {
      try {
        log.read(file, type);
      } catch (JsonProcessingException | CharacterCodingException e) {
        throw noLog(file, e);
      }
    }
    return log;
  }

  private void read(Path from, Class<T> type) throws IOException {
    String text = Files.readString(from);
    String whole = text.substring(0, text.lastIndexOf('\n') + 1);
    for (String line : whole.lines().toList()) {
      read(line, type);
    }
    String cut = text.substring(whole.length());
    if (!cut.startsWith(BEGINNING) && !BEGINNING.startsWith(cut)) {
      throw noLog(from, null);
    }
    if (!cut.isEmpty()) {
      Files.writeString(from, whole);
    }
  }

  private static IllegalArgumentException noLog(Path file, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "--log " + file + ", expected one that a run has begun, or no such file", cause);
  }

  private void read(String line, Class<T> type) throws JsonProcessingException {
    JsonNode node = JSON.readTree(line);
    String begun = node.path("run").asText();
    if (!begun.equals(run)) {
      throw new IllegalArgumentException(
          file + " is of the run " + begun + ", expected " + run + " or no such file");
    }
    done.put(node.required("part").asInt(), JSON.treeToValue(node.required("found"), type));
    seconds += node.required("processorSeconds").asDouble();
  }

  /** What all parts find, in order: those that are still to be done run beside each other. */
  public List<T> all(List<Callable<T>> parts) throws Exception {
    ExecutorService workers =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Future<T>> all = new ArrayList<>();
      for (Callable<T> part : parts) {
        int number = all.size();
        T known = done(number);
        all.add(
            known != null
                ? CompletableFuture.completedFuture(known)
                : workers.submit(
                    () -> {
                      T found = part.call();
                      add(number, found);
                      return found;
                    }));
      }
      List<T> found = new ArrayList<>();
      for (Future<T> one : all) {
        found.add(one.get());
      }
      return found;
    } finally {
      workers.shutdownNow();
    }
  }

  /** What a part found; null if it is still to be done. */
  @Nullable T done(int part) {
    return done.get(part);
  }

  /** A part is finished. */
  synchronized void add(int part, T found) throws IOException {
    long now = processorNanos.getAsLong();
    double spent = (now - since) / 1e9;
    since = now;
    seconds += spent;
    done.put(part, found);
    if (file != null) {
      ObjectNode line = JSON.createObjectNode().put("run", run).put("part", part);
      line.put("processorSeconds", spent).set("found", JSON.valueToTree(found));
      Files.write(
          file,
          (line + "\n").getBytes(UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    }
  }

  /** Processor time of all parts, those of earlier pieces of the run included. */
  public synchronized double processorSeconds() {
    return seconds;
  }
}
