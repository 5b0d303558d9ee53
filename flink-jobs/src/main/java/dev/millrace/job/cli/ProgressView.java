package dev.millrace.job.cli;

import dev.millrace.job.loop.Watcher;
import dev.millrace.job.operator.learn.Lessons.Lesson;
import dev.millrace.job.report.CacheCounts;
import dev.millrace.job.report.DomainProgress;
import dev.millrace.job.report.Recording;
import dev.millrace.job.report.SwapFigures;
import dev.millrace.schema.wire.Counted;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A table that is drawn over itself on a terminal, and a line now and then elsewhere. */
final class ProgressView implements Watcher, AutoCloseable {

  private static final int PLAIN_EVERY = 5;
  private static final int RATE_SECONDS = 5;

  /** A line that is too long for the terminal is cut: wrapped, it would count for two. */
  private static final String NO_WRAP = "\u001b[?7l";

  private static final String WRAP = "\u001b[?7h";

  private final PrintWriter err;
  private final int batch;
  private final Function<String, Lesson> lessons;
  private final boolean terminal = Boolean.getBoolean("millrace.terminal");
  private final List<Integer> answered = new ArrayList<>();

  /** By domain, how old a lesson was when it was last seen to be trained. */
  private final Map<String, Double> trained = new HashMap<>();

  private int drawn;
  private int ticks;
  private boolean closed;

  /**
   * @param batch samples that a batch has at most
   * @param lessons what is done for a domain now
   */
  ProgressView(PrintWriter err, int batch, Function<String, Lesson> lessons) {
    this.err = err;
    this.batch = batch;
    this.lessons = lessons;
  }

  @Override
  public synchronized void phase(String what) {
    drawn = 0;
    err.println("── " + what);
    err.flush();
  }

  @Override
  public synchronized void progress(Recording recording) {
    answered.add(recording.answers().size());
    ticks++;
    if (closed || (recording.samples().isEmpty() && recording.answers().isEmpty())) {
      return;
    }
    if (terminal) {
      List<String> lines = table(recording);
      err.print(drawn == 0 ? NO_WRAP : NO_WRAP + "\u001b[" + drawn + "F\u001b[J");
      lines.forEach(err::println);
      err.print(WRAP);
      drawn = lines.size();
    } else if (ticks % PLAIN_EVERY == 0) {
      err.println(line(recording));
    }
    err.flush();
  }

  private List<String> table(Recording recording) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%-11s %5s %8s %7s %7s %8s %-11s %s"
            .formatted(
                "domain",
                "in",
                "accepted",
                "refused",
                "batches",
                "releases",
                "learns",
                "bits/byte (base)"));
    DomainProgress.of(recording)
        .forEach(
            (domain, p) ->
                lines.add(
                    "%-11s %5d %8d %7d %7d %8d %-11s %s"
                        .formatted(
                            domain,
                            p.in(),
                            p.accepted(),
                            p.refused(),
                            p.batches(),
                            p.releases(),
                            doing(domain, "%d/%d", "learn %d s", "train %d s", "judge %d s"),
                            bits(p))));
    lines.add(summary(recording));
    return lines;
  }

  private String line(Recording recording) {
    StringBuilder line = new StringBuilder(summary(recording));
    DomainProgress.of(recording)
        .forEach(
            (domain, p) ->
                line.append(
                    " | %s %d in, %d refused, %s, %s%s"
                        .formatted(
                            domain,
                            p.in(),
                            p.refused(),
                            Counted.of(p.releases(), "release", "releases"),
                            begun(
                                doing(
                                    domain,
                                    "gathering %d/%d",
                                    "learning %d s",
                                    "learning %d s (training)",
                                    "learning %d s (judging)")),
                            bits(p))));
    return line.toString();
  }

  private static String begun(String words) {
    return words.isEmpty() ? "" : words + ", ";
  }

  /** Of what is done for a domain the last step; empty if there is nothing to do. */
  private String doing(String domain, String gathers, String learns, String trains, String judges) {
    Lesson lesson = lessons.apply(domain);
    double seconds = lesson.learningSeconds();
    if (seconds > 0) {
      if (lesson.training()) {
        trained.put(domain, seconds);
      }
      boolean hasTrained = trained.getOrDefault(domain, Double.MAX_VALUE) <= seconds;
      String doing = lesson.training() ? trains : hasTrained ? judges : learns;
      return doing.formatted((long) seconds);
    }
    if (lesson.pending() > 0) {
      return "in line";
    }
    return lesson.gathering() > 0 ? gathers.formatted(lesson.gathering(), batch) : "";
  }

  private static String bits(DomainProgress p) {
    return Double.isNaN(p.bitsPerByteNow())
        ? "–"
        : "%.3f (%.3f)".formatted(p.bitsPerByteNow(), p.bitsPerByteBase());
  }

  private String summary(Recording recording) {
    CacheCounts cache = CacheCounts.of(recording.answers());
    List<SwapFigures.Swap> swaps = SwapFigures.swaps(recording.answers());
    String last =
        swaps.isEmpty()
            ? "none yet"
            : swaps.get(swaps.size() - 1).domain()
                + " in "
                + swaps.get(swaps.size() - 1).tookMillis()
                + " ms";
    return "answers %d (%.0f/s) · cache L1 %d, Redis %d · last swap %s"
        .formatted(recording.answers().size(), rate(), cache.l1(), cache.redis(), last);
  }

  private double rate() {
    int last = answered.size() - 1;
    int before = Math.max(0, last - RATE_SECONDS);
    return last == before
        ? 0
        : (answered.get(last) - answered.get(before)) / (double) (last - before);
  }

  @Override
  public synchronized void close() {
    closed = true;
    err.flush();
  }
}
