package dev.millrace.job.chaos;

import java.util.Objects;
import java.util.random.RandomGenerator;

/** The disk of the release store and of the checkpoints takes no more bytes. */
record DiskFull() implements Fault {

  static final String NAME = "disk-full";

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    SmallDisk disk = Objects.requireNonNull(site.disk(), NAME + " without a small disk");
    return new Struck("the last %d MiB".formatted(disk.fill() >> 20), disk::free);
  }
}
