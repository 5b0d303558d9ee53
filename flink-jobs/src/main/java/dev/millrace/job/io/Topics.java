package dev.millrace.job.io;

import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_COMPACT;
import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.COMPRESSION_TYPE_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MAX_MESSAGE_BYTES_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.RETENTION_MS_CONFIG;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.schema.wire.Counted;
import dev.millrace.schema.wire.ErrorLine;
import java.io.Serial;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topics' names.
 *
 * @param prefix what every name begins with, such as {@code millrace.}
 */
public record Topics(String prefix) {

  private static final Logger LOG = LoggerFactory.getLogger(Topics.class);

  /** The default prefix. */
  public static final String DEFAULT_PREFIX = "millrace.";

  private static final String UNCOMPRESSED = "uncompressed";

  private static final Map<String, String> APPEND_TIME =
      Map.of(MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime");

  /** A job that is away for less reads every order, also those that others follow. */
  private static final Map<String, String> COMPACTED =
      Map.of(
          CLEANUP_POLICY_CONFIG,
          CLEANUP_POLICY_COMPACT,
          MIN_COMPACTION_LAG_MS_CONFIG,
          String.valueOf(Duration.ofDays(7).toMillis()));

  private static final Map<String, String> AN_HOUR =
      Map.of(RETENTION_MS_CONFIG, String.valueOf(Duration.ofHours(1).toMillis()));
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ListTopicsOptions FIRST =
      new ListTopicsOptions().timeoutMs((int) PATIENCE.toMillis());
  private static final ListTopicsOptions SOON = new ListTopicsOptions().timeoutMs(5_000);

  /** A topic is not as the jobs need it; the message names it and says what was expected. */
  public static final class UnfitException extends IllegalStateException {
    @Serial private static final long serialVersionUID = 1;

    private UnfitException(String message) {
      super(message);
    }
  }

  public String samples() {
    return prefix + "samples";
  }

  public String rejected() {
    return prefix + "rejected";
  }

  public String verdicts() {
    return prefix + "verdicts";
  }

  public String releases() {
    return prefix + "releases";
  }

  public String requests() {
    return prefix + "requests";
  }

  public String answers() {
    return prefix + "answers";
  }

  public String chunks() {
    return prefix + "chunks";
  }

  /** What is said of a topic that a broker lacks. */
  static String missing(String broker, String topic) {
    return "broker %s has no topic %s, expected one: ./millrace topics makes those of the jobs"
        .formatted(broker, topic);
  }

  /** What a job reads, by what its name ends with. */
  public Set<String> readBy(String kind) {
    return switch (kind) {
      case "learn" -> Set.of(samples(), releases());
      case "serve" -> Set.of(requests(), releases());
      default -> Set.of();
    };
  }

  /**
   * What a broker that asks for nothing lacks of these.
   *
   * @throws IllegalStateException if it does not answer within five seconds
   */
  public static SortedSet<String> lacking(String bootstrap, Set<String> names) {
    Properties client = new Properties();
    client.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    try (Admin admin = Admin.create(client)) {
      SortedSet<String> lacking = new TreeSet<>(names);
      lacking.removeAll(KafkaTopics.first(bootstrap, admin.listTopics(SOON).names(), said -> {}));
      return lacking;
    }
  }

  /** Every name. */
  public List<String> all() {
    return List.of(samples(), rejected(), verdicts(), releases(), requests(), answers(), chunks());
  }

  /**
   * Creates the topics that do not exist yet.
   *
   * <p>Samples, requests and answers carry the broker's append time. Releases are compacted after a
   * week and have one partition, so that all readers see them in one order. Chunks are kept for an
   * hour.
   *
   * @throws UnfitException if there is a topic of releases with more partitions, or one that is not
   *     compacted
   */
  public static Topics create(KafkaConfig config, int partitions) {
    return create(config, partitions, said -> {});
  }

  /**
   * The same.
   *
   * @param told of what is waited for, and of topics that are stored compressed
   */
  public static Topics create(KafkaConfig config, int partitions, Consumer<String> told) {
    return create(KafkaTopics.clientProperties(config), config.prefix(), partitions, told);
  }

  /** The same on a broker that asks for nothing. */
  public static Topics create(String bootstrap, String prefix, int partitions) {
    return create(bootstrap, prefix, partitions, said -> {});
  }

  /** The same, told. */
  public static Topics create(
      String bootstrap, String prefix, int partitions, Consumer<String> told) {
    Properties client = new Properties();
    client.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    return create(client, prefix, partitions, told);
  }

  private static Topics create(
      Properties client, String prefix, int partitions, Consumer<String> told) {
    Topics topics = new Topics(prefix);
    ensure(client, topics.specifications(partitions), told);
    return topics;
  }

  /**
   * Creates the topics of these names that do not exist yet, as the broker's own settings say.
   *
   * @param client what Kafka's clients are configured with there
   * @param told of what is waited for, if the broker does not answer soon
   */
  public static void ensure(
      Properties client, List<String> names, int partitions, Consumer<String> told) {
    ensure(client, names.stream().map(name -> topic(name, partitions)).toList(), told);
  }

  private static void ensure(Properties client, List<NewTopic> wanted, Consumer<String> told) {
    String bootstrap = client.getProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, "");
    List<String> names = wanted.stream().map(NewTopic::name).toList();
    try (Admin admin = KafkaTopics.at(bootstrap, () -> Admin.create(client))) {
      Set<String> existing =
          new HashSet<>(KafkaTopics.first(bootstrap, admin.listTopics(FIRST).names(), told));
      for (NewTopic topic : wanted) {
        if (!existing.contains(topic.name()) && !create(admin, topic)) {
          existing.add(topic.name());
        }
      }
      Map<String, TopicDescription> known = awaitKnown(admin, names);
      for (NewTopic topic : wanted) {
        if (existing.contains(topic.name()) && isCompacted(topic)) {
          requireFit(admin, topic, Objects.requireNonNull(known.get(topic.name())));
        }
      }
      tellOfCompressed(
          admin,
          wanted.stream()
              .filter(Topics::isUncompressed)
              .map(NewTopic::name)
              .filter(existing::contains)
              .toList(),
          bootstrap,
          told);
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "cannot create topics " + names + " on " + bootstrap + ": " + ErrorLine.of(e),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while creating topics on " + bootstrap, e);
    }
  }

  /** False if it is there: somebody made it just now. */
  private static boolean create(Admin admin, NewTopic topic)
      throws ExecutionException, InterruptedException {
    try {
      admin.createTopics(List.of(topic)).all().get();
      return true;
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw e;
      }
      return false;
    }
  }

  /** The controller says that a topic is there before the broker that is asked next knows it. */
  private static Map<String, TopicDescription> awaitKnown(Admin admin, List<String> names)
      throws ExecutionException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return admin.describeTopics(names).allTopicNames().get();
      } catch (ExecutionException e) {
        boolean unknown = e.getCause() instanceof UnknownTopicOrPartitionException;
        if (!unknown || System.nanoTime() - deadline >= 0) {
          throw e;
        }
        Thread.sleep(50);
      }
    }
  }

  private static boolean isCompacted(NewTopic topic) {
    return topic.configs() != null
        && CLEANUP_POLICY_COMPACT.equals(topic.configs().get(CLEANUP_POLICY_CONFIG));
  }

  /**
   * Refuses a topic of releases that somebody else made with several partitions, of which no offset
   * is before another's, or so that a domain's last event expires.
   */
  private static void requireFit(Admin admin, NewTopic topic, TopicDescription found)
      throws ExecutionException, InterruptedException {
    int partitions = found.partitions().size();
    String policy = policy(admin, topic.name());
    if (partitions != topic.numPartitions() || !policy.contains(CLEANUP_POLICY_COMPACT)) {
      throw new UnfitException(
          "topic %s has %s and %s=%s, expected 1 partition and %s=%s"
              .formatted(
                  topic.name(),
                  Counted.of(partitions, "partition", "partitions"),
                  CLEANUP_POLICY_CONFIG,
                  policy,
                  CLEANUP_POLICY_CONFIG,
                  CLEANUP_POLICY_COMPACT));
    }
  }

  private static String policy(Admin admin, String topic) throws InterruptedException {
    return settings(admin, List.of(topic), CLEANUP_POLICY_CONFIG, CLEANUP_POLICY_COMPACT).get(0);
  }

  /** Of topics, one after the other; of those whose settings may not be read, what is expected. */
  private static List<String> settings(
      Admin admin, List<String> topics, String key, String expected) throws InterruptedException {
    List<ConfigResource> named =
        topics.stream().map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
    try {
      Map<ConfigResource, Config> configs = admin.describeConfigs(named).all().get();
      return named.stream()
          .map(one -> Objects.requireNonNull(configs.get(one)).get(key))
          .map(entry -> entry == null ? expected : entry.value())
          .toList();
    } catch (ExecutionException e) {
      LOG.warn(
          "{} of topic {} may not be read, {} is expected: {}",
          key,
          String.join(", ", topics),
          expected,
          String.valueOf(e.getCause()));
      return Collections.nCopies(topics.size(), expected);
    }
  }

  private static boolean isUncompressed(NewTopic topic) {
    return topic.configs() != null
        && UNCOMPRESSED.equals(topic.configs().get(COMPRESSION_TYPE_CONFIG));
  }

  /** Tells of those that somebody else made, or this did before it made them uncompressed. */
  private static void tellOfCompressed(
      Admin admin, List<String> topics, String bootstrap, Consumer<String> told)
      throws InterruptedException {
    List<String> types = settings(admin, topics, COMPRESSION_TYPE_CONFIG, UNCOMPRESSED);
    List<String> compressed =
        IntStream.range(0, topics.size())
            .filter(i -> !types.get(i).equals(UNCOMPRESSED))
            .mapToObj(topics::get)
            .toList();
    if (!compressed.isEmpty()) {
      told.accept(
          "%s of %s is not %s, so a batch of 30 kB may be a gigabyte to each job that reads it: for topic in %s; do kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name $topic --add-config %s=%s,%s=%s; done"
              .formatted(
                  COMPRESSION_TYPE_CONFIG,
                  String.join(", ", compressed),
                  UNCOMPRESSED,
                  String.join(" ", compressed),
                  bootstrap,
                  COMPRESSION_TYPE_CONFIG,
                  UNCOMPRESSED,
                  MAX_MESSAGE_BYTES_CONFIG,
                  KafkaTopics.MAX_REQUEST_BYTES));
    }
  }

  /** As many copies as the broker makes by default. */
  private static NewTopic topic(String name, int partitions) {
    return new NewTopic(name, Optional.of(partitions), Optional.empty());
  }

  private List<NewTopic> specifications(int partitions) {
    return List.of(
        own(samples(), partitions, APPEND_TIME),
        own(rejected(), partitions, Map.of()),
        own(verdicts(), partitions, Map.of()),
        own(releases(), 1, COMPACTED),
        own(requests(), partitions, APPEND_TIME),
        own(answers(), partitions, APPEND_TIME),
        own(chunks(), partitions, AN_HOUR));
  }

  /**
   * One that takes what the jobs and the gateway write, whatever the broker's own bound is, and
   * nothing larger: of a compressed batch the broker measures what it is in the log, and a consumer
   * holds what it was before.
   */
  private static NewTopic own(String name, int partitions, Map<String, String> options) {
    Map<String, String> all = new HashMap<>(options);
    all.put(COMPRESSION_TYPE_CONFIG, UNCOMPRESSED);
    all.put(MAX_MESSAGE_BYTES_CONFIG, KafkaTopics.MAX_REQUEST_BYTES);
    return topic(name, partitions).configs(all);
  }
}
