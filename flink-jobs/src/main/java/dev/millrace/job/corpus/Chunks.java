package dev.millrace.job.corpus;

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
    Packer packer = new Packer(text, maxBytes);
    packer.split(0, text.length(), cuts);
    return packer.all();
  }

  /** Pieces of about equal size: what is cut is put together again as it comes. */
  private static final class Packer {
    private final String text;
    private final int maxBytes;
    private final long wanted;
    private final List<String> packed = new ArrayList<>();
    private int start;
    private int end;
    private long size;

    Packer(String text, int maxBytes) {
      this.text = text;
      this.maxBytes = maxBytes;
      long total = bytes(text, 0, text.length());
      long count = Math.max(1, (total + maxBytes - 1) / maxBytes);
      this.wanted = (total + count - 1) / count;
    }

    /** Takes a part of the text, cut at the best places that leave no piece longer than allowed. */
    void split(int from, int to, List<Pattern> cuts) {
      Matcher cut = cuts.get(0).matcher(text).region(from, to);
      for (int at = from; at < to; ) {
        int next = cut.find() ? cut.end() : to;
        long more = bytes(text, at, next);
        if (more <= maxBytes) {
          add(next, more);
        } else {
          split(at, next, cuts.subList(1, cuts.size()));
        }
        at = next;
      }
    }

    private void add(int next, long more) {
      if (size > 0 && (size >= wanted || size + more > maxBytes)) {
        close();
      }
      end = next;
      size += more;
    }

    private void close() {
      packed.add(text.substring(start, end));
      start = end;
      size = 0;
    }

    List<String> all() {
      if (size > 0) {
        close();
      }
      return packed;
    }
  }

  private static long bytes(String text, int from, int to) {
    long bytes = 0;
    for (int at = from; at < to; ) {
      int character = text.codePointAt(at);
      bytes += bytes(character);
      at += Character.charCount(character);
    }
    return bytes;
  }

  private static int bytes(int character) {
    if (character < 0x80 || Character.getType(character) == Character.SURROGATE) {
      return 1; // UTF-8 has a question mark for half a pair
    }
    if (character < 0x800) {
      return 2;
    }
    return character < Character.MIN_SUPPLEMENTARY_CODE_POINT ? 3 : 4;
  }
}
