package dev.millrace.job.cli.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.cli.options.Home;
import dev.millrace.model.pretrain.Pretraining;
import dev.millrace.model.pretrain.Pretraining.Experts;
import dev.millrace.model.pretrain.Pretraining.History;
import dev.millrace.model.pretrain.Pretraining.Leg;
import dev.millrace.model.weights.Safetensors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PretrainCardTest {

  /** 3,000 steps, 800 more from that checkpoint, and 1,700 more from nano: 4,096 tokens each. */
  @Test
  void text_trainingWentOnFromNano_hasAllThatTaught() throws IOException {
    History nano;
    try (Safetensors weights = Safetensors.open(Home.here().nano().resolve("model.safetensors"))) {
      nano = Pretraining.History.of(weights.metadata());
    }
    List<Leg> later = new ArrayList<>(nano.later());
    later.add(new Leg(0, 1700, new Experts(Collections.nCopies(8, 0.0), 0)));
    History history = new History(nano.legs(), later, nano.seconds());

    assertCard("Tokens seen: 15,564,800.", nano);
    assertCard("from step 550 on `./millrace model pretrain --from DIR --experts 0,3,3,", nano);
    assertCard("Tokens seen: 22,528,000.", history);
    assertCard(
        "from step 0 on `./millrace model pretrain --from DIR --steps 1700 --seed 1`.", history);
  }

  private static void assertCard(String expected, History history) {
    String card = new PretrainCard(history, 1, 1, new TreeMap<>(), new TreeMap<>()).text();
    assertTrue(card.contains(expected), card);
  }
}
