package dev.millrace.job.cli;

import dev.millrace.adapter.Retrainer;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordsAt;
import dev.millrace.job.loop.Forgetting;
import dev.millrace.job.loop.Proof;
import dev.millrace.job.loop.Prover;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Origin;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Measures, on the base in this process, whether samples are forgotten. */
record ForgetProof(Path base, MillraceConfig config, PrintWriter err) {

  /**
   * What the samples cost before and after; null where none can be read any more.
   *
   * @param after null is the base alone
   */
  @Nullable Proof of(Forgetting forgetting, String before, @Nullable String after)
      throws IOException, InvalidRecordException {
    try (BaseModel model = DjlModels.open(base, Precision.INT8);
        Tokenizer tokenizer = Tokenizers.open(base.resolve("tokenizer.json"))) {
      SampleTokens tokens = new SampleTokens(tokenizer, config.score().model().trainTokens());
      Map<Origin, int[]> read = read(forgetting, before, tokens);
      Retrainer retrainer =
          new Retrainer(
              model,
              BaseTexts.anchors(base, tokenizer),
              ReproduceCommand::config,
              place -> Objects.requireNonNull(read.get(place)));
      return new Prover(forgetting, retrainer, read, this::say).prove(before, after);
    }
  }

  private Map<Origin, int[]> read(Forgetting forgetting, String before, SampleTokens tokens)
      throws InvalidRecordException {
    Map<Origin, int[]> read = new HashMap<>();
    for (RawRecord raw :
        RecordsAt.read(config.kafka(), Prover.samples(forgetting, before)).values()) {
      String text = Codecs.samples().decode(raw.value(), raw.origin()).text();
      read.put(raw.origin(), tokens.of(text));
    }
    return read;
  }

  private void say(String release) {
    err.println("trained " + release + " without them, for the proof");
    err.flush();
  }
}
