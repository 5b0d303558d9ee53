package dev.millrace.job.io;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.KafkaConfig.Guarantee;
import dev.millrace.job.config.Secret;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.MetadataRecoveryStrategy;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.provider.EnvVarConfigProvider;

/**
 * A job's sources and sinks on Kafka.
 *
 * @param job names the consumer group and the transactional ids; one running job a name
 */
public record KafkaTopics(KafkaConfig config, String job) {

  /** Kafka 4's admin clients try again without a pause while no broker answers. */
  private static final String NO_REBOOTSTRAP = MetadataRecoveryStrategy.NONE.name;

  /** Of what is written at once: the largest record, a sample of media, with room to spare. */
  static final String MAX_REQUEST_BYTES = "16777216";

  /** How long a broker may take to answer for the first time; a busy machine's does take long. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /** After so long whoever waits for a broker is told so. */
  private static final Duration SOON = Duration.ofSeconds(2);

  private static final String PROVIDERS = "config.providers";
  private static final String ENV = "env";

  /** How a variable of the environment is named that Kafka's clients put in. */
  private static final String REFERENCE = "${env:";

  /** The names of the topics. */
  public Topics names() {
    return new Topics(config.prefix());
  }

  /** Where a job reads from that has no checkpoint of its own. */
  public enum Start {
    /** The first record there is. */
    EARLIEST,
    /** Where a job of this name stopped, else the first record. */
    COMMITTED
  }

  /** Reads a topic for ever, committed records only. */
  public KafkaSource<RawRecord> source(String topic, Start start) {
    return builder(topic, start).build();
  }

  /** Reads what a topic holds at the start of the job, then ends. */
  public KafkaSource<RawRecord> boundedSource(String topic, Start start) {
    return builder(topic, start).setBounded(OffsetsInitializer.latest()).build();
  }

  /** How many records of a topic the job's last complete checkpoint is past. */
  public long read(String topic) {
    return positions(topic).values().stream().mapToLong(at -> at).sum();
  }

  /**
   * By partition of a topic, the offset that the job goes on from by its last complete checkpoint;
   * without those that it has read nothing of.
   */
  public Map<Integer, Long> positions(String topic) {
    try (Admin admin = at(config.bootstrap(), () -> Admin.create(clientProperties(config)))) {
      return first(
              config.bootstrap(),
              admin.listConsumerGroupOffsets(job).partitionsToOffsetAndMetadata(),
              said -> {})
          .entrySet()
          .stream()
          .filter(at -> at.getKey().topic().equals(topic))
          .collect(Collectors.toMap(at -> at.getKey().partition(), at -> at.getValue().offset()));
    }
  }

  /** Writes to a topic: in the checkpoints' transactions if exactly-once is asked for. */
  public <T> Sink<T> sink(String topic, Encoder<T> key, Encoder<T> value) {
    return sink(topic, key, value, config.guarantee());
  }

  /** Writes to a topic, in the checkpoints' transactions. */
  public <T> Sink<T> exactlyOnceSink(String topic, Encoder<T> key, Encoder<T> value) {
    return sink(topic, key, value, Guarantee.EXACTLY_ONCE);
  }

  /** Writes to a topic at once; after a failure, some of it again. */
  public <T> Sink<T> atLeastOnceSink(String topic, Encoder<T> key, Encoder<T> value) {
    return sink(topic, key, value, Guarantee.AT_LEAST_ONCE);
  }

  private <T> Sink<T> sink(String topic, Encoder<T> key, Encoder<T> value, Guarantee guarantee) {
    return switch (guarantee) {
      case EXACTLY_ONCE ->
          new FrugalKafkaSink<>(kafka(topic, key, value, DeliveryGuarantee.EXACTLY_ONCE), config);
      case AT_LEAST_ONCE -> kafka(topic, key, value, DeliveryGuarantee.AT_LEAST_ONCE);
    };
  }

  private <T> KafkaSink<T> kafka(
      String topic, Encoder<T> key, Encoder<T> value, DeliveryGuarantee guarantee) {
    Properties properties = clientProperties(config);
    properties.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, "0");
    properties.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MAX_REQUEST_BYTES);
    properties.putIfAbsent(
        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
        String.valueOf(config.transactionTimeoutMillis()));
    return KafkaSink.<T>builder()
        .setBootstrapServers(config.bootstrap())
        .setKafkaProducerConfig(properties)
        .setDeliveryGuarantee(guarantee)
        .setTransactionalIdPrefix(job + "-" + topic)
        .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
        .setRecordSerializer(new EncodedRecordSchema<>(topic, key, value, WireFormat.of(config)))
        .build();
  }

  private KafkaSourceBuilder<RawRecord> builder(String topic, Start start) {
    Properties properties = clientProperties(config);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(
        KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key(),
        String.valueOf(config.discoveryMillis() == 0 ? -1 : config.discoveryMillis()));
    return KafkaSource.<RawRecord>builder()
        .setBootstrapServers(config.bootstrap())
        .setTopics(topic)
        .setGroupId(job)
        .setClientIdPrefix(job + "-" + topic)
        .setStartingOffsets(
            switch (start) {
              case EARLIEST -> OffsetsInitializer.earliest();
              case COMMITTED -> committed();
            })
        .setDeserializer(new RawRecordSchema(topic, WireFormat.of(config)))
        .setProperties(properties);
  }

  @SuppressWarnings("deprecation") // the connector asks for this enum
  private static OffsetsInitializer committed() {
    return OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST);
  }

  /**
   * What every Kafka client gets: the bootstrap servers, the configured properties, and a reference
   * to the credentials in the environment, which the client looks up where it runs, as it does what
   * the configured properties name as {@code ${env:VARIABLE}}.
   */
  public static Properties clientProperties(KafkaConfig config) {
    Properties properties = new Properties();
    properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, config.bootstrap());
    properties.put(CommonClientConfigs.METADATA_RECOVERY_STRATEGY_CONFIG, NO_REBOOTSTRAP);
    if (Secret.fromEnvironment(Secret.KAFKA_JAAS).value() != null) {
      properties.put(SaslConfigs.SASL_JAAS_CONFIG, REFERENCE + Secret.KAFKA_JAAS + "}");
    }
    properties.putAll(config.client());
    if (properties.values().stream().anyMatch(value -> value.toString().contains(REFERENCE))) {
      String named = properties.getProperty(PROVIDERS, "").strip();
      boolean known = List.of(named.split("\\s*,\\s*", -1)).contains(ENV);
      String others = named.isEmpty() ? "" : named + ",";
      properties.put(PROVIDERS, known ? named : others + ENV);
      properties.putIfAbsent("config.providers.env.class", EnvVarConfigProvider.class.getName());
    }
    return properties;
  }

  /**
   * Calls a client of Kafka.
   *
   * @throws IllegalStateException if it cannot, with the broker and all that is known of why
   */
  static <T> T at(String broker, Supplier<T> call) {
    try {
      return call.get();
    } catch (KafkaException e) {
      throw failed(broker, e);
    }
  }

  static IllegalStateException failed(String broker, Throwable e) {
    if (e instanceof org.apache.kafka.common.errors.TimeoutException) {
      return new IllegalStateException("broker " + broker + ", expected one that answers", e);
    }
    StringBuilder why = new StringBuilder(broker);
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      String said = String.valueOf(cause.getMessage());
      why.append(why.indexOf(said) < 0 ? ": " + said : "");
    }
    return new IllegalStateException("broker " + why, e);
  }

  /**
   * Waits until a broker answers.
   *
   * @param told of what is waited for, if it does not answer soon
   * @throws IllegalStateException if it does not answer at all, or refuses; it names the broker
   */
  public static void await(KafkaConfig config, Consumer<String> told) {
    await(config, told, PATIENCE);
  }

  static void await(KafkaConfig config, Consumer<String> told, Duration patience) {
    DescribeClusterOptions within =
        new DescribeClusterOptions().timeoutMs((int) patience.toMillis());
    try (Admin admin = at(config.bootstrap(), () -> Admin.create(clientProperties(config)))) {
      String unused = first(config.bootstrap(), admin.describeCluster(within).clusterId(), told);
    }
  }

  /** The first answer of a broker, waited for as {@link #await(KafkaConfig, Consumer)} does. */
  static <T> T first(String broker, Future<T> answer, Consumer<String> told) {
    return first(
        broker, answer, told, "broker " + broker + " has not answered in 2 s, waiting for it");
  }

  /**
   * The same.
   *
   * @param awaited what is told, if it does not answer soon
   */
  static <T> T first(String broker, Future<T> answer, Consumer<String> told, String awaited) {
    try {
      try {
        return answer.get(SOON.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        told.accept(awaited);
        return answer.get();
      }
    } catch (ExecutionException e) {
      throw failed(broker, e.getCause() == null ? e : e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for broker " + broker, e);
    }
  }
}
