package dev.millrace.job.corpus;

import static java.util.Comparator.comparingLong;
import static java.util.Map.entry;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Map.Entry;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A language of the European Parliament, told by its most frequent words. */
enum Language {
  BG("на и да за се в от че с по не са това като"),
  CS("a se v na že je to o pro k s by jsem které"),
  DA("og i at det er en til af på for der ikke den vi"),
  DE("die der und in zu den das für von wir ist nicht auf es"),
  EL("και να το της την του η των για με που στην ότι από"),
  EN("the of to and in that is a for we this on be it"),
  ES("de la que en el y a los las para por con una del"),
  ET("ja on et ei ka see mis ning kui oma selle või me seda"),
  FI("ja on että ei se ovat joka myös tämä olen sen mutta ole voi"),
  FR("de la et les à le des que en du dans une pour est"),
  HU("a az és hogy nem is egy ez kell azt meg van el ezt"),
  IT("di che e la il in per a è del un della non le"),
  LT("ir kad į yra su tai iš dėl apie kurie šio taip mes bet"),
  LV("un ir ka par to no uz ar lai tas kas es mēs šo"),
  NL("de van het een en in dat te is voor op zijn niet die"),
  PL("w i na że do z się jest nie o dla to przez które"),
  PT("de a que o e em da do para os não uma com as"),
  RO("şi de a în la să cu care pentru că din este o nu"),
  SK("a na sa v že je to o pre s by ktoré som aj"),
  SL("in je da za v na ki se so to z pri bi tudi"),
  SV("och att i det är som för en på av vi inte den har");

  private static final int ENOUGH_CHARS = 4_000;
  private static final Pattern NOT_LETTERS = Pattern.compile("[^\\p{L}]+");

  private static final Map<String, List<Language>> BY_WORD =
      Stream.of(values())
          .flatMap(language -> Stream.of(language.frequent.split(" ")).map(w -> entry(w, language)))
          .collect(groupingBy(Entry::getKey, mapping(Entry::getValue, toList())));

  private final String frequent;

  Language(String frequent) {
    this.frequent = frequent;
  }

  String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The language with the most frequent words at the start of a text. */
  static Language of(String text) {
    String start = text.substring(0, Math.min(text.length(), ENOUGH_CHARS));
    Map<Language, Long> hits =
        NOT_LETTERS
            .splitAsStream(start.toLowerCase(Locale.ROOT))
            .flatMap(word -> BY_WORD.getOrDefault(word, List.of()).stream())
            .collect(groupingBy(language -> language, counting()));
    return Stream.of(values())
        .max(comparingLong(language -> hits.getOrDefault(language, 0L)))
        .filter(hits::containsKey)
        .orElse(EN);
  }
}
