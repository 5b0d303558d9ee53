package dev.millrace.job.bench.serve;

import dev.millrace.job.Openers;
import dev.millrace.job.ServeJob;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.serve.LatencyBenchmark.Contender;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The real serve job on nano and the embedded stack, asked in an open loop over the topics. */
final class ServedNano implements AutoCloseable {

  private static final int TOKENS = 128;
  private static final int PARTITIONS = 2;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long NANOS = 1_000_000_000L;

  private final EmbeddedStack stack;
  private final Path folder;
  private final NanoParts nano;
  private final Random random;
  private int laps;

  ServedNano(Path folder, EmbeddedStack stack, long seed) throws IOException {
    this.folder = folder;
    this.stack = stack;
    this.random = new Random(seed);
    this.nano = NanoParts.open(folder); // what holds its base opens it once for all jobs
  }

  /** Starts the job, asks for so long, and stops it. */
  LatencyLap lap(Contender contender, double perSecond, double seconds) throws Exception {
    MillraceConfig config = config(contender);
    Topics topics = Topics.create(config.kafka(), PARTITIONS);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    ServeJob.build(env, config, Openers.serving(config));
    JobClient job = stack.submit(env);
    try (RecordReader reader = RecordReader.fromEnd(config.kafka(), List.of(topics.answers()));
        RecordWriter writer = new RecordWriter(config.kafka())) {
      Asked warmUp = new Asked(reader, writer, topics);
      warmUp.ask(40, perSecond);
      Asked asked = new Asked(reader, writer, topics);
      Lap lap =
          Lap.of(
              0,
              () -> {
                asked.ask((int) (perSecond * seconds), perSecond);
                return perSecond * seconds;
              });
      return new LatencyLap(asked.micros, 1e3 * lap.cpuSeconds() / lap.units());
    } finally {
      job.cancel().get();
    }
  }

  private MillraceConfig config(Contender contender) {
    return MillraceConfig.defaults()
        .with(
            Map.of(
                "kafka.bootstrap", stack.bootstrapServers(),
                "kafka.prefix", "lap" + laps++ + ".",
                "kafka.guarantee", contender.guarantee().name(),
                "checkpoint.intervalMillis", String.valueOf(contender.intervalMillis()),
                "checkpoint.dir", ReleaseFiles.uri(stack.folder("checkpoints")),
                "store.uri", ReleaseFiles.uri(stack.folder("store")),
                "job.name", "lap" + laps,
                "base.dir", folder.toAbsolutePath().toString()));
  }

  /** Requests on their way, and how long those took that came back. */
  private final class Asked {

    private final RecordReader reader;
    private final RecordWriter writer;
    private final Topics topics;
    private final Map<String, Long> due = new ConcurrentHashMap<>();
    private final Histogram micros = new Histogram(LatencyLap.DIGITS);

    Asked(RecordReader reader, RecordWriter writer, Topics topics) {
      this.reader = reader;
      this.writer = writer;
      this.topics = topics;
    }

    /** Sends so many at their times, whatever becomes of them, and reads all answers. */
    void ask(int count, double perSecond) throws InterruptedException, TimeoutException {
      long start = System.nanoTime();
      Thread sender = new Thread(() -> send(count, perSecond, start), "open-loop");
      sender.start();
      int answered = 0;
      while (answered < count) {
        for (RawRecord raw : reader.poll(Duration.ofMillis(100))) {
          note(raw);
          answered++;
        }
        if (System.nanoTime() - start > PATIENCE.toNanos()) {
          throw new TimeoutException(answered + " answers, expected " + count);
        }
      }
      sender.join();
    }

    private void send(int count, double perSecond, long start) {
      for (int i = 0; i < count; i++) {
        long at = start + (long) (i / perSecond * NANOS);
        while (at - System.nanoTime() > 0) {
          LockSupport.parkNanos(at - System.nanoTime());
        }
        Request request = request("q" + i);
        due.put(request.id(), at);
        writer.send(topics.requests(), request.id(), Codecs.requests().encode(request));
      }
    }

    private void note(RawRecord raw) {
      long now = System.nanoTime();
      try {
        Answer answer = Codecs.answers().decode(raw.value(), raw.origin());
        if (answer.error() != null) {
          throw new IllegalStateException(answer.request() + ": " + answer.error());
        }
        micros.recordValue((now - due.getOrDefault(answer.request(), now)) / 1000);
      } catch (InvalidRecordException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private Request request(String id) {
    int length = TOKENS / 2 + random.nextInt(TOKENS / 2);
    return Request.builder(id, Request.Task.SCORE, nano.prompt(length, random))
        .cached(false)
        .eventTimeMillis(System.currentTimeMillis())
        .build();
  }

  @Override
  public void close() {
    nano.close();
  }
}
