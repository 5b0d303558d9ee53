package dev.millrace.job.corpus;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schema.Modality;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Java methods with the first sentence of their Javadoc; one of each sentence of a file. */
final class Methods {

  private static final Pattern METHOD =
      Pattern.compile(
          "/\\*\\*((?:(?!\\*/).){20,2000}?)\\*/\\s*((?:@\\w+(?:\\([^)]*\\))?\\s+)*"
              + "(?:public|protected|private|static|final|synchronized|abstract|\\s)*"
              + "(?:<[^>{;(]*>\\s*)?[\\w<>\\[\\],.? ]+\\s+\\w+\\s*\\([^)\"]*\\)\\s*(?:throws[\\w\\s,.]+)?\\{)",
          Pattern.DOTALL);

  private static final Pattern MARGIN = Pattern.compile("(?m)^\\s*\\*? ?");
  private static final Pattern TAG = Pattern.compile("\\{@\\w+\\s+([^}]*)}|</?\\w+[^>]*>");
  private static final Pattern END = Pattern.compile("\\.\\s|\\n\\s*@|\\n\\s*\\n");

  private static final int MOST_OF_A_FILE = 6;
  private static final int MOST_CHARS = 600;
  private static final int LEAST_WORDS = 4;

  private Methods() {}

  static Stream<Pair> read() {
    return Corpora.load("java").stream().flatMap(document -> pairs(document).stream());
  }

  private static List<Pair> pairs(Document document) {
    Map<String, Pair> pairs = new LinkedHashMap<>();
    Matcher method = METHOD.matcher(document.text());
    while (pairs.size() < MOST_OF_A_FILE && method.find()) {
      String sentence = sentence(method.group(1));
      if (words(sentence) >= LEAST_WORDS && sentence.chars().allMatch(c -> c < 128)) {
        String code = code(document.text(), method.start(2), method.end(2));
        pairs.putIfAbsent(
            sentence,
            new Pair(
                Pairs.METHODS,
                Modality.CODE,
                document.title(),
                document.title(),
                sentence,
                () -> code.getBytes(UTF_8)));
      }
    }
    return new ArrayList<>(pairs.values());
  }

  private static long words(String sentence) {
    return 1 + sentence.chars().filter(c -> c == ' ').count();
  }

  static String sentence(String comment) {
    String text = TAG.matcher(MARGIN.matcher(comment).replaceAll("").strip()).replaceAll("$1");
    Matcher end = END.matcher(text);
    String first = end.find() ? text.substring(0, end.start()) : text;
    return first.strip().startsWith("@") ? "" : first.replaceAll("\\s+", " ").strip();
  }

  /** From the signature to the brace that closes it, or as far as a text is looked at. */
  private static String code(String source, int start, int open) {
    int depth = 1;
    int at = open;
    while (depth > 0 && at < source.length() && at - start < MOST_CHARS) {
      char c = source.charAt(at++);
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    }
    return source.substring(start, at);
  }
}
