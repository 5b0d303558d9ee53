package dev.millrace.job.chaos;

import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * The jobs' way to a service is bad.
 *
 * @param relay on that way
 */
record BadWire(String service, Function<Site, Relay> relay, Wire wire) implements Fault {

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    relay.apply(site).become(wire);
    return new Struck(service, () -> relay.apply(site).become(Wire.CLEAR));
  }
}
