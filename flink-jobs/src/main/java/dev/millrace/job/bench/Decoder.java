package dev.millrace.job.bench;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A base that goes on with prompts, each thread with its share of the streams. */
final class Decoder implements Contestant {

  /** Long enough for processor time, which comes in steps of 10 ms. */
  static final double LEAST_SECONDS = 0.5;

  private final String name;
  private final BaseModel model;
  private final Prompts prompts;
  private final List<List<Prompt>> shares = new ArrayList<>();
  private final ExecutorService threads;

  Decoder(String name, BaseModel model, Prompts prompts, int threads, double temperature) {
    this.name = name;
    this.model = model;
    this.prompts = prompts;
    this.threads = Executors.newFixedThreadPool(threads);
    List<Prompt> all =
        prompts.tokens().stream()
            .map(
                tokens ->
                    new Prompt(tokens, model.noAdapter(), prompts.newTokens(), temperature, 0))
            .toList();
    for (int t = 0; t < threads; t++) {
      shares.add(all.subList(all.size() * t / threads, all.size() * (t + 1) / threads));
    }
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
    List<Future<?>> running = new ArrayList<>();
    for (List<Prompt> share : shares) {
      running.add(threads.submit(() -> model.generate(share)));
    }
    for (Future<?> share : running) {
      share.get();
    }
    return prompts.totalTokens();
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
