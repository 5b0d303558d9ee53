package dev.millrace.adapter.exchange;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes one message of the gradients that a process's trainers found in a round, whoever of them
 * was first, and remembers what the message leaves out until the lesson ends.
 */
public final class Combiner {
  private final String codec;
  private final int trainers;
  private final Map<String, Running> running = new HashMap<>();

  /** A lesson that is going on: what its messages have left out, and who has come this round. */
  private static final class Running {
    private final Call call;
    private final float[] memory;
    private final @Nullable Update[] round;
    private int come;

    Running(Call call, float[] memory, int trainers) {
      this.call = call;
      this.memory = memory;
      this.round = new Update[trainers];
    }
  }

  /**
   * @param trainers of a process
   */
  public Combiner(String codec, int trainers) {
    this.codec = codec;
    this.trainers = trainers;
  }

  /** Takes what one trainer found; null until it is the last of its round. */
  public @Nullable Report take(Update update) {
    Running now = running.get(update.place());
    if (now == null || !now.call.equals(update.call())) {
      if (update.round() > 0 || (now != null && update.call().isOver(now.call))) {
        return null; // of a lesson that was given up
      }
      running.values().removeIf(other -> other.call.isOver(update.call()));
      now = new Running(update.call(), new float[new Shape(update.matrices()).size()], trainers);
      running.put(update.place(), now);
    }
    now.round[update.trainer()] = update;
    now.come++;
    return now.come == trainers ? combined(update, now) : null;
  }

  /** Lessons that it is at. */
  int lessons() {
    return running.size();
  }

  private Report combined(Update last, Running now) {
    List<Told> told = new ArrayList<>();
    List<float[]> found = new ArrayList<>();
    for (Update update : now.round) {
      if (update != null) {
        told.add(update.told());
        if (update.gradient().length > 0) {
          found.add(update.gradient());
        }
      }
    }
    byte[] message = new byte[0];
    float[] memory = now.memory;
    if (!found.isEmpty()) {
      Exchange exchange = new Exchange(Codecs.named(codec), new Shape(last.matrices()));
      Exchange.Sent sent = exchange.send(found, memory);
      message = sent.message();
      memory = sent.memory();
    }
    if (last.last()) {
      running.remove(last.place());
    } else {
      running.put(last.place(), new Running(now.call, memory, trainers));
    }
    return new Report(last.call(), last.round(), last.process(), message, told);
  }
}
