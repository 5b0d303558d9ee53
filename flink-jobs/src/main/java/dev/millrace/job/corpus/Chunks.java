package dev.millrace.job.corpus;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Cuts documents into pieces of about equal size, at the ends of lines, sentences or words. */
public final class Chunks {

  /** Where a text may be cut, the best places first; the last cuts anywhere between characters. */
  private static final List<Pattern> CUTS =
      List.of(
          Pattern.compile("\n+"),
          Pattern.compile("[.!?。！？;；]\\s*"),
          Pattern.compile("\\s+"),
          Pattern.compile("(?s)."));

  /** The same, but first where paragraphs end: at empty lines. */
  private static final List<Pattern> PARAGRAPH_CUTS =
      Stream.concat(Stream.of(Pattern.compile("\n[ \t]*\n+")), CUTS.stream()).toList();

  private Chunks() {}

  /** Pieces of at most so many UTF-8 bytes; put together they are the text. */
  public static List<Document> chunks(Document document, int maxBytes) {
    List<Document> chunks = new ArrayList<>();
    for (String text : cut(document.text(), CUTS, maxBytes)) {
      String id = document.title() + "#" + chunks.size();
      chunks.add(new Document(id, document.domain(), document.title(), text));
    }
    return chunks;
  }

  /** The same without pieces of fewer bytes. */
  public static List<Document> chunks(Document document, int maxBytes, int leastBytes) {
    return chunks(document, maxBytes).stream()
        .filter(chunk -> chunk.bytes() >= leastBytes)
        .toList();
  }

  /** Whole paragraphs in pieces of at most so many UTF-8 bytes; a longer one is cut as above. */
  public static List<String> paragraphs(String text, int maxBytes) {
    return cut(text, PARAGRAPH_CUTS, maxBytes);
  }

  private static List<String> cut(String text, List<Pattern> cuts, int maxBytes) {
    if (maxBytes < 4) {
      throw new IllegalArgumentException("maxBytes %d, expected at least 4".formatted(maxBytes));
    }
    List<String> pieces = new ArrayList<>();
    split(text, cuts, maxBytes, pieces);
    return pack(pieces, maxBytes);
  }

  private static void split(String text, List<Pattern> cuts, int maxBytes, List<String> pieces) {
    Matcher cut = cuts.get(0).matcher(text);
    int start = 0;
    while (start < text.length()) {
      int end = cut.find() ? cut.end() : text.length();
      if (end > start) {
        String piece = text.substring(start, end);
        if (bytes(piece) <= maxBytes) {
          pieces.add(piece);
        } else {
          split(piece, cuts.subList(1, cuts.size()), maxBytes, pieces);
        }
        start = end;
      }
    }
  }

  private static List<String> pack(List<String> pieces, int maxBytes) {
    int total = pieces.stream().mapToInt(Chunks::bytes).sum();
    int count = Math.max(1, (total + maxBytes - 1) / maxBytes);
    int wanted = (total + count - 1) / count;
    List<String> packed = new ArrayList<>();
    StringBuilder open = new StringBuilder();
    int size = 0;
    for (String piece : pieces) {
      int more = bytes(piece);
      if (size > 0 && (size >= wanted || size + more > maxBytes)) {
        packed.add(open.toString());
        open.setLength(0);
        size = 0;
      }
      open.append(piece);
      size += more;
    }
    if (size > 0) {
      packed.add(open.toString());
    }
    return packed;
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
