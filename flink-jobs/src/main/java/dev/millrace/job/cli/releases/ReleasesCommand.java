package dev.millrace.job.cli.releases;

import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.ReleaseLine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "releases",
    description = "Lists, shows, pins and takes back what was published.",
    footer = {"", "Examples:", "  ./millrace releases list", "  ./millrace releases show ID"},
    subcommands = {
      ReleasesCommand.ListCommand.class,
      ShowCommand.class,
      OrderCommands.Pin.class,
      OrderCommands.Unpin.class,
      OrderCommands.Rollback.class,
      SamplesCommand.class,
      ReleaseBaseCommand.class,
      PruneCommand.class,
      ReproduceCommand.class,
      ForgetCommand.class
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class ReleasesCommand {

  @Mixin private Output unusedOutput;

  /** A release in a list. */
  public record Row(
      String release, @Nullable String tenant, String domain, Kind kind, long batch, int samples) {

    /** A tenant's domain is another one than the shared one of its name. */
    String name() {
      return new ReleaseLine(tenant, domain, kind).name();
    }

    static Row of(Map.Entry<String, Manifest> release) {
      Manifest manifest = release.getValue();
      long fresh = manifest.fresh().count();
      return new Row(
          release.getKey(),
          manifest.tenant(),
          manifest.domain(),
          manifest.kind(),
          manifest.batch(),
          (int) fresh);
    }
  }

  @Command(
      name = "list",
      description = "Every release of a store, by domain and batch.",
      footer = {"", "Example:", "  ./millrace releases list --store demo-report/store"})
  public static final class ListCommand implements Callable<Integer> {
    @Mixin private Output output;

    @Mixin private StoreOption store;

    @Override
    public Integer call() throws Exception {
      Path folder = store.folder();
      List<Row> rows =
          StoredReleases.read(folder, output.err()::println).byId().entrySet().stream()
              .map(Row::of)
              .sorted(
                  Comparator.comparing(Row::name)
                      .thenComparing(Row::kind)
                      .thenComparingLong(Row::batch))
              .toList();
      output.result(rows, rows.isEmpty() ? "no releases in " + folder : text(rows));
      return 0;
    }

    public static String text(Collection<Row> rows) {
      List<String> lines = new ArrayList<>();
      lines.add("%-64s  %-14s %-9s %5s %7s".formatted("id", "domain", "kind", "batch", "fresh"));
      for (Row row : rows) {
        lines.add(
            "%-64s  %-14s %-9s %5d %7d"
                .formatted(
                    row.release(),
                    row.name(),
                    row.kind().name().toLowerCase(Locale.ROOT),
                    row.batch(),
                    row.samples()));
      }
      return String.join("\n", lines);
    }
  }
}
