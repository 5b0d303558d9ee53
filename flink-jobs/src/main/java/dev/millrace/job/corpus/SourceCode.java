package dev.millrace.job.corpus;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Java and Python source files, without their licence headers. */
final class SourceCode {

  private static final List<String> JAVA_MARKERS =
      List.of(
          "org/apache/commons/math3/analysis/FunctionUtils.java",
          "org/apache/commons/lang3/StringUtils.java",
          "org/apache/lucene/index/IndexWriter.java",
          "com/google/common/base/Joiner.java");

  private SourceCode() {}

  static Stream<Document> java() {
    return java("java", JAVA_MARKERS, text -> text);
  }

  /** The Java files of the jars that hold these, and what is made of each text. */
  static Stream<Document> java(String domain, List<String> markers, UnaryOperator<String> made) {
    return markers.stream().flatMap(marker -> java(domain, marker, made));
  }

  private static Stream<Document> java(String domain, String marker, UnaryOperator<String> made) {
    try (CorpusJar jar = CorpusJar.holding(marker)) {
      return jar.names(SourceCode::isJava).stream()
          .map(name -> Document.whole(domain, name, made.apply(withoutJavaHeader(jar.text(name)))))
          .toList()
          .stream();
    }
  }

  private static boolean isJava(String name) {
    return name.endsWith(".java") && !name.endsWith("module-info.java");
  }

  static Stream<Document> python() {
    try (CorpusJar jar = CorpusJar.holding("Lib/argparse.py")) {
      // Lib/encodings is tables of code points, the same text over and over.
      return jar.names(name -> name.endsWith(".py") && !name.startsWith("Lib/encodings/")).stream()
          .map(name -> Document.whole("python", name, jar.text(name)))
          .toList()
          .stream();
    }
  }

  /**
   * Drops the comment above the package statement, which is the same in every file of a project.
   */
  static String withoutJavaHeader(String source) {
    String stripped = source.stripLeading();
    while (stripped.startsWith("/*")) {
      int end = stripped.indexOf("*/");
      if (end < 0 || !isLicence(stripped.substring(0, end))) {
        return stripped;
      }
      stripped = stripped.substring(end + 2).stripLeading();
    }
    return stripped;
  }

  private static boolean isLicence(String comment) {
    return comment.contains("Licen") || comment.contains("Copyright");
  }
}
