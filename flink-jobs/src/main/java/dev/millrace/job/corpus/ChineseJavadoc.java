package dev.millrace.job.corpus;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Javadoc written in Chinese, each comment with the declaration that it explains. */
final class ChineseJavadoc {

  private static final List<String> MARKERS =
      List.of(
          "cn/hutool/core/util/StrUtil.java",
          "com/baomidou/mybatisplus/core/mapper/BaseMapper.java");

  private static final Pattern COMMENT =
      Pattern.compile("/\\*\\*(.*?)\\*/\\s*([^{;]*)", Pattern.DOTALL);
  private static final Pattern HAN = Pattern.compile("\\p{IsHan}");
  private static final Pattern MARGIN = Pattern.compile("(?m)^\\s*\\*? ?");

  private ChineseJavadoc() {}

  static Stream<Document> read() {
    return SourceCode.java("chinese", MARKERS, ChineseJavadoc::comments);
  }

  static String comments(String source) {
    StringBuilder text = new StringBuilder();
    Matcher matcher = COMMENT.matcher(source);
    while (matcher.find()) {
      if (HAN.matcher(matcher.group(1)).find()) {
        text.append(MARGIN.matcher(matcher.group(1)).replaceAll("").strip()).append('\n');
        text.append(matcher.group(2).replaceAll("\\s+", " ").strip()).append("\n\n");
      }
    }
    return text.toString();
  }
}
