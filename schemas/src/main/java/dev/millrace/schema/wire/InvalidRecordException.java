package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** Bad input: a value that is not a valid record. It has no stack trace, since input causes it. */
public final class InvalidRecordException extends Exception {

  @Serial private static final long serialVersionUID = 1;

  private final Problem problem;
  private final @Nullable String id;
  private final @Nullable String domain;

  InvalidRecordException(Problem problem) {
    this(problem, null, null);
  }

  InvalidRecordException(Problem problem, @Nullable String id, @Nullable String domain) {
    super(problem.toString(), null, false, false);
    this.problem = problem;
    this.id = id;
    this.domain = domain;
  }

  /** A stable code, such as {@code truncated}. */
  public String reason() {
    return problem.reason();
  }

  /** The offending value and what was expected. */
  public String detail() {
    return problem.detail();
  }

  /** The record's own id, null where it could not be decoded. */
  public @Nullable String id() {
    return id;
  }

  /** The record's domain, null where unknown. */
  public @Nullable String domain() {
    return domain;
  }

  /** What goes to the topic of refused records; of a name that is too long, its beginning. */
  public Rejection rejection(Origin origin) {
    return new Rejection(
        origin, Checks.cut(id), Checks.cut(domain), reason(), detail(), Double.NaN);
  }
}
