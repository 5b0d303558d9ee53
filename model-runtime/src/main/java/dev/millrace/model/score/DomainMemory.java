package dev.millrace.model.score;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * What one (tenant, domain) has shown lately: bounded, changed in place by the scorer, and written
 * to bytes when a snapshot is due. Two memories with the same bytes judge alike for ever.
 */
public final class DomainMemory {

  private static final byte VERSION = 1;
  private static final int COUNTERS = 2 * Long.BYTES;

  private final SignatureRing exact;
  private final SignatureRing near;
  private final SignatureRing heldOut;
  private final EmbeddingMemory embeddings;
  private final QualityWindow qualities;
  private long seen;
  private long accepted;

  private DomainMemory(MemoryLimits limits) {
    this.exact = new SignatureRing(TextHash.WORDS, limits.exact());
    this.near = new SignatureRing(MinHash.WORDS, limits.near());
    this.heldOut = new SignatureRing(MinHash.WORDS, limits.heldOut());
    this.embeddings = new EmbeddingMemory(limits.embeddings());
    this.qualities = new QualityWindow(limits.qualities());
  }

  /** The memory of a domain that has shown nothing yet. */
  public static DomainMemory empty(MemoryLimits limits) {
    return new DomainMemory(limits);
  }

  /**
   * Reads what {@link #toBytes} wrote; smaller limits keep what is newest.
   *
   * @throws IllegalArgumentException if the bytes are of another version or cut short
   */
  public static DomainMemory fromBytes(byte[] bytes, MemoryLimits limits) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (bytes.length == 0 || in.get() != VERSION) {
      throw new IllegalArgumentException(
          "domain memory of " + bytes.length + " bytes is not of version " + VERSION);
    }
    DomainMemory memory = new DomainMemory(limits);
    memory.read(in);
    return memory;
  }

  /** The memory as bytes, oldest entries first. */
  public byte[] toBytes() {
    int length =
        1
            + COUNTERS
            + exact.encodedBytes()
            + near.encodedBytes()
            + heldOut.encodedBytes()
            + embeddings.encodedBytes()
            + qualities.encodedBytes();
    ByteBuffer out = ByteBuffer.allocate(length);
    out.put(VERSION).putLong(seen).putLong(accepted);
    exact.write(out);
    near.write(out);
    heldOut.write(out);
    embeddings.write(out);
    qualities.write(out);
    return out.array();
  }

  /** How many samples were scored. */
  public long seen() {
    return seen;
  }

  /** How many of them passed. */
  public long accepted() {
    return accepted;
  }

  SignatureRing exact() {
    return exact;
  }

  SignatureRing near() {
    return near;
  }

  SignatureRing heldOut() {
    return heldOut;
  }

  EmbeddingMemory embeddings() {
    return embeddings;
  }

  QualityWindow qualities() {
    return qualities;
  }

  void countSeen() {
    seen++;
  }

  /** What was accepted guards against its near duplicates from now on. */
  void remember(Candidate candidate) {
    accepted++;
    if (candidate.heldOut()) {
      heldOut.add(candidate.signature());
    } else {
      near.add(candidate.signature());
      embeddings.add(candidate.embedding());
    }
  }

  private void read(ByteBuffer in) {
    try {
      seen = in.getLong();
      accepted = in.getLong();
      exact.read(in);
      near.read(in);
      heldOut.read(in);
      embeddings.read(in);
      qualities.read(in);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("domain memory is cut short at byte " + in.limit(), e);
    }
  }
}
