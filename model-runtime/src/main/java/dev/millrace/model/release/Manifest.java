package dev.millrace.model.release;

import dev.millrace.model.weights.Digest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.RuleResult;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a release is made of and was made from. Its id is the SHA-256 of its canonical bytes, and no
 * clock has a part in them. A signature can only stand beside it, in a file of its own.
 *
 * @param tenant null for a shared domain
 * @param base id of the base model; of a released base, that of the one it takes the place of
 * @param files all files of the release but this one, by name
 * @param quantization how the adapter's values were rounded
 * @param parent the release it was trained from; null for the base
 * @param batch number of the batch it learned last
 * @param learned what that batch taught, in training order, replay included
 * @param learnedTo per partition the last sample learned, by it or a parent; sorted by topic and
 *     partition
 * @param verdict the gate's rules and the figures they saw
 * @param obeyed the release event that had taken the domain back to the parent; null if none had
 * @param kind what is released: an adapter of the base or of the space of its encoders, or a base
 */
public record Manifest(
    @Nullable String tenant,
    String domain,
    String base,
    SortedMap<String, ReleaseFile> files,
    String quantization,
    Routing routing,
    @Nullable String parent,
    long batch,
    List<LearnedSample> learned,
    List<Origin> learnedTo,
    TrainingPlan plan,
    List<RuleResult> verdict,
    @Nullable Origin obeyed,
    Kind kind) {

  /** The file that holds the canonical bytes. */
  public static final String FILE = "manifest.json";

  /** The file that holds the signature, if there is one. */
  public static final String SIGNATURE = "manifest.sig";

  public Manifest {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    learned = List.copyOf(learned);
    learnedTo =
        learnedTo.stream()
            .sorted(Comparator.comparing(Origin::topic).thenComparingInt(Origin::partition))
            .toList();
    verdict = List.copyOf(verdict);
  }

  /** Of an adapter of the base. */
  public Manifest(
      @Nullable String tenant,
      String domain,
      String base,
      SortedMap<String, ReleaseFile> files,
      String quantization,
      Routing routing,
      @Nullable String parent,
      long batch,
      List<LearnedSample> learned,
      List<Origin> learnedTo,
      TrainingPlan plan,
      List<RuleResult> verdict,
      @Nullable Origin obeyed) {
    this(
        tenant,
        domain,
        base,
        files,
        quantization,
        routing,
        parent,
        batch,
        learned,
        learnedTo,
        plan,
        verdict,
        obeyed,
        Kind.ADAPTER);
  }

  /** What it learned that no earlier batch had taught. */
  public Stream<LearnedSample> fresh() {
    return learned.stream().filter(sample -> !sample.replay());
  }

  /** The releases that this is one of. */
  public ReleaseLine line() {
    return new ReleaseLine(tenant, domain, kind);
  }

  /** Whether it is of the space in which pictures and sounds meet their captions. */
  public boolean isOfAlignment() {
    return kind == Kind.ALIGNMENT;
  }

  /** What people order about it, or the event that it is published by. */
  public ReleaseEvent event(ReleaseEvent.Action action, String uri, String reason) {
    return new ReleaseEvent(
        tenant, domain, kind, action, id(), uri, parent, batch, reason, Origin.UNWRITTEN);
  }

  /**
   * Reads canonical bytes.
   *
   * @throws InvalidReleaseException if they are anything else
   */
  public static Manifest parse(byte[] bytes) {
    return ManifestJson.parse(bytes);
  }

  /** The canonical bytes. */
  public byte[] toBytes() {
    return ManifestJson.toBytes(this);
  }

  /** SHA-256 of the canonical bytes, hexadecimal. */
  public String id() {
    return Digest.sha256(toBytes());
  }
}
