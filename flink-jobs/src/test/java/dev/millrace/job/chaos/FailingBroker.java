package dev.millrace.job.chaos;

import dev.millrace.job.embedded.OwnBroker;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A broker of a test's own that its clients lose when the test says so. */
public final class FailingBroker implements AutoCloseable {

  private final Relay relay;
  private final OwnBroker broker;

  private FailingBroker(Relay relay, OwnBroker broker) {
    this.relay = relay;
    this.broker = broker;
  }

  public static FailingBroker start(Path folder) {
    List<Relay> relays = new ArrayList<>();
    OwnBroker broker =
        OwnBroker.start(
            folder,
            listens -> {
              relays.add(Relay.open(listens));
              return relays.get(0).port();
            });
    return new FailingBroker(relays.get(0), broker);
  }

  public String bootstrapServers() {
    return broker.bootstrapServers();
  }

  /** From now on nothing comes from it, and connections stay. */
  public void hang() {
    relay.become(Wire.CUT);
  }

  /** From now on nobody can connect. */
  public void die() {
    relay.become(Wire.RESETTING);
  }

  public void recover() {
    relay.become(Wire.CLEAR);
  }

  @Override
  public void close() {
    recover();
    broker.close();
    relay.close();
  }
}
