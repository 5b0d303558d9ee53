package dev.millrace.model.score;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Mostly lines that many texts of the domain have shown. */
record Boilerplate(double most) implements Stage {

  private static final int OFTEN = 12;
  private static final int LEAST_CHARS = 10;

  /** Counters that saw every line of long texts would be halved before a line came often. */
  private static final int MOST_CHARS = 4_096;

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    String text = candidate.text;
    double share = share(text.substring(0, Math.min(text.length(), MOST_CHARS)), memory.lines);
    return share > most
        ? Refusal.of(
            Reason.BOILERPLATE,
            "share %.3f of lines that %d texts have shown, expected at most %.3f",
            share,
            OFTEN,
            most)
        : null;
  }

  private static double share(String text, LineCounts lines) {
    int known = 0;
    int all = 0;
    Set<Long> seen = new HashSet<>();
    int from = 0;
    while (from < text.length()) {
      int end = text.indexOf('\n', from);
      end = end < 0 ? text.length() : end;
      if (end - from >= LEAST_CHARS) {
        long line = hash(text, from, end);
        known += lines.count(line) >= OFTEN ? end - from : 0;
        all += end - from;
        if (seen.add(line)) {
          lines.add(line);
        }
      }
      from = end + 1;
    }
    return known / (double) Math.max(1, all);
  }

  private static long hash(String text, int from, int end) {
    long hash = (long) end - from;
    for (int i = from; i < end; i++) {
      hash = 31 * hash + text.charAt(i);
    }
    return hash;
  }
}
