package dev.millrace.job.embedded;

import dev.millrace.model.base.BaseModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A job for ever, whose tasks use the model runtime of the cluster's lib. */
public final class SubmittedJob {

  private SubmittedJob() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 0) {
      throw new IllegalArgumentException("refused " + arguments[0]);
    }
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.enableCheckpointing(200);
    env.fromSource(
            new DataGeneratorSource<>(
                i -> i, Long.MAX_VALUE, RateLimiterStrategy.perSecond(100), Types.LONG),
            WatermarkStrategy.noWatermarks(),
            "numbers")
        .uid("numbers")
        .map(SubmittedJob::onParent)
        .returns(Types.LONG)
        .uid("parent")
        .sinkTo(new DiscardingSink<>())
        .uid("none");
    env.execute("submitted");
  }

  /** A jar of this class alone. */
  public static Path jar(Path folder) throws IOException {
    Path jar = folder.resolve("job.jar");
    String name = SubmittedJob.class.getName().replace('.', '/') + ".class";
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        InputStream in = SubmittedJob.class.getClassLoader().getResourceAsStream(name)) {
      out.putNextEntry(new JarEntry(name));
      Objects.requireNonNull(in, name).transferTo(out);
    }
    return jar;
  }

  private static Long onParent(Long value) {
    if (BaseModel.class.getClassLoader() != ClassLoader.getSystemClassLoader()) {
      throw new IllegalStateException("the model runtime came from the job jar");
    }
    return value;
  }
}
