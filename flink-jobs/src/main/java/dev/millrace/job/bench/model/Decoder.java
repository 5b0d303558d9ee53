package dev.millrace.job.bench.model;

import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A base that goes on with prompts, group by group, each thread with its share of a group. */
final class Decoder implements Contestant {

  /** Long enough for processor time, which comes in steps of 10 ms. */
  static final double LEAST_SECONDS = 0.5;

  private final String name;
  private final BaseModel model;
  private final double tokens;

  /** Of each group, each thread's share. */
  private final List<List<List<Prompt>>> groups;

  private final ExecutorService threads;

  Decoder(String name, BaseModel model, List<Prompts> groups, int threads, double temperature) {
    this.name = name;
    this.model = model;
    this.tokens = groups.stream().mapToDouble(Prompts::totalTokens).sum();
    this.threads = Executors.newFixedThreadPool(threads);
    this.groups = groups.stream().map(group -> shares(group, threads, temperature)).toList();
  }

  private List<List<Prompt>> shares(Prompts group, int threads, double temperature) {
    List<Prompt> all =
        group.tokens().stream()
            .map(tokens -> new Prompt(tokens, model.noAdapter(), group.newTokens(), temperature, 0))
            .toList();
    List<List<Prompt>> shares = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      shares.add(all.subList(all.size() * t / threads, all.size() * (t + 1) / threads));
    }
    return shares;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Lap lap() throws Exception {
    return Lap.of(LEAST_SECONDS, this::decodeAll);
  }

  private double decodeAll() throws Exception {
    for (List<List<Prompt>> shares : groups) {
      decode(shares);
    }
    return tokens;
  }

  private void decode(List<List<Prompt>> shares) throws Exception {
    List<Future<?>> running = new ArrayList<>();
    for (List<Prompt> share : shares) {
      running.add(threads.submit(() -> model.generate(share)));
    }
    for (Future<?> share : running) {
      share.get();
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
