package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Release events; their names are checked, for they become parts of paths. A kind that came later
 * is a field of its own, for whoever knows an enumeration cannot read a new symbol of it.
 */
final class ReleaseMapping implements Mapping<ReleaseEvent, dev.millrace.schema.avro.ReleaseEvent> {

  @Override
  public dev.millrace.schema.avro.ReleaseEvent toAvro(ReleaseEvent event) {
    boolean aligns = event.kind() == ReleaseEvent.Kind.ALIGNMENT;
    return dev.millrace.schema.avro.ReleaseEvent.newBuilder()
        .setTenant(event.tenant())
        .setDomain(event.domain())
        .setKind(
            aligns
                ? dev.millrace.schema.avro.Kind.BASE
                : dev.millrace.schema.avro.Kind.valueOf(event.kind().name()))
        .setAlignment(aligns)
        .setAction(dev.millrace.schema.avro.Action.valueOf(event.action().name()))
        .setRelease(event.release())
        .setUri(event.uri())
        .setParent(event.parent())
        .setBatch(event.batch())
        .setReason(event.reason())
        .setEpoch(event.epoch())
        .setWithheld(event.withheld())
        .setForgotten(event.forgotten())
        .setRead(event.read())
        .build();
  }

  @Override
  public ReleaseEvent fromAvro(dev.millrace.schema.avro.ReleaseEvent value, Origin origin)
      throws InvalidRecordException {
    return valid(
        new ReleaseEvent(
            value.getTenant(),
            value.getDomain(),
            value.getAlignment()
                ? ReleaseEvent.Kind.ALIGNMENT
                : ReleaseEvent.Kind.valueOf(value.getKind().name()),
            ReleaseEvent.Action.valueOf(value.getAction().name()),
            value.getRelease(),
            value.getUri(),
            value.getParent(),
            value.getBatch(),
            value.getReason(),
            origin,
            value.getEpoch(),
            value.getWithheld(),
            value.getForgotten(),
            value.getRead()));
  }

  private static ReleaseEvent valid(ReleaseEvent event) throws InvalidRecordException {
    Problem problem =
        Problem.first(
            Checks.name("tenant", event.tenant()),
            Checks.name("domain", event.domain()),
            release(event),
            Checks.release("parent", event.parent()),
            Checks.length("uri", event.uri(), Limits.URI_BYTES),
            Checks.length("reason", event.reason(), Limits.REASON_BYTES),
            batch(event.batch()),
            Checks.time("epoch", event.epoch()),
            withheld(event.withheld()),
            forgotten(event.forgotten()));
    if (problem != null) {
      throw new InvalidRecordException(problem, event.release(), event.domain());
    }
    return event;
  }

  /** What is taken back altogether leaves no release: its id is empty. */
  private static @Nullable Problem release(ReleaseEvent event) {
    boolean back =
        event.action() == ReleaseEvent.Action.FORGET
            || event.action() == ReleaseEvent.Action.ROLLBACK;
    boolean toBase = back && event.release().isEmpty();
    return toBase ? null : Checks.release("release", event.release());
  }

  private static @Nullable Problem batch(long batch) {
    return batch >= 0
        ? null
        : new Problem("bad-batch", "batch is " + batch + ", expected a number from 0 on");
  }

  private static @Nullable Problem withheld(double share) {
    return share >= 0 && share <= 1
        ? null
        : new Problem("bad-share", "withheld is " + share + ", expected a share from 0 to 1");
  }

  /** The jobs keep them: an id that is longer than any sample's would not fit into their state. */
  private static @Nullable Problem forgotten(List<String> samples) {
    if (samples.size() > Limits.FORGOTTEN) {
      return new Problem(
          "too-many",
          "forgotten has %d samples, expected at most %d in one event"
              .formatted(samples.size(), Limits.FORGOTTEN));
    }
    for (String sample : samples) {
      Problem problem = Checks.length("an id in forgotten", sample, Limits.ID_BYTES);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }
}
