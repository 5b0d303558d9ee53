package dev.millrace.job.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LanguageTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "EN|I think that the Commission is right to ask for a report on this",
        "DE|Ich glaube, dass die Kommission das in dem Bericht nicht gesagt hat",
        "ET|Ma arvan, et see on oluline ja me ei ole veel kõike teinud",
        "PT|Não é uma questão para os Estados-Membros, mas para a União",
        "BG|Смятам, че това е важно за страните и не са го приели",
        "FI|Komissio on sitä mieltä, että se ei ole mahdollista ja tämä on ongelma"
      })
  void of_sentence_tellsItsLanguage(Language expected, String text) {
    assertEquals(expected, Language.of(text));
  }
}
