package dev.millrace.job;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import java.util.HashMap;
import java.util.Map;

/** Where a test's topics are. */
public final class KafkaConfigs {

  /** A broker that is away: nobody listens there. */
  public static final String NOBODY = "127.0.0.1:1";

  private KafkaConfigs() {}

  public static KafkaConfig of(String bootstrap) {
    return of(bootstrap, Map.of());
  }

  /**
   * The same, set up otherwise besides.
   *
   * @param more settings, as {@code kafka.prefix}
   */
  public static KafkaConfig of(String bootstrap, Map<String, String> more) {
    Map<String, String> settings = new HashMap<>(more);
    settings.put("kafka.bootstrap", bootstrap);
    return MillraceConfig.defaults().with(settings).kafka();
  }
}
