package dev.millrace.adapter;

import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.adapter.gate.LessonConfig;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.model.adapter.NamePatterns;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Configurations for learners on {@link dev.millrace.adapter.bigram.BigramBase}. */
public final class Configs {

  public static final GateConfig GATE =
      new GateConfig(
          4,
          100,
          1000,
          0.001,
          0.95,
          1000,
          0.03,
          0.03,
          60,
          0.02,
          8,
          0.5,
          8,
          2,
          10,
          LessonConfig.defaults());

  /** Few texts are learned in few steps. */
  public static final TrainConfig TRAIN =
      TrainConfig.defaults().toBuilder()
          .warmupSteps(4)
          .settleSteps(1_000_000)
          .epochs(8)
          .rowsPerStep(16)
          .anchorShare(1)
          .anchorWeight(1)
          .build();

  static final LearnerConfig LEARNER =
      new LearnerConfig(
          17,
          "lora",
          4,
          8,
          false,
          false,
          NamePatterns.none(),
          40,
          60,
          16,
          2,
          TRAIN,
          GATE,
          Plan.defaults(),
          RoutingConfig.defaults(),
          WatchConfig.defaults(),
          ExchangeConfig.defaults());

  private Configs() {}

  /** The same, but for some components: names, each with its value behind it. */
  @SuppressWarnings("unchecked") // a record's canonical constructor makes such a record
  public static <R extends Record> R with(R config, Object... namesAndValues) {
    Map<Object, Object> changed = new HashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      changed.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    List<Object> values = new ArrayList<>();
    List<Class<?>> types = new ArrayList<>();
    try {
      for (RecordComponent part : config.getClass().getRecordComponents()) {
        Object other = changed.remove(part.getName());
        values.add(other == null ? part.getAccessor().invoke(config) : other);
        types.add(part.getType());
      }
      if (!changed.isEmpty()) {
        throw new IllegalArgumentException("no components " + changed.keySet());
      }
      return (R)
          config
              .getClass()
              .getDeclaredConstructor(types.toArray(Class<?>[]::new))
              .newInstance(values.toArray());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
