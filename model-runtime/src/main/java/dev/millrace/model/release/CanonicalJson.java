package dev.millrace.model.release;

import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * JSON with one form for one value: sorted keys, no white space, the shortest decimal that reads
 * back as the same double, only what must be escaped escaped.
 */
final class CanonicalJson {
  private final StringBuilder out = new StringBuilder();

  private CanonicalJson() {}

  /** Bytes of a tree of sorted maps, lists, texts, integers, doubles, truth values and nulls. */
  static byte[] toBytes(Object tree) {
    CanonicalJson json = new CanonicalJson();
    json.value(tree);
    return utf8(json.out);
  }

  private static byte[] utf8(CharSequence text) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      return copy;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("half a surrogate pair, expected Unicode text", e);
    }
  }

  private void value(@Nullable Object value) {
    if (value == null || value instanceof Boolean) {
      out.append(value);
    } else if (value instanceof Integer || value instanceof Long) {
      out.append(value);
    } else if (value instanceof Double number) {
      number(number);
    } else if (value instanceof String text) {
      text(text);
    } else if (value instanceof List<?> list) {
      list(list);
    } else if (value instanceof SortedMap<?, ?> map) {
      map(map);
    } else {
      throw new IllegalArgumentException(value.getClass() + ", expected a kind that JSON has");
    }
  }

  private void list(List<?> list) {
    out.append('[');
    for (Iterator<?> i = list.iterator(); i.hasNext(); ) {
      value(i.next());
      out.append(i.hasNext() ? "," : "");
    }
    out.append(']');
  }

  private void map(SortedMap<?, ?> map) {
    out.append('{');
    for (Iterator<?> i = map.keySet().iterator(); i.hasNext(); ) {
      Object key = i.next();
      text((String) key);
      out.append(':');
      value(map.get(key));
      out.append(i.hasNext() ? "," : "");
    }
    out.append('}');
  }

  /** Double.toString differs between Java 18 and 19; this is defined by BigDecimal alone. */
  private void number(double number) {
    if (!Double.isFinite(number)) {
      text(Double.toString(number));
      return;
    }
    BigDecimal exact = new BigDecimal(number);
    int digits = 1;
    while (exact.round(new MathContext(digits)).doubleValue() != number) {
      digits++;
    }
    BigDecimal shortest = exact.round(new MathContext(digits)).stripTrailingZeros();
    out.append(shortest);
  }

  private void text(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append("\\u00").append(Character.forDigit(c >> 4, 16));
        out.append(Character.forDigit(c & 15, 16));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
