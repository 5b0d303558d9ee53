package dev.millrace.job.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.corpus.PretrainCorpus.Share;
import dev.millrace.model.score.HeldOut;
import java.util.List;
import org.junit.jupiter.api.Test;

class PretrainCorpusTest {

  private static final HeldOut HELD_OUT = new HeldOut("test", 10);
  private static final List<Share> SHARES =
      List.of(Share.all("cloud"), Share.all("python").upTo(500_000));

  @Test
  void train_heldOutDocuments_areNotThere() {
    List<Document> train = PretrainCorpus.train(SHARES, HELD_OUT, 1);
    for (Document document : train) {
      assertFalse(HELD_OUT.contains(null, document.domain(), document.title()), document.title());
    }
    List<Document> heldOut = PretrainCorpus.heldOut(List.of(Share.all("cloud")), HELD_OUT);
    long cloud = train.stream().filter(document -> document.domain().equals("cloud")).count();
    assertEquals(Corpora.load("cloud").size(), cloud + heldOut.size());
    assertTrue(
        heldOut.size() > 50 && heldOut.size() < 120, heldOut.size() + " of 835, expected a tenth");
  }

  @Test
  void train_cap_holdsButForTheLastDocument() {
    long bytes =
        PretrainCorpus.train(SHARES, HELD_OUT, 1).stream()
            .filter(document -> document.domain().equals("python"))
            .mapToLong(Document::bytes)
            .sum();
    assertTrue(bytes >= 500_000 && bytes < 800_000, bytes + " bytes");
  }

  @Test
  void train_sameSeed_isTheSameOrder() {
    List<Document> one = PretrainCorpus.train(SHARES, HELD_OUT, 1);
    assertEquals(one, PretrainCorpus.train(SHARES, HELD_OUT, 1));
    assertNotEquals(one, PretrainCorpus.train(SHARES, HELD_OUT, 2));
  }
}
