package dev.millrace.job.io;

import dev.millrace.job.config.KafkaConfig;
import java.io.IOException;
import java.io.Serial;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink.PrecommittingStatefulSinkWriter;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.utils.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Flink's sink to Kafka with transactions that outlast the checkpoints at which they hold nothing.
 * Flink's own gives an empty transaction back and has the broker prepare another, at every
 * checkpoint and while the task waits.
 */
final class FrugalKafkaSink<T>
    implements Sink<T>,
        SupportsWriterState<T, KafkaWriterState>,
        SupportsCommitter<KafkaCommittable>,
        SupportsPostCommitTopology<KafkaCommittable>,
        LineageVertexProvider {

  @Serial private static final long serialVersionUID = 1;

  /** A broker forgets a transactional id that it has not heard of for long, by default a week. */
  static final Duration AT_MOST = Duration.ofMinutes(1);

  private static final int CONNECT_MILLIS = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(FrugalKafkaSink.class);

  /** Where a writer failed last: Flink's leaves a client then, with its thread, at each try. */
  private static final Set<String> IN_VAIN = ConcurrentHashMap.newKeySet();

  private final KafkaSink<T> kafka;
  private final KafkaConfig config;

  FrugalKafkaSink(KafkaSink<T> kafka, KafkaConfig config) {
    this.kafka = kafka;
    this.config = config;
  }

  @Override
  public Writer<T> createWriter(WriterInitContext context) {
    return restoreWriter(context, List.of());
  }

  @Override
  public Writer<T> restoreWriter(WriterInitContext context, Collection<KafkaWriterState> states) {
    if (IN_VAIN.contains(config.bootstrap()) || !isListening()) {
      KafkaTopics.await(config, LOG::warn);
    }
    try {
      var writer = kafka.restoreWriter(context, states);
      IN_VAIN.remove(config.bootstrap());
      return new Writer<>(writer, context.getProcessingTimeService());
    } catch (RuntimeException e) {
      IN_VAIN.add(config.bootstrap());
      throw e;
    }
  }

  /** Whether a broker takes connections; to ask it anything would take as long as a start. */
  private boolean isListening() {
    for (String address : config.bootstrap().split(",", -1)) {
      try (Socket socket = new Socket()) {
        String host = Objects.requireNonNullElse(Utils.getHost(address.strip()), "");
        int port = Objects.requireNonNullElse(Utils.getPort(address.strip()), 0);
        socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
        return true;
      } catch (IOException e) {
        LOG.debug("{} takes no connection", address, e);
      }
    }
    return false;
  }

  @Override
  public SimpleVersionedSerializer<KafkaWriterState> getWriterStateSerializer() {
    return kafka.getWriterStateSerializer();
  }

  @Override
  public Committer<KafkaCommittable> createCommitter(CommitterInitContext context) {
    return kafka.createCommitter(context);
  }

  @Override
  public SimpleVersionedSerializer<KafkaCommittable> getCommittableSerializer() {
    return kafka.getCommittableSerializer();
  }

  @Override
  public void addPostCommitTopology(DataStream<CommittableMessage<KafkaCommittable>> committables) {
    kafka.addPostCommitTopology(committables);
  }

  @Override
  public LineageVertex getLineageVertex() {
    return kafka.getLineageVertex();
  }

  /** What one snapshot said still holds as long as nothing is written and nothing was pending. */
  @SuppressWarnings("try") // closing a writer may throw anything
  static final class Writer<T>
      implements StatefulSinkWriter<T, KafkaWriterState>,
          CommittingSinkWriter<T, KafkaCommittable> {

    private final PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> kafka;
    private final ProcessingTimeService clock;
    private List<KafkaWriterState> said = List.of();
    private long begun;
    private boolean unused;
    private boolean goesOn;

    private Writer(
        PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> kafka,
        ProcessingTimeService clock) {
      this.kafka = kafka;
      this.clock = clock;
    }

    @Override
    public void write(T record, Context context) throws IOException, InterruptedException {
      unused = false;
      kafka.write(record, context);
    }

    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
      kafka.flush(endOfInput);
    }

    @Override
    public Collection<KafkaCommittable> prepareCommit() throws IOException, InterruptedException {
      goesOn = unused && clock.getCurrentProcessingTime() - begun < AT_MOST.toMillis();
      return goesOn ? List.of() : kafka.prepareCommit();
    }

    @Override
    public List<KafkaWriterState> snapshotState(long checkpoint) throws IOException {
      if (!goesOn) {
        said = kafka.snapshotState(checkpoint);
        begun = clock.getCurrentProcessingTime();
        unused = said.stream().allMatch(s -> s.getPrecommittedTransactionalIds().isEmpty());
      }
      return said;
    }

    @Override
    public void close() throws Exception {
      try (AutoCloseable ignored = this::closeAdmin) {
        kafka.close();
      }
    }

    /** Flink's writer leaves the client by which it lists transactions, with a thread, open. */
    private void closeAdmin() throws IllegalAccessException {
      for (Field field : kafka.getClass().getDeclaredFields()) {
        if (Admin.class.isAssignableFrom(field.getType())) {
          field.setAccessible(true);
          Admin admin = (Admin) field.get(kafka);
          if (admin != null) {
            admin.close(Duration.ZERO);
          }
        }
      }
    }
  }
}
