package dev.millrace.job.operator.gather;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.operator.Outputs;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.util.List;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.ProcessFunctionTestHarnesses;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LabelledTest {

  @Test
  void processElement_pictures_travelWithTheirBytesOnce() throws Exception {
    try (var harness = ProcessFunctionTestHarnesses.forProcessFunction(new Labelled(true))) {
      harness.processElement(picture("legal"), 0);
      harness.processElement(picture(null), 0);
      assertEquals(List.of(3), bytes(harness.extractOutputValues()));
      List<Sample> toAssign =
          harness.getSideOutput(Outputs.TO_ASSIGN).stream().map(StreamRecord::getValue).toList();
      assertEquals(List.of(0, 3), bytes(toAssign));
    }
  }

  private static List<Integer> bytes(List<Sample> samples) {
    return samples.stream().map(sample -> sample.media().length).toList();
  }

  private static Sample picture(@Nullable String domain) {
    Origin origin = new Origin("samples", 0, 1);
    byte[] media = {1, 2, 3};
    return new Sample("a", "s", "a", null, domain, Modality.IMAGE, "", media, "stamp", 0, origin);
  }
}
