package dev.millrace.job.bench.score;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.bench.score.Junk.Label;
import dev.millrace.job.bench.score.Junk.Labelled;
import dev.millrace.job.bench.score.QualityBenchmark.Stream;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QualityBenchmarkTest {

  private static final Path NANO = Path.of("../models/nano");

  private static Stream stream;

  @BeforeAll
  static void draw() throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(NANO)) {
      stream = QualityBenchmark.stream("health", tokenizer, 6, 1);
    }
  }

  @Test
  void stream_examples_areOfOtherDocumentsAndNoCopies() {
    assertFalse(stream.examples().isEmpty());
    Set<String> titles = of(stream.texts(), text -> text.document().title());
    Set<String> texts = of(stream.texts(), text -> text.document().text());
    Set<Label> copies = Set.of(Label.DUPLICATE, Label.NEAR_DUPLICATE, Label.REAL_COPY);
    for (Labelled example : stream.examples()) {
      assertFalse(titles.contains(example.document().title()), example.document().title());
      assertFalse(copies.contains(example.label()), example.label().name());
      if (example.label() != Label.BOILERPLATE) {
        assertFalse(texts.contains(example.document().text()), example.document().text());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"finnish", "nouns"})
  void stream_ofADomainThatIsJunkHere_isRefused(String domain) throws IOException {
    try (Tokenizer tokenizer = Tokenizers.open(NANO)) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> QualityBenchmark.stream(domain, tokenizer, 1, 1));
      assertTrue(String.valueOf(refused.getMessage()).contains(domain), refused.getMessage());
    }
  }

  @Test
  void all_asShipped_hasTheSettingsThatShip() {
    List<Filter> shipped =
        Filter.all().stream()
            .filter(filter -> MillraceConfig.defaults().score().equals(filter.config()))
            .toList();
    assertEquals(List.of(Filter.shipped()), shipped);
  }

  @Test
  void logOdds_ofTextsThatNoExampleIs_rankJunkOfAKnownKindLow() {
    Chosen chosen = ranked(LinearClassifier.of(stream.examples()));
    for (Label label : List.of(Label.BOILERPLATE, Label.FOREIGN, Label.OFF_DOMAIN)) {
      assertTrue(chosen.auc(label) > 0.9, label + " " + chosen.auc(label));
    }
  }

  @Test
  void logOdds_ofTheSameExamples_areTheSame() {
    assertEquals(
        ranked(LinearClassifier.of(stream.examples())),
        ranked(LinearClassifier.of(stream.examples())));
  }

  private static Chosen ranked(LinearClassifier classifier) {
    return new Chosen(
        stream.texts().stream()
            .map(
                text ->
                    new Chosen.Choice(
                        text.label(), true, -classifier.logOdds(text.document().text())))
            .toList(),
        0);
  }

  private static Set<String> of(List<Labelled> texts, Function<Labelled, String> part) {
    return texts.stream().map(part).collect(toSet());
  }
}
