package dev.millrace.job.cli.releases;

import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.swap.ReleaseLines;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseLine;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that write release events; both jobs obey them. */
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class OrderCommands {

  private OrderCommands() {}

  /** What was ordered, as JSON has it. */
  record Ordered(
      String action,
      @Nullable String tenant,
      String domain,
      ReleaseEvent.Kind kind,
      String release) {

    static Ordered of(String action, ReleaseLine line, String release) {
      return new Ordered(action, line.tenant(), line.domain(), line.kind(), release);
    }
  }

  /** Names a release of a store on a topic. */
  abstract static class Order implements Callable<Integer> {
    @Mixin private Output output;
    @Mixin private BrokerOption broker;
    @Mixin private StoreOption store;

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why; it is part of the event.")
    private String reason = "by hand";

    @Option(
        names = "--here",
        description = "The jobs find it where it is on this machine, whatever the topic says.")
    private boolean here;

    @Parameters(paramLabel = "ID", description = "A release id, or its beginning.")
    private String id;

    private final Action action;
    private final String done;

    Order(Action action, String done) {
      this.action = action;
      this.done = done;
    }

    @Override
    public Integer call() throws Exception {
      StoredReleases stored = StoredReleases.read(store.folder(broker), output.err()::println);
      String release = stored.find(id);
      Manifest manifest = stored.manifest(release);
      ShowCommand.requireWhole(stored, release);
      ReleaseTopic topic = ReleaseTopic.of(broker.require(output.err()));
      String uri = here ? stored.uri(release) : ReleaseTopic.uri(topic.events(), stored, release);
      if (!uri.equals(stored.uri(release))) {
        output
            .err()
            .println("the order names " + uri + ", as the topic does; --here the place here");
      }
      topic.order(manifest.event(action, uri, reason), output.err()::println);
      output.result(
          Ordered.of(action.name(), manifest.line(), release),
          manifest.line().inWords() + " " + done + " " + release);
      return 0;
    }
  }

  @Command(
      name = "pin",
      description = "Holds a domain at a release until it is unpinned or rolled back.",
      footer = {"", "Example:", "  ./millrace releases pin 3f9a  # the beginning is enough"})
  static final class Pin extends Order {
    Pin() {
      super(Action.PIN, "is pinned to");
    }
  }

  @Command(
      name = "rollback",
      description = "Takes a domain back to a release; learning goes on from there.",
      footer = {"", "Example:", "  ./millrace releases rollback 3f9a  # the beginning is enough"})
  static final class Rollback extends Order {
    Rollback() {
      super(Action.ROLLBACK, "goes on from");
    }
  }

  @Command(
      name = "unpin",
      description = "Lets a pinned domain go on from the release that it is pinned to.",
      footer = {"", "Example:", "  ./millrace releases unpin --domain legal"})
  static final class Unpin implements Callable<Integer> {
    @Mixin private Output output;
    @Mixin private BrokerOption broker;

    @Option(names = "--domain", required = true, paramLabel = "D", description = "Which domain.")
    private String domain;

    @Option(names = "--tenant", paramLabel = "T", description = "Whose (default: shared).")
    private @Nullable String tenant;

    @Option(
        names = "--alignment",
        description = "Where its pictures and sounds meet their captions, not its adapter.")
    private boolean alignment;

    @Override
    public Integer call() {
      ReleaseTopic topic = ReleaseTopic.of(broker.require(output.err()));
      ReleaseEvent.Kind kind = alignment ? ReleaseEvent.Kind.ALIGNMENT : ReleaseEvent.Kind.ADAPTER;
      List<ReleaseEvent> events = topic.events();
      ReleaseEvent pin = pin(ReleaseLines.of(events).pins(), new ReleaseLine(tenant, domain, kind));
      ReleaseEvent order = ReleaseTopic.unpinning(events, pin);
      topic.order(order, output.err()::println);
      output.result(
          Ordered.of("unpin", order.line(), order.release()),
          "%s goes on from %s".formatted(order.line().inWords(), place(order)));
      return 0;
    }

    private static String place(ReleaseEvent order) {
      if (order.action() == Action.FORGET) {
        return "the base; what it has of shadows is learned again";
      }
      return order.release().isEmpty() ? "the base" : order.release();
    }

    /** Whoever forgets whose it is, or which of its releases, must not take it for unpinned. */
    static ReleaseEvent pin(SortedMap<ReleaseLine, ReleaseEvent> pins, ReleaseLine line) {
      ReleaseEvent pin = pins.get(line);
      if (pin == null) {
        String others =
            pins.keySet().stream()
                .filter(pinned -> pinned.kind() == line.kind())
                .map(ReleaseLine::inWords)
                .collect(Collectors.joining(", "));
        throw new IllegalArgumentException(
            "%s is not pinned, expected %s"
                .formatted(
                    line.inWords(),
                    others.isEmpty()
                        ? "%s that is: none is".formatted(what(line.kind()))
                        : "one that is: " + others));
      }
      return pin;
    }

    private static String what(ReleaseEvent.Kind kind) {
      return kind == ReleaseEvent.Kind.ALIGNMENT ? "an alignment" : "a domain";
    }
  }
}
