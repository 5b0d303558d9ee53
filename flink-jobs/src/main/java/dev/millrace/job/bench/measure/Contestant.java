package dev.millrace.job.bench.measure;

import java.util.concurrent.Callable;

/** One of those that are compared. */
public interface Contestant extends AutoCloseable {

  String name();

  /** Does the work once and measures it. */
  Lap lap() throws Exception;

  @Override
  default void close() {}

  /** Work of the calling thread, repeated until a lap has taken the least time. */
  static Contestant onThisThread(String name, double leastSeconds, Lap.Work work) {
    return of(name, () -> Lap.ofThisThread(leastSeconds, work));
  }

  static Contestant of(String name, Callable<Lap> lap) {
    return new Contestant() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Lap lap() throws Exception {
        return lap.call();
      }
    };
  }
}
