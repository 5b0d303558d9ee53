package dev.millrace.job.chaos;

import java.util.random.RandomGenerator;

/** Records that nobody can decode, among samples and requests. */
record Poison() implements Fault {

  private static final int COUNT = 8;
  private static final int MOST_BYTES = 2_000;

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    for (int i = 0; i < COUNT; i++) {
      site.traffic().poison(bytes(random));
    }
    return Struck.atOnce(2 * COUNT + " records");
  }

  private static byte[] bytes(RandomGenerator random) {
    byte[] bytes = new byte[random.nextInt(MOST_BYTES)];
    random.nextBytes(bytes);
    return bytes;
  }
}
