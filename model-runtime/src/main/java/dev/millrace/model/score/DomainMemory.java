package dev.millrace.model.score;

import dev.millrace.model.align.Places;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What one (tenant, domain) has shown lately: bounded, changed in place by the scorer, and written
 * to bytes when a snapshot is due. Two memories with the same bytes judge alike for ever.
 */
public final class DomainMemory {

  private static final byte VERSION = 10;

  /** Of it signatures of pairs that judge stood among those of texts alone. */
  private static final byte BEFORE = 9;

  private static final int COUNTERS = 3 * Long.BYTES;

  /** What is read of others goes into a memory that is forgotten. */
  private final Readers readers;

  final SignatureRing exact;
  final SignatureRing near;
  final JudgeSignatures heldOut;
  final SignatureRing bags;
  final JudgeSignatures heldOutBags;
  final LineCounts lines;
  final Reference reference;
  final Usual usual;
  final SourceLedger sources = new SourceLedger();
  private final Drift entropies = new Drift();
  private final Drift distances = new Drift();
  final EmbeddingMemory embeddings;
  final QualityWindow qualities;

  /** Where the encoders see pictures and sounds, whatever their domain adds to that. */
  final EmbeddingMemory media;

  /** Where they see their captions. */
  final EmbeddingMemory captions;

  /** How well recent captions fitted, accepted or not. */
  final QualityWindow fits;

  /** What was accepted lately, where the signal asks how near others are. */
  final Neighbours neighbours;

  private long seen;
  private long accepted;
  private long drifts;

  private DomainMemory(MemoryLimits limits, Readers readers) {
    this.readers = readers;
    this.exact = new SignatureRing(TextHash.WORDS, limits.exact());
    this.near = new SignatureRing(MinHash.WORDS, limits.near());
    this.heldOut = new JudgeSignatures(limits.heldOut(), limits.heldOut());
    this.bags = new SignatureRing(MinHash.WORDS, limits.near());
    this.heldOutBags = new JudgeSignatures(limits.heldOut(), (limits.heldOut() + 1) / 2);
    this.lines = new LineCounts(limits.lines());
    this.reference = new Reference(limits.referenceBits());
    this.usual = new Usual(limits.qualities());
    this.embeddings = new EmbeddingMemory(limits.embeddings());
    this.qualities = new QualityWindow(limits.qualities());
    this.media = new EmbeddingMemory(limits.embeddings());
    this.captions = new EmbeddingMemory(limits.embeddings());
    this.fits = new QualityWindow(limits.embeddings());
    this.neighbours = new Neighbours(limits.embeddings(), limits.qualities());
  }

  /** The memory of a domain that has shown nothing yet. */
  public static DomainMemory empty(MemoryLimits limits, Readers readers) {
    return new DomainMemory(limits, readers);
  }

  /**
   * Reads what {@link #toBytes} wrote; smaller limits keep what is newest. What another base or
   * other encoders made of texts, pictures and sounds is forgotten.
   *
   * @throws IllegalArgumentException if the bytes are of another version, cut short or damaged
   */
  public static DomainMemory fromBytes(byte[] bytes, MemoryLimits limits, Readers readers) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    byte version = bytes.length == 0 ? 0 : in.get();
    if (version != VERSION && version != BEFORE) {
      throw new IllegalArgumentException(
          "domain memory of %d bytes has version %d; expected %d"
              .formatted(bytes.length, version, VERSION));
    }
    DomainMemory memory = new DomainMemory(limits, readers);
    memory.read(in, limits, version != BEFORE);
    return memory;
  }

  /** The memory as bytes, oldest entries first. */
  public byte[] toBytes() {
    int length =
        1
            + readers.encodedBytes()
            + COUNTERS
            + exact.encodedBytes()
            + near.encodedBytes()
            + heldOut.encodedBytes()
            + bags.encodedBytes()
            + heldOutBags.encodedBytes()
            + lines.encodedBytes()
            + reference.encodedBytes()
            + usual.encodedBytes()
            + sources.encodedBytes()
            + entropies.encodedBytes()
            + distances.encodedBytes()
            + embeddings.encodedBytes()
            + qualities.encodedBytes()
            + media.encodedBytes()
            + captions.encodedBytes()
            + fits.encodedBytes()
            + neighbours.encodedBytes();
    ByteBuffer out = ByteBuffer.allocate(length);
    out.put(VERSION);
    readers.write(out);
    out.putLong(seen).putLong(accepted).putLong(drifts);
    exact.write(out);
    near.write(out);
    heldOut.write(out);
    bags.write(out);
    heldOutBags.write(out);
    lines.write(out);
    reference.write(out);
    usual.write(out);
    sources.write(out);
    entropies.write(out);
    distances.write(out);
    embeddings.write(out);
    qualities.write(out);
    media.write(out);
    captions.write(out);
    fits.write(out);
    neighbours.write(out);
    return out.array();
  }

  /** By how many bytes signatures of further texts can still lengthen {@link #toBytes}. */
  public int roomBytes() {
    return Stream.of(exact, near, bags).mapToInt(SignatureRing::roomBytes).sum()
        + heldOut.roomBytes()
        + heldOutBags.roomBytes();
  }

  /** Whether nothing of any text was taken note of yet. */
  public boolean isEmpty() {
    return exact.size() + near.size() + heldOut.size() + accepted == 0;
  }

  /** How many samples were scored. */
  public long seen() {
    return seen;
  }

  /** How many of them passed. */
  public long accepted() {
    return accepted;
  }

  /**
   * How often the entropy of its texts, or their distance from each other, was no longer as it was.
   */
  public long drifts() {
    return drifts;
  }

  /**
   * Takes note of a text that the model has read: it guards against its near duplicates from now
   * on, whatever comes of it. Its distance from others counts once they are as many as they will
   * be: until then each new one would have nearer neighbours than the one before.
   *
   * @param judges whether it was accepted to judge; none but such texts make those give way that
   *     judged before them
   */
  void read(Candidate candidate, boolean judges) {
    boolean entropy = entropies.add(candidate.entropy);
    EmbeddingMemory others = candidate.places.isNone() ? embeddings : media;
    boolean distance = others.isFull() && distances.add(candidate.diversity);
    drifts += entropy || distance ? 1 : 0;
    if (judges) {
      judges(candidate);
    } else {
      guards(candidate);
    }
  }

  private void judges(Candidate candidate) {
    boolean pair = candidate.mediaSignature.length > 0;
    heldOut.add(candidate.signature);
    if (pair) {
      heldOut.addOfPair(candidate.signature);
      heldOut.addOfPair(candidate.mediaSignature);
    }
    if (candidate.bag.length > 0) {
      heldOutBags.add(candidate.bag);
      if (pair) {
        heldOutBags.addOfPair(candidate.bag);
      }
    }
  }

  private void guards(Candidate candidate) {
    near.add(candidate.signature);
    if (candidate.mediaSignature.length > 0 && !candidate.heldOut) {
      near.add(candidate.mediaSignature);
    }
    if (candidate.bag.length > 0) {
      bags.add(candidate.bag);
    }
  }

  /** Both, the oldest pair first. */
  List<Places> pairs() {
    return IntStream.range(0, media.size())
        .mapToObj(i -> new Places(media.get(i), captions.get(i)))
        .toList();
  }

  void countSeen() {
    seen++;
  }

  /** What was accepted for training is known from now on. */
  void remember(Candidate candidate) {
    accepted++;
    if (!candidate.heldOut) {
      reference.learn(candidate.words);
      embeddings.add(candidate.embedding);
      rememberMedia(candidate);
    }
  }

  private void rememberMedia(Candidate candidate) {
    if (!candidate.places.isNone()) {
      media.add(candidate.places.media());
      captions.add(candidate.places.caption());
    }
  }

  private void read(ByteBuffer in, MemoryLimits limits, boolean withPairs) {
    try {
      Readers before = Readers.read(in);
      DomainMemory byEncoders = before.equals(readers) ? this : new DomainMemory(limits, before);
      DomainMemory byBase = before.base().equals(readers.base()) ? this : byEncoders;
      seen = in.getLong();
      accepted = in.getLong();
      drifts = in.getLong();
      exact.read(in);
      near.read(in);
      heldOut.read(in, withPairs);
      bags.read(in);
      heldOutBags.read(in, withPairs);
      lines.read(in);
      reference.read(in);
      byBase.usual.read(in);
      sources.read(in);
      byBase.entropies.read(in);
      byBase.distances.read(in);
      byBase.embeddings.read(in);
      byBase.qualities.read(in);
      byEncoders.media.read(in);
      byEncoders.captions.read(in);
      byEncoders.fits.read(in);
      byBase.neighbours.read(in);
      if (in.hasRemaining()) {
        throw new IllegalArgumentException(
            "domain memory is damaged: it ends at byte %d of %d"
                .formatted(in.position(), in.limit()));
      }
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("domain memory is cut short at byte " + in.limit(), e);
    }
  }
}
