package dev.millrace.job.operator.learn;

import dev.millrace.adapter.exchange.Combiner;
import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.exchange.Update;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Makes one report of what the trainers of a process found. */
@SuppressWarnings("NullAway.Init") // open sets the transient field
public final class CombineFunction extends ProcessFunction<Update, Report> {

  private final ExchangeConfig config;
  private transient Combiner combiner;

  public CombineFunction(ExchangeConfig config) {
    this.config = config;
  }

  @Override
  public void open(OpenContext context) {
    combiner = new Combiner(config.codec(), config.trainers());
  }

  @Override
  public void processElement(Update update, Context context, Collector<Report> out) {
    Report report = combiner.take(update);
    if (report != null) {
      out.collect(report);
    }
  }
}
