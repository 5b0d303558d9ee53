package dev.millrace.job.bench.score;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.bench.score.Junk.Label;
import dev.millrace.job.bench.score.Junk.Labelled;
import dev.millrace.job.corpus.Document;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class JunkTest {

  private static final List<Document> CLEAN = new ArrayList<>();
  private static final Map<Label, List<Document>> ELSEWHERE =
      Map.of(
          Label.FOREIGN, List.of(new Document("f", "f", "f", "vieras kieli")),
          Label.OFF_DOMAIN, List.of(new Document("o", "o", "o", "other things")));
  private static List<Labelled> stream;

  @BeforeAll
  static void mix() {
    Random random = new Random(5);
    for (int i = 0; i < 2_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int w = 0; w < 60; w++) {
        text.append("word")
            .append((char) ('a' + random.nextInt(26)))
            .append(random.nextInt(999))
            .append(' ');
      }
      CLEAN.add(new Document("t" + i / 4 + "#" + i % 4, "d", "t" + i / 4, text.toString()));
    }
    stream = Junk.mixInto(CLEAN, ELSEWHERE, 0.2, 3);
  }

  @Test
  void mixInto_share_isJunkOfEveryKind() {
    Map<Label, Long> counts = stream.stream().collect(groupingBy(Labelled::label, counting()));
    assertEquals(2_000, counts.get(Label.CLEAN));
    double share = 1 - 2_000.0 / stream.size();
    assertTrue(share > 0.17 && share < 0.23, "share " + share);
    for (Label label : EnumSet.complementOf(EnumSet.of(Label.REAL_COPY))) {
      assertTrue(counts.getOrDefault(label, 0L) > 45, label + " " + counts);
    }
  }

  @Test
  void mixInto_cleanDocuments_keepTheirOrder() {
    assertEquals(
        CLEAN,
        stream.stream().filter(l -> l.label() == Label.CLEAN).map(Labelled::document).toList());
  }

  @Test
  void mixInto_ids_areDistinct() {
    Set<String> ids = new HashSet<>();
    stream.forEach(l -> assertTrue(ids.add(l.document().id()), l.document().id()));
  }

  @Test
  void mixInto_duplicates_comeAfterTheirOriginal() {
    forEachWithOriginal(Label.DUPLICATE, String::equals);
  }

  @Test
  void mixInto_nearDuplicates_differInFewWords() {
    forEachWithOriginal(
        Label.NEAR_DUPLICATE,
        (text, original) -> {
          String[] a = text.split(" ", -1);
          String[] b = original.split(" ", -1);
          int different = 0;
          for (int i = 0; i < b.length; i++) {
            different += a[i].equals(b[i]) ? 0 : 1;
          }
          return a.length == b.length && different >= 1 && different <= 5;
        });
  }

  @Test
  void mixInto_garbled_keepsFewCharacters() {
    forEachWithOriginal(
        Label.GARBLED,
        (text, original) -> {
          int same = 0;
          for (int i = 0; i < text.length(); i++) {
            same += text.charAt(i) == original.charAt(i) ? 1 : 0;
          }
          return text.length() == original.length() && same < text.length() / 2;
        });
  }

  @Test
  void mixInto_wordlessText_nearDuplicateStillDiffers() {
    Document numbers = Document.whole("d", "t", "1 2 3");
    for (int seed = 0; seed < 50; seed++) {
      for (Labelled labelled : Junk.mixInto(List.of(numbers), Map.of(), 0.5, seed)) {
        if (labelled.label() == Label.NEAR_DUPLICATE) {
          assertNotEquals(numbers.text(), labelled.document().text());
        }
      }
    }
  }

  @Test
  void mixInto_documentNearlyAsAnEarlierOne_isARealCopy() {
    String notice = "in no event shall the authors be liable for any loss of use data or profits";
    List<Document> documents =
        List.of(
            Document.whole("d", "a", notice),
            Document.whole("d", "b", "permission is granted to use copy and modify this software"),
            Document.whole("d", "c", notice.replace("authors", "owners").toUpperCase(Locale.ROOT)),
            Document.whole("d", "e", "in no event shall others than those that signed it pay"));
    assertEquals(
        List.of(Label.CLEAN, Label.CLEAN, Label.REAL_COPY, Label.CLEAN),
        Junk.mixInto(documents, Map.of(), 0, 3).stream().map(Labelled::label).toList());
  }

  @Test
  void mixInto_textsFromElsewhere_comeOnceWhileThereAreOthers() {
    List<Document> many = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      many.add(new Document("f" + i, "f", "f" + i, "vieras " + i));
    }
    List<String> foreign =
        Junk.mixInto(CLEAN, Map.of(Label.FOREIGN, many), 0.2, 3).stream()
            .filter(labelled -> labelled.label() == Label.FOREIGN)
            .map(labelled -> labelled.document().text())
            .toList();
    assertTrue(foreign.size() > 45 && foreign.size() < 256, "foreign " + foreign.size());
    assertEquals(foreign.size(), Set.copyOf(foreign).size());
  }

  @Test
  void mixInto_sameSeed_isTheSameStream() {
    assertEquals(stream, Junk.mixInto(CLEAN, ELSEWHERE, 0.2, 3));
    assertNotEquals(stream, Junk.mixInto(CLEAN, ELSEWHERE, 0.2, 4));
  }

  @Test
  void mixInto_noShare_isClean() {
    assertEquals(
        CLEAN, Junk.mixInto(CLEAN, ELSEWHERE, 0, 3).stream().map(Labelled::document).toList());
    assertThrows(IllegalArgumentException.class, () -> Junk.mixInto(CLEAN, ELSEWHERE, 0.6, 3));
  }

  private static void forEachWithOriginal(Label label, BiPredicate<String, String> holds) {
    List<Document> before = new ArrayList<>();
    for (Labelled labelled : stream) {
      if (labelled.label() == Label.CLEAN) {
        before.add(labelled.document());
      } else if (labelled.label() == label) {
        Document made = labelled.document();
        String originalId = made.id().substring(0, made.id().indexOf('~'));
        Document original =
            before.stream().filter(d -> d.id().equals(originalId)).findFirst().orElseThrow();
        assertEquals(original.title(), made.title());
        assertTrue(holds.test(made.text(), original.text()), made.text());
      }
    }
    assertFalse(before.isEmpty());
  }
}
