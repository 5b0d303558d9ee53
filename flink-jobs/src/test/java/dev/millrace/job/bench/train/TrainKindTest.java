package dev.millrace.job.bench.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainKindTest {

  private static final int ROWS = 16;

  @ParameterizedTest
  @EnumSource
  void step_anyKind_hasAllRowsOfAStep(TrainKind kind) throws Exception {
    List<Integer> rows = new ArrayList<>();
    TrainKind.Rig rig =
        new TrainKind.Rig(
            some -> {
              rows.add(some.size());
              return 0;
            },
            () -> {});
    for (Callable<Double> call : rig.step(kind.calls(), ROWS / kind.calls(), 1)) {
      call.call();
    }
    assertEquals(ROWS, rows.stream().mapToInt(Integer::intValue).sum());
    assertEquals(kind.calls(), rows.size());
  }
}
