package dev.millrace.adapter;

import dev.millrace.adapter.batch.Progress;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.wire.ErrorLine;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What releases that are taken back had been taught, without what is to be forgotten. */
record Relearning(Surroundings surroundings) {

  /** The name it has in verdicts. */
  static final String RULE = "learned-again";

  /**
   * What one release had been taught.
   *
   * @param batch its number
   * @param learnedTo per topic and partition the last sample that it had learned
   * @param fresh what is to be learned again
   * @param note how much that is of it
   */
  record Step(long batch, List<Origin> learnedTo, List<Remembered> fresh, RuleResult note) {

    /** A line with some of its texts: behind what releases before it had been taught. */
    List<Remembered> inLine(List<Remembered> texts, List<Remembered> waiting) {
      List<Remembered> line = new ArrayList<>(waiting);
      Stream<Remembered> earlier =
          waiting.stream().takeWhile(text -> Progress.includes(learnedTo, text.origin()));
      line.addAll((int) earlier.count(), texts);
      return List.copyOf(line);
    }

    /** The note, once so many texts had to leave the line. */
    RuleResult dropping(int texts) {
      Map<String, Double> figures = new TreeMap<>(note.figures());
      figures.put("dropped", (double) texts);
      return new RuleResult(note.rule(), note.passed(), note.reason(), figures);
    }
  }

  /** The next of what is to be learned again. */
  Step next(Forgotten forgotten, long batches) {
    String release = forgotten.again().get(0);
    int left = forgotten.again().size() - 1;
    try {
      Manifest manifest = surroundings.ancestry().manifest(release);
      List<LearnedSample> wanted =
          manifest.fresh().filter(sample -> !forgotten.contains(sample.sample())).toList();
      List<Remembered> fresh = read(wanted);
      RuleResult note = note(fresh.size(), wanted.size(), left, "");
      return new Step(manifest.batch(), manifest.learnedTo(), fresh, note);
    } catch (InvalidReleaseException | FileNotFoundException | NoSuchFileException e) {
      return new Step(
          batches, List.of(), List.of(), note(0, 0, left, "release-invalid: " + ErrorLine.of(e)));
    } catch (IOException e) {
      throw new UncheckedIOException("release " + release + " cannot be read", e);
    }
  }

  private List<Remembered> read(List<LearnedSample> wanted) {
    Map<Origin, int[]> tokens = surroundings.past().tokens(LearnedSample.ids(wanted));
    List<Remembered> read = new ArrayList<>();
    for (LearnedSample sample : wanted) {
      int[] found = tokens.get(sample.origin());
      if (found != null && found.length >= 2) {
        read.add(new Remembered(sample.sample(), sample.origin(), found));
      }
    }
    return List.copyOf(read);
  }

  private static RuleResult note(int samples, int wanted, int left, String trouble) {
    Map<String, Double> figures =
        Map.of(
            "samples", (double) samples,
            "expired", (double) wanted - samples,
            "releasesLeft", (double) left);
    return new RuleResult(RULE, trouble.isEmpty(), trouble, new TreeMap<>(figures));
  }
}
