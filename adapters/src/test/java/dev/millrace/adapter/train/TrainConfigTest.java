package dev.millrace.adapter.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TrainConfigTest {

  @Test
  void toBuilder_nothingChanged_isEqual() {
    TrainConfig config = new TrainConfig(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    assertEquals(config, config.toBuilder().build());
  }
}
