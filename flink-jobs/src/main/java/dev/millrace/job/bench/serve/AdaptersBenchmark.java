package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.bench.serve.AdapterLoad.Kind;
import dev.millrace.job.bench.serve.AdapterLoad.Server;
import dev.millrace.model.swap.HotCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Whether more adapters than memory has room for are felt: 1,024 domains, room for half. */
public final class AdaptersBenchmark implements Benchmark {

  private static final int DOMAINS = 1024;
  private static final int AT_A_TIME = 16;
  private static final double SECONDS = 1.5;

  /** Adapters asked for before the laps: the hot ones have shown by then that they are. */
  private static final int WARM_UP = 8 * DOMAINS;

  /** One way to ask, of a server. */
  private record Asking(Kind kind, Choice choice, boolean half) {
    String label() {
      return kind + " " + choice + (half ? " half" : " all");
    }
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    setting.progress().accept("publishing a release of each of " + DOMAINS + " domains");
    try (AdapterLoad load = new AdapterLoad(setting.nano(), DOMAINS)) {
      Server all = load.server(Long.MAX_VALUE);
      int[] next = {0};
      all.touch(DOMAINS, () -> next[0]++);
      long bytes = all.counts().bytes();
      List<Measured> measured = new ArrayList<>();
      for (Kind kind : Kind.values()) {
        for (Choice choice : Choice.values()) {
          measured.add(new Measured(new Asking(kind, choice, false), all, load, setting.seed()));
          Server half = load.server(bytes / 2);
          half.touch(WARM_UP, choice.among(DOMAINS, new Random(setting.seed() + 1))::next);
          measured.add(new Measured(new Asking(kind, choice, true), half, load, setting.seed()));
        }
      }
      setting.tell("%d MiB of adapters, the laps begin", bytes >> 20);
      Race race = Race.run(setting.rounds(), measured);
      return List.of(table(race, measured, bytes));
    }
  }

  private static Table table(Race race, List<Measured> measured, long bytes) {
    Table table =
        Table.of(
            "%,d domains of %.0f KiB an adapter, room for all and for half of them"
                .formatted(DOMAINS, bytes / 1024.0 / DOMAINS),
            "requests | domain | answers/s, all | answers/s, half | ratio (95 %) | by processor time (95 %) | fetched | ms a fetch");
    for (int i = 0; i < measured.size(); i += 2) {
      String one = measured.get(i + 1).name();
      String other = measured.get(i).name();
      Asking asking = measured.get(i).asking;
      table.row(
          asking.kind().toString(),
          asking.choice().toString(),
          race.rate(other),
          race.rate(one),
          race.ratio(one, other),
          race.cpuRatio(one, other),
          "%.0f %%".formatted(100 * measured.get(i + 1).fetched()),
          measured.get(i + 1).millisAFetch());
    }
    return table.note(
        "SCORE of 48 tokens, GENERATE of 16 after 16, past the answer cache, "
            + AT_A_TIME
            + " at a time at the model. Each answer is by its domain's release, or the run fails."
            + " A fetch reads files that the system has in memory, checks hashes and signature, and"
            + " loads.");
  }

  /** A contestant that counts what it fetched. */
  private static final class Measured implements Contestant {

    private final Asking asking;
    private final Server server;
    private final List<String> prompts;
    private final Choice.Draws draws;
    private final HotCounts before;

    Measured(Asking asking, Server server, AdapterLoad load, long seed) {
      this.asking = asking;
      this.server = server;
      this.prompts = load.prompts(asking.kind(), seed);
      this.draws = asking.choice().among(DOMAINS, new Random(seed));
      this.before = server.counts();
    }

    @Override
    public String name() {
      return asking.label();
    }

    @Override
    public Lap lap() throws Exception {
      return Lap.of(
          SECONDS, () -> server.ask(8 * AT_A_TIME, AT_A_TIME, asking.kind(), prompts, draws::next));
    }

    /** Share of the requests whose adapter was not in memory. */
    double fetched() {
      HotCounts now = server.counts();
      double misses = now.misses() - before.misses();
      return misses / Math.max(1, misses + now.hits() - before.hits());
    }

    double millisAFetch() {
      HotCounts now = server.counts();
      return (now.fetchMillis() - before.fetchMillis())
          / (double) Math.max(1, now.misses() - before.misses());
    }
  }
}
