package dev.millrace.job.loop;

import java.io.UncheckedIOException;
import java.util.Set;

/** A job failed more often than it may, so that nothing that is waited for will come. */
public final class DeadJobException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** Types that say nothing by themselves. */
  private static final Set<Class<?>> WRAPPERS =
      Set.of(Exception.class, RuntimeException.class, UncheckedIOException.class);

  DeadJobException(String job, Throwable failure) {
    super("job " + job + " failed: " + what(root(failure)), failure);
  }

  /** The same for another thread that waits. */
  DeadJobException(DeadJobException found) {
    super(found.getMessage(), found);
  }

  /** The first cause that is not just wrapped around another one. */
  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && isWrapper(root)) {
      root = root.getCause();
    }
    return root;
  }

  private static boolean isWrapper(Throwable failure) {
    String type = failure.getClass().getName();
    return type.startsWith("org.apache.flink.")
        || type.startsWith("java.util.concurrent.")
        || WRAPPERS.contains(failure.getClass());
  }

  private static String what(Throwable root) {
    String message = root.getMessage();
    return message == null ? root.getClass().getName() : message;
  }
}
