package dev.millrace.model.score;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What each source has sent to a domain lately: the last so many sources, by the hash of their
 * names; the one that was silent longest makes room.
 */
final class SourceLedger {

  private static final int SOURCES = 64;

  /** Counts are halved when there are so many: what was long ago weighs less. */
  private static final int MEMORY = 1_024;

  /** Fewer say nothing about a source, or about the others. */
  private static final int ENOUGH = 64;

  /** A throttled source is let through once in so many times, to show whether it has changed. */
  private static final int PROBE = 8;

  private static final int ENTRY_BYTES = 2 * Long.BYTES + 4 * Integer.BYTES;

  /** One source, or several. */
  private static final class Entry {
    private long window = Long.MIN_VALUE;
    private int accepted;
    private int judged;
    private int refused;
    private int held;

    int acceptedIn(long now) {
      if (now > window) {
        window = now;
        accepted = 0;
      }
      return accepted;
    }

    void judged(boolean taken) {
      accepted += taken ? 1 : 0;
      count(1, taken ? 0 : 1);
    }

    void count(int moreJudged, int moreRefused) {
      judged += moreJudged;
      refused += moreRefused;
      if (judged >= MEMORY) {
        judged /= 2;
        refused /= 2;
      }
    }

    void write(ByteBuffer out) {
      out.putLong(window).putInt(accepted).putInt(judged).putInt(refused).putInt(held);
    }

    void read(ByteBuffer in) {
      window = in.getLong();
      accepted = in.getInt();
      judged = in.getInt();
      refused = in.getInt();
      held = in.getInt();
    }
  }

  private final Map<Long, Entry> sources = new LinkedHashMap<>();

  /** The window of all sources together, and what was judged of those that made room. */
  private final Entry all = new Entry();

  private int generated;
  private int taken;

  /**
   * How many of a source's samples were accepted in a window; later windows begin anew. None is
   * before the one that all sources have come to: times that rise from long ago open no windows.
   */
  int accepted(String source, long window) {
    return entry(source).acceptedIn(Math.max(window, all.window));
  }

  /** The same of all sources together. */
  int accepted(long window) {
    return all.acceptedIn(window);
  }

  /**
   * How far a source's share of refusals lies above that of the others; 0 where that is unknown.
   */
  double excess(String source) {
    Entry own = entry(source);
    int judged = all.judged - own.judged;
    int refused = all.refused - own.refused;
    for (Entry one : sources.values()) {
      judged += one.judged;
      refused += one.refused;
    }
    return own.judged < ENOUGH || judged < ENOUGH
        ? 0
        : own.refused / (double) own.judged - refused / (double) judged;
  }

  /** Whether a throttled source's next sample is let through all the same. */
  boolean probes(String source) {
    return ++entry(source).held % PROBE == 0;
  }

  /** Whether one more generated text would be more than a share of what was accepted. */
  boolean tooManyGenerated(double share) {
    return generated + 1 > share * (taken + 1);
  }

  void judged(String source, boolean accepted, boolean isGenerated) {
    entry(source).judged(accepted);
    all.accepted += accepted ? 1 : 0;
    taken += accepted ? 1 : 0;
    generated += accepted && isGenerated ? 1 : 0;
    if (taken >= MEMORY) {
      taken /= 2;
      generated /= 2;
    }
  }

  private Entry entry(String source) {
    long hash = 0;
    for (int i = 0; i < source.length(); i++) {
      hash = TextHash.mix(hash ^ source.charAt(i));
    }
    Entry known = sources.remove(hash);
    if (known == null && sources.size() == SOURCES) {
      Iterator<Entry> entries = sources.values().iterator();
      Entry silent = entries.next();
      all.count(silent.judged, silent.refused);
      entries.remove();
    }
    Entry entry = known == null ? new Entry() : known;
    sources.put(hash, entry);
    return entry;
  }

  int encodedBytes() {
    return 3 * Integer.BYTES + ENTRY_BYTES * (sources.size() + 1);
  }

  /** Writes the sources, the one that was silent longest first. */
  void write(ByteBuffer out) {
    out.putInt(generated).putInt(taken).putInt(sources.size());
    out.putLong(0);
    all.write(out);
    sources.forEach(
        (hash, entry) -> {
          out.putLong(hash);
          entry.write(out);
        });
  }

  void read(ByteBuffer in) {
    generated = in.getInt();
    taken = in.getInt();
    int count = Lengths.read(in, ENTRY_BYTES, SOURCES);
    in.getLong();
    all.read(in);
    for (int i = 0; i < count; i++) {
      Entry entry = new Entry();
      sources.put(in.getLong(), entry);
      entry.read(in);
    }
  }
}
