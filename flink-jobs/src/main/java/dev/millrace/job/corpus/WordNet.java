package dev.millrace.job.corpus;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * WordNet 3.1 as a readable dictionary: one document for each topic and first two letters, one line
 * for each synset, {@code words (part of speech, topic): gloss; examples}.
 */
final class WordNet {

  private static final String FOLDER = "net/sf/extjwnl/data/wordnet/wn31/";

  /** The lexicographer files, by number (lexnames(5WN)). */
  private static final List<String> TOPICS =
      List.of(
          ("adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute"
                  + " noun.body noun.cognition noun.communication noun.event noun.feeling noun.food"
                  + " noun.group noun.location noun.motive noun.object noun.person noun.phenomenon"
                  + " noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape"
                  + " noun.state noun.substance noun.time verb.body verb.change verb.cognition"
                  + " verb.communication verb.competition verb.consumption verb.contact verb.creation"
                  + " verb.emotion verb.motion verb.perception verb.possession verb.social"
                  + " verb.stative verb.weather adj.ppl")
              .split(" "));

  private WordNet() {}

  static Stream<Document> read() {
    Map<String, List<String>> groups = new TreeMap<>();
    try (CorpusJar jar = CorpusJar.holding(FOLDER + "data.noun")) {
      for (String part : List.of("adj", "adv", "noun", "verb")) {
        jar.text(FOLDER + "data." + part)
            .lines()
            .filter(line -> !line.startsWith("  ")) // the licence
            .forEach(line -> append(line, groups));
      }
    }
    return groups.entrySet().stream()
        .map(
            group ->
                Document.whole(
                    "dictionary",
                    group.getKey(),
                    group.getValue().stream().sorted().collect(joining("\n", "", "\n"))));
  }

  /**
   * A synset (wndb(5WN)): offset, topic, part, count of words in hex, word and sense pairs, … |
   * gloss.
   */
  private static void append(String synset, Map<String, List<String>> groups) {
    int bar = synset.indexOf(" | ");
    String[] fields = synset.substring(0, bar).split(" ");
    String topic = TOPICS.get(Integer.parseInt(fields[1]));
    List<String> words = words(fields);
    String entry =
        "%s (%s): %s"
            .formatted(
                String.join(", ", words),
                topic.replace(".", ", "),
                synset.substring(bar + 3).strip());
    groups
        .computeIfAbsent(topic + "/" + firstLetters(words.get(0)), key -> new ArrayList<>())
        .add(entry);
  }

  private static List<String> words(String[] fields) {
    int count = Integer.parseInt(fields[3], 16);
    List<String> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String word = fields[4 + 2 * i].replace('_', ' ');
      words.add(word.endsWith(")") ? word.substring(0, word.lastIndexOf('(')) : word);
    }
    return words;
  }

  private static String firstLetters(String word) {
    return word.substring(0, Math.min(2, word.length())).toLowerCase(Locale.ROOT);
  }
}
