package dev.millrace.job.embedded;

import dev.millrace.model.base.BaseModel;
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

  private static Long onParent(Long value) {
    if (BaseModel.class.getClassLoader() != ClassLoader.getSystemClassLoader()) {
      throw new IllegalStateException("the model runtime came from the job jar");
    }
    return value;
  }
}
